"""An e-commerce REST API into a warehouse: dlt's `rest_api` source in an Airflow DAG.

`elt_dag` makes the DAG; `elt_task_group` a task group for a DAG of your own, and `params` its trigger form.
`ECOMMERCE_API` is the API of the specification; `Options` says how a resource is read, `Alarms` whom to tell of what.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# dlt looks every one of its settings up as an Airflow Variable unless told otherwise, hundreds of times in one parse,
# and reports each parse of a DAG file to its makers. Both can be switched on again by setting the variable.
os.environ.setdefault("PROVIDERS__ENABLE_AIRFLOW_SECRETS", "false")
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

if TYPE_CHECKING:
    from ecom_source.airflow.alarms import Alarms
    from ecom_source.airflow.dag import elt_dag
    from ecom_source.airflow.task_group import elt_task_group
    from ecom_source.airflow.trigger_form import params
    from ecom_source.api.ecommerce import ECOMMERCE_API
    from ecom_source.options import Options

__all__ = ["ECOMMERCE_API", "Alarms", "Options", "elt_dag", "elt_task_group", "params"]

_HOMES = {
    "ECOMMERCE_API": "ecom_source.api.ecommerce",
    "Alarms": "ecom_source.airflow.alarms",
    "Options": "ecom_source.options",
    "elt_dag": "ecom_source.airflow.dag",
    "elt_task_group": "ecom_source.airflow.task_group",
    "params": "ecom_source.airflow.trigger_form",
}


def __getattr__(name: str) -> Any:
    """Imports on first use: dlt and Airflow take seconds, which a mere `import ecom_source` should not cost."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)

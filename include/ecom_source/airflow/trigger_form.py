"""The fields of Airflow's trigger form: a window, a full refresh, and which resources."""

from __future__ import annotations

from collections.abc import Sequence

from airflow.sdk import Param
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.load.components import components


def params(*apis: RESTAPIConfig) -> dict[str, Param]:
    """Make the `params` of a DAG that loads these APIs: `window_start`, `window_end`, `full_refresh` and `resources`.

    A DAG of `elt_dag` has them; to a DAG of your own they are passed by `DAG(…, params=params(api))`, beside others. A
    DAG without them can be triggered with the same values as JSON (its `conf`).

    Args:
        *apis: the description of each task group in the DAG.

    Raises:
        ApiConfigError: dlt refuses one of them.
    """
    return trigger_form([name for api in apis for part in components(api) for name in part.resources])


def trigger_form(resources: Sequence[str]) -> dict[str, Param]:
    """Make the same for resources of these names."""
    names = list(dict.fromkeys(resources))
    return {
        "window_start": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Window start",
            description="Load rows changed at or after this instant. Empty: from where the last run ended, "
            "or from the very beginning if a window end is given.",
        ),
        "window_end": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Window end",
            description="Load rows changed before this instant. Empty: until now.",
        ),
        "full_refresh": Param(
            False,
            type="boolean",
            title="Full refresh",
            description="Read everything and replace the tables. Until then readers see the old rows.",
        ),
        "resources": Param(
            [],
            type="array",
            items={"type": "string", "enum": names},
            examples=names,
            title="Resources",
            description="Load these only. Empty: all. A dependent resource is loaded together with its parent.",
        ),
    }

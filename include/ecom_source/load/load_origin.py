"""From a row back to the run that wrote it: each load leaves one row of its own, in the same package as its rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlt.extract import DltResource

TABLE = "_ecom_loads"
"""Beside dlt's `_dlt_loads`. dlt gives its rows their `_dlt_load_id`, as it does with those of every other table."""


@dataclass(frozen=True)
class Origin:
    """The attempt of a task that performs a load, by Airflow's names."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    run_type: str


def origin_table(origin: Origin) -> DltResource:
    """The one row of `_ecom_loads` that this load adds; it lands with the load's rows, or not at all."""
    import dlt

    return dlt.resource(
        # A callable, so that a read that is begun again has its row again.
        lambda: [asdict(origin)],
        name=TABLE,
        write_disposition="append",
        columns={
            "dag_id": {"data_type": "text", "nullable": False},
            "run_id": {"data_type": "text", "nullable": False},
            "task_id": {"data_type": "text", "nullable": False},
            "map_index": {"data_type": "bigint", "nullable": False},
            "try_number": {"data_type": "bigint", "nullable": False},
            "run_type": {"data_type": "text", "nullable": False},
        },
    )

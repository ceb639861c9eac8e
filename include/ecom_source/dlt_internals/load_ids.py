"""The names of loads: dlt names each after the time, and takes the state of the highest name for the newest.

The clock that it reads for that never goes back, but begins with the time of the machine in each process, and has no
place to be told of a later name. This can go once dlt orders the states of a pipeline by their version
(https://github.com/dlt-hub/dlt/blob/1.31.0/dlt/common/storages/load_package.py, `create_load_id`).
"""

from __future__ import annotations


def name_loads_after(moment: float) -> None:
    """Gives the next loads of this process names above `moment`, in seconds since 1970."""
    from dlt.common.time import increasing_precise_time as clock

    with clock._lock:
        clock._last = max(clock._last, moment)

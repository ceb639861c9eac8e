"""The matrix as data: which fault meets which stage of a load, and how the run is to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STAGES = ("connect", "first page", "middle page", "last page", "normalize", "load", "merge", "state")
PAGES = STAGES[1:4]
READ = STAGES[:4]
WORK = STAGES[4:]
WRITE = STAGES[5:]

LOADS = "loads"
KILLED = "killed"
SHOP = "ShopUnavailableError"
ANSWER = "PayloadError"
WINDOW = "WindowError"
WAREHOUSE = "LoadFailedError"
WORKER = "WorkerError"

NO_ANSWER = "no answer comes yet"
NOT_ASKED = "the shop is not asked"


def ends(end: str, *stages: str) -> dict[str, str]:
    """The same end at each of these stages."""
    return dict.fromkeys(stages, end)


def without(reason: str, *stages: str) -> dict[str, str]:
    """Why the fault cannot meet these stages."""
    return dict.fromkeys(stages, reason)


@dataclass(frozen=True)
class Fault:
    """One row of the matrix.

    Args:
        name: as people call it.
        made: how the tests make it.
        ends: by stage, how the run is to end: `LOADS`, `KILLED` or the error's name.
        absent: by stage, why it cannot meet it.
        see, do: what a person sees, and what there is to do.
        but: by stage and warehouse, where the end depends on the warehouse.
        warehouses: it meets loads into these only; why is said by `elsewhere`.
    """

    name: str
    made: str
    ends: Mapping[str, str]
    see: str
    do: str
    absent: Mapping[str, str] = field(default_factory=dict)
    but: Mapping[tuple[str, str], str] = field(default_factory=dict)
    warehouses: tuple[str, ...] = ("DuckDB", "PostgreSQL")
    elsewhere: str = ""


_SHOP_ONLY = {**without(NOT_ASKED, *WORK)}
_ANSWERS = {**without(NO_ANSWER, "connect"), **_SHOP_ONLY}
_ONCE = without("it is read once, at the start", *STAGES[1:])
_ONE_STAGE = without("tested at one stage", "connect", *STAGES[2:])
_DEPLOYED = "the warehouse of docker-compose.yaml"
_RETRIED = "a warning in the task's log for each attempt; on the Loads page, requests that were repeated"
_NOTHING = "nothing"
_GAVE_UP = "*… gave no complete answer: …, after 4 attempts*; Airflow tries once more after a minute"
_WELL_AGAIN = "see that the shop can be reached from the worker, which the last words of the error are about"

FAULTS: tuple[Fault, ...] = (
    Fault(
        "429, 500, 502, 503 or 504, once",
        "the shop answers so to one request for a page",
        ends(LOADS, *PAGES),
        _RETRIED,
        _NOTHING,
        absent=_ANSWERS,
    ),
    Fault(
        "429, 500, 502, 503 or 504, three times",
        "the same, three times in a row",
        ends(LOADS, *PAGES),
        _RETRIED,
        _NOTHING,
        absent=_ANSWERS,
    ),
    Fault(
        "429, 500, 502, 503 or 504, for ever",
        "the same, to every request for that page",
        ends(SHOP, *PAGES),
        "*The shop answered …, after 4 attempts*; Airflow tries once more after a minute",
        "nothing, if the shop is well again by then; else wait",
        absent=_ANSWERS,
    ),
    Fault(
        "`Retry-After` of an hour, once",
        "429 with `Retry-After: 3600`",
        ends(LOADS, *PAGES),
        "a warning with the `Retry-After` in the task's log, and 300 s without a request",
        _NOTHING,
        absent=_ANSWERS,
    ),
    Fault(
        "`Retry-After` of an hour, for ever",
        "the same, to every request for that page",
        ends(SHOP, *PAGES),
        "*The shop answered 429 …, after 4 attempts*, after a quarter of an hour; Airflow tries once more",
        "ask the shop for a higher limit, or lower `parallel_pages`",
        absent=_ANSWERS,
    ),
    Fault(
        "connection refused, and back",
        "the shop's server ends, and starts again during the first wait",
        ends(LOADS, *READ),
        _RETRIED,
        _NOTHING,
        absent=_SHOP_ONLY,
    ),
    Fault(
        "connection refused, for ever",
        "the shop's server ends",
        ends(SHOP, *READ),
        _GAVE_UP,
        _WELL_AGAIN,
        absent=_SHOP_ONLY,
    ),
    Fault(
        "connection reset, once",
        "the shop closes the connection in place of its answer",
        ends(LOADS, *PAGES),
        _RETRIED,
        _NOTHING,
        absent=_ANSWERS,
    ),
    Fault(
        "connection reset, for ever",
        "the same, for every request for that page; at *connect*, a server that accepts and closes",
        ends(SHOP, *READ),
        _GAVE_UP,
        _WELL_AGAIN,
        absent=_SHOP_ONLY,
    ),
    Fault(
        "stalled beyond the timeout, once",
        "the shop does not answer; the timeouts of 10 s and 60 s are 0.3 s in the tests",
        ends(LOADS, *PAGES),
        _RETRIED,
        _NOTHING,
        absent=_ANSWERS,
    ),
    Fault(
        "stalled beyond the timeout, for ever",
        "the same, for every request for that page; at *connect*, a server whose queue is full",
        ends(SHOP, *READ),
        _GAVE_UP + ", after four timeouts",
        _WELL_AGAIN,
        absent=_SHOP_ONLY,
    ),
    Fault(
        "body cut, once",
        "half of the answer comes, then the connection ends",
        ends(LOADS, *PAGES),
        _RETRIED,
        _NOTHING,
        absent=_ANSWERS,
    ),
    Fault(
        "body cut, for ever",
        "the same, for every request for that page",
        ends(SHOP, *PAGES),
        _GAVE_UP,
        "look for a proxy that cuts long answers, or lower the page size; then clear the task",
        absent=_ANSWERS,
    ),
    Fault(
        "malformed JSON",
        "status 200 with half of the body, and a length to match",
        ends(ANSWER, *PAGES),
        "*The answer of … is no JSON*; it is not asked for again",
        "open the address in a browser: a login page or an error page? Then clear the task",
        absent=_ANSWERS,
    ),
    Fault(
        "warehouse down, and stays so",
        "PostgreSQL is ended as by a crash",
        {**ends(WAREHOUSE, *STAGES)},
        "*The warehouse … failed at dlt's step …: OperationalError*; Airflow tries once more after a minute",
        "start the warehouse; then clear the task, or let the next run go on",
        warehouses=("PostgreSQL",),
        elsewhere="DuckDB runs within the task",
    ),
    Fault(
        "warehouse restarted",
        "PostgreSQL is ended as by a crash, and started again at once",
        {**ends(LOADS, *STAGES[:7]), "state": WAREHOUSE},
        "as *warehouse down*, where the run fails at all",
        "nothing: Airflow tries once more",
        warehouses=("PostgreSQL",),
        elsewhere="DuckDB runs within the task",
    ),
    Fault(
        "warehouse down at the commit",
        "PostgreSQL is ended before the COMMIT of the merge (*merge*), or after the load is entered (*state*)",
        {"merge": WAREHOUSE, "state": LOADS},
        "as *warehouse down*",
        "as *warehouse down*",
        absent=without("nothing is committed", *STAGES[:6]),
        warehouses=("PostgreSQL",),
        elsewhere="DuckDB runs within the task",
    ),
    Fault(
        "warehouse file cannot be opened",
        "another file stands in the place of DuckDB's",
        {"connect": WAREHOUSE},
        "DuckDB's own words",
        "put the file back from a backup, or remove it: a run then reads everything anew",
        absent=without("it is open by now", *STAGES[1:]),
        warehouses=("DuckDB",),
        elsewhere="for PostgreSQL see *warehouse down*",
    ),
    Fault(
        "warehouse file held by another process",
        "another process has DuckDB's file open, and closes it after a second",
        {"connect": LOADS},
        "*Waiting for …, which another process has open*, every 30 s for as long as it is so",
        "nothing; if it goes on, close the program that has the file open",
        absent=without("it is held by the load", *STAGES[1:]),
        warehouses=("DuckDB",),
        elsewhere="PostgreSQL has no such file",
    ),
    Fault(
        "disk of the warehouse full",
        "its file or tablespace is on a disk that is filled up there, and stays full",
        ends(WAREHOUSE, *STAGES[:7]),
        "*The warehouse … failed at dlt's step …*, with its own words, such as *No space left on device*",
        "make room; then clear the task, or let the next run go on",
        absent={"state": "one line is written, for which there is room"},
    ),
    Fault(
        "disk of the worker full",
        "its temp folder is on a disk that is filled up there, and stays full",
        ends(WORKER, *STAGES),
        "*The disk of this worker is full*",
        "make room in the folder that is named; then clear the task",
        # DuckDB takes the files one after the other, and the merge is written down after the last of them.
        but={("load", "PostgreSQL"): LOADS},
    ),
    Fault(
        "memory refused",
        "an allocation that the machine cannot give: a MemoryError",
        {**ends(WORKER, *STAGES), "merge": LOADS},
        "*This worker ran out of memory*; at *merge* dlt does it again",
        "more memory, fewer tasks at once, or lower `parallel_pages`; then clear the task",
    ),
    Fault(
        "SIGKILL, which an out-of-memory kill is too",
        "the process kills itself there",
        ends(KILLED, *STAGES),
        "a task that failed with no last words in its log; Airflow tries once more",
        "nothing for one; if it comes again, give the worker more memory",
    ),
    Fault(
        "SIGTERM or SIGINT",
        "the process gets it there; Airflow sends SIGINT first to a task that is to stop",
        {**ends(KILLED, *READ), **ends(WORKER, "normalize", "load"), **ends(LOADS, "merge", "state")},
        "*This load was stopped …* where dlt holds the signal back until it can stop (at a *merge* too, if files are "
        "left to be loaded after it); else as SIGKILL",
        "nothing, if it was meant; else see who stopped it",
    ),
    Fault(
        "Redis restarted",
        "the broker of the Celery workers is stopped and started while tasks run",
        {"first page": LOADS},
        _NOTHING,
        _NOTHING,
        absent=_ONE_STAGE,
        warehouses=("PostgreSQL",),
        elsewhere=_DEPLOYED,
    ),
    Fault(
        "metadata database restarted",
        "Airflow's PostgreSQL is ended as by a crash and started again while tasks run",
        {"first page": LOADS},
        "errors in the logs of Airflow's services",
        _NOTHING,
        absent=_ONE_STAGE,
        warehouses=("PostgreSQL",),
        elsewhere=_DEPLOYED,
    ),
    Fault(
        "scheduler restarted",
        "it gets SIGKILL while tasks run, and is started again",
        {"first page": LOADS},
        "no run begins until it is back",
        _NOTHING,
        absent=_ONE_STAGE,
        warehouses=("PostgreSQL",),
        elsewhere=_DEPLOYED,
    ),
    Fault(
        "worker lost in mid-task",
        "a Celery worker and its task get SIGKILL",
        {"first page": LOADS},
        "a task that runs for as long as Airflow waits for its heartbeat (300 s), then its second attempt",
        "nothing: it is tried again where there is a worker",
        absent=_ONE_STAGE,
        warehouses=("PostgreSQL",),
        elsewhere=_DEPLOYED,
    ),
    Fault(
        "the clock steps back, manual run",
        "the worker's clock is an hour behind that of the last run",
        {"connect": WINDOW},
        "*The watermark … is not before now*",
        "set the clock right; then clear the task",
        absent=_ONCE,
    ),
    Fault(
        "the clock steps back, scheduled run or backfill",
        "the same",
        {"connect": LOADS},
        _NOTHING,
        "set the clock right",
        absent=_ONCE,
    ),
    Fault(
        "the clock steps back, full refresh",
        "the same; also once the clock was a day ahead, and is set right",
        {"connect": LOADS},
        "*The last load was named … s after this moment*",
        "set the clock right; the next run reads on from the clock of the refresh",
        absent=_ONCE,
    ),
)

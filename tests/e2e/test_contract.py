"""The run contract under a real scheduler: for each way to start a run, its exact window, watermark and rows.

Each scene is a DAG with a shop of its own, which plays its steps one after another. The scenes play side by side, since
most of a run's time is Airflow's; each step is a test that waits for it. Before each step rows are changed, and late
rows are added on both sides of the window's bounds, so that a window that is off by a second shows in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.e2e.scene import INITIAL, Expected, Scene, scene

from local_airflow.api import ApiError
from local_airflow.instance import LocalAirflow

pytestmark = pytest.mark.e2e

Conf = Mapping[str, Any]
Start = Callable[[Scene], Sequence[str]]


@dataclass(frozen=True)
class Step:
    """One way to start runs.

    Args:
        claim: what the contract says, in short.
        start: starts them; their ids.
        expected: by run, in the order of their ids.
        in_order: they are performed in this order.
        beforehand: something else to be done in Airflow or in the shop first.
    """

    claim: str
    start: Start
    expected: tuple[Expected, ...]
    in_order: bool = True
    beforehand: Callable[[Scene], object] = field(default=lambda _: None)


def day(number: int) -> str:
    """The beginning of a day in March 2025."""
    return f"2025-03-{number:02}T00:00:00Z"


def exactly(first: int, run_type: str = "backfill", after: str = "W") -> Expected:
    """A run of exactly one day."""
    return Expected(run_type, day(first), day(first + 1), after)


def triggered(conf: Conf | None = None, logical_date: str | None = None) -> Start:
    """By `POST /dags/…/dagRuns`."""

    def start(scene: Scene) -> list[str]:
        return [scene.trigger(conf, logical_date)]

    return start


def by_the_form(scene: Scene) -> list[str]:
    """As the UI's trigger form does it: with the present as logical date, and all params spelt out."""
    conf: Conf = {"window_start": None, "window_end": None, "full_refresh": False, "resources": []}
    run_id = scene.trigger(conf, datetime.now(UTC).isoformat())
    (run,) = [run for run in scene.runs() if run["dag_run_id"] == run_id]
    # Airflow infers an interval, the last one before now, which nobody has chosen.
    assert run["data_interval_end"] is not None
    return [run_id]


def by_the_command(scene: Scene) -> list[str]:
    """By `airflow dags trigger`."""
    scene.airflow.cli("dags", "trigger", "--run-id", "by_the_command", scene.dag_id)
    return ["by_the_command"]


def by_an_operator(scene: Scene) -> list[str]:
    """By a TriggerDagRunOperator in another DAG."""
    scene.api.wait_for_dag("contract_starter")
    scene.api.unpause("contract_starter")
    run_id = scene.api.trigger("contract_starter")
    assert scene.api.wait_for_run("contract_starter", run_id) == "success"
    return scene.run_ids("operator_triggered", 1)


def by_an_asset(number: int) -> Start:
    """By an event of the asset that the DAG waits for, for the nth time."""

    def start(scene: Scene) -> list[str]:
        (asset,) = scene.api.get("/assets", name_pattern="contract_arrival")["assets"]
        known = [run["dag_run_id"] for run in scene.runs()]
        scene.api.post("/assets/events", {"asset_id": asset["id"]})
        return [run_id for run_id in scene.run_ids("asset_triggered", number) if run_id not in known]

    return start


def by_the_schedule(number: int) -> Start:
    """By the scheduler, which makes so many runs as soon as the DAG is unpaused."""

    def start(scene: Scene) -> list[str]:
        scene.unpause()
        return scene.run_ids("scheduled", number)

    return start


def cleared(number: int) -> Start:
    """By clearing the tasks of a day's run."""

    def start(scene: Scene) -> list[str]:
        run_id = scene.run_of_day(day(number)[:10])
        scene.clear(run_id)
        return [run_id]

    return start


def backfilled(first: int, last: int, *days: int, **more: Any) -> Start:
    """By `POST /backfills` from one day to another; the runs of the days that it is to perform."""

    def start(scene: Scene) -> list[str]:
        scene.backfill(day(first), day(last), **more)
        return [scene.run_of_day(day(number)[:10]) for number in days]

    return start


def backfilled_by_the_command(first: int, last: int, *more: str) -> Start:
    """By `airflow backfill create`."""

    def start(scene: Scene) -> list[str]:
        bounds = ("--from-date", day(first), "--to-date", day(last))
        scene.airflow.cli("backfill", "create", "--dag-id", scene.dag_id, *bounds, *more)
        return [scene.run_of_day(day(number)[:10]) for number in range(first, last + 1)]

    return start


def unpaused(start: Start) -> Start:
    """Of a DAG that is unpaused first."""

    def unpause_and_start(scene: Scene) -> Sequence[str]:
        scene.unpause()
        return start(scene)

    return unpause_and_start


def delete_rows(scene: Scene) -> None:
    """Deletes rows in the shop, which no window shows."""
    for name in scene.names:
        for key in list(scene.rows[name])[:3]:
            scene.shop.delete(name, key)


MANUAL = Expected("manual", "W")
REFUSED: Mapping[str, tuple[Conf, str]] = {
    "empty": (
        {"window_start": "2025-03-01T00:00:00Z", "window_end": "2025-03-01T01:00:00+01:00"},
        "The window [2025-03-01T00:00:00Z, 2025-03-01T00:00:00Z) is empty.",
    ),
    "reversed": (
        {"window_start": "2025-03-02T00:00:00Z", "window_end": "2025-03-01T00:00:00Z"},
        "The window [2025-03-02T00:00:00Z, 2025-03-01T00:00:00Z) is reversed.",
    ),
    "a start in the future": (
        {"window_start": "2999-01-01T00:00:00Z"},
        "The window begins at 2999-01-01T00:00:00Z and lies wholly in the future",
    ),
    "an end before the first value": (
        {"window_end": "2019-01-01T00:00:00Z"},
        "The window [2020-01-01T00:00:00Z, 2019-01-01T00:00:00Z) is reversed.",
    ),
    "a window and a full refresh": (
        {"window_start": "2025-03-01T00:00:00Z", "full_refresh": True},
        "full_refresh was given together with window_start or window_end.",
    ),
    "a start that is no date-time": ({"window_start": "yesterday"}, "window_start is 'yesterday', not a date-time."),
    "an end that is no date-time": (
        {"window_start": "2025-03-01T00:00:00Z", "window_end": "2025-13-01T00:00:00Z"},
        "window_end is '2025-13-01T00:00:00Z', not a date-time.",
    ),
    "an end without a time zone": (
        {"window_end": "2025-03-01T00:00:00"},
        "window_end is '2025-03-01T00:00:00', a date-time without a time zone.",
    ),
}
"""What a run is asked for that it cannot do, and what its log says."""

REJECTED: Mapping[str, tuple[Conf, str]] = {
    "a start that is a number": ({"window_start": 1740787200}, "window_start"),
    "a full refresh that is no bool": ({"full_refresh": "yes"}, "full_refresh"),
    "an unknown resource": ({"resources": ["customer"]}, "resources"),
    "a resource that is no list": ({"resources": "customers"}, "resources"),
}
"""What Airflow itself does not accept, and the param that it names."""

STEPS: Mapping[str, tuple[tuple[str, ...], tuple[Step, ...]]] = {
    "contract_schedule": (
        ("products",),
        (
            Step(
                "scheduled: the first ever reads from the cursor's first value, the next ones their intervals",
                by_the_schedule(3),
                (
                    Expected("scheduled", INITIAL, day(2), day(2)),
                    Expected("scheduled", day(2), day(3), day(3)),
                    Expected("scheduled", day(3), day(4), day(4)),
                ),
            ),
            Step(
                "scheduled and cleared: exactly its own interval, the watermark stays",
                cleared(2),
                (exactly(2, "scheduled"),),
            ),
            Step(
                "scheduled and cleared, the first ever: exactly its own interval",
                cleared(1),
                (exactly(1, "scheduled"),),
            ),
            Step(
                "scheduled and cleared, its end being the watermark: exactly its own interval",
                cleared(3),
                (exactly(3, "scheduled"),),
            ),
            Step(
                "backfill of a scheduled run, reprocess completed: exactly its interval, the watermark stays",
                backfilled(1, 1, 1, reprocess_behavior="completed"),
                (exactly(1),),
            ),
        ),
    ),
    "contract_backfill": (
        ("customers",),
        (
            Step(
                "backfill by the command: exactly its intervals, and no watermark",
                unpaused(backfilled_by_the_command(1, 2)),
                (exactly(1), exactly(2)),
                in_order=False,
            ),
            Step(
                "backfill by the API, reprocess none: only the interval without a run",
                backfilled(1, 3, 3, reprocess_behavior="none"),
                (exactly(3),),
            ),
            Step(
                "backfill by the API, reprocess failed: only the interval whose run had failed",
                backfilled(1, 3, 2, reprocess_behavior="failed"),
                (exactly(2),),
                beforehand=lambda scene: scene.mark(scene.run_of_day("2025-03-02"), "failed"),
            ),
            Step("manual after backfills: everything, since they leave no watermark", triggered(), (MANUAL,)),
            Step(
                "backfill by the API, reprocess completed: exactly its intervals, the watermark stays",
                backfilled(1, 2, 1, 2, reprocess_behavior="completed", run_backwards=True),
                (exactly(1), exactly(2)),
                in_order=False,
            ),
        ),
    ),
    "contract_manual": (
        ("orders",),
        (
            Step(
                "scheduled without catchup: the first ever reads from the cursor's first value",
                by_the_schedule(1),
                (Expected("scheduled", INITIAL, "end", "end"),),
            ),
            Step("manual by the UI's form: from the watermark to now", by_the_form, (MANUAL,)),
            Step("manual by the API without a logical date: from the watermark to now", triggered(), (MANUAL,)),
            Step(
                "manual by the API with a logical date in the past: from the watermark to now",
                triggered(logical_date=day(5)),
                (MANUAL,),
            ),
            Step("manual by the command: from the watermark to now", by_the_command, (MANUAL,)),
            Step("operator-triggered: as manual", by_an_operator, (Expected("operator_triggered", "W"),)),
            Step(
                "full refresh: everything, the table replaced, the watermark now",
                triggered({"full_refresh": True}),
                (Expected("manual", INITIAL, full_refresh=True),),
                beforehand=delete_rows,
            ),
            Step("manual after a full refresh: from the watermark to now", triggered(), (MANUAL,)),
        ),
    ),
    "contract_window": (
        ("resource",),
        (
            Step(
                "window before any load: exactly it, and no watermark",
                unpaused(triggered({"window_start": day(1), "window_end": day(3)})),
                (Expected("manual", day(1), day(3), "W"),),
            ),
            Step("manual after a window only: everything, the watermark now", triggered(), (MANUAL,)),
            Step(
                "window in another time zone: exactly it, the watermark stays",
                triggered({"window_start": "2025-03-05T01:00:00+01:00", "window_end": "2025-03-06T22:00:00-02:00"}),
                (Expected("manual", day(5), day(7), "W"),),
            ),
            Step(
                "window of fractions of a second: asked for in whole seconds around it",
                triggered({"window_start": "2025-03-08T00:00:00.9Z", "window_end": "2025-03-08T23:59:59.1Z"}),
                (Expected("manual", "2025-03-08T00:00:00.900000Z", "2025-03-08T23:59:59.100000Z", "W"),),
            ),
            Step(
                "window with a start only: from it to now, the watermark stays",
                triggered({"window_start": day(10)}),
                (Expected("manual", day(10), "now", "W"),),
            ),
            Step(
                "window with an end only: from the cursor's first value to it, the watermark stays",
                triggered({"window_end": day(12)}, logical_date=day(20)),
                (Expected("manual", INITIAL, day(12), "W"),),
            ),
        ),
    ),
    "contract_asset": (
        ("reviews",),
        (
            Step(
                "asset-triggered, the first ever: everything, the watermark now",
                unpaused(by_an_asset(1)),
                (Expected("asset_triggered", "W-90"),),
            ),
            Step(
                "asset-triggered: from the watermark, less the lag, to now",
                by_an_asset(2),
                (Expected("asset_triggered", "W-90"),),
            ),
        ),
    ),
    "contract_refused": (
        ("products",),
        (
            *(
                Step(
                    f"refused: {what}",
                    unpaused(triggered(conf)),
                    (Expected("manual", refused=message),),
                )
                for what, (conf, message) in REFUSED.items()
            ),
            Step("manual after refused runs: everything, since they left nothing", triggered(), (MANUAL,)),
        ),
    ),
    "contract_resources": (
        ("products", "customers"),
        (
            Step(
                "resources: only those named are asked for, the others are skipped",
                unpaused(triggered({"resources": ["customers"]})),
                (Expected("manual", "W", loads=("customers",)),),
            ),
            Step("no resources named: all, each from its own watermark", triggered(), (MANUAL,)),
        ),
    ),
}
"""By DAG: the resources that it loads, and what is done with it."""

AT_ONCE = 3
"""Scenes side by side: enough to keep two cores at work."""

CLAIMS = [(dag_id, step.claim) for dag_id, (_, steps) in STEPS.items() for step in steps]


@dataclass
class Play:
    """A scene whose steps are played in a thread.

    Args:
        results: by claim; set once the step is over.
    """

    scene: Scene
    steps: Sequence[Step]
    results: dict[str, Future[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.results = {step.claim: Future() for step in self.steps}

    def perform(self) -> None:
        """Plays all steps. One that is not as expected does not keep the next ones from being played."""
        for step in self.steps:
            try:
                self._perform(step)
            except BaseException as error:
                self.results[step.claim].set_exception(error)
            else:
                self.results[step.claim].set_result(None)

    def _perform(self, step: Step) -> None:
        step.beforehand(self.scene)
        self.scene.change(step.expected)
        outcome = self.scene.watch(step.start(self.scene))
        self.scene.verify(step.expected, outcome, in_order=step.in_order)


@pytest.fixture(scope="module")
def plays(airflow: LocalAirflow) -> Iterator[dict[str, Play]]:
    """All scenes, being played."""
    with ExitStack() as stack:
        found = {
            dag_id: Play(stack.enter_context(scene(airflow, dag_id, names)), steps)
            for dag_id, (names, steps) in STEPS.items()
        }
        threads = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        for play in found.values():
            stack.callback(play.scene.over.set)
            threads.submit(play.perform)
        yield found


@pytest.mark.parametrize(("dag_id", "claim"), CLAIMS, ids=[claim.replace(" ", "_") for _, claim in CLAIMS])
def test_a_run_reads_its_window_moves_the_watermark_and_loads_its_rows(
    plays: Mapping[str, Play], dag_id: str, claim: str
) -> None:
    plays[dag_id].results[claim].result()


@pytest.mark.parametrize("what", REJECTED)
def test_airflow_itself_refuses(plays: Mapping[str, Play], what: str) -> None:
    conf, param = REJECTED[what]
    its_scene = plays["contract_resources"].scene
    with pytest.raises(ApiError, match=param) as error:
        its_scene.api.trigger(its_scene.dag_id, conf)
    assert error.value.status == 400
    assert conf not in [run["conf"] for run in its_scene.runs()]

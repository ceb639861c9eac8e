"""Under a real scheduler: each alarm is raised once, where it should be, and reaches a real HTTP receiver."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.e2e.scene import Scene, scene
from tests.support.receiver import Receiver, receiving

from local_airflow.environment import HOST
from local_airflow.instance import LocalAirflow

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def receiver(airflow: LocalAirflow) -> Iterator[Receiver]:
    with receiving() as receiver:
        fields = {"conn_type": "http", "host": f"http://{HOST}", "port": receiver.port}
        airflow.api().post("/connections", {"connection_id": "alarm_receiver", **fields})
        yield receiver


@pytest.fixture(scope="module")
def alarmed(airflow: LocalAirflow) -> Iterator[Scene]:
    with scene(airflow, "alarmed", ["customers"], sizes={"customers": 40}) as alarmed:
        alarmed.unpause()
        yield alarmed


def run(alarmed: Scene) -> tuple[str, str]:
    """A run to its end; its id and its state."""
    run_id = alarmed.trigger()
    return run_id, alarmed.see(run_id).run["state"]


def test_each_alarm_is_raised_where_it_should_be(alarmed: Scene, receiver: Receiver) -> None:
    calm = [run(alarmed) for _ in range(3)]
    assert [state for _, state in calm] == ["success"] * 3

    ids = sorted(row["id"] for row in alarmed.shop.rows("customers"))
    for key in ids[:25]:
        alarmed.shop.delete("customers", key)
    alarmed.shop.update("customers", ids[-1], nickname="<b>Ada</b>")
    changed, state = run(alarmed)
    assert state == "success"
    post = receiver.wait_for(kind="schema_changed", run_id=changed)
    assert post["title"] == "alarmed: the load of customers changed the schema"
    assert post["text"] == "column added: customers.nickname (text)"
    post = receiver.wait_for(kind="rows_fell", run_id=changed)
    assert post["text"] == "15 rows were read; the 3 loads before had 40 (median)."

    alarmed.shop.set_habits(ignore_offset=True, cap_limit_silently=True, max_limit=10)
    incomplete, state = run(alarmed)
    assert state == "failed"
    post = receiver.wait_for(kind="incomplete", run_id=incomplete)
    assert "the shop seems to ignore offset_param" in post["text"]

    alarmed.shop.fail("status", path="/v1/customers", status=404, times=None)
    failed, state = run(alarmed)
    assert state == "failed"
    post = receiver.wait_for(kind="failed", run_id=failed)
    assert "The shop answered 404 to GET /v1/customers" in post["text"]

    run_ids = {*(run_id for run_id, _ in calm), changed, incomplete, failed}
    for run_id in run_ids:
        assert receiver.wait_for(kind="late", run_id=run_id)["title"] == "alarmed: a run is late"
    kinds = sorted((each["kind"], each["run_id"]) for each in receiver.posted if each["kind"] != "late")
    assert kinds == sorted(
        [("schema_changed", changed), ("rows_fell", changed), ("incomplete", incomplete), ("failed", failed)]
    )

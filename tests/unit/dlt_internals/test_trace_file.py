"""dlt writes no trace of a load, and that of any other pipeline."""

from __future__ import annotations

from pathlib import Path

import dlt
import pytest

from ecom_source.dlt_internals.trace_file import no_trace_file


def traces(folder: Path) -> list[str]:
    """The pipelines that have left one."""
    return sorted(path.parent.name for path in folder.rglob("trace.pickle"))


def run(pipeline: dlt.Pipeline) -> None:
    pipeline.run([{"id": 1}], table_name="rows")


@pytest.fixture
def ours(tmp_path: Path) -> dlt.Pipeline:
    return dlt.pipeline("ours", destination=dlt.destinations.duckdb(str(tmp_path / "1")), pipelines_dir=str(tmp_path))


@pytest.fixture
def theirs(tmp_path: Path) -> dlt.Pipeline:
    return dlt.pipeline("theirs", destination=dlt.destinations.duckdb(str(tmp_path / "2")), pipelines_dir=str(tmp_path))


def test_the_trace_is_in_memory_only(tmp_path: Path, ours: dlt.Pipeline, theirs: dlt.Pipeline) -> None:
    with no_trace_file(ours):
        with no_trace_file(ours):
            run(ours)
        run(ours)
        run(theirs)
        assert traces(tmp_path) == ["theirs"]
        assert ours.last_trace is not None
        assert [step.step for step in ours.last_trace.steps][-1] == "run"
    run(ours)
    assert traces(tmp_path) == ["ours", "theirs"]

"""The worker fails a load at a known point: its disk, its memory, its process, its clock."""

from __future__ import annotations

import tempfile

import pytest
from tests.faults.book import Book
from tests.faults.cells import KILLED, LOADS, READ, WORK
from tests.faults.scene import Scene
from tests.support.small_disk import SmallDisk
from tests.support.striking import strike

GROUPS = pytest.mark.parametrize("stages", [READ, *((stage,) for stage in WORK)], ids=("read", *WORK))
"""What is struck before anything is written has its next run in common."""
# Of a stage's two ends, where there is a commit between them.
POINTS = {
    "normalize": ("normalize", "between extract and normalize"),
    "merge": ("merge", "commit of the merge"),
    "state": ("state", "after the state"),
}


@GROUPS
def test_its_disk_is_full(
    scene: Scene, book: Book, disk: SmallDisk, stages: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.temp = disk.path / "tmp"
    scene.temp.mkdir(exist_ok=True)
    monkeypatch.setenv("TMPDIR", str(scene.temp))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for stage in stages:
        with monkeypatch.context() as patch:
            strike(stage, disk.fill, patch.setattr)
            seen = scene.run()
        scene.assert_nothing_left()
        disk.free()
        assert seen.end == LOADS or "The disk of this worker is full at dlt's step" in seen.text
        book.note("disk of the worker full", stage, scene.kind, seen.end)
    scene.after(seen)


@GROUPS
def test_memory_is_refused(scene: Scene, book: Book, stages: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for stage in stages:
        with monkeypatch.context() as patch:
            strike(stage, lambda: bytes(1 << 62), patch.setattr)
            seen = scene.run()
        scene.assert_nothing_left()
        assert seen.end == LOADS or seen.text.startswith("This worker ran out of memory")
        book.note("memory refused", stage, scene.kind, seen.end)
    scene.after(seen)


@pytest.mark.parametrize(
    ("scene", "stage"),
    [("DuckDB", "middle page"), ("DuckDB", "normalize"), ("PostgreSQL", "load")],
    indirect=["scene"],
)
def test_memory_is_at_its_limit(scene: Scene, stage: str) -> None:
    """From there on no more is given: whichever part wants some first fails, or ends the process."""
    seen = scene.struck(stage, "no memory")
    assert seen.end != LOADS
    scene.next_run()


@GROUPS
def test_killed(scene: Scene, book: Book, stages: tuple[str, ...]) -> None:
    for stage in stages:
        for point in POINTS.get(stage, (stage,)):
            seen = scene.struck(point, "SIGKILL")
            if stage in WORK:
                scene.next_run()
                scene.change()
            book.note("SIGKILL, which an out-of-memory kill is too", stage, scene.kind, seen.end, variant=point)
    if stage in READ:
        scene.next_run()


@GROUPS
@pytest.mark.parametrize(
    ("scene", "signal"),
    [("DuckDB", "SIGTERM"), ("DuckDB", "SIGINT"), ("PostgreSQL", "SIGTERM")],
    indirect=["scene"],
)
def test_stopped(scene: Scene, book: Book, stages: tuple[str, ...], signal: str) -> None:
    for stage in stages:
        seen = scene.struck(stage, signal)
        assert seen.end in (LOADS, KILLED) or seen.text.startswith("This load was stopped at dlt's step")
        book.note("SIGTERM or SIGINT", stage, scene.kind, seen.end, variant=signal)
    scene.after(seen)

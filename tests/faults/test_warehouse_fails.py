"""The warehouse fails at a known point of a load."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.faults.book import Book
from tests.faults.cells import STAGES
from tests.faults.scene import Scene
from tests.support.loads import duckdb_tables
from tests.support.small_disk import SmallDisk
from tests.support.striking import strike

POSTGRES = pytest.mark.parametrize("scene", ["PostgreSQL"], indirect=True)
DUCKDB = pytest.mark.parametrize("scene", ["DuckDB"], indirect=True)


@POSTGRES
@pytest.mark.parametrize("stage", STAGES)
def test_down_or_restarted(scene: Scene, book: Book, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        strike(stage, scene.postgres.crash, patch.setattr)
        seen = scene.run()
    scene.postgres.start()
    assert "connection to server" in seen.text
    # The driver's words, not the line of code that they came from.
    assert "^^^" not in seen.text
    scene.next_run()
    book.note("warehouse down, and stays so", stage, scene.kind, seen.end)
    scene.change()

    def restart() -> None:
        scene.postgres.crash()
        scene.postgres.start()

    with monkeypatch.context() as patch:
        strike(stage, restart, patch.setattr)
        seen = scene.run()
    scene.after(seen)
    book.note("warehouse restarted", stage, scene.kind, seen.end)


@POSTGRES
@pytest.mark.parametrize(("stage", "point"), [("merge", "commit of the merge"), ("state", "after the state")])
def test_down_at_the_commit(scene: Scene, book: Book, stage: str, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        strike(point, scene.postgres.crash, patch.setattr)
        seen = scene.run()
    scene.postgres.start()
    scene.after(seen)
    book.note("warehouse down at the commit", stage, scene.kind, seen.end)


@DUCKDB
def test_a_file_that_is_no_database(scene: Scene, book: Book) -> None:
    path = Path(scene.env["ECOM_DUCKDB_PATH"])
    kept = path.rename(path.with_suffix(".kept"))
    path.write_bytes(b"something else" * 1000)
    seen = scene.run()
    assert "not a valid DuckDB database file" in seen.text
    kept.replace(path)
    scene.next_run()
    book.note("warehouse file cannot be opened", "connect", scene.kind, seen.end)


HOLD = "import duckdb, sys; connection = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@DUCKDB
def test_a_file_that_another_process_has_open(scene: Scene, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", HOLD, scene.env["ECOM_DUCKDB_PATH"]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        slept = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            other.communicate()

        with monkeypatch.context() as patch:
            patch.setattr(
                "ecom_source.warehouses.file_lock.time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep)
            )
            seen = scene.run()
    assert slept == [0.5]
    scene.after(seen)
    book.note("warehouse file held by another process", "connect", scene.kind, seen.end)


@pytest.fixture
def on_small_disk(scene: Scene, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """With its warehouse on the small disk."""
    folder = disk.path / scene.kind
    new = not folder.exists()
    folder.mkdir(exist_ok=True)
    if scene.kind == "DuckDB":
        path = folder / "warehouse.duckdb"
        scene.tables = duckdb_tables(path)
        monkeypatch.setenv("ECOM_DUCKDB_PATH", str(path))
    else:
        if new:
            os.chown(folder, scene.postgres.user, -1)
            connection = scene.postgres.connect()
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
                cursor.execute("CREATE DATABASE small TABLESPACE small")
            connection.close()
        scene.tables = scene.postgres.tables("small")
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_WAREHOUSE", scene.postgres.connection_json("small"))
    if new:
        scene.next_run()
        scene.change()
    return scene


@pytest.mark.parametrize("stage", STAGES[:7])
def test_its_disk_is_full(
    on_small_disk: Scene, book: Book, disk: SmallDisk, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = on_small_disk
    with monkeypatch.context() as patch:
        strike(stage, disk.fill, patch.setattr)
        seen = scene.run()
    disk.free()
    scene.after(seen)
    book.note("disk of the warehouse full", stage, scene.kind, seen.end)

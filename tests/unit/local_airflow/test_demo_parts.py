"""What the demo prints: the words about a load, the tables, and a task's log lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from local_airflow.follow import TaskLogs, worth_saying
from local_airflow.loads import Shown, Since, describe, since
from local_airflow.tables import preview, render

SHOWN = Shown("the_dag", "things", "shop", "things", "things")


def row(updated: str, created: str) -> dict[str, str]:
    return {"updated_at": f"2026-05-01T00:{updated}Z", "created_at": f"2026-05-01T00:{created}Z"}


def window(start: str, end: str, before: str | None) -> dict[str, Any]:
    marks = {"start": start, "end": end, "watermark_before": before, "watermark_after": end}
    return {name: mark and f"2026-05-01T00:{mark}Z" for name, mark in marks.items()}


ROWS = [
    row("08:59", "00:00"),  # before the window
    row("09:00", "00:00"),  # its first instant, within the lag
    row("10:00", "00:00"),  # changed, at the watermark
    row("10:30", "10:00"),  # new and changed
    row("11:00", "11:00"),  # the window's end is outside
]


def test_rows_of_the_window_by_what_they_are() -> None:
    assert since(ROWS, window("09:00", "11:00", "10:00")) == Since(changed=1, new=1, again=1)
    assert since(ROWS, window("00:00", "12:00", None)) == Since(changed=0, new=5, again=0)


def test_the_words_about_a_later_load() -> None:
    extra = {
        "windows": {"things": window("09:00", "11:00", "10:00")},
        "resources": {"things": {"rows_read": 3}},
        "rows_loaded": {"things": 3, "things__parts": 2},
        "requests": 1,
        "seconds": {"extract": 0.25, "load": 1.0},
    }
    assert describe(SHOWN, extra, ROWS, 1005) == [
        "the_dag: 1 changed + 1 new in the shop since the last load; 3 rows read, 3 loaded; "
        "the other 1,002 were already there",
        "  again      1 row of the 60 s before the watermark; a shop may commit late",
        "  window     2026-05-01T00:09:00Z until 2026-05-01T00:11:00Z",
        "  watermark  2026-05-01T00:10:00Z -> 2026-05-01T00:11:00Z",
        "  read       3 rows in 1 request",
        "  loaded     5 rows: 3 into shop.things, 2 into shop.things__parts",
        "  took       1.2 s: extract 0.2, load 1.0",
    ]


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("""
        CREATE SCHEMA shop;
        CREATE TABLE shop.things AS SELECT * FROM (VALUES
            (12.5::DECIMAL(18,4), 2, 'a' || chr(10) || 'b', TIMESTAMPTZ '2026-05-01 02:00:00+02', '1', 'x'),
            (3.0, 1, repeat('long', 20), NULL, '2', 'y')
        ) AS it(price, id, name, seen, _dlt_load_id, _dlt_id);
        CREATE TABLE shop.things__parts AS SELECT * FROM (VALUES
            (5, 'x', 1, 'p'), (6, 'x', 0, 'q'), (7, 'y', 0, 'r')
        ) AS it(number, _dlt_root_id, _dlt_list_idx, _dlt_id);
    """)
    return connection


def test_a_table_and_its_types(connection: duckdb.DuckDBPyConnection) -> None:
    assert render(preview(connection, "shop", "things", ["1", "2"]), 100).splitlines() == [
        "shop.things: 2 rows",
        "       id          price  name                          seen",
        "  INTEGER  DECIMAL(18,4)  VARCHAR                       TIMESTAMPTZ",
        "  -------  -------------  ----------------------------  ----------------------",
        "        1         3.0000  longlonglonglonglonglonglon…  NULL",
        "        2        12.5000  a b                           2026-05-01 00:00:00+00",
    ]


def test_columns_that_do_not_fit_are_counted(connection: duckdb.DuckDBPyConnection) -> None:
    lines = render(preview(connection, "shop", "things", ["1"]), 30).splitlines()
    assert lines[0] == "shop.things: 2 rows, 1 of them written by this run (2 more columns to the right)"
    assert lines[-1] == "        2        12.5000"


def test_nested_rows_of_a_load_in_their_order(connection: duckdb.DuckDBPyConnection) -> None:
    parts = preview(connection, "shop", "things__parts", ["1"])
    assert (parts.rows, parts.loaded, parts.sample) == (3, 2, [("6",), ("5",)])


def test_log_lines_come_once_and_whole(tmp_path: Path) -> None:
    file = tmp_path / "task_id=group.it" / "attempt=1.log"
    file.parent.mkdir()
    logs = TaskLogs(tmp_path)
    lines = [json.dumps({"event": f"line {number}", "level": "info"}) for number in range(3)]
    file.write_text(f"{lines[0]}\n{lines[1][:10]}")
    assert [record["event"] for record in logs.news()] == ["line 0"]
    assert list(logs.news()) == []
    with file.open("a") as log:
        log.write(f"{lines[1][10:]}\nno JSON\n{lines[2]}\n")
    assert [record["event"] for record in logs.news()] == ["line 1", "no JSON", "line 2"]
    assert logs.tail() == f"{file}:\ninfo line 0\ninfo line 1\nno JSON\ninfo line 2"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"logger": "ecom_source.secrets.task_logs", "level": "info", "event": "it: extract"}, "it: extract"),
        ({"logger": "ecom_source.http.session", "level": "warning", "event": "GET /: 503"}, "WARNING: GET /: 503"),
        ({"logger": "ecom_source.airflow.task", "level": "info", "event": "all of it in one line"}, ""),
        ({"logger": "airflow", "level": "info", "event": "of no interest"}, ""),
        (
            {
                "logger": "ecom_source.load.failures.clean_errors",
                "level": "error",
                "event": "Traceback (most recent\n …",
            },
            "",
        ),
        (
            {"level": "error", "event": "failed", "error_detail": [{"exc_type": "E", "exc_value": "why\nhow"}]},
            "ERROR: E: why",
        ),
        (
            {"level": "error", "error_detail": [{"exc_type": "E", "exc_value": "dlt says:\n\n<class 'X'>\nwhy\nhow"}]},
            "ERROR: E: dlt says: why",
        ),
    ],
)
def test_what_is_worth_saying(record: dict[str, Any], said: str) -> None:
    assert worth_saying(record) == said

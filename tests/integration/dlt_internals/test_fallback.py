"""What only speed depends on may go from dlt: the same tables, and one line says so. What checks values may not."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from tests.support.airflow_process import run_python
from tests.support.loads import Tables, connection_json
from tests.support.rows_api import RowsApi, serving

ROWS: list[dict[str, Any]] = [
    {
        "id": key,
        "text": f"größer {key}",
        "price": key + 0.5,
        "items": [{"line": line, "number": f"{key}-{line}"} for line in range(key % 3)],
    }
    for key in range(1, 251)
]
LOAD = """
import json, logging, sys
from tests.support.moved import move
if sys.argv[1:]:
    move(sys.argv[1])
lines = []
class Kept(logging.Handler):
    def emit(self, record):
        lines.append([record.levelname, record.getMessage()])
logging.getLogger("ecom_source.dlt_internals").addHandler(Kept())
from tests.support.apis import api, whole
from ecom_source.testing import run_load
run_load(api(whole("things", "/rows")))
# Of rows that come again, all columns are known.
run_load(api(whole("things", "/rows")))
print(json.dumps(lines))
"""
BY_COLUMNS, MEMORY = "rows made into columns", "bounds for DuckDB's memory"
MOVED = {
    "_filtered_tables": BY_COLUMNS,
    "_filtered_tables_columns": BY_COLUMNS,
    "_report_progress": BY_COLUMNS,
    "generate_dlt_ids": BY_COLUMNS,
    "get_root_row_id_type": BY_COLUMNS,
    "create_load_job": MEMORY,
    "DuckDbClient": MEMORY,
    "client_class": MEMORY,
    "retry_count": MEMORY,
}
"""A name in dlt's source, and the feature that is left out without it."""
VALUES, WRITTEN = "checks of values", "checks of what is written"
NEEDED = {
    "JsonLItemsNormalizer": VALUES,
    "_normalize_chunk": VALUES,
    "_filter_row": VALUES,
    "_coerce_row": VALUES,
    "_coerce_non_null_value": VALUES,
    "_infer_column_type": VALUES,
    "_coerce_type": VALUES,
    "ExtractorItemStorage": WRITTEN,
    "_get_writer": WRITTEN,
    "writer_cls": WRITTEN,
}
"""A name in dlt's source, and the checks that a load does not do without."""
FAILING_LOAD = """
import sys
from tests.support.moved import move
move(sys.argv[1])
from tests.support.apis import api, whole
from ecom_source.errors import DriverMissingError
from ecom_source.testing import run_load
try:
    run_load(api(whole("things", "/rows")))
except DriverMissingError as error:
    print(error.found)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", *MOVED])
def test_without_it_the_tables_are_the_same_and_one_line_says_so(
    name: str, tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(RowsApi(ROWS)) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        code = LOAD.replace("sys.argv[1:]", repr([name] if name else [])).replace("sys.argv[1]", repr(name))
        said = json.loads(run_python(code, cwd=tmp_path).splitlines()[-1])
    assert [level for level, _ in said] == (["WARNING"] if name else [])
    assert all(f"there are no {MOVED[name]}: " in text for _, text in said)
    found = tables.rows("things")
    assert {key: (row["text"], row["price"]) for key, row in found.items()} == {
        row["id"]: (row["text"], row["price"]) for row in ROWS
    }
    _, lines = tables.query(
        "SELECT it.id, line.line, line.number FROM ecommerce.things AS it "
        "JOIN ecommerce.things__items AS line ON line._dlt_parent_id = it._dlt_id ORDER BY 1, 2"
    )
    assert lines == [(row["id"], line["line"], line["number"]) for row in ROWS for line in row["items"]]


@pytest.mark.slow
@pytest.mark.parametrize("name", NEEDED)
def test_without_a_check_of_values_a_load_fails_and_says_so(
    name: str, tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(RowsApi(ROWS)) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        found = run_python(FAILING_LOAD.replace("sys.argv[1]", repr(name)), cwd=tmp_path).splitlines()[-1]
    assert found.startswith(f"With dlt {version('dlt')} there are no {NEEDED[name]}: ")
    assert name in found
    assert tables.query("SELECT table_name FROM information_schema.tables WHERE table_name = 'things'")[1] == []

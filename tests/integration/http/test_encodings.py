"""JSON in any encoding that a shop may send it in: each text arrives as it is, or the load says why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.apis import api, whole
from tests.support.loads import Tables, connection_json
from tests.support.rows_api import RowsApi, serving

from ecom_source.airflow.hook import EcomApiHook
from ecom_source.errors import PayloadError
from ecom_source.testing import run_load

NAMES = ["Café Crème Brûlée", "5 €", "Müller & Söhne", "plain"]
ROWS = [{"id": number, "name": name} for number, name in enumerate(NAMES, 1)]


class EncodedApi(RowsApi):
    """Sends what `RowsApi` would in another encoding, under a content type of its own."""

    encoding, content_type = "utf-8", "application/json"

    def answer(self, query: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
        """As `RowsApi` has it."""
        status, headers, body = super().answer(query)
        text = json.dumps(json.loads(body), ensure_ascii=False)
        return status, {**headers, "Content-Type": self.content_type}, text.encode(self.encoding)


def load(
    encoding: str, content_type: str, temp: Path, monkeypatch: pytest.MonkeyPatch, **endpoint: Any
) -> tuple[Any, ...]:
    """The result of the Test button; a load's error is raised."""
    with serving(EncodedApi(ROWS)) as shop:
        assert isinstance(shop, EncodedApi)
        shop.encoding, shop.content_type = encoding, content_type
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        run_load(api(whole("things", "/rows", endpoint=endpoint)))
        return EcomApiHook().test_connection()


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "text/html"),
        ("utf-8", "text/plain; charset=us-ascii"),
        ("utf-8", "application/json; charset=iso-8859-1"),
        ("utf-8-sig", "application/json; charset=UTF-8"),
        ("utf-16", "application/json"),
        ("cp1252", "application/json; charset=iso-8859-1"),
        ("cp1252", "text/html; charset=windows-1252"),
    ],
)
def test_each_text_arrives_as_it_is(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, content_type: str
) -> None:
    passed, message = load(encoding, content_type, tmp_path, monkeypatch)
    assert {key: row["name"] for key, row in tables.rows("things").items()} == dict(enumerate(NAMES, 1))
    assert passed, message


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/json", "text/html"])
def test_what_nobody_names_the_encoding_of_fails_the_load(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content_type: str
) -> None:
    with pytest.raises(PayloadError) as error:
        load("cp1252", content_type, tmp_path, monkeypatch)
    assert "The answer of /rows cannot be read as 'utf-8': byte 0xE9 at position" in error.value.found
    assert "response_actions" in error.value.fix


def test_a_response_action_names_it(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def set_encoding(response: Any, *_: Any, **__: Any) -> Any:
        response.encoding = "windows-1252"
        return response

    load("cp1252", "text/html", tmp_path, monkeypatch, response_actions=[set_encoding])
    assert {row["name"] for row in tables.rows("things").values()} == set(NAMES)

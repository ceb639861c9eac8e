"""Answers decoded fast are the answers that requests decodes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from ecom_source.http.json_response import PageResponse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def answer(kind: type[requests.Response], body: bytes, encoding: str | None = "utf-8") -> requests.Response:
    response = kind()
    response.status_code = 200
    response._content = body
    response.encoding = encoding
    return response


def outcome(response: requests.Response) -> Any:
    try:
        return repr(response.json())
    except requests.exceptions.JSONDecodeError:
        return "no JSON"


@given(value=VALUES, ascii_only=st.booleans())
def test_every_value_is_the_same(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert outcome(answer(PageResponse, body)) == outcome(answer(requests.Response, body))


@pytest.mark.parametrize(
    "text",
    [
        "18446744073709551616",
        "-9223372036854775809",
        '{"a": 123456789012345678901234567890, "b": 0.1234567890123456789}',
        "1e400",
        "NaN",
        '"\\ud800"',
        '"\\u0000"',
        '{"a": 1, "b": 2, "a": 3}',
        "[1, 2,]",
        '"a\tb"',
        "",
        "<html>",
        "\ufeff{}",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", None, "latin-1"])
def test_so_is_what_decoders_differ_in(text: str, encoding: str | None) -> None:
    body = text.encode()
    assert outcome(answer(PageResponse, body, encoding)) == outcome(answer(requests.Response, body, encoding))


@pytest.mark.parametrize("body", [b'"\xff"', '"größer"'.encode("utf-16"), '"größer"'.encode("latin-1")])
@pytest.mark.parametrize("encoding", ["utf-8", None, "latin-1"])
def test_so_is_what_is_not_in_the_encoding_that_it_says(body: bytes, encoding: str | None) -> None:
    assert outcome(answer(PageResponse, body, encoding)) == outcome(answer(requests.Response, body, encoding))


def test_a_body_is_decoded_once() -> None:
    response = answer(PageResponse, b'{"data": []}')
    assert response.json() is response.json()


def test_a_body_that_a_hook_has_replaced_or_changed_is_decoded_anew() -> None:
    response = answer(PageResponse, b'{"data": [1]}')
    response.json()["data"].clear()
    assert isinstance(response, PageResponse)
    response.forget()
    assert response.json() == {"data": [1]}
    response._content = b'{"data": [2]}'
    assert response.json() == {"data": [2]}

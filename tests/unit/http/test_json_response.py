"""Answers decoded fast are the answers that requests decodes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.utils import get_encoding_from_headers

from ecom_source.errors import PayloadError
from ecom_source.http.json_response import Decoded, NulFreeResponse, PageResponse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
CONTENT_TYPES = [
    "application/json",
    "application/json; charset=UTF-8",
    "application/json; charset=iso-8859-1",
    "application/hal+json",
    "text/html",
    "text/json; charset=windows-1252",
    "text/plain; charset=klingon",
    "",
]


def answer(
    kind: type[requests.Response], body: bytes, content_type: str = "application/json", encoding: str | None = None
) -> requests.Response:
    """As requests' adapter makes it; `encoding` is what a hook of the description sets."""
    response = kind()
    response.status_code = 200
    response.url = "https://shop.example.com/things?api_key=secret"
    response._content = body
    response.headers["Content-Type"] = content_type
    response.encoding = encoding or get_encoding_from_headers(response.headers)
    return response


def outcome(response: requests.Response) -> Any:
    try:
        return repr(response.json())
    except requests.exceptions.JSONDecodeError:
        return "no JSON"


@given(value=VALUES, ascii_only=st.booleans())
def test_every_value_is_the_same(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
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
    ],
)
@pytest.mark.parametrize("encoding", [None, "windows-1252"])
def test_so_is_what_decoders_differ_in(text: str, encoding: str | None) -> None:
    body = text.encode()
    assert outcome(answer(PageResponse, body, encoding=encoding)) == outcome(
        answer(requests.Response, body, encoding=encoding)
    )


@given(
    value=VALUES,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]),
    content_type=st.sampled_from(CONTENT_TYPES),
    ascii_only=st.booleans(),
)
def test_unicode_is_read_whatever_the_content_type_says(
    value: Any, encoding: str, content_type: str, ascii_only: bool
) -> None:
    text = json.dumps([value], ensure_ascii=ascii_only)
    expected = outcome(answer(requests.Response, text.encode()))
    assert outcome(answer(PageResponse, text.encode(encoding), content_type)) == expected


@given(text=st.text(), encoding=st.sampled_from(["iso-8859-1", "windows-1252", "windows-1251", "shift_jis", "gb18030"]))
def test_another_charset_is_read_where_it_is_named_and_the_body_is_no_utf_8(text: str, encoding: str) -> None:
    try:
        body = json.dumps({"name": text}, ensure_ascii=False).encode("cp1252" if encoding == "iso-8859-1" else encoding)
    except UnicodeEncodeError:
        return
    try:
        expected = {"name": json.loads(body.decode())["name"]}
    except UnicodeDecodeError:
        expected = {"name": text}
    assert outcome(answer(PageResponse, body, f"text/json; charset={encoding}")) == repr(expected)


@given(text=st.text(), body_encoding=st.sampled_from(["cp1252", "shift_jis", "gb18030", "cp1251", "cp1255"]))
def test_no_text_is_changed_in_silence(text: str, body_encoding: str) -> None:
    """In an encoding that nobody names: an error, or (where its bytes are UTF-8 as well) what they say in that."""
    try:
        body = json.dumps({"name": text}, ensure_ascii=False).encode(body_encoding)
    except UnicodeEncodeError:
        return
    for content_type in (
        "application/json",
        "text/html",
        "application/json; charset=utf-8",
        "text/html; charset=x-none",
    ):
        try:
            found = answer(PageResponse, body, content_type).json()
        except PayloadError:
            with pytest.raises(UnicodeDecodeError):
                body.decode()
        else:
            assert json.dumps(found, ensure_ascii=False).encode() == body


@pytest.mark.parametrize(
    ("content_type", "says"),
    [
        ("application/json", "'utf-8': byte 0xE9 at position 4 is not valid there"),
        ("text/html", "'utf-8': byte 0xE9 at position 4 is not valid there"),
        ("application/json; charset=UTF-8", "'utf-8': byte 0xE9 at position 4 is not valid there"),
        ("application/json; charset=us-ascii", "'us-ascii': byte 0xE9 at position 4 is not valid there"),
        ("application/json; charset=klingon", "'klingon': no such encoding is known here"),
    ],
)
def test_what_is_in_no_encoding_that_is_named_is_an_error(content_type: str, says: str) -> None:
    for body in (b'"Caf\xe9"', b'"Caf\xe9", 1'):
        with pytest.raises((PayloadError, requests.exceptions.JSONDecodeError)) as error:
            answer(PageResponse, body, content_type).json()
        # What is no JSON in the first place is called that.
        if body.endswith(b"1"):
            assert not isinstance(error.value, PayloadError)
        else:
            assert isinstance(error.value, PayloadError)
            assert error.value.found == f"The answer of /things cannot be read as {says}."
            assert "response.encoding" in error.value.fix


def test_what_is_called_iso_8859_1_is_windows_1252() -> None:
    assert answer(PageResponse, b'"5 \x80"', "text/html; charset=iso-8859-1").json() == "5 €"
    with pytest.raises(PayloadError, match="'iso-8859-1': byte 0x81 at position 1"):
        answer(PageResponse, b'"\x81"', "text/html; charset=iso-8859-1").json()


def test_an_encoding_that_a_hook_sets_is_the_one() -> None:
    # These bytes are UTF-8 as well.
    body = '"Ã©"'.encode("windows-1252")
    assert answer(PageResponse, body).json() == "é"
    assert answer(PageResponse, body, encoding="windows-1252").json() == "Ã©"
    with pytest.raises(PayloadError, match="'utf-16': "):
        answer(PageResponse, b'"a"', encoding="utf-16").json()


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/html", "Müller".encode(), "Müller"),
        ("text/html", "Müller".encode("latin-1"), "Müller"),
        ("text/html; charset=iso-8859-1", "Müller".encode("latin-1"), "Müller"),
        ("application/json", "Müller".encode(), "Müller"),
    ],
)
def test_a_text_is_utf_8_where_it_can_be(content_type: str, body: bytes, text: str) -> None:
    """`response_actions` look for words in it."""
    assert answer(PageResponse, body, content_type).text == text


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


def test_a_nul_that_is_left_out_is_counted_by_its_field_once_for_each_answer() -> None:
    found = Decoded()
    response = NulFreeResponse()
    response._content = b'{"data": [{"name": "a\\u0000b\\u0000", "lines": [{"text": "\\u0000"}]}]}'
    response.found = found
    for _ in range(2):
        assert response.json() == {"data": [{"name": "ab", "lines": [{"text": ""}]}]}
        response.forget()
    assert (found.nul, found.slowly) == ({"name": 2, "text": 1}, False)


def test_an_answer_that_requests_decodes_is_told_of() -> None:
    found = Decoded()
    response = PageResponse()
    response._content, response.found = b'{"n": 1e999}', found
    assert response.json() == {"n": float("inf")}
    assert found.slowly

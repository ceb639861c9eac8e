"""What a shop says of an error is quoted: the message alone, in one line, and with no secret in it."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import PreparedRequest, Request, Response
from tests.support.loads import KEY

from ecom_source.http.shop_words import MOST_BYTES, MOST_CHARACTERS, saying, shop_words
from ecom_source.secrets.redactor import Redactor

REDACT = Redactor([KEY])


def answer(body: Any, request: PreparedRequest | None = None) -> Response:
    """An answer with this body: bytes or a text as they are, anything else as JSON."""
    response = Response()
    text = body if isinstance(body, bytes | str) else json.dumps(body)
    response.raw = BytesIO(text.encode() if isinstance(text, str) else text)
    response.request = request or Request("GET", "https://shop.test").prepare()
    return response


@pytest.mark.parametrize(
    ("body", "words"),
    [
        # Adobe Commerce, WooCommerce, Shopify, Square, Google, RFC 9457, FastAPI, OAuth2, ASP.NET
        ({"message": "Consumer is not authorized"}, "Consumer is not authorized"),
        (
            {"code": "cannot_view", "message": "Sorry, you cannot list resources.", "data": {"status": 401}},
            "Sorry, you cannot list resources.; cannot_view",
        ),
        ({"errors": "Not Found"}, "Not Found"),
        ({"errors": {"limit": ["is at most 50", "is a number"]}}, "limit: is at most 50; limit: is a number"),
        ({"errors": [{"category": "AUTH", "code": "UNAUTHORIZED", "detail": "Bad token"}]}, "Bad token; UNAUTHORIZED"),
        ({"error": {"code": 403, "message": "API is off", "status": "DENIED"}}, "API is off"),
        ({"type": "https://x.test/p", "title": "Forbidden", "status": 403, "detail": "No."}, "No.; Forbidden"),
        ({"detail": [{"loc": ["query", "x"], "msg": "field required"}]}, "field required"),
        ({"error": "invalid_client", "error_description": "Unknown client"}, "Unknown client; invalid_client"),
        ({"Message": "Authorization has been denied"}, "Authorization has been denied"),
        ({"error": True, "reason": "limit\nreached"}, "limit reached"),
        ({"message": "twice", "error": "twice"}, "twice"),
        ({"ok": False, "why": "no"}, '{"ok": false, "why": "no"}'),
        (["no", "list"], '["no", "list"]'),
        ("Rate limit\r\n exceeded\x00", "Rate limit exceeded"),
        ("\ufeff" + '{"message": "BOM"}', "BOM"),
        (b'{"message": "M\xc3\xbcll"}', "Müll"),
        (b"M\xfcll", "M\ufffdll"),
        ("<!doctype html><html><head><TITLE lang=en>403 &amp;\n more</TITLE><body>secret", "403 & more"),
        ("<html><body>no title", ""),
        ("<?xml version='1.0'?><prestashop><errors><error><message><![CDATA[No & key]]></message>", "No & key"),
        ("", ""),
        ("  \n ", ""),
        ("null", "null"),
        ("[" * 100_000, "[" * 297 + "..."),
        ("x" * (MOST_BYTES + 1), ""),
        ({"message": "x" * 301}, "x" * 297 + "..."),
        ({"message": "x" * 300}, "x" * 300),
    ],
    ids=str,
)
def test_the_message_is_found(body: Any, words: str) -> None:
    assert shop_words(answer(body), REDACT) == words
    assert saying(answer(body), REDACT) == (f', saying "{words}"' if words else "")


@pytest.mark.parametrize(
    "body",
    ['{"data": [{"name": "Ann"', '{"token": "t0k3n"}', '"t0k3n"', '["t0k3n"]', "access_token=t0k3n&scope=all"],
)
def test_an_answer_with_rows_or_a_token_in_it_is_not_quoted_whole(body: str) -> None:
    assert shop_words(answer(body), REDACT, whole=False) == ""
    assert shop_words(answer({"message": "No", "token": "t0k3n"}), REDACT, whole=False) == "No"


def test_the_token_that_was_sent_is_hidden() -> None:
    headers = {"Authorization": "Bearer t0k3n-of-an-hour", "X-Shop-Token": "t0k3n-too", "Accept": "all"}
    request = Request("GET", "https://shop.test", headers=headers).prepare()
    body = {"message": "t0k3n-of-an-hour is over, and t0k3n-too; a Bearer of all"}
    assert shop_words(answer(body, request), REDACT) == "*** is over, and ***; a Bearer of all"


@given(
    st.text(st.characters(codec="utf-8"), min_size=0, max_size=2 * MOST_CHARACTERS),
    st.sampled_from([KEY, quote_plus(KEY)]),
    st.text(st.characters(codec="utf-8"), max_size=MOST_CHARACTERS),
    st.sampled_from(
        [lambda text: text, lambda text: {"error": {"message": text}}, lambda text: {"errors": {"x": text}}]
    ),
)
def test_no_part_of_a_key_is_quoted_wherever_a_text_is_cut(before: str, key: str, after: str, body: Any) -> None:
    # Four characters of it in a row, next to nothing that the test made up.
    words = shop_words(answer(body(f"{before}|{key}|{after}")), REDACT)
    assert len(words) <= MOST_CHARACTERS
    parts = {key[at : at + 4] for at in range(len(key) - 3)}
    assert not [part for part in parts if part in words and part not in before and part not in after]

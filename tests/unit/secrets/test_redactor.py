"""Secrets in every form in which they travel."""

from __future__ import annotations

import base64
import html
import json
import logging
import sys
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
import requests
from dlt.sources.helpers.rest_client.auth import APIKeyAuth, BearerTokenAuth, HttpBasicAuth
from hypothesis import given, settings
from hypothesis import strategies as st

from ecom_source.secrets.redactor import RedactingFilter, Redactor

KEY = 'k+y/=&%é"1'
SHOP = "https://shop.test/v1/orders?limit=100"


def sent(auth: requests.auth.AuthBase, url: str = SHOP) -> requests.PreparedRequest:
    return requests.Request("GET", url, auth=auth).prepare()


def basic(login: str, encoding: str = "utf-8") -> str:
    return base64.b64encode(f"{login}:{KEY}".encode(encoding)).decode()


def nested(text: str, times: int) -> str:
    for _ in range(times):
        text = json.dumps(text)
    return text


FORMS = {
    "raw": KEY,
    "quote": quote(KEY),
    "quote, no safe character": quote(KEY, safe=""),
    "quote_plus": quote_plus(KEY),
    "urlencode": urlencode({"api_key": KEY}),
    "lower-case escapes": quote_plus(KEY).lower(),
    "mixed-case escapes": quote_plus(KEY).replace("%2B", "%2b"),
    "escaped twice, in a link to a login page": quote("/orders?api_key=" + quote_plus(KEY), safe=""),
    "escaped three times": quote(quote(quote(KEY))),
    "as a browser's encodeURI": quote(KEY, safe=";,/?:@&=+$-_.!~*'()#"),
    "as a browser's URL": KEY.replace('"', "%22").replace("é", "%C3%A9"),
    "as requests mends a link": str(requests.utils.requote_uri("https://x.test/?k=" + KEY)),
    "escaped from latin-1": quote(KEY.encode("latin-1"), safe=""),
    "JSON": json.dumps({"key": KEY}),
    "JSON, not ASCII": json.dumps({"key": KEY}, ensure_ascii=False),
    "JSON in JSON": nested(KEY, 3),
    "JSON of PHP and Go": json.dumps(KEY).replace("/", "\\/").replace("&", "\\u0026"),
    "JSON in a repr": repr(json.dumps({"key": KEY})),
    "repr": repr({"Authorization": f"Bearer {KEY}"}),
    "repr of a repr": repr(repr(KEY)),
    "repr of bytes": repr(KEY.encode()),
    "repr of a latin-1 header": repr(KEY.encode("latin-1")),
    "UTF-8 read as latin-1": KEY.encode().decode("latin-1"),
    "HTML": html.escape(KEY),
    "HTML, without quotes": html.escape(KEY, quote=False),
    "HTML by numbers": "".join(f"&#{ord(each)};" for each in KEY),
    "HTML by hexadecimal numbers": "".join(f"&#x{ord(each):X};" for each in KEY),
    "Basic": basic("joe"),
    "Basic without a login": basic(""),
    "Basic with a login of the description": basic("a login that is known nowhere"),
    "Basic, latin-1": basic("joé", "latin-1"),
    "Basic, escaped": quote(basic("joe"), safe=""),
    "base64 alone": base64.b64encode(KEY.encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(f"ab:{KEY}".encode()).decode(),
    "base64 inside a token": base64.b64encode(f"v1:{KEY}:end".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_masked_in_every_form(form: str) -> None:
    clean = Redactor([KEY], ["joe"])(f"before {form} after")
    assert "***" in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")
    assert form not in clean
    for piece in ("k+y", "k%2", "+y/", "&%", "é", "%C3%A9", basic("joe")[6:14]):
        assert piece not in clean


@pytest.mark.parametrize(
    "request_sent",
    [
        pytest.param(sent(APIKeyAuth(name="api_key", api_key=KEY, location="query")), id="api_key in the query"),
        pytest.param(sent(APIKeyAuth(name="X-Key", api_key=KEY, location="header")), id="api_key in a header"),
        pytest.param(sent(BearerTokenAuth(token=KEY)), id="bearer"),
        pytest.param(sent(HttpBasicAuth(username="someone", password=KEY)), id="http_basic"),
        pytest.param(requests.Request("POST", SHOP, data={"client_secret": KEY}).prepare(), id="an OAuth2 form"),
        pytest.param(requests.Request("GET", SHOP, cookies={"session": "k-y1x9"}).prepare(), id="a cookie"),
    ],
)
def test_what_requests_sends_holds_no_secret_once_redacted(request_sent: requests.PreparedRequest) -> None:
    text = f"{request_sent.url} {request_sent.headers} {request_sent.body!r}"
    clean = Redactor([KEY, "k-y1x9"])(text)
    assert "***" in clean
    for piece in ("k%2By", "k+y", "k-y1", base64.b64encode(f"someone:{KEY}".encode()).decode()[12:20]):
        assert piece not in clean


@settings(deadline=None)
@given(
    secret=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=6, max_size=24),
    escaped=st.lists(
        st.sampled_from(["raw", "percent", "lower", "twice", "unicode", "html"]), min_size=24, max_size=24
    ),
)
def test_any_mixture_of_escapes_is_masked(secret: str, escaped: list[str]) -> None:
    forms: dict[str, Callable[[str], str]] = {
        "raw": lambda each: each,
        "percent": lambda each: "".join(f"%{byte:02X}" for byte in each.encode()),
        "lower": lambda each: "".join(f"%{byte:02x}" for byte in each.encode()),
        "twice": lambda each: "".join(f"%25{byte:02X}" for byte in each.encode()),
        "unicode": lambda each: f"\\u{ord(each):04x}" if ord(each) <= 0xFFFF else json.dumps(each)[1:-1],
        "html": lambda each: f"&#{ord(each)};",
    }
    text = "".join(forms[form](each) for each, form in zip(secret, escaped, strict=False))
    assert Redactor([secret])(f" {text} ") == " *** "


@settings(deadline=None)
@given(secret=st.binary(min_size=8, max_size=30).map(bytes.hex), login=st.text(max_size=12), rest=st.text(max_size=9))
def test_base64_is_masked_however_it_is_aligned(secret: str, login: str, rest: str) -> None:
    token = base64.b64encode(f"{login}:{secret}{rest}".encode()).decode()
    assert Redactor([secret])(f"Authorization: Basic {token}, and more") == "Authorization: Basic ***, and more"


@pytest.mark.parametrize(
    ("secrets", "text", "clean"),
    [
        pytest.param(["abcd", "abcdefgh"], "abcdefgh abcd", "*** ***", id="one begins another"),
        pytest.param(["secret", "my-secret-key"], "my-secret-key", "***", id="one within another"),
        pytest.param(["pass word"], "pass word pass+word pass%20word", "*** *** ***", id="a blank"),
        pytest.param(["pasted\n"], "key 'pasted\\n' and pasted", "key '***' and ***", id="a pasted line break"),
        pytest.param(["a\\b'c"], "a\\b'c a\\\\b\\'c", "*** ***", id="a backslash and a quote"),
        pytest.param(["a.c(d"], "a.c(d abc(d", "*** abc(d", id="characters of regular expressions"),
        pytest.param(["k😀y-12"], "k😀y-12 k\\ud83d\\ude00y-12 k%F0%9F%98%80y-12", "*** *** ***", id="beyond 16 bits"),
        pytest.param(["x9"], "x9 and eDk= and x8", "*** and *** and x8", id="a short one"),
        pytest.param(["", None], "nothing to hide", "nothing to hide", id="none"),
        pytest.param([], "nothing to hide", "nothing to hide", id="no secrets"),
        pytest.param(["sup3r-s3cr3t"], "GET /v1/orders?limit=100", "GET /v1/orders?limit=100", id="other text stays"),
    ],
)
def test_what_is_masked_and_what_stays(secrets: list[str | None], text: str, clean: str) -> None:
    assert Redactor(secrets)(text) == clean


def test_long_texts_are_redacted_in_reasonable_time() -> None:
    import time

    redact = Redactor([KEY, "sup3r-s3cr3t" * 4])
    texts = ["a plain line of a log, and another. " * 3000, base64.b64encode(b"x" * 60_000).decode(), "\\" * 5000]
    began = time.perf_counter()
    for text in texts:
        assert redact(text) == text
    assert time.perf_counter() - began < 5


def formatted(record: logging.LogRecord, redact: Redactor) -> str:
    assert RedactingFilter(redact).filter(record) is True
    return logging.Formatter("%(levelname)s %(message)s").format(record)


def record(message: object, *args: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("dlt", logging.INFO, "f.py", 1, str(message), args, None)
    made.msg = message
    made.__dict__.update(more)
    return made


@pytest.mark.parametrize(
    ("logged", "text"),
    [
        pytest.param(record("all is well"), "INFO all is well", id="no secret"),
        pytest.param(record("%d of %s", 3, "rows"), "INFO 3 of rows", id="arguments stay"),
        pytest.param(record(f"key {KEY}, 100 %"), "INFO key ***, 100 %", id="a percent sign after it"),
        pytest.param(record("GET %s?api_key=%s", "/v1", quote_plus(KEY)), "INFO GET /v1?api_key=***", id="an argument"),
        pytest.param(record("%(a)s", {"a": KEY}), "INFO ***", id="arguments by name"),
        pytest.param(record("%s", {"headers": {"X-Key": KEY}}), "INFO {'headers': {'X-Key': '***'}}", id="a dict"),
        pytest.param(record(ValueError(f"no {KEY}")), "INFO no ***", id="an exception as the message"),
        pytest.param(record("%s and %s", KEY), "INFO %s and %s ('***',)", id="arguments that do not fit"),
        pytest.param(record("%d", KEY), "INFO %d ('***',)", id="arguments of a wrong type"),
        pytest.param(
            record("failed", exc_text=f"Error: {KEY}"), "INFO failed\nError: ***", id="a text of an exception"
        ),
        pytest.param(record("here", stack_info=f"Stack: {KEY}"), "INFO here\nStack: ***", id="a stack"),
        pytest.param(
            record("none", exc_info=(None, None, None)), "INFO none\nNoneType: None", id="no exception at all"
        ),
    ],
)
def test_a_log_record_is_redacted_as_a_whole(logged: logging.LogRecord, text: str) -> None:
    assert formatted(logged, Redactor([KEY])) == text


def test_a_traceback_is_redacted_with_its_chain() -> None:
    try:
        try:
            raise ConnectionError(f"HTTPSConnectionPool: /v1?api_key={quote_plus(KEY)}")
        except ConnectionError as error:
            raise RuntimeError(f"Bearer {KEY}") from error
    except RuntimeError:
        logged = record("failed with %s", KEY, exc_info=sys.exc_info())
    text = formatted(logged, Redactor([KEY]))
    assert text.startswith("INFO failed with ***\nTraceback (most recent call last):")
    assert "ConnectionError: HTTPSConnectionPool: /v1?api_key=***" in text
    assert text.endswith("RuntimeError: Bearer ***")
    assert logged.exc_info is None


def test_a_record_is_redacted_twice_without_harm() -> None:
    logged = record("key %s", KEY)
    assert formatted(logged, Redactor([KEY])) == formatted(logged, Redactor(["other"])) == "INFO key ***"

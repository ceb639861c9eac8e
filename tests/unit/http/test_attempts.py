"""An error can tell how often its request was sent."""

from __future__ import annotations

import gc

import pytest
from requests import Request

from ecom_source.http import attempts
from ecom_source.http.attempts import attempts_of, note_wait


@pytest.mark.parametrize(
    ("waits", "text"),
    [
        ((), "after 1 attempt"),
        ((2.04,), "after 2 attempts, with a wait of 2 s"),
        ((2.04, 4.01, 8.0), "after 4 attempts, with waits of 2, 4 and 8 s"),
        ((0.31, 300.2), "after 3 attempts, with waits of 0.3 and 300 s"),
    ],
)
def test_attempts_and_waits_are_told(waits: tuple[float, ...], text: str) -> None:
    request = Request("GET", "https://shop.test").prepare()
    for seconds in waits:
        note_wait(request, seconds)
    assert attempts_of(request) == text


def test_of_a_request_that_is_not_known_one_attempt_is_told() -> None:
    assert attempts_of(None) == "after 1 attempt"


def test_nothing_is_kept_of_a_request_that_is_over() -> None:
    request = Request("GET", "https://shop.test").prepare()
    note_wait(request, 1)
    known = len(attempts._WAITS)
    del request
    gc.collect()
    assert len(attempts._WAITS) == known - 1

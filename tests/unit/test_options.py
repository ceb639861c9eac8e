"""What a person may set for a resource, and what is refused when the DAG file is parsed."""

from __future__ import annotations

from typing import Any

import pytest

from ecom_source.errors import ApiConfigError
from ecom_source.options import Options, options_by_resource


@pytest.mark.parametrize("total", ["total", "meta.total", "$['a b'].n", "X-WP-Total", "/orders/count", None, False])
def test_a_total_may_be_a_path_a_header_or_a_path_that_counts(total: Any) -> None:
    assert Options(total=total).total == total


@pytest.mark.parametrize("total", ["", "meta.[", "2020-01-01", "https://shop.example.com/count", True, 7, ["total"]])
def test_any_other_total_is_refused(total: Any) -> None:
    with pytest.raises(ApiConfigError, match=r"^total is ") as error:
        Options(total=total)
    assert "a JSONPath such as meta.total" in str(error.value)


@pytest.mark.parametrize("pages", [0, -1, 1.5, True, "4", None], ids=repr)
def test_parallel_pages_that_cannot_be(pages: Any) -> None:
    with pytest.raises(ApiConfigError, match="parallel_pages is"):
        Options(parallel_pages=pages)


def test_options_by_resource() -> None:
    mine = Options(read_twice=True)
    assert options_by_resource(None, ["a", "b"]) == {"a": Options(), "b": Options()}
    assert options_by_resource(mine, ["a", "b"]) == {"a": mine, "b": mine}
    assert options_by_resource({"b": mine}, ["a", "b"]) == {"a": Options(), "b": mine}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        pytest.param({"c": Options()}, "There are options for 'c', which is no resource", id="no such resource"),
        pytest.param({"a": {"total": "x"}}, "The options of 'a' are 'dict'", id="a dict for one"),
        pytest.param("total", "The options are 'str': total.", id="a text"),
    ],
)
def test_options_that_fit_nothing(given: Any, found: str) -> None:
    with pytest.raises(ApiConfigError) as caught:
        options_by_resource(given, ["a"])
    assert caught.value.found.startswith(found)

"""What a person may set for a resource, and what is refused when the DAG file is parsed."""

from __future__ import annotations

from typing import Any

import pytest

from ecom_source.errors import ApiConfigError
from ecom_source.options import Options


@pytest.mark.parametrize("total", ["total", "meta.total", "$['a b'].n", "X-WP-Total", "/orders/count", None, False])
def test_a_total_may_be_a_path_a_header_or_a_path_that_counts(total: Any) -> None:
    assert Options(total=total).total == total


@pytest.mark.parametrize("total", ["", "meta.[", "2020-01-01", "https://shop.example.com/count", True, 7, ["total"]])
def test_any_other_total_is_refused(total: Any) -> None:
    with pytest.raises(ApiConfigError, match=r"^total is ") as error:
        Options(total=total)
    assert "a JSONPath such as meta.total" in str(error.value)

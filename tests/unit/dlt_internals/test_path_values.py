"""Whatever a key is, the shop sees that key, or the load fails."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
import requests
from dlt.sources.rest_api import config_setup
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from ecom_source.dlt_internals.path_values import encoded_path, encoded_paths
from ecom_source.errors import PayloadError

KEY = "resources.products.sku"
TEMPLATES = ["/stock/{%s}", "stock/{%s}", "/stock/{%s}/lines", "/stock/{%s}.json", "/stock/x-{%s}", "{%s}/stock"]


def filled(template: str, value: Any, name: str = KEY) -> str:
    return encoded_path(template, {name: value}, {name: "products"})


def as_sent(path: str) -> str:
    """The path as it goes over the wire: requests and urllib3 both take it apart once more."""
    url = requests.Request("GET", f"https://shop.example.com/{path.lstrip('/')}").prepare().url
    return parse_url(str(url)).request_uri


@given(value=st.text(), template=st.sampled_from(TEMPLATES))
def test_the_shop_sees_the_whole_value_and_nothing_else(value: str, template: str) -> None:
    try:
        path = filled(template % KEY, value)
    except PayloadError:
        assert value in ("", ".", "..")
        return
    # A path of its own.
    if not (template.startswith("{") and "/" in value):
        expected = [part.replace("{%s}", value) for part in template.strip("/").split("/")]
        assert [unquote(segment) for segment in as_sent(path).split("/")[1:]] == expected


@given(value=st.text(st.characters(categories=["Cs"]), min_size=1))
def test_half_a_character_is_an_error(value: str) -> None:
    with pytest.raises(PayloadError, match="half a character"):
        filled("/stock/{resources.products.sku}", value)


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("A#B", "A%23B"),
        ("A?x=1", "A%3Fx%3D1"),
        ("A/B", "A%2FB"),
        ("50%", "50%25"),
        ("%2F", "%252F"),
        ("a b", "a%20b"),
        ("a+b", "a%2Bb"),
        ("a;b", "a%3Bb"),
        ("a\r\nb\0", "a%0D%0Ab%00"),
        ("Ü漢😀", "%C3%9C%E6%BC%A2%F0%9F%98%80"),
        ("../admin", "..%2Fadmin"),
        ("...", "..."),
        ("A-b_c.d~9", "A-b_c.d~9"),
        (17, "17"),
        (1.5, "1.5"),
        (True, "True"),
    ],
)
def test_a_value_is_one_segment(value: Any, segment: str) -> None:
    assert filled("/stock/{resources.products.sku}/lines", value) == f"/stock/{segment}/lines"
    assert as_sent(f"/stock/{segment}") == f"/stock/{segment}"


@pytest.mark.parametrize("template", ["/stock/{sku}", "/stock/{sku}/lines", "{sku}/lines", "/stock/{sku}?all=1"])
@pytest.mark.parametrize("value", ["", ".", "..", None])
def test_a_value_that_names_nothing_is_an_error(template: str, value: Any) -> None:
    with pytest.raises(PayloadError) as error:
        filled(template, value, "sku")
    assert error.value.found == f"A row of 'products' has {value!r} for the placeholder 'sku' of the path {template!r}."
    assert "processing_steps" in error.value.fix


@pytest.mark.parametrize(
    ("template", "value", "path"),
    [
        ("/stock/{sku}.json", "..", "/stock/...json"),
        ("/stock/{sku}-{sku}", "", "/stock/-"),
        ("/stock?sku={sku}", "", "/stock?sku="),
        ("/stock?sku={sku}&x=1", "a&b", "/stock?sku=a%26b&x=1"),
        ("/{{literal}}/{sku:0>5}", "7", "/{literal}/00007"),
    ],
)
def test_the_segment_and_not_the_value_alone_must_name_something(template: str, value: str, path: str) -> None:
    assert filled(template, value, "sku") == path


@pytest.mark.parametrize("template", ["{href}", "/{href}", "{href}/lines"])
@pytest.mark.parametrize("href", ["/v1/orders/5?a=1", "v1/orders/5", "https://shop.example.com/v1/orders/5#x"])
def test_a_path_of_a_row_s_own_stays_as_it_is(template: str, href: str) -> None:
    assert filled(template, href, "href") == template.replace("{href}", href)


def test_a_key_at_the_beginning_is_a_key() -> None:
    assert filled("{sku}/stock", "A#B", "sku") == "A%23B/stock"


def test_a_bound_of_the_window_stays_as_it_is() -> None:
    path = encoded_path(
        "/since/{incremental.start_value}/of/{sku}",
        {"incremental.start_value": "2026/01/01", "sku": "a/b"},
        {"sku": "p"},
    )
    assert path == "/since/2026/01/01/of/a%2Fb"


def test_dlt_has_its_own_function_again_afterwards() -> None:
    before = config_setup.process_parent_data_item
    with encoded_paths(lambda path, address: None), encoded_paths(lambda path, address: None):
        assert config_setup.process_parent_data_item is not before
    assert config_setup.process_parent_data_item is before

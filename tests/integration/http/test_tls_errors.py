"""Shops behind TLS: the certificate is verified, and a private authority can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api
from tests.support.loads import KEY, Tables, connection_json

from demo_shop import DemoShop
from ecom_source.airflow.hook import EcomApiHook
from ecom_source.errors import RequestFailedError

SHOP = api(CATALOGUE)
AUTHORITY = "unable to get local issuer certificate"
NAME = "IP address mismatch, certificate is not valid for '127.0.0.1'"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that nobody knows yet."""
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """The file in which it can be found."""
    authority.cert_pem.write_to_path(tmp_path / "authorities.pem")
    return str(tmp_path / "authorities.pem")


@pytest.fixture(params=["127.0.0.1"])
def https_shop(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[DemoShop]:
    """A shop with a certificate of that authority, which the Connection `ecom_api` points to."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    certificate = tmp_path / "shop.pem"
    authority.issue_cert(request.param).private_key_and_cert_chain_pem.write_to_path(certificate)
    with DemoShop(KEY, sizes={"resource": 340}, certificate=certificate) as shop:
        assert shop.url.startswith("https://")
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        yield shop


def refused(load: Loader) -> str:
    """What a load is refused with; the Test button says the same."""
    with pytest.raises(RequestFailedError) as error:
        load(SHOP)
    assert EcomApiHook().test_connection() == (False, str(error.value))
    assert error.value.expected.startswith("a valid certificate for that host")
    assert "REQUESTS_CA_BUNDLE" in error.value.fix
    return error.value.found


def test_a_certificate_of_an_unknown_authority_is_refused_before_any_request(
    https_shop: DemoShop, load: Loader
) -> None:
    assert refused(load) == f"The certificate of {https_shop.url} is not trusted: {AUTHORITY}."
    # So the shop has never seen the key.
    assert https_shop.requests == []


def test_an_authority_in_the_bundle_is_trusted(
    https_shop: DemoShop, load: Loader, tables: Tables, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    load(SHOP)
    tables.assert_equal_to(https_shop)
    passed, message = EcomApiHook().test_connection()
    assert passed, message


@pytest.mark.parametrize("https_shop", ["shop.example.com"], indirect=True)
def test_a_certificate_for_another_host_is_refused(
    https_shop: DemoShop, load: Loader, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    assert refused(load) == f"The certificate of {https_shop.url} is not trusted: {NAME}."

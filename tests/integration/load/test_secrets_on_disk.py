"""What a load leaves in its work folder at any moment, and so for good where it is killed then, has no key in it."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import api, windowed
from tests.support.loads import KEY
from tests.support.striking import POINTS, strike

from demo_shop import DemoShop
from ecom_source.errors import EcomError
from ecom_source.load.work_folders import workspace

FORMS = {KEY, quote(KEY), quote(KEY, safe=""), quote_plus(KEY), json.dumps(KEY)[1:-1], repr(KEY)[1:-1]}
ORDERS = api(windowed("orders"), client={"paginator": {"type": "offset", "limit": 40}})
DROPPED = "while the staging dataset is dropped"


@pytest.fixture
def look() -> Callable[[], None]:
    """Looks through what is there now, as whoever finds it after a kill would."""

    def look() -> None:
        (folder,) = workspace().glob("dlt_*")
        assert [stat.S_IMODE(path.stat().st_mode) for path in (workspace(), folder)] == [0o700, 0o700]
        for path in folder.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            found = [form for form in FORMS if form.encode() in content]
            assert not found, f"{path} holds the key as {found}"
        assert not list(folder.rglob("*.pickle"))

    return look


@pytest.mark.parametrize("point", [*POINTS, DROPPED])
def test_no_key_is_on_disk_wherever_a_load_is_killed(
    shop: DemoShop,
    load: Loader,
    monkeypatch: pytest.MonkeyPatch,
    look: Callable[[], None],
    point: str,
) -> None:
    looked: list[str] = []

    def action() -> None:
        look()
        looked.append(point)

    if point == DROPPED:
        monkeypatch.setattr("ecom_source.load.load.drop_staging", lambda *_: action())
    else:
        strike(point, action, monkeypatch.setattr)
    load(ORDERS)
    assert looked == [point]


@pytest.mark.parametrize(
    ("kind", "options"),
    [("status", {"status": 400, "body": json.dumps({"message": f"?api_key={KEY}"})}), ("drop", {}), ("html", {})],
    ids=["status", "drop", "html"],
)
def test_no_key_is_on_disk_after_a_read_that_failed(
    shop: DemoShop,
    load: Loader,
    monkeypatch: pytest.MonkeyPatch,
    look: Callable[[], None],
    kind: str,
    options: dict[str, Any],
) -> None:
    shop.set_habits(echo_key_in_errors=True)
    shop.fail(kind, times=None, **options)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)
    looked: list[bool] = []

    def action(*_: object) -> None:
        look()
        looked.append(True)

    monkeypatch.setattr("ecom_source.load.load.drop_staging", action)
    with pytest.raises(EcomError) as caught:
        load(ORDERS)
    assert looked == [True]
    assert not [form for form in FORMS if form in str(caught.value)]

"""The demo shop as a process of its own."""

from __future__ import annotations

import secrets
import sys
import time
from pathlib import Path
from types import TracebackType

from .environment import PROJECT, base_environment
from .processes import Service

KEY_VARIABLE = "DEMO_SHOP_KEY"
POLL_SECONDS = 0.1


class LocalShop:
    """The demo shop, serving inside the `with` block; its rows stay in `home`.

    `arguments` are further ones of `python -m demo_shop`. Raises `ServiceError` when it does not serve within
    `start_timeout` seconds.
    """

    def __init__(self, home: Path, *arguments: str, start_timeout: float = 60) -> None:
        self.key = secrets.token_urlsafe(18)
        self.url = ""
        self.start_timeout = start_timeout
        self._ready = home / "run" / "shop.url"
        self.service = Service(
            "shop",
            [
                *(sys.executable, "-m", "demo_shop", "--port", "0", "--api-key-env", KEY_VARIABLE, "--admin"),
                *("--state", str(home / "shop.json"), "--ready-file", str(self._ready), *arguments),
            ],
            {**base_environment(), "PYTHONPATH": str(PROJECT / "include"), KEY_VARIABLE: self.key},
            run=home / "run",
            log=home / "logs" / "services" / "shop.log",
        )

    @property
    def connection(self) -> dict[str, str]:
        """The fields of the Airflow Connection to it."""
        return {"conn_type": "ecom_api", "host": self.url, "password": self.key}

    def __enter__(self) -> LocalShop:
        self._ready.unlink(missing_ok=True)
        try:
            self.service.start()
            self.url = self._wait_for_url()
        except BaseException:
            self.service.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.service.stop()

    def _wait_for_url(self) -> str:
        deadline = time.monotonic() + self.start_timeout
        while time.monotonic() < deadline:
            self.service.check()
            if self._ready.exists() and (url := self._ready.read_text().strip()):
                return url
            time.sleep(POLL_SECONDS)
        raise self.service.error(f"does not serve after {self.start_timeout:g} s")

"""Shops whose TLS certificate nobody vouches for. requests verifies each, by certifi's authorities or yours."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from requests.exceptions import SSLError

from ecom_source.errors import RequestFailedError

BUNDLE = "REQUESTS_CA_BUNDLE"
"""The environment variable that names the file of trusted authorities:
https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification."""


def untrusted(error: Exception, url: str | None) -> RequestFailedError | None:
    """What to do about a certificate that could not be verified; None where `error` is another.

    Args:
        error: as requests raised it.
        url: what was asked for.
    """
    reason = re.search(r"certificate verify failed: (.+?)\.? \(_ssl", str(error))
    if not isinstance(error, SSLError) or reason is None:
        return None
    parts = urlsplit(url or "")
    return RequestFailedError(
        f"The certificate of {parts.scheme}://{parts.netloc.rpartition('@')[2]} is not trusted: {reason[1]}.",
        expected="a valid certificate for that host, signed by an authority that is trusted here.",
        fix="check the host of the Connection; for an authority of your own, add its certificate to the file that the "
        f"environment variable {BUNDLE} names, where tasks and Airflow's api-server run (docs/shops.md).",
    )

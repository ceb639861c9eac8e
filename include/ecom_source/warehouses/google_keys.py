"""How to log in to Google Cloud: by service account or the machine's default credentials.

https://airflow.apache.org/docs/apache-airflow-providers-google/stable/connections/gcp.html
"""

from __future__ import annotations

import json
from typing import Any

from ecom_source.warehouses.connection_fields import Fields

KEY = ("project_id", "private_key", "client_email")
"""What dlt needs of a service account's JSON."""


def key_text(fields: Fields) -> str:
    """The service account's JSON, whose project the extra `project` may replace."""
    return _checked(fields, "extra.keyfile_dict", fields.mapping("extra.keyfile_dict"))


def key_file(fields: Fields) -> str:
    """The same, from a file on the worker."""
    try:
        found = json.loads(fields.file("extra.key_path"))
    except ValueError:
        found = None
    return _checked(fields, "extra.key_path", found)


def _checked(fields: Fields, path: str, key: Any) -> str:
    if not isinstance(key, dict) or not all(key.get(name) for name in KEY):
        raise fields.wrong(path, "holds no service account", expected=f"its JSON, with {', '.join(KEY)}.")
    return json.dumps(key)


def project(fields: Fields) -> dict[str, str] | None:
    """The extra `project` beside the machine's default credentials."""
    return {"project_id": fields["extra.project"]} if fields["extra.project"] else None


REFUSED = {
    f"extra.{name}": "a service account (keyfile_dict or key_path) or the machine's default credentials"
    for name in ("impersonation_chain", "key_secret_name", "credential_config_file", "idp_issuer_url", "is_anonymous")
}
"""Ways to log in of Airflow's hook that dlt does not have."""

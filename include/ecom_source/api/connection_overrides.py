"""What the API Connection says over the API description: address, where the key goes, page size."""

from __future__ import annotations

from typing import Any

from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.api_connection import KEY_LOCATIONS, ApiConnection
from ecom_source.errors import ConnectionFieldError


def with_connection(api: RESTAPIConfig, connection: ApiConnection) -> RESTAPIConfig:
    """`api` as the Connection has it: each field that the Connection fills wins over the description.

    The login is that of the client: an endpoint with one of its own keeps it. The page size is that of every `offset`
    paginator that the description writes as a dict. `api` itself is left as it is.

    Raises:
        ConnectionFieldError: the key goes where it needs a name, and neither side gives one.
    """
    client: dict[str, Any] = {**api["client"]}
    if connection.base_url:
        client["base_url"] = connection.base_url
    if connection.key_location or connection.key_name:
        client["auth"] = _auth(client.get("auth"), connection)
    changed: Any = {**api, "client": client}
    if connection.page_size:
        changed = _resized(changed, connection.page_size)
    return changed  # type: ignore[no-any-return]


def _auth(described: Any, connection: ApiConnection) -> Any:
    described = {"type": described} if isinstance(described, str) else described
    own: dict[str, Any] = dict(described) if isinstance(described, dict) else {}
    if own.get("type") == "api_key":
        own.setdefault("location", "header")  # as dlt's own default
    wanted = dict(KEY_LOCATIONS[connection.key_location]) if connection.key_location else own
    if any(own.get(name) != value for name, value in wanted.items()):
        own = wanted
    if own.get("type") != "api_key":
        return own or described
    name = connection.key_name or own.get("name")
    if not name:
        raise ConnectionFieldError(
            f"The Connection {connection.conn_id!r} says that the key goes into a {own['location']}, not into which.",
            expected="the name of the query parameter or header that holds the key.",
            fix=f"Admin > Connections in the Airflow UI, {connection.conn_id}, field 'key_name'.",
        )
    return {**own, "name": name}


def _resized(config: Any, size: int) -> Any:
    if isinstance(config, list):
        return [_resized(each, size) for each in config]
    if not isinstance(config, dict):
        return config
    found = {name: _resized(value, size) if name in _ON_THE_WAY else value for name, value in config.items()}
    paginator = found.get("paginator")
    if isinstance(paginator, dict) and paginator.get("type") == "offset":
        found["paginator"] = {**paginator, "limit": size}
    return found


_ON_THE_WAY = ("client", "resource_defaults", "resources", "endpoint")
"""The blocks of a `RESTAPIConfig` on the way to a paginator."""

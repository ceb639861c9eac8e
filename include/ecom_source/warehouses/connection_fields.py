"""The fields of an Airflow Connection, as the tables of this package name them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecom_source.errors import ConnectionFieldError

if TYPE_CHECKING:
    from airflow.sdk import Connection

OURS = ("destination", "staging_conn_id", "bucket_url", "table_format")
"""Extras that none of Airflow's hooks knows: where several destinations are possible, and where files go."""

_SECRET_NAME = re.compile(r"passw|passphrase|secret|token|credential|private|connection_string|keyfile|(^|_)key$|sas")
_NO_SECRET = re.compile(r"_(file|path|endpoint|provider|id|name|url|uri)$")
_PEM_LINE = 16


class Fields:
    """What a Connection holds, by path: `host`, `extra.sslmode`, `extra.service_config.s3`.

    Raises:
        ConnectionFieldError: the extra is no JSON object.
    """

    def __init__(self, connection: Connection) -> None:
        self.conn_id, self.kind = connection.conn_id, connection.conn_type or ""
        self._connection = connection
        self.extra = _extra(connection)

    def __getitem__(self, path: str) -> Any:
        """The value at `path`; None where there is none, or an empty one."""
        head, _, rest = path.partition(".")
        if head != "extra":
            value = getattr(self._connection, head)
            return None if value == "" else value
        value = self.extra
        for name in rest.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return None if value == "" else value

    def first(self, *paths: str) -> Any:
        """The first value that is there."""
        return next((value for path in paths if (value := self[path]) is not None), None)

    def flag(self, path: str, default: bool = False) -> bool:
        """A yes or no. In a URI each extra is a text."""
        value = self[path]
        if isinstance(value, str):
            return value.strip().lower() in ("true", "1", "yes", "on")
        return default if value is None else bool(value)

    def given(self, path: str) -> bool:
        """Whether the field is there and not a no."""
        return self[path] not in (None, False, "false", "False")

    def mapping(self, path: str) -> dict[str, Any]:
        """An object, or the JSON text of one.

        Raises:
            ConnectionFieldError: it is neither.
        """
        value = self[path]
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = [value]
        if value is not None and not isinstance(value, dict):
            raise self.wrong(path, "is no JSON object", expected="a JSON object.")
        return dict(value or {})

    def file(self, path: str) -> str:
        """The text of the file that the field names.

        Raises:
            ConnectionFieldError: it cannot be read here.
        """
        name = Path(str(self[path])).expanduser()
        try:
            return name.read_text()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text file"
            raise self.wrong(
                path, f"names {name}, which cannot be read: {reason}", expected="a file on the worker."
            ) from None

    def wrong(self, path: str, found: str, *, expected: str) -> ConnectionFieldError:
        """The error about the field at `path`, which never shows its value."""
        return ConnectionFieldError(
            f"The {spoken(path)} of Connection {self.conn_id!r} {found}.", expected=expected, fix=_where(path)
        )

    def missing(self, *paths: str) -> ConnectionFieldError:
        """The error about a field, or each of several, that is empty."""
        names = " or ".join(spoken(path) for path in paths)
        return ConnectionFieldError(
            f"The Connection {self.conn_id!r} has an empty {names}.",
            expected=f"the {names} of the {self.kind} warehouse.",
            fix=_where(paths[0]),
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen in a log: the password, and each extra whose name says so."""
        return tuple(dict.fromkeys(self._secrets()))

    def _secrets(self) -> Iterator[str]:
        if self["password"]:
            yield self["password"]
        for value in _secret_values(self.extra, secret=False):
            yield from spoken_parts(value)


Source = str | tuple[str, ...] | Callable[[Fields], Any]
"""Where a value comes from: a path, the first of several, or a function of the fields."""


def number(path: str) -> Callable[[Fields], int | None]:
    """A whole number at `path`: in a URI each extra is a text, and dlt takes what it is given as it is."""

    def found(fields: Fields) -> int | None:
        value = fields[path]
        try:
            return None if value is None else int(value)
        except (TypeError, ValueError):
            raise fields.wrong(path, "is no number", expected="a whole number.") from None

    return found


def read(fields: Fields, source: Source) -> Any:
    """The value of `source`; None where there is none."""
    if callable(source):
        return source(fields)
    return fields.first(*((source,) if isinstance(source, str) else source))


def spoken(path: str) -> str:
    """A path as a person knows it: `host`, or `extra 'sslmode'`."""
    head, _, rest = path.partition(".")
    return f"{head} {rest!r}" if rest else head


def spoken_parts(secret: str) -> Iterator[str]:
    """A secret as it is hidden: one of several lines, such as a key file, line by line, as an error may show it."""
    lines = [line for line in secret.splitlines() if len(line) >= _PEM_LINE and "-----" not in line]
    yield from lines if len(lines) > 1 else [secret]


def _secret_values(value: Any, *, secret: bool) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            known = str(name).lower()
            hidden = _SECRET_NAME.search(known) is not None and not _NO_SECRET.search(known)
            yield from _secret_values(each, secret=hidden or (secret and not isinstance(each, str)))
    elif isinstance(value, list):
        for each in value:
            yield from _secret_values(each, secret=secret)
    elif isinstance(value, str) and secret and value.lower() not in ("", "true", "false", "none"):
        try:
            parts = list(_secret_values(json.loads(value), secret=False)) if value.lstrip().startswith("{") else []
        except ValueError:
            parts = []
        yield from parts or [value]


def _extra(connection: Connection) -> dict[str, Any]:
    """The extra, with the prefix that Airflow's forms once put before each name taken off."""
    text = connection.extra
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ConnectionFieldError(
            f"The extra of Connection {connection.conn_id!r} is no JSON object.",
            expected='a JSON object such as {"sslmode": "require"}.',
            fix=_where("extra"),
        )
    prefix = f"extra__{connection.conn_type}__"
    # Airflow itself hides the extras whose name it knows as sensitive once this was read.
    _ = connection.extra_dejson
    return {**{name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}, **found}


def _where(path: str) -> str:
    return f"Admin > Connections in the Airflow UI, field {path.partition('.')[0].capitalize()}."

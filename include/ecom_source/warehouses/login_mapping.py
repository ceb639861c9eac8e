"""One way to log in to a warehouse, as data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecom_source.errors import ConnectionFieldError
from ecom_source.warehouses.connection_fields import Fields, Source, read, spoken


@dataclass(frozen=True)
class Access:
    """What dlt is to be told.

    Args:
        credentials: dlt's; None leaves them to what dlt finds by itself, such as a cloud's default ones.
        settings: other parameters of the destination.
        label: what a person calls the warehouse, without secrets.
    """

    credentials: Any = field(repr=False)
    settings: Mapping[str, Any]
    label: str


@dataclass(frozen=True)
class Login:
    """One way to log in: where in an Airflow Connection each of dlt's fields is found.

    Args:
        credentials: by dlt's credential field; or a function that gives dlt's native value.
        settings: by the destination's parameter.
        defaults: for fields of either that the Connection leaves empty.
        required: fields of the Connection that may not be empty; of a tuple, one.
        when: this way is meant where all these fields are given.
        refused: fields that change who logs in, in a way that dlt cannot follow: what to do instead.
        label: names the warehouse by the fields above.
    """

    credentials: Mapping[str, Source] | Source = field(default_factory=dict)
    settings: Mapping[str, Source] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str | tuple[str, ...], ...] = ()
    when: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    label: str = ""

    def meant_by(self, fields: Fields) -> bool:
        """Whether the Connection has the fields that choose this way."""
        return all(fields.given(path) for path in self.when)

    def access(self, fields: Fields, warehouse: str) -> Access:
        """What dlt is told for the Connection.

        Args:
            warehouse: what a person calls this kind of warehouse.

        Raises:
            ConnectionFieldError: a required field is empty, or one is given that dlt cannot follow.
        """
        self._check(fields, warehouse)
        credentials = self._credentials(fields)
        settings = self._filled(fields, self.settings)
        shown: dict[str, Any] = defaultdict(str, settings)
        if isinstance(credentials, Mapping):
            shown |= credentials
        label = self.label.format_map(shown).rstrip("/: ")
        return Access(credentials, settings, f"{warehouse} {label}".strip())

    def _check(self, fields: Fields, warehouse: str) -> None:
        for path, instead in self.refused.items():
            if fields.given(path):
                raise ConnectionFieldError(
                    f"The Connection {fields.conn_id!r} has the {spoken(path)}.",
                    expected=f"{instead}: dlt's destination for {warehouse} cannot follow it.",
                    fix="Admin > Connections in the Airflow UI, field Extra.",
                )
        for paths in self.required:
            names = (paths,) if isinstance(paths, str) else paths
            if fields.first(*names) is None:
                raise fields.missing(*names)

    def _credentials(self, fields: Fields) -> Any:
        if not isinstance(self.credentials, Mapping):
            return read(fields, self.credentials)
        return self._filled(fields, self.credentials) or None

    def _filled(self, fields: Fields, sources: Mapping[str, Source]) -> dict[str, Any]:
        found = {name: read(fields, source) for name, source in sources.items()}
        filled = {name: self.defaults.get(name) if value is None else value for name, value in found.items()}
        return {name: value for name, value in filled.items() if value is not None}

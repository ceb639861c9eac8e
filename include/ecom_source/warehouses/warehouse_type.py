"""All that is particular to one kind of warehouse, as data: `types/` has one of these in each file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.file_format import Tuning
from ecom_source.warehouses.key_columns import KeyCollation
from ecom_source.warehouses.login_mapping import Access, Login

if TYPE_CHECKING:
    from dlt.common.destination import Destination

ReplaceStrategy = Literal["insert-from-staging", "staging-optimized"]
Datasets = Callable[[Any], Iterable[str]]
"""Names all datasets of a warehouse; takes dlt's SQL client, connected."""


@dataclass(frozen=True)
class Opening:
    """What a warehouse that had to be opened brings to its load.

    Args:
        credentials: those of the Connection, or an open connection.
        factory: a class of dlt's destination of our own; None for dlt's.
        expect: to be told what is about to be loaded: rows of the resource, columns of its tables, bytes as JSON.
    """

    credentials: Any = field(repr=False)
    factory: type[Destination[Any, Any]] | None = None
    expect: Callable[[int, int, int], None] = field(default=lambda rows, columns, size: None, repr=False)


def in_information_schema(client: Any) -> Iterable[str]:
    """The datasets where they are schemas of the SQL standard."""
    found = client.execute_sql("SELECT schema_name FROM information_schema.schemata")
    return [row[0] for row in found or ()]


@contextmanager
def _by_its_credentials(access: Access, dataset_name: str) -> Iterator[Opening]:
    yield Opening(access.credentials)


@dataclass(frozen=True)
class WarehouseType:
    """One kind of warehouse.

    Args:
        name: what labels and errors call it.
        title: its name in the table of docs/warehouses.md.
        destination: dlt's name of its destination, if that is not `name`.
        logins: by Connection type, the ways to log in: the first whose `when` is given is taken, else the last one of
            the last warehouse that has this Connection type.
        drivers: what it needs besides dlt.
        more_drivers: what else it needs, by what its Connection says.
        tested: for docs/warehouses.md: `loaded` or `resolved`, and what else there is to say of it.
        needs: for docs/warehouses.md: what else has to be there.
        replace: dlt's replace strategy; None for dlt's own choice. The default deletes the old rows and inserts the new
            ones from the staging dataset in one transaction: readers see either.
        truncate_in_transaction: whether TRUNCATE can be part of a transaction.
        merge_reaches_nested: whether a merge deletes the rows of nested tables that are no more in their parent.
        tuning: how it is loaded best, where that was measured.
        abilities: what dlt's destination is told of them; a function, since it may import drivers.
        key_collation: how keys that are texts are told apart, where they are not by themselves.
        ignores_blanks: whether `a` and `a` with a blank at its end are one key there, whatever it is told.
        datasets: names its datasets; None where they are folders of a file system.
        staging_bucket: the field with the bucket through which it takes its rows, where it has one of its own.
        one_writer: the file that one process at a time may write, if there is one: loads take turns at it. The tasks of
            a DAG may run side by side all the same.
        opened: opens it for a load into a dataset; closes it at the end.
    """

    name: str
    title: str
    destination: str = ""
    logins: Mapping[str, tuple[Login, ...]] = field(default_factory=dict)
    drivers: tuple[Driver, ...] = ()
    more_drivers: Callable[[Access], Iterable[Driver]] = lambda access: ()
    tested: str = "resolved"
    needs: str = ""
    replace: ReplaceStrategy | None = "insert-from-staging"
    truncate_in_transaction: bool = True
    merge_reaches_nested: bool = True
    tuning: Tuning = field(default_factory=Tuning)
    abilities: Callable[[], Mapping[str, Any]] = dict
    key_collation: KeyCollation | None = None
    ignores_blanks: bool = False
    datasets: Datasets | None = in_information_schema
    staging_bucket: str | None = None
    one_writer: Callable[[Fields], str | None] = lambda fields: None
    opened: Callable[[Access, str], AbstractContextManager[Opening]] = _by_its_credentials

    @property
    def dlt_name(self) -> str:
        """dlt's name of the destination."""
        return self.destination or self.name

    def needed(self, access: Access) -> tuple[Driver, ...]:
        """What has to be installed for a load."""
        return (*self.drivers, *self.more_drivers(access))

    @property
    def settings(self) -> dict[str, Any]:
        """What dlt's destination is told of it, whatever the Connection says."""
        found: dict[str, Any] = {"replace_strategy": self.replace} if self.replace else {}
        if not self.truncate_in_transaction:
            found["supports_truncate_command"] = False
        return {**found, **self.abilities()}

"""A staging dataset for each attempt, and its end.

dlt merges through a dataset that all loads of a dataset share by default; two loads at once then empty each other's
tables, and rows are lost while both report success. With a dataset of its own no load can touch another's rows.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Staging:
    """The staging dataset of one attempt, `<dataset>_staging_<owner>_<attempt>`.

    Args:
        owner: who loads here, one attempt at a time: what another attempt of the same owner left behind is dropped.
            None where attempts may run side by side.
        attempt: tells this attempt from all others.
    """

    owner: str | None
    attempt: str

    @classmethod
    def named(cls, owner: str, attempt: str) -> Staging:
        """With short names made of these texts: some warehouses allow 63 characters in all."""
        return cls(_short(owner), _short(attempt))

    @property
    def layout(self) -> str:
        """dlt's `staging_dataset_name_layout`."""
        return "_".join(["%s_staging", *([self.owner] if self.owner else []), self.attempt])


def drop_staging(pipeline: Pipeline, staging: Staging) -> None:
    """Drops the attempt's staging dataset, and those that killed attempts of the same owner left behind."""
    if pipeline.default_schema_name is None:
        return
    if pipeline.destination.destination_type.endswith(".filesystem"):
        _drop_folders(pipeline, staging)
        return
    with pipeline.sql_client() as client:
        with client.with_staging_dataset():
            if client.has_dataset():
                client.drop_dataset()
        if staging.owner is None:
            return
        # The dataset's own name may have been shortened to what the warehouse allows.
        mark = f"_staging_{staging.owner}_"
        names = DATASETS.get(pipeline.destination.destination_type.rpartition(".")[2], _in_information_schema)
        # Some write all names in capitals.
        for name in sorted({name for name in names(client) if mark in name.lower()}):
            with client.with_alternative_dataset_name(name):
                client.drop_dataset()
            _tell(name)


def _drop_folders(pipeline: Pipeline, staging: Staging) -> None:
    """The same where datasets are folders. Merges need none there, but a replaced table may."""
    client: Any = pipeline.destination_client()
    with client.with_staging_dataset():
        own = client.dataset_name
    mark = own if staging.owner is None else f"_staging_{staging.owner}_"
    for path in client.fs_client.ls(client.bucket_path, detail=False, refresh=True):
        name = Path(str(path).rstrip("/")).name
        if mark in name:
            client.fs_client.rm(path, recursive=True)
            if name != own:
                _tell(name)


def _in_information_schema(client: Any) -> Iterable[str]:
    found = client.execute_sql("SELECT schema_name FROM information_schema.schemata")
    return [row[0] for row in found or ()]


def _of_sqlalchemy(client: Any) -> Iterable[str]:
    """MySQL's schemas; SQLite's are files beside its own."""
    if client.dialect_name != "sqlite":
        # Left open, SQLAlchemy's implicit transaction would not let dlt begin the one in which it drops.
        with client.begin_transaction():
            return list(client.engine.dialect.get_schema_names(client.native_connection))
    file = Path(client.database_name)
    return [path.stem.removeprefix(f"{file.stem}__") for path in file.parent.glob(f"{file.stem}__*{file.suffix}")]


def _of_bigquery(client: Any) -> Iterable[str]:
    """Its information schema is another one for each region."""
    return [dataset.dataset_id for dataset in client.native_connection.list_datasets()]


def _of_clickhouse(client: Any) -> Iterable[str]:
    """It has no schemas: a dataset is a prefix of table names, with one table that stands for it."""
    sentinel = client.make_qualified_table_name_path(client.config.dataset_sentinel_table_name, quote=False)[-1]
    ending = sentinel.removeprefix(client.dataset_name)
    found = client.execute_sql("SELECT name FROM system.tables WHERE database = currentDatabase()")
    return [row[0].removesuffix(ending) for row in found or () if row[0].endswith(ending)]


DATASETS: Mapping[str, Callable[[Any], Iterable[str]]] = {
    "sqlalchemy": _of_sqlalchemy,
    "bigquery": _of_bigquery,
    "clickhouse": _of_clickhouse,
}
"""How to list the datasets of a warehouse, by destination; any other has the SQL standard's information schema."""


def _tell(name: str) -> None:
    logger.info("Dropped %s, which an attempt that was killed had left behind", name)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]

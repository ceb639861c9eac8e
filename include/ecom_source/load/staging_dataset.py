"""A staging dataset for each attempt, and its end.

dlt merges through a dataset that all loads of a dataset share by default; two loads at once then empty each other's
tables, and rows are lost while both report success. With a dataset of its own no load can touch another's rows.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecom_source.warehouses.warehouse_type import Datasets

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


def drop_staging(pipeline: Pipeline, staging: Staging, datasets: Datasets | None) -> None:
    """Drops the attempt's staging dataset, and those that killed attempts of the same owner left behind.

    Args:
        datasets: names all datasets of the warehouse; None where they are folders of a file system.
    """
    if pipeline.default_schema_name is None:
        return
    if datasets is None:
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
        # Some write all names in capitals.
        for name in sorted({name for name in datasets(client) if mark in name.lower()}):
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


def _tell(name: str) -> None:
    logger.info("Dropped %s, which an attempt that was killed had left behind", name)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]

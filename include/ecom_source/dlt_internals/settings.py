"""How dlt works best: settings for all warehouses; those of one are in its file of `warehouses/types`.

`make bench` takes each of them away in turn; `docs/performance.md` has what that costs. None of them changes a table:
the same rows in the same columns of the same types. What a user has set in dlt's own configuration wins over them all.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import dlt
from dlt.common.configuration.providers import CustomLoaderDocProvider

NAME = "ecom_source.dlt_internals.settings"
"""What dlt's traces call the place of these settings."""
DLT_SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "data_writer": {
            # The files between dlt's steps live for seconds on the worker's own disk.
            "disable_compression": True,
            # Rows that a writer holds, of each table; dlt's own 5,000 take more memory and are no faster.
            "buffer_max_items": 2000,
        },
    }
)
"""dlt's own settings, as its config.toml would hold them."""
GC_THRESHOLDS = (100_000, 20, 50)
"""New objects before Python looks for cycles among them, and how many such looks before it takes in older ones."""


@contextmanager
def tuned_dlt(settings: Mapping[str, Any] = DLT_SETTINGS) -> Iterator[None]:
    """Gives dlt these settings for as long as the block lasts, after all other places where it looks for them; and
    Python a calmer garbage collector.
    """
    last = _last_provider()
    thresholds = gc.get_threshold()
    # What is there by now (dlt, Airflow, a warehouse's driver) stays, and rows hold no cycles: there is no need to look
    # through it all again and again.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        with last.preserve():
            for section, values in settings.items():
                last.set_value(section, dict(values), None)
            yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _last_provider() -> CustomLoaderDocProvider:
    """The provider that dlt asks after all others. It stays registered: dlt has no way to take one back, and passes
    over one that is empty, as this one is outside of a load.
    """
    for provider in dlt.config.config_providers:
        if isinstance(provider, CustomLoaderDocProvider) and provider.name == NAME:
            return provider
    provider = CustomLoaderDocProvider(NAME, dict, supports_secrets=False, locations=())
    dlt.config.register_provider(provider)
    return provider

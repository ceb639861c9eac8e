"""Keep a shop's changed rows in a JSON file, so that the next start continues the same shop."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Lock

from .store import Store, Table

_FORMAT = 1


class StateFile:
    """Loads a store from a file when there is one, and writes it after each change by atomic replacement.

    The file holds the seed, the sizes and the tables that were changed; the others follow from the seed.
    """

    def __init__(self, path: Path, store: Store) -> None:
        self._path = path
        self._store = store
        self._lock = Lock()
        if path.exists():
            self._load()
        store.saved = self.save

    def _load(self) -> None:
        content = json.loads(self._path.read_text(encoding="utf-8"))
        if content.get("format") != _FORMAT:
            raise ValueError(f"{self._path}: found format {content.get('format')!r}, expected {_FORMAT}")
        self._store.seed = content["seed"]
        self._store.sizes = content["sizes"]
        self._store.changes = content["changes"]
        for name, table in content["tables"].items():
            self._store.tables[name] = Table(table["rows"], table["next_id"])

    def save(self) -> None:
        """Write the present rows. A reader sees the old file or the new one, never a part."""
        with self._lock:
            with self._store.lock:
                content = {
                    "format": _FORMAT,
                    "seed": self._store.seed,
                    "sizes": dict(self._store.sizes),
                    "changes": self._store.changes,
                    "tables": {
                        name: {"next_id": table.next_id, "rows": list(table.rows.values())}
                        for name, table in self._store.tables.items()
                        if table.changed
                    },
                }
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
            with draft.open("w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False, separators=(",", ":"))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)

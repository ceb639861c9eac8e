"""A dlt in which a name is another one, as a later version might have it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

NEW = "moved_elsewhere"


class _Renaming(SourceFileLoader):
    """Compiles a module with the name replaced, and keeps nothing of that."""

    pattern: re.Pattern[bytes]

    def get_code(self, fullname: str) -> CodeType | None:
        source = self.get_data(self.get_filename(fullname))
        if not self.pattern.search(source):
            return super().get_code(fullname)
        return compile(self.pattern.sub(NEW.encode(), source), self.path, "exec", dont_inherit=True)


class _Finder:
    def __init__(self, name: str) -> None:
        self._pattern = re.compile(rf"\b{name}\b".encode())

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "dlt":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            loader = _Renaming(spec.loader.name, spec.loader.path)
            loader.pattern = self._pattern
            spec.loader = loader
        return spec


def move(name: str) -> None:
    """Gives `name` another name in every module of dlt. None of them may be imported yet."""
    assert "dlt" not in sys.modules
    sys.meta_path.insert(0, _Finder(name))

"""A disk of a few megabytes that can be filled up: a tmpfs, which only root may mount."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MEGABYTES = 64


@dataclass(frozen=True)
class SmallDisk:
    """A mounted disk."""

    path: Path

    def fill(self) -> None:
        """Takes all that is free."""
        file = os.open(self._filler, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        size = 1 << 20
        while size:
            try:
                os.write(file, bytes(size))
            except OSError:
                size >>= 1
        os.close(file)

    def free(self) -> None:
        """Gives it back."""
        self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self.path / "filler"


@contextmanager
def small_disk(path: Path) -> Iterator[SmallDisk]:
    """Mounts one at `path`; skips the test where that is not permitted."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(path)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here: this takes root, and a container that may mount")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)

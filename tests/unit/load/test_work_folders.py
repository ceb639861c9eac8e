"""The folders that a load works in are its own user's."""

from __future__ import annotations

import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ecom_source.load.work_folders import close_workspace, remove_workspace, workspace


def mode(path: Path) -> int:
    """The permissions of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("made", [True, False], ids=["as dlt's helper makes it", "not there yet"])
def test_no_other_user_can_enter(made: bool) -> None:
    folder = workspace() / "dlt_1234" / "pipelines"
    if made:
        folder.mkdir(parents=True)
        folder.parent.chmod(0o755)
    pipeline: Any = SimpleNamespace(pipelines_dir=str(folder))
    close_workspace(pipeline)
    assert [mode(path) for path in (workspace(), folder.parent)] == [0o700, 0o700]
    remove_workspace(pipeline)
    assert not workspace().exists()


def test_a_folder_of_somebody_elses_is_left_as_it_is(tmp_path: Path) -> None:
    before = mode(tmp_path)
    pipeline: Any = SimpleNamespace(pipelines_dir=str(tmp_path / "dlt_1234" / "pipelines"))
    close_workspace(pipeline)
    assert (mode(tmp_path), mode(tmp_path / "dlt_1234")) == (before, 0o700)

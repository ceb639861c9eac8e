"""The temporary folders of dlt on a worker, and their end.

dlt's Airflow helper makes a folder at every parse of a DAG file, and `wipe_local_data` leaves it behind. All of a
process's folders are kept in one, named after the process, so that the next load can tell which of them are dead. This
can go once the helper removes what it makes.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from socket import gethostname
from tempfile import gettempdir
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline

PREFIX = "ecom_elt"


def workspace() -> Path:
    """Where this process keeps its folders. The host is in the name: a temp folder may be shared between machines."""
    return Path(gettempdir(), f"{PREFIX}-{gethostname()}-{os.getpid()}")


def close_workspace(pipeline: Pipeline) -> None:
    """Makes the folder of `pipeline` one that no other user of the machine can enter: the shop's rows go through it.

    dlt's files in it are readable for all who get there. A umask would reach the warehouse's own files as well.
    """
    folder = Path(pipeline.pipelines_dir).parent
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if folder.parent.name.startswith(PREFIX):
        # Fails where it is another user's, who has guessed its name.
        folder.parent.chmod(0o700)


def remove_workspace(pipeline: Pipeline) -> None:
    """Removes the folder of `pipeline`, and that of the process with its last one."""
    folder = Path(pipeline.pipelines_dir).parent
    shutil.rmtree(folder, ignore_errors=True)
    if folder.parent.name.startswith(PREFIX):
        with suppress(OSError):
            folder.parent.rmdir()


def remove_dead_workspaces() -> None:
    """Removes what processes of this machine left behind when they were killed."""
    for path in Path(gettempdir()).glob(f"{PREFIX}-*"):
        of_here = re.fullmatch(rf"{PREFIX}-{re.escape(gethostname())}-(\d+)", path.name)
        if of_here and not _alive(int(of_here[1])):
            shutil.rmtree(path, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

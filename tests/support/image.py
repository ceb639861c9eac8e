"""The steps of the Dockerfile, performed in folders: what an image would hold, where no container runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from tests.support import PROJECT

FILE = PROJECT / "Dockerfile"
BASE = re.compile(r"apache/airflow:slim-(?P<airflow>[\d.]+)-python(?P<python>[\d.]+)")
# What the base image has of its own: a virtual environment for Airflow, and uv.
VENV, HOME = "/home/airflow/.local", "/opt/airflow"
# The first folders of the paths that the steps name; below them is a stage's own.
OWN = re.compile(r"(?<![\w.$-])(?=/(?:home|opt|tmp)/)")


@dataclass
class Stage:
    """A stage by its root folder, and the variables that its ENV instructions set."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    folder: str = HOME

    def path(self, path: str) -> Path:
        """Where a path of the image is."""
        return self.root / path.lstrip("/") if path.startswith("/") else self.path(self.folder) / path

    def environment(self) -> dict[str, str]:
        """The variables of a process in it; how packages are found and kept is this machine's business."""
        machine = {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "UV_", "SSL_"))}
        venv = self.path(VENV)
        return {
            **{key: OWN.sub(str(self.root), value) for key, value in self.env.items()},
            **machine,
            "HOME": str(self.path("/home/airflow")),
            "PATH": f"{venv / 'bin'}:{self.path('/usr/python/bin')}:{os.defpath}",
            "VIRTUAL_ENV": str(venv),
            "AIRFLOW_HOME": str(self.path(HOME)),
            "LANG": "C.UTF-8",
        }

    def run(self, command: str) -> str:
        """Runs a shell command as RUN does; what it prints."""
        done = subprocess.run(
            ["/bin/bash", "-o", "pipefail", "-o", "errexit", "-o", "nounset", "-c", OWN.sub(str(self.root), command)],
            env=self.environment(),
            cwd=self.path(self.folder),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"RUN {command}\n{done.stdout}{done.stderr}"
        return done.stdout


def instructions() -> Iterator[tuple[str, str]]:
    """The Dockerfile's instructions, each with the rest of its line."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            yield word, rest.strip()


def build(folder: Path, overrides: Mapping[str, str] | None = None) -> Stage:
    """Performs all steps below `folder`; the last stage. `overrides` win over what ENV says."""
    stages: dict[str, Stage] = {}
    stage = Stage(folder)
    for word, rest in instructions():
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = Stage(folder / (name or "final"))
            if base in stages:
                # No stage changes the files of the one that it begins from, so that it need not be copied.
                assert not any(stages[base].root.iterdir()), f"{base} has files"
                stage.env |= stages[base].env
            else:
                assert BASE.fullmatch(base), base
            stages[name or "final"] = stage
            stage.root.mkdir(parents=True)
        elif word == "ENV":
            stage.env |= dict(pair.split("=", 1) for pair in shlex.split(rest))
            stage.env |= {key: value for key, value in (overrides or {}).items() if key in stage.env}
        else:
            _prepare(stage)
            if word == "WORKDIR":
                stage.folder = rest
                stage.path(rest).mkdir(parents=True, exist_ok=True)
            elif word == "COPY":
                _copy(stage, stages, shlex.split(rest))
            else:
                assert word == "RUN", word
                stage.run(rest)
    return stage


def _prepare(stage: Stage) -> None:
    """Makes what the base image has, once a stage begins to have files."""
    if not any(stage.root.iterdir()):
        for path in (f"{HOME}/logs", f"{HOME}/dags", "/usr/python/bin", "/tmp"):
            stage.path(path).mkdir(parents=True)
        subprocess.run([sys.executable, "-m", "venv", str(stage.path(VENV))], check=True)
        stage.path("/usr/python/bin/uv").symlink_to(Path(sys.executable).with_name("uv"))


def _copy(stage: Stage, stages: Mapping[str, Stage], words: list[str]) -> None:
    options = dict(word.lstrip("-").split("=") for word in words if word.startswith("--"))
    *sources, target = [word for word in words if not word.startswith("--")]
    assert options.keys() <= {"chown", "from"}
    assert options.get("chown") == "airflow:0", f"COPY {sources} would be root's"
    for source in sources:
        if "from" in options:
            found = stages[options["from"]].path(source)
        else:
            found = PROJECT / source
            assert sent(source), f".dockerignore keeps {source} back"
        place = stage.path(target)
        if found.is_dir():
            shutil.copytree(found, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(found, place / found.name if target.endswith("/") else place)


def sent(path: str) -> bool:
    """Whether a file or folder of the project goes to the build, by .dockerignore: its last line that fits decides."""
    keep = True
    for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").split():
        pattern = line.lstrip("!")
        parts = path.split("/")
        heads = ["/".join(parts[: number + 1]) for number in range(len(parts))]
        if any(fnmatch(head, pattern) or fnmatch(f"/{head}", pattern.replace("**", "*")) for head in heads):
            keep = line.startswith("!")
    return keep

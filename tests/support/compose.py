"""docker-compose.yaml as Docker Compose reads it: merged maps, and the variables of an .env file filled in."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dotenv import dotenv_values
from tests.support import PROJECT

FILE = PROJECT / "docker-compose.yaml"
# ${NAME}, ${NAME:-default} or ${NAME:?what to do}, with no other one inside.
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^${}]*))?}")
_DOLLAR = "\0"


class UnsetError(ValueError):
    """A variable that the file asks for has no value; the text is the file's own."""


@dataclass(frozen=True)
class Compose:
    """The file's services and volumes, ready to use."""

    services: Mapping[str, Mapping[str, Any]]
    volumes: Mapping[str, Any]

    def in_order(self) -> list[str]:
        """The names of the services, each after those that it depends on."""
        ordered: list[str] = []

        def add(name: str, waiting: tuple[str, ...]) -> None:
            assert name not in waiting, f"{name} depends on itself: {waiting}"
            for before in self.services[name].get("depends_on", {}):
                add(before, (*waiting, name))
            if name not in ordered:
                ordered.append(name)

        for name in self.services:
            add(name, ())
        return ordered


def raw() -> dict[str, Any]:
    """The file with its maps merged and its variables left as they are written."""
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def resolved(variables: Mapping[str, str]) -> Compose:
    """The file with these variables. Raises `UnsetError` where one is missing that has no default."""
    content = _fill(raw(), variables)
    return Compose(content["services"], content["volumes"])


def variables_of(env_file: Path) -> dict[str, str]:
    """The variables of an .env file."""
    return {name: value or "" for name, value in dotenv_values(env_file, interpolate=False).items()}


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Fills variables in, those within defaults too; `$$` becomes one dollar sign."""

    def value(match: re.Match[str]) -> str:
        found = variables.get(match["name"], "")
        if not found and match["kind"] == "?":
            raise UnsetError(f"{match['name']}: {match['rest']}")
        return (found or match["rest"] or "").replace("$", _DOLLAR)

    text = text.replace("$$", _DOLLAR)
    while _VARIABLE.search(text):
        text = _VARIABLE.sub(value, text)
    return text.replace(_DOLLAR, "$")


def words(command: str | list[str]) -> list[str]:
    """A command as a list of words, however it is written."""
    return shlex.split(command) if isinstance(command, str) else list(command)


def _fill(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [_fill(each, variables) for each in value]
    return interpolate(value, variables) if isinstance(value, str) else value

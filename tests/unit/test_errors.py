"""One tree of errors, and one form of sentence."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest
from tests.support import PROJECT

from ecom_source import errors
from ecom_source.errors import EcomError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EcomError)]


MODULES = sorted(PROJECT.glob("include/ecom_source/**/*.py"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_error_says_what_was_found_expected_and_how_to_fix_it(kind: type[EcomError]) -> None:
    error = kind("Found this.", expected="that.", fix="do so.")
    assert str(error) == "Found this. Expected: that. To fix: do so."
    assert (error.found, error.expected, error.fix) == ("Found this.", "that.", "do so.")
    sent = pickle.loads(pickle.dumps(error))  # noqa: S301 - made in the line itself
    assert (type(sent), str(sent)) == (kind, str(error))


def test_only_what_may_pass_is_tried_again() -> None:
    again = {kind.__name__ for kind in KINDS if kind.airflow_retries}
    assert again == {"ShopUnavailableError", "LoadFailedError", "WorkerError"}


def test_the_tree_at_the_top_of_the_module_is_that_of_the_classes() -> None:
    lines = re.findall(r"^([ │├└─]*)(\w+Error)( .*)?$", errors.__doc__ or "", re.MULTILINE)
    tree = {name: len(before) // 4 for before, name, _ in lines}
    assert tree == {kind.__name__: len(kind.__mro__) - len(EcomError.__mro__) for kind in KINDS}
    assert {name for _, name, rest in lines if rest.endswith("Airflow retries")} == {
        kind.__name__ for kind in KINDS if kind.airflow_retries
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_other_module_writes_such_a_sentence_itself(path: Path) -> None:
    written = "Expected: " in path.read_text() or "To fix: " in path.read_text()
    assert written == (path.name == "errors.py")

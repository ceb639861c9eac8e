"""Every private name and every exchange that the package relies on, and what is lost without it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, NamedTuple

import pytest
from tests.support import PROJECT


class Reach(NamedTuple):
    """What a name carries, and the module to look at when it is gone."""

    feature: str
    module: str


LOAD_IDS = Reach(
    "loads that come after the one whose state they begin from, on a worker whose clock was ahead",
    "include/ecom_source/dlt_internals/load_ids.py",
)
PARENTS = Reach(
    "dependent resources that are loaded, and read again, together with their parent",
    "include/ecom_source/dlt_internals/resource_tree.py",
)
COLUMNAR = Reach(
    "rows made into columns (speed; without it rows go value by value, with a warning)",
    "include/ecom_source/dlt_internals/columnar/",
)
EXACT = Reach(
    "values that are stored so that they can be read back, or in a column of their own, or fail the run",
    "include/ecom_source/dlt_internals/exact_normalizer.py",
)
EXACT_ENTRY = Reach(EXACT.feature, "include/ecom_source/dlt_internals/columnar/")
"""Where dlt's class is exchanged."""
NAMES = Reach("an error for two fields that become one column", "include/ecom_source/dlt_internals/field_names.py")
WRITTEN = Reach(
    "an error that names the value which JSON cannot hold", "include/ecom_source/dlt_internals/extract_writer.py"
)
MEMORY = Reach(
    "bounds for DuckDB's memory (without it DuckDB takes what it likes, with a warning)",
    "include/ecom_source/dlt_internals/duckdb_memory.py",
)
PATHS = Reach(
    "a row's value in the path of a dependent resource, percent-encoded",
    "include/ecom_source/dlt_internals/path_values.py",
)
TRACE = Reach("a key that is in no file: dlt's trace is not written", "include/ecom_source/dlt_internals/trace_file.py")
PREFETCH = Reach(
    "pages asked for in advance (speed; without it pages come one after the other, with a warning)",
    "include/ecom_source/http/requests_internals.py",
)
SAME_HOST = Reach(
    "a key that goes to no other host when an answer redirects", "include/ecom_source/http/requests_internals.py"
)
ANSWERS = Reach(
    "bodies that are read as they come, within their limits, and decoded once",
    "include/ecom_source/http/requests_internals.py",
)
LOADS_PAGE = Reach("the Loads page", "plugins/ecom_loads/airflow_tables.py")

RELIED_ON: Mapping[str, Reach] = {
    "dlt.common.time.increasing_precise_time._lock": LOAD_IDS,
    "dlt.common.time.increasing_precise_time._last": LOAD_IDS,
    "dlt.extract.DltResource._pipe": PARENTS,
    "dlt.normalize.worker.JsonLItemsNormalizer": EXACT_ENTRY,
    "dlt.normalize.items_normalizers.JsonLItemsNormalizer._normalize_chunk": EXACT,
    "dlt.normalize.items_normalizers.JsonLItemsNormalizer._filtered_tables": COLUMNAR,
    "dlt.normalize.items_normalizers.JsonLItemsNormalizer._filtered_tables_columns": COLUMNAR,
    "dlt.normalize.items_normalizers.JsonLItemsNormalizer._report_progress": COLUMNAR,
    "dlt.common.storages.load_storage.LoadItemStorage._get_writer": COLUMNAR,
    "dlt.common.storages.load_storage.LoadItemStorage.writer_cls": COLUMNAR,
    "dlt.common.data_writers.buffered.BufferedDataWriter.writer_cls": WRITTEN,
    "dlt.normalize.items_normalizers.JsonLItemsNormalizer._coerce_type": EXACT,
    "dlt.normalize.items_normalizers.JsonLItemsNormalizer._coerce_row": EXACT,
    "dlt.normalize.items_normalizers.JsonLItemsNormalizer._coerce_non_null_value": EXACT,
    "dlt.normalize.items_normalizers.JsonLItemsNormalizer._infer_column_type": EXACT,
    "dlt.normalize.items_normalizers.JsonLItemsNormalizer._filter_row": EXACT,
    "dlt.common.normalizers.json.relational.DataItemNormalizer._normalize_identifier": NAMES,
    "dlt.common.normalizers.json.relational.DataItemNormalizer._shorten_fragments": NAMES,
    "dlt.extract.storage.ExtractorItemStorage": WRITTEN,
    "dlt.extract.storage.ExtractorItemStorage._get_writer": WRITTEN,
    "dlt.extract.storage.ExtractorItemStorage.writer_cls": WRITTEN,
    "dlt.destinations.duckdb.client_class": MEMORY,
    "dlt.destinations.impl.duckdb.duck.DuckDbClient.create_load_job": MEMORY,
    "dlt.common.storages.load_package.ParsedLoadJobFileName.retry_count": MEMORY,
    "dlt.sources.rest_api.config_setup.process_parent_data_item": PATHS,
    "dlt.pipeline.pipeline.save_trace": TRACE,
    "requests.Response.__class__": ANSWERS,
    "urllib3.HTTPResponse.stream": ANSWERS,
    "requests.Session.send": PREFETCH,
    "requests.Session.rebuild_auth": SAME_HOST,
    "airflow.models.asset.AssetEvent": LOADS_PAGE,
    "airflow.models.asset.AssetModel": LOADS_PAGE,
    "airflow.models.asset.TaskOutletAssetReference": LOADS_PAGE,
    "airflow.models.dag.DagModel": LOADS_PAGE,
    "airflow.models.dagrun.DagRun": LOADS_PAGE,
    "airflow.models.taskinstance.TaskInstance": LOADS_PAGE,
    "airflow.models.taskinstancehistory.TaskInstanceHistory": LOADS_PAGE,
}
"""By dotted name; of what an object has only once it is made, its class."""

ROOMS = [PROJECT / each.module for each in dict.fromkeys(RELIED_ON.values())]
MODULES = sorted(
    {
        *(PROJECT / "include" / "ecom_source" / "dlt_internals").rglob("*.py"),
        *(path for path in ROOMS if path.suffix == ".py"),
    }
)
"""Where reaches may be."""


@pytest.mark.parametrize("name", RELIED_ON)
def test_what_is_relied_on_is_there(name: str) -> None:
    if not _is_there(name):
        pytest.fail(sentence(name))


def sentence(name: str) -> str:
    """What to say of a name that is gone."""
    library = name.partition(".")[0].replace("airflow", "apache-airflow")
    feature, module = RELIED_ON[name]
    return f"{library} {version(library)} has no {name}. It carries: {feature}. Look at {module}."


def test_what_is_gone_is_missed_with_the_feature_and_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "dlt.normalize.worker.JsonLItemsNormalizer"
    monkeypatch.delattr(name)
    with pytest.raises(pytest.fail.Exception) as failed:
        test_what_is_relied_on_is_there(name)
    assert str(failed.value) == (
        f"dlt {version('dlt')} has no {name}. It carries: values that are stored so that they can be read back, or in "
        "a column of their own, or fail the run. Look at include/ecom_source/dlt_internals/columnar/."
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_reach_is_in_the_table(path: Path) -> None:
    missing = set(_reaches(path)) - {name.rpartition(".")[2] for name in RELIED_ON}
    assert not missing, f"{path} reaches for {', '.join(sorted(missing))}, which RELIED_ON does not name"


@pytest.mark.parametrize("name", RELIED_ON)
def test_every_name_of_the_table_is_used(name: str) -> None:
    module = PROJECT / RELIED_ON[name].module
    files = [module] if module.suffix else sorted(module.rglob("*.py"))
    assert any(name.rpartition(".")[2] in path.read_text() for path in files), f"{module} needs no {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_what_is_imported_is_there(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in ("dlt", "requests"):
            for alias in node.names:
                assert _is_there(f"{node.module}.{alias.name}"), f"{path} imports {alias.name} from {node.module}"


def test_no_class_elsewhere_uses_what_is_private_in_a_library_s_class() -> None:
    found = {}
    for folder in ("include/ecom_source", "plugins/ecom_loads"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            for kind in _classes(path) if path not in MODULES else ():
                if used := _inherited(kind):
                    found[f"{kind.__module__}.{kind.__qualname__}"] = used
    assert found == {}


def _is_there(name: str) -> bool:
    """Whether there is an object, or what objects of a class get when they are made."""
    try:
        resolve_name(name)
    except (ImportError, AttributeError):
        owner, _, attribute = name.rpartition(".")
        try:
            kind = resolve_name(owner)
        except (ImportError, AttributeError):
            return False
        return inspect.isclass(kind) and any(attribute in _used_of_self(each) for each in kind.__mro__)
    return True


def _reaches(path: Path) -> Iterator[str]:
    """The last part of each name that is private elsewhere, or exchanged."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not _is_self(node.value):
            if _private(node.attr) or isinstance(node.ctx, ast.Store):
                yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if _private(alias.name))
            yield from (part for part in (node.module or "").split(".") if _private(part))
            if (node.module or "").startswith("airflow.models"):
                yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            if _private(node.value):
                yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("setattr", "delattr"):
            yield ast.unparse(node)
    for kind in _classes(path):
        yield from _inherited(kind)


def _classes(path: Path) -> Iterator[type]:
    """The classes of a module that stand on one of a library."""
    folder = next(each for each in (PROJECT / "include", PROJECT / "plugins") if path.is_relative_to(each))
    name = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
    for kind in vars(import_module(name)).values():
        if inspect.isclass(kind) and kind.__module__ == name and any(_is_foreign(each) for each in kind.__mro__):
            yield kind


def _inherited(kind: type) -> set[str]:
    """Private names of the library's classes that a class overrides or uses."""
    theirs = set().union(*(_used_of_self(each) for each in kind.__mro__ if _is_foreign(each)))
    return {name for name in theirs & _used_of_self(kind) if _private(name)}


def _used_of_self(kind: Any) -> set[str]:
    """The attributes that a class has, and those of `self` that it sets or uses."""
    found = set(vars(kind))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError):
        return found
    found.update(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_self(node.value))
    return {each for each in found if each not in ("_abc_impl", "_is_protocol")}


def _is_foreign(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in ("dlt", "requests", "urllib3", "tenacity", "airflow", "uvicorn")


def _is_self(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id in ("self", "cls")) or _is_super(node)


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _private(name: str) -> bool:
    # Of a named tuple Python documents it.
    return name.startswith("_") and not name.startswith("__") and name not in ("_", "_replace")

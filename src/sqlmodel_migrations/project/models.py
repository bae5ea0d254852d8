"""The models: the application's modules imported, and the MetaData objects they contribute.

The only place that imports the user's code. `source` finds tables without importing.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import registry

from sqlmodel_migrations.errors import UsageError, did_you_mean
from sqlmodel_migrations.project import tree
from sqlmodel_migrations.project.source import DeclaredTable, Found, find

__all__ = ["DeclaredTable", "Found", "find", "import_object", "load", "undeclared"]

_LAST_LINES = 12
_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 (as in tracebacks)


class NoTables(UsageError):
    """The models were imported, and declare no table."""


def load(
    targets: Sequence[str | MetaData], root: Path, *, paths: Sequence[Path] = ()
) -> tuple[MetaData, ...]:
    """Import the models and return their MetaData objects, each once, in the order of `targets`.

    A target is a module or package (with its submodules) by its dotted name, `module:attribute`
    naming a MetaData, a declarative base or a callable that returns one, or a MetaData. `root`,
    its import roots and `paths` are on `sys.path` for the duration.

    Raises `UsageError`: a module is missing or fails to import, a table is declared twice, or
    there is no table at all, which would make a script that drops every table.
    """
    names = [t.partition(":")[0] for t in targets if isinstance(t, str)]
    with _importable([root, *paths], names), _without_garbage_collection():
        found = [s for target in targets for s in _sources(target, root)]
    # Reversed: the first place where each was found is the one to name.
    last = {id(source.metadata): source for source in reversed(found)}
    unique = tuple(reversed(last.values()))
    _refuse_empty(unique, targets, root)
    _refuse_duplicates(unique)
    return tuple(source.metadata for source in unique)


def import_object(reference: str, root: Path) -> object:
    """Import what a setting such as `app.database:engine` names; raises `UsageError`."""
    with _importable([root], [reference.partition(":")[0]]):
        return _attribute(reference, root, _SETTING)


def undeclared(
    root: Path, metadata: Sequence[MetaData], *, elsewhere: Sequence[str] = ()
) -> tuple[DeclaredTable, ...]:
    """List tables that the source declares and the loaded `metadata` lack.

    `elsewhere` names modules that another database of the project migrates.
    """
    tables = find(root).tables
    imported = _imported(tables)
    return tuple(
        table
        for table in tables
        if not any(_is_within(table.module, name) for name in elsewhere)
        and not _is_loaded(table, imported.get(os.path.realpath(table.path)), metadata)
    )


@dataclass(frozen=True)
class _Source:
    """A MetaData and where it was found: `app.models` or `app.models:Base`."""

    metadata: MetaData
    origin: str


# -- importing -------------------------------------------------------------------------------------


@contextlib.contextmanager
def _importable(folders: Iterable[Path], names: Sequence[str]) -> Iterator[None]:
    """Put the folders and their import roots first on `sys.path`; restore it afterwards."""
    before = sys.path[:]
    folders = folders if names else ()
    roots = (path for folder in folders for path in tree.import_roots(folder, names))
    sys.path[:0] = dict.fromkeys(map(str, roots))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Pause the collector: an import makes many objects and hardly any garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _import(name: str, root: Path, purpose: _Purpose) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and _is_within(name, error.name):
            raise purpose.missing(name, root) from error
        raise purpose.broken(name, error) from error
    except (Exception, SystemExit) as error:
        raise purpose.broken(name, error) from error


def _import_all(name: str, root: Path) -> Iterator[ModuleType]:
    """Import a module, and what is inside it if it is a package; tests and migrations are not."""
    module = _import(name, root, _MODELS)
    yield module
    for folder in getattr(module, "__path__", ()):
        for path in tree.walk(Path(folder)):
            relative = path.relative_to(folder)
            inner = None if tree.is_secondary(relative) else tree.dotted(relative)
            if inner:
                yield _import(f"{name}.{inner}", root, _MODELS)


@dataclass(frozen=True)
class _Purpose:
    """What a module is imported for, as its errors say it."""

    failure: str
    if_missing: str
    if_broken: str

    def missing(self, name: str, root: Path) -> UsageError:
        modules = find(root).modules if self is _MODELS else ()
        return UsageError(
            f"{self.failure}: there is no module '{name}'",
            hint=_nearest(name, modules) or self.if_missing,
            details=tuple(f"tables are declared in: {module}" for module in modules[:5]),
        )

    def broken(self, name: str, error: BaseException) -> UsageError:
        text = str(error).strip().partition("\n")[0]
        return UsageError(
            f"{self.failure}: importing '{name}' raises {type(error).__name__}"
            + (f": {text}" if text else ""),
            hint=self.if_broken,
            details=_own_traceback(error),
        )


_MODELS = _Purpose(
    "the models cannot be read",
    "correct the name in target_metadata of env.py, or in [tool.sqlmodel] models",
    "correct the module; `upgrade` does not need it and still works",
)
_SETTING = _Purpose(
    "the setting cannot be read",
    "correct the name, or write the value itself",
    "correct the module, or write the value itself into the setting",
)


def _nearest(name: str, modules: Sequence[str]) -> str | None:
    """The module of the source that was probably meant."""
    last = name.rpartition(".")[2]
    same = [m for m in modules if m.rpartition(".")[2] == last]
    likely = same or (list(modules) if len(modules) == 1 else [])
    return did_you_mean(name, modules) or (f"did you mean '{likely[0]}'?" if likely else None)


def _own_traceback(error: BaseException) -> tuple[str, ...]:
    """The last lines of a traceback, without the frames of this package and of importlib."""
    told = traceback.TracebackException(type(error), error, _own_frames(error.__traceback__))
    frames = [f for f in told.stack if not f.filename.startswith("<frozen importlib")]
    told.stack = traceback.StackSummary.from_list(frames)
    lines = "".join(told.format(chain=False)).splitlines()
    return tuple(lines[-_LAST_LINES:])


def _own_frames(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and _is_machinery(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _is_machinery(filename: str) -> bool:
    return filename.startswith((_HERE, "<frozen importlib")) or filename == importlib.__file__


# -- what a module contributes ---------------------------------------------------------------------


def _sources(target: str | MetaData, root: Path) -> Iterator[_Source]:
    if isinstance(target, MetaData):
        yield _Source(target, "target_metadata")
    elif not isinstance(target, str):
        yield _Source(_metadata_of(target, "target_metadata"), "target_metadata")
    elif ":" in target:
        yield _Source(_metadata_of(_attribute(target, root, _MODELS), target), target)
    else:
        yield from _contributed(list(_import_all(target, root)))


def _attribute(reference: str, root: Path, purpose: _Purpose) -> object:
    """Find what `app.db:Base` names; the module is imported."""
    name, _, path = reference.partition(":")
    value: object = _import(name, root, purpose)
    for part in path.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            raise UsageError(
                f"{purpose.failure}: '{name}' has no '{path}'",
                hint=did_you_mean(path, dir(value)) or f"correct '{reference}'",
            ) from None
    return value


def _metadata_of(value: object, name: str) -> MetaData:
    """The MetaData that an object is, holds, or returns when called."""
    is_maker = callable(value) and not isinstance(value, type)
    made = value() if is_maker else value  # type: ignore[operator]
    metadata = made if isinstance(made, MetaData) else getattr(made, "metadata", None)
    if isinstance(metadata, MetaData):
        return metadata
    raise UsageError(
        f"the models cannot be read: '{name}' is a {type(made).__name__}",
        hint="name a MetaData, a declarative base, or a function that returns one",
    )


def _contributed(modules: Sequence[ModuleType]) -> list[_Source]:
    """The MetaData objects of a module and its submodules; what is merely imported comes last.

    `SQLModel` and tables of other modules are in many namespaces without being meant, such as
    those of another database: they count where the modules declare nothing themselves.
    """
    own = [s for module in modules for s in _declared_in(module)]
    return _filled(own) or _filled([s for module in modules for s in _imported_in(module)])


def _filled(sources: Iterable[_Source]) -> list[_Source]:
    return [source for source in sources if source.metadata.tables]


def _declared_in(module: ModuleType) -> Iterator[_Source]:
    for name, value in list(vars(module).items()):
        metadata = _metadata_held(value)
        if metadata is not None and not _is_borrowed(value, module):
            yield _Source(metadata, f"{module.__name__}:{name}")


def _imported_in(module: ModuleType) -> Iterator[_Source]:
    for name, value in list(vars(module).items()):
        metadata = _metadata_held(value)
        if metadata is not None:
            yield _Source(metadata, f"{module.__name__}:{name}")


def _metadata_held(value: object) -> MetaData | None:
    """The MetaData of a MetaData, Table, registry, declarative base or mapped class."""
    if isinstance(value, MetaData):
        return value
    if isinstance(value, Table | registry):
        return value.metadata
    if isinstance(value, type):
        # Static: a class of the application may answer any attribute, or fail to.
        held = inspect.getattr_static(value, "metadata", None)
        return held if isinstance(held, MetaData) else None
    return None


def _is_borrowed(value: object, module: ModuleType) -> bool:
    """Tell whether a class is mapped in another module, or SQLModel or one of its schemas."""
    if not isinstance(value, type):
        return False
    if "__mapper__" in vars(value):
        return value.__module__ != module.__name__
    return _descends_from_sqlmodel(value)


def _descends_from_sqlmodel(value: type) -> bool:
    """Schemas without a table inherit `SQLModel.metadata` too, and say nothing."""
    return any(c.__module__ == "sqlmodel.main" and c.__name__ == "SQLModel" for c in value.__mro__)


# -- what is refused -------------------------------------------------------------------------------


def _refuse_empty(found: Sequence[_Source], targets: Sequence[str | MetaData], root: Path) -> None:
    if any(source.metadata.tables for source in found):
        return
    names = [f"'{target}'" for target in targets if isinstance(target, str)]
    declared = find(root)
    if names:
        what = f"no table is declared in {', '.join(names)}, which were imported"
    elif targets:
        what = "the MetaData in target_metadata holds no table"
    else:
        what = "no module with models is named"
    seen = (f"the source declares {declared.summary()}",) if declared.tables else ()
    raise NoTables(f"there is nothing to compare: {what}", hint=_hint_for(declared), details=seen)


def _hint_for(declared: Found) -> str:
    names = ", ".join(f'"{name}"' for name in declared.targets) or '"app.models"'
    return (
        f"write target_metadata = [{names}] in env.py, or [tool.sqlmodel] models in pyproject.toml"
    )


def _refuse_duplicates(found: Sequence[_Source]) -> None:
    first: dict[str, _Source] = {}
    for source in found:
        for key in source.metadata.tables:
            if key in first:
                raise _declared_twice(key, first[key], source)
            first[key] = source


def _declared_twice(key: str, first: _Source, second: _Source) -> UsageError:
    return UsageError(
        f"table '{key}' is declared twice, in two MetaData objects:"
        f" '{first.origin}' and '{second.origin}'",
        hint="remove one of them from target_metadata, or migrate it as a database of its own",
        details=tuple(
            f"{s.origin}: {', '.join(sorted(s.metadata.tables))}" for s in (first, second)
        ),
    )


# -- what was left out -----------------------------------------------------------------------------


def _imported(tables: Sequence[DeclaredTable]) -> dict[str, ModuleType]:
    """The imported modules that may declare these tables, by the real path of their files.

    All that was imported is looked through only if one does not go by the name of its place.
    """
    names = {os.path.basename(table.path) for table in tables}  # noqa: PTH119
    named = _of_files(names, filter(None, (sys.modules.get(table.module) for table in tables)))
    if all(os.path.realpath(table.path) in named for table in tables):
        return named
    return _of_files(names, list(sys.modules.values()))


def _of_files(names: set[str], modules: Iterable[ModuleType]) -> dict[str, ModuleType]:
    """Those of the modules whose files have one of these names, by real path."""
    files = ((getattr(module, "__file__", None), module) for module in modules)
    return {os.path.realpath(f): m for f, m in files if f and os.path.basename(f) in names}  # noqa: PTH119


def _is_loaded(
    table: DeclaredTable, module: ModuleType | None, metadata: Sequence[MetaData]
) -> bool:
    """Tell whether a table of the source is in one of the MetaData objects."""
    if module is None:
        return False
    value = getattr(module, table.class_name, None)
    mapped = value if isinstance(value, Table) else getattr(value, "__table__", None)
    # Declared under a condition, deleted, or an anonymous Table: its module was imported.
    return not isinstance(mapped, Table) or any(mapped.metadata is m for m in metadata)


def _is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")

"""The folders of a history, and the files in them that Alembic would load as revisions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlmodel_migrations.errors import UsageError

Entries = Sequence["os.DirEntry[str]"]
Stamp = tuple[int, int, int, int]
"""Size in bytes, nanoseconds of the last change of the content and of the file, its number.

Other content has another stamp, unless the file was changed just before it was looked at."""


_NOT_LOADED = (".#", "__init__")


class File(NamedTuple):
    """A file by its name in the folder; `path` is resolved. Links and bytecode have no stamp."""

    name: str
    path: str
    stamp: Stamp | None = None


class Folder(NamedTuple):
    """A folder, resolved, with its files in Alembic's order."""

    path: str
    files: tuple[File, ...]


def listed(locations: Iterable[Path], *, recursive: bool, sourceless: bool) -> Iterator[Folder]:
    """List the folders of version locations, each file once; a missing location has none.

    The rules are Alembic's (alembic/script/base.py: `_list_py_dir`, `_from_path`). Raises
    `UsageError` for a folder that may not be read: to take it for empty would be a history
    without revisions.
    """
    find = _with_bytecode if sourceless else _sources
    seen: set[str] = set()
    for location in locations:
        for folder, entries in _walk(os.path.realpath(location), recursive):
            yield Folder(folder, tuple(_unseen(find(folder, entries), seen)))


def _unseen(files: Iterable[File], seen: set[str]) -> Iterator[File]:
    for file in files:
        if file.path not in seen:
            seen.add(file.path)
            yield file


def _walk(folder: str, recursive: bool) -> Iterator[tuple[str, Entries]]:
    """Walk a location, names sorted; what lies in a cache of Python is passed over."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=_name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UsageError(
            f"the folder '{folder}' cannot be read: {error.strerror}",
            hint="check its permissions",
        ) from error
    is_cache = folder.endswith("__pycache__")
    if not is_cache:
        yield folder, [entry for entry in entries if not entry.is_dir()]
    if recursive or is_cache:
        for entry in entries:
            if entry.is_dir() and not entry.is_symlink():
                yield from _walk(entry.path, recursive)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _sources(_: str, entries: Entries) -> Iterator[File]:
    for entry in entries:
        file = _file(entry)
        name = os.path.basename(file.path) if file.stamp is None else entry.name  # noqa: PTH119
        if name.endswith(".py") and not name.startswith(_NOT_LOADED):
            yield file


def _file(entry: os.DirEntry[str]) -> File:
    if entry.is_symlink():
        return File(entry.name, os.path.realpath(entry.path))
    return File(entry.name, entry.path, _stamp(entry))


def _stamp(entry: os.DirEntry[str]) -> Stamp | None:
    try:
        state = entry.stat(follow_symlinks=False)
    except OSError:  # it has just been removed
        return None
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino


def _with_bytecode(folder: str, entries: Entries) -> Iterator[File]:
    """List the sources, and the bytecode that has none, as the option `sourceless` asks."""
    names = {entry.name.split(".")[0] for entry in entries}
    for file in [*map(_file, entries), *_orphans(os.path.join(folder, "__pycache__"), names)]:  # noqa: PTH118
        source, dot, form = os.path.basename(file.path).rpartition(".py")  # noqa: PTH119
        if not dot or form not in ("", "c", "o") or source.startswith(_NOT_LOADED):
            continue
        if form and _is_superseded(file.path):
            continue
        yield file._replace(stamp=None) if form else file


def _orphans(cache: str, names: set[str]) -> Iterator[File]:
    """List the files of a cache of Python that belong to none of the `names`."""
    try:
        found = os.listdir(cache)  # noqa: PTH208
    except OSError:
        return
    for name in found:
        if name.split(".")[0] not in names:
            yield File(name, os.path.realpath(os.path.join(cache, name)))  # noqa: PTH118


def _is_superseded(path: str) -> bool:
    """Say whether a better form lies beside: source before `.pyc`, `.pyc` before `.pyo`."""
    plain = path[:-1]
    return os.path.exists(plain) or (path[-1] == "o" and os.path.exists(plain + "c"))  # noqa: PTH110

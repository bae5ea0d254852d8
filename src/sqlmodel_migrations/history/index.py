"""The index: every revision file of a project as a value, and the files that are broken.

`source` reads one file, this module finds the files and judges what they say, `graph` joins them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel_migrations.history import source
from sqlmodel_migrations.history.source import ABSENT, Variables

# Alembic's rules (alembic/script/base.py, alembic/script/revision.py).
_SOURCE = re.compile(r"(?!\.\#|__init__)(.*\.py)$")
_SOURCELESS = re.compile(r"(?!\.\#|__init__)(.*\.py)(c|o)?$")
_ILLEGAL = frozenset("@-+:")


@dataclass(frozen=True)
class Revision:
    """One revision as its file states it; `doc` is the whole docstring, stripped."""

    id: str
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    path: Path
    doc: str

    @property
    def message(self) -> str:
        """The docstring's first paragraph."""
        return self.doc.split("\n\n")[0]

    @property
    def is_merge(self) -> bool:
        """Whether the revision joins several branches."""
        return len(self.down_revisions) > 1


@dataclass(frozen=True)
class BrokenFile:
    """A file among the revisions that is none: the line where one is known, and the reason."""

    path: Path
    line: int | None
    message: str
    hint: str | None = None


@dataclass(frozen=True)
class Index:
    """What the version locations hold, in Alembic's order (by location, folder and file name)."""

    revisions: tuple[Revision, ...]
    broken: tuple[BrokenFile, ...] = ()


class NotARevision(Exception):
    """What a file says does not make a revision; `hint` tells what to write."""

    def __init__(self, message: str, hint: str | None = None):
        super().__init__(message)
        self.hint = hint


def read(locations: Sequence[Path], *, recursive: bool = False, sourceless: bool = False) -> Index:
    """Read the revision files of the version locations; a missing location has none."""
    entries = [read_file(path) for path in files(locations, recursive, sourceless)]
    return Index(
        revisions=tuple(entry for entry in entries if isinstance(entry, Revision)),
        broken=tuple(entry for entry in entries if isinstance(entry, BrokenFile)),
    )


def read_file(path: Path) -> Revision | BrokenFile:
    """Read one file, whatever is wrong with it; running it may be needed (see `source`)."""
    try:
        return _revision(source.read(path), path)
    except NotARevision as error:
        return BrokenFile(path, None, str(error), error.hint)
    except SyntaxError as error:
        return BrokenFile(path, error.lineno, f"{type(error).__name__}: {error.msg}")
    except OSError as error:
        return BrokenFile(path, None, f"the file cannot be read: {error.strerror or error}")
    except (Exception, SystemExit) as error:  # the file was run: it may raise anything
        return BrokenFile(path, _line(error, path), f"{type(error).__name__}: {error}")


def _line(error: BaseException, path: Path) -> int | None:
    """Find the last line of the file itself in a traceback."""
    line, traceback = None, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def files(locations: Sequence[Path], recursive: bool, sourceless: bool) -> Iterator[Path]:
    """List the files that Alembic would load, resolved, each once."""
    pattern = _SOURCELESS if sourceless else _SOURCE
    seen: set[str] = set()
    for location in locations:
        for path in _listed(os.path.realpath(location), recursive, sourceless):
            if path in seen:
                continue
            seen.add(path)
            match = pattern.match(os.path.basename(path))  # noqa: PTH119  (a Path is slower)
            if match and not _is_superseded(path, match):
                yield Path(path)


def _listed(location: str, recursive: bool, sourceless: bool) -> Iterator[str]:
    """Walk a location as Alembic's `_list_py_dir` does; yields resolved paths."""
    for folder, folders, names in os.walk(location):
        if folder.endswith("__pycache__"):
            continue
        yield from _resolved(folder, names)
        if sourceless:
            yield from _orphans(os.path.join(folder, "__pycache__"), names)  # noqa: PTH118
        if not recursive:
            return
        folders.sort()


def _resolved(folder: str, names: Sequence[str]) -> Iterator[str]:
    for name in sorted(names):
        path = os.path.join(folder, name)  # noqa: PTH118
        yield os.path.realpath(path) if os.path.islink(path) else path  # noqa: PTH114


def _orphans(cache: str, names: Sequence[str]) -> Iterator[str]:
    """List the bytecode in `__pycache__` that has no source beside the cache."""
    if not os.path.isdir(cache):  # noqa: PTH112
        return
    stems = {name.split(".")[0] for name in names}
    found = (name for name in os.listdir(cache) if name.split(".")[0] not in stems)  # noqa: PTH208
    yield from _resolved(cache, list(found))


def _is_superseded(path: str, match: re.Match[str]) -> bool:
    """Say whether a better form lies beside: source before `.pyc`, `.pyc` before `.pyo`."""
    form = match[2] if match.re is _SOURCELESS else None
    if not form:
        return False
    plain = path[:-1]
    return os.path.exists(plain) or (form == "o" and os.path.exists(plain + "c"))  # noqa: PTH110


def _revision(variables: Variables, path: Path) -> Revision:
    """Judge what a file says; raises NotARevision."""
    rev = _id(variables.revision, path)
    if variables.down_revision is ABSENT:
        raise NotARevision(
            "the file sets no 'down_revision'", "set it to the parent's id, or to None"
        )
    return Revision(
        id=rev,
        down_revisions=_names("down_revision", variables.down_revision),
        depends_on=_names("depends_on", variables.depends_on),
        branch_labels=_names("branch_labels", variables.branch_labels),
        path=path,
        doc=variables.doc.strip() if isinstance(variables.doc, str) else "",
    )


def _id(value: object, path: Path) -> str:
    if value is ABSENT:
        raise NotARevision(
            "the file sets no 'revision'",
            f"write {_suggested(path)} into it, or move it out of the versions folder",
        )
    if not isinstance(value, str) or not value:
        raise NotARevision(f"'revision' is {value!r}, not a name", "set it to a string")
    illegal = sorted(_ILLEGAL.intersection(value))
    if illegal:
        raise NotARevision(
            f"the revision id {value!r} contains {', '.join(map(repr, illegal))}",
            "leave out @, -, + and :, which have a meaning in 'label@head' and 'id+1'",
        )
    return value


def _suggested(path: Path) -> str:
    """Take the id from the name of a file of Alembic before 0.2, as Alembic does."""
    legacy = re.match(r"([a-f0-9]+)\.py$", path.name)
    return f"revision = {legacy[1]!r}" if legacy else "revision = '<id>'"


def _names(variable: str, value: object) -> tuple[str, ...]:
    """Make a tuple of names of what Alembic accepts: None, a string, any collection of strings."""
    if value is ABSENT or value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    names = _items(value)
    if names == (None,):
        return ()
    if names is None or not all(isinstance(name, str) for name in names):
        raise NotARevision(f"'{variable}' is {value!r}", "set it to an id, several ids or None")
    return tuple(str(name) for name in names)


def _items(value: object) -> tuple[object, ...] | None:
    if isinstance(value, set | frozenset):
        return tuple(sorted(value, key=str))  # a set has no order that lasts
    return tuple(value) if isinstance(value, list | tuple) else None

"""The script of a revision: the facts that one file states, judged.

`source` reads the file without judging, `index` says what is wrong with those that are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmodel_migrations.history import source
from sqlmodel_migrations.history.source import ABSENT, Variables

if TYPE_CHECKING:
    from sqlmodel_migrations.history.cache import Facts

_ILLEGAL = frozenset("@-+:")  # alembic/script/revision.py


class NotARevision(Exception):
    """What a file says does not make a revision; `hint` tells what to write."""

    def __init__(self, message: str, hint: str | None = None):
        super().__init__(message)
        self.hint = hint


def read(path: Path, data: bytes) -> tuple[Facts, bool]:
    """Read the file at `path`, whose content is `data`, and say whether that alone told the facts.

    Else the file was run. Raises NotARevision, and what compiling and running may raise: anything.
    """
    found = source.literals(data, path) if path.suffix == ".py" else None
    return _facts(found or source.execute(path), path), found is not None


def _facts(variables: Variables, path: Path) -> Facts:
    """Judge what a file says; raises NotARevision."""
    rev = _id(variables.revision, path)
    if variables.down_revision is ABSENT:
        raise NotARevision(
            "the file sets no 'down_revision'", "set it to the parent's id, or to None"
        )
    return (
        rev,
        _names("down_revision", variables.down_revision),
        _names("depends_on", variables.depends_on),
        _names("branch_labels", variables.branch_labels),
        variables.doc.strip() if isinstance(variables.doc, str) else "",
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

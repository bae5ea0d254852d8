"""The refusal: what Alembic will not do, said so that a person can act on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic.util import CommandError

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.errors import UsageError


@dataclass(frozen=True)
class _Words:
    """A message for those of Alembic that `pattern` is found in; its groups fill the message."""

    pattern: str
    message: str
    hint: str


# The texts of alembic.command, .autogenerate.api and .operations.batch, 1.18 to 1.20.
_WORDS = (
    _Words(
        r"^Target database is not up to date",
        "the database is not at head, so a comparison with it would find what is pending",
        "type: sqlmodel migrations upgrade",
    ),
    _Words(
        r"cannot proceed in --sql mode; batch mode.*reflect the table \"(.*?)\"",
        "SQLite changes table '{0}' by making it anew from what stands in the database: --sql,"
        " which reads no database, cannot show how",
        "run it without --sql",
    ),
)


def explained(error: CommandError) -> UsageError:
    """Return the error to raise for one of Alembic's; unknown ones keep their words."""
    text = str(error)
    for words in _WORDS:
        if found := re.search(words.pattern, text, re.DOTALL):
            return UsageError(words.message.format(*found.groups()), hint=words.hint)
    return UsageError(text)


def broken_script(
    error: BaseException, standing: Sequence[str] = ("nothing was run",)
) -> UsageError | None:
    """Return the error for a revision file that cannot be used; None for anything else.

    It cannot be imported, or lacks a function. `standing` says what was done before.
    """
    if (missing := _alembic.missing_function(error)) is not None:
        return _without_function(*missing, standing)
    loaded = _alembic.loaded_file(error)
    if loaded is None or loaded[0].name == "env.py":
        return None
    path, line = loaded
    return UsageError(
        f"'{path.name}' cannot be imported: {_said(error)}",
        hint="correct it, and let it import nothing of the application, which goes on changing;"
        " then type the command again",
        details=(f"at {path}, line {line}", *standing),
    )


def _said(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    return f"{type(error).__name__}: {error}"


def _without_function(path: Path, name: str, standing: Sequence[str]) -> UsageError:
    way = {"upgrade": "run", "downgrade": "taken back"}[name]
    return UsageError(
        f"'{path.name}' has no function '{name}': the revision cannot be {way}",
        hint=f"write 'def {name}():' in it, with 'pass' where there is nothing to do",
        details=(f"at {path}", *standing),
    )

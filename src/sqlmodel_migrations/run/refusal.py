"""The refusal: what Alembic will not do, said so that a person can act on it."""

from __future__ import annotations

import re
from dataclasses import dataclass

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


def broken_script(error: Exception) -> UsageError | None:
    """Return the error for a revision file that cannot be imported; None for anything else."""
    loaded = _alembic.loaded_file(error)
    if loaded is None or loaded[0].name == "env.py":
        return None
    path, line = loaded
    return UsageError(
        f"'{path.name}' cannot be imported: {type(error).__name__}: {error}",
        hint="correct the file",
        details=(f"at {path}, line {line}",),
    )

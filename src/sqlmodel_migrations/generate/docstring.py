"""The docstring of a new script: exactly the message that was typed, and what was decided."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from alembic.script import ScriptDirectory

from sqlmodel_migrations import _alembic

_ENDS = re.compile(r'"""|"\Z')


def escape(text: str) -> str:
    """Return `text` as it is written between three quotes, whatever the next character is."""
    escaped = text.replace("\\", "\\\\").replace("\r", "\\r").replace("\0", "\\0")
    return _ENDS.sub(lambda found: found[0].replace('"', '\\"'), escaped)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "."


@contextlib.contextmanager
def written(script: ScriptDirectory, decisions: Sequence[str] = ()) -> Iterator[None]:
    """Write message and decisions into every template that is filled here, whoever wrote it.

    The message is escaped; file names keep it as it is. `decisions` are lines that follow it.
    """

    def change(values: dict[str, Any]) -> dict[str, Any]:
        message = values.get("message")
        if not isinstance(message, str):
            return values
        lines = dict.fromkeys(map(_sentence, decisions))
        paragraphs = [message, "\n".join(lines)] if decisions else [message]
        return {**values, "message": escape("\n\n".join(paragraphs))}

    with _alembic.template_values(script, change):
        yield

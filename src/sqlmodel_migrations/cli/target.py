"""Revisions on the command line: `downgrade -1` is a target, and the shell completes ids."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from sqlmodel_migrations.cli import invocation

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from sqlmodel_migrations.history.graph import Graph

_RELATIVE = re.compile(r"-\d+")
_MARK = "\0"
_SYMBOLS = {
    "head": "the newest revision",
    "heads": "the newest revision of every branch",
    "base": "before the first revision",
    "current": "what the database has",
}


class Target(click.types.StringParamType):
    """A revision: an id or its beginning, `head`, `base`, `+1`, `-1`, `label@head`."""

    name = "revision"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete words and branch labels, then ids newest first with their messages."""
        from click.shell_completion import CompletionItem

        return [
            CompletionItem(word, help=text)
            for word, text in _words(ctx)
            if word.startswith(incomplete)
        ]


def marked(arguments: Sequence[str], valued: Collection[str]) -> list[str]:
    """Mark `-1` as no option, so that the parser takes it for a target.

    It is none where it follows one of the options that are `valued`. click's own
    `ignore_unknown_options` would take a mistyped option for one as well.
    """
    if "--" in arguments:
        return list(arguments)
    return [
        f"{_MARK}{word}" if _RELATIVE.fullmatch(word) and before not in valued else word
        for before, word in zip(("", *arguments), arguments, strict=False)
    ]


def unmarked(value: Any) -> Any:
    """Return a parsed value, a string or a tuple of them, as it was typed."""
    if isinstance(value, tuple):
        return tuple(unmarked(word) for word in value)
    return value.removeprefix(_MARK) if isinstance(value, str) else value


def _words(context: click.Context) -> Iterator[tuple[str, str]]:
    yield from _SYMBOLS.items()
    graph = _graph(context)
    if graph is None:
        return
    revisions = list(graph.walk())
    for revision in revisions:
        yield from ((f"{label}@head", revision.message) for label in revision.branch_labels)
    for revision in revisions:
        yield revision.id, revision.message


def _graph(context: click.Context) -> Graph | None:
    """Read the history without importing it; whatever is wrong, a completion only has less."""
    try:
        return invocation.of(context, context.params).graph()
    except Exception:
        return None

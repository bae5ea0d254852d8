"""Clauses: the parts of a statement that stand between commas or words, outside parentheses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlmodel_migrations.database.sqlite_token import Kind, Token
from sqlmodel_migrations.database.statement import Statement


def parts(
    statement: Statement, start: int, is_between: Callable[[Token], bool]
) -> Iterator[Statement]:
    """Yield what stands between such tokens, from the token at `start` on."""
    tokens, text = statement.tokens[start:], statement.text
    if not tokens:
        return
    cuts = [token for token in _outside(tokens) if is_between(token)]
    starts = [tokens[0].start, *(token.end for token in cuts)]
    ends = [*(token.start for token in cuts), len(text)]
    for first, last in zip(starts, ends, strict=True):
        yield Statement(text[first:last].strip(), statement.dialect)


def between_words(statement: Statement, *words: str) -> tuple[Statement, ...]:
    """Return what stands between these words."""
    return tuple(parts(statement, 0, lambda token: token.is_word(*words)))


def since_word(statement: Statement, *words: str) -> Statement | None:
    """Return what begins with the first of these words; None where none is there."""
    start = next((t.start for t in _outside(statement.tokens) if t.is_word(*words)), None)
    return None if start is None else Statement(statement.text[start:], statement.dialect)


def _outside(tokens: Sequence[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE)
        if depth == 0:
            yield token

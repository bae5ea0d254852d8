"""Suppressions: comments of a revision that allow a rule there, each with a reason.

    # migrations: allow drop-column — nothing has read it since 2.3

On or above a statement it allows that statement; above the first function, the whole revision.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

_COMMENT = re.compile(
    r"#\s*migrations:\s*allow\s+(?P<rules>[\w\-, ]*?)\s*(?:(?:—|–|--|:)\s*(?P<reason>.*))?$"
)


@dataclass(frozen=True)
class Suppression:
    """One rule allowed by one comment.

    `lines` are the lines of the statement it stands at, None for the whole file; `reason` is
    None where none is given, and the suppression then holds nothing.
    """

    rule: str
    reason: str | None
    line: int
    lines: range | None

    def covers(self, line: int | None) -> bool:
        """Whether it allows its rule at this line."""
        return self.lines is None or (line is not None and line in self.lines)


def read(path: Path) -> tuple[Suppression, ...]:
    """Return the suppressions in a revision file, in order; () where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (OSError, SyntaxError, tokenize.TokenError, ValueError):
        return ()
    statements = list(_statements(tokens))
    body = next((t.start[0] for t in tokens if t.string == "def" and t.start[1] == 0), 0)
    return tuple(_all(tokens, statements, body))


def _all(
    tokens: Collection[tokenize.TokenInfo], statements: Collection[range], body: int
) -> Iterator[Suppression]:
    for token in tokens:
        found = _COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
        if found is None:
            continue
        line = token.start[0]
        lines = None if line < body else _at(line, statements)
        reason = (found["reason"] or "").strip() or None
        for rule in re.split(r"[,\s]+", found["rules"].strip()):
            yield Suppression(rule, reason, line, lines)


def _at(line: int, statements: Collection[range]) -> range:
    """The statement on this line, else the next one; the comment's own line counts too."""
    own = [s for s in statements if line in s]
    later = [s for s in statements if s.start > line]
    found = own[-1] if own else min(later, key=lambda s: s.start, default=range(line, line + 1))
    return range(min(line, found.start), found.stop)


def _statements(tokens: Collection[tokenize.TokenInfo]) -> Iterator[range]:
    """The lines of each logical line."""
    start: int | None = None
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT)
    for token in tokens:
        if token.type == tokenize.NEWLINE and start is not None:
            yield range(start, token.end[0] + 1)
            start = None
        elif start is None and token.type not in skipped:
            start = token.start[0]

"""A script's text with its syntax tree, and edits of parts of it.

Neighbours: `format` and `import_block` make the edits, `layout` the new texts.
"""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass

Place = tuple[int, int]
"""A line, from 1, and a byte in it, from 0, as `ast` counts them."""


@dataclass(frozen=True, order=True)
class Edit:
    """Other text from one place to another."""

    start: Place
    end: Place
    text: str


@dataclass(frozen=True)
class Source:
    """A Python text whose parts can be asked for by place."""

    text: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; raises SyntaxError or ValueError."""
        return ast.parse(self.text)

    @functools.cached_property
    def lines(self) -> list[bytes]:
        # bytes.splitlines() knows Python's line ends and no others, unlike that of str.
        return self.text.encode().splitlines(keepends=True)

    @functools.cached_property
    def newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    @functools.cached_property
    def comments(self) -> frozenset[int]:
        """The lines that have a comment."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return frozenset(t.start[0] for t in tokens if t.type == tokenize.COMMENT)

    def between(self, start: Place, end: Place) -> str:
        """Return the text from one place to another."""
        lines = self.lines[start[0] - 1 : end[0]]
        lines[-1] = lines[-1][: end[1]]
        lines[0] = lines[0][start[1] :]
        return b"".join(lines).decode()

    def segment(self, node: ast.AST) -> str:
        """Return a node's text."""
        return self.between(start(node), end(node))

    def indentation(self, node: ast.AST) -> str | None:
        """Return what stands before a node on its line, or None if that is more than blanks."""
        before = self.between((start(node)[0], 0), start(node))
        return None if before.strip() else before

    def stands_alone(self, node: ast.AST) -> bool:
        """Say whether a statement shares its lines with nothing but a comment at the end."""
        line, column = end(node)
        after = self.lines[line - 1][column:].strip()
        return self.indentation(node) is not None and (not after or after.startswith(b"#"))

    def has_comment(self, first: int, last: int) -> bool:
        """Say whether a comment ends one of the lines from `first` up to, without, `last`."""
        return not self.comments.isdisjoint(range(first, last))

    def edited(self, edits: Iterable[Edit]) -> str:
        """Return the text with edits that do not overlap."""
        lines = list(self.lines)
        for edit in sorted(edits, reverse=True):
            (first, left), (last, right) = edit.start, edit.end
            new = re.sub(r"\n", self.newline, edit.text).encode()
            lines[first - 1 : last] = [lines[first - 1][:left] + new + lines[last - 1][right:]]
        return b"".join(lines).decode()


def start(node: ast.AST) -> Place:
    """Return where a node begins."""
    return node.lineno, node.col_offset  # type: ignore[attr-defined]


def end(node: ast.AST) -> Place:
    """Return where a node ends."""
    return node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]

"""The place: which line of a revision sent a statement, read from the frames of the call."""

from __future__ import annotations

import ast
import sys
import traceback
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import FrameType

_DRIVERS = frozenset(("cursor", "driver_connection", "dbapi_connection", "executescript"))


@dataclass(frozen=True)
class Place:
    """Lines of a revision file, from 1, and the method of `op` or of a batch that was called.

    `keywords` are those of the calls in these lines. `is_caught` where an exception would be
    caught on its way out of the revision.
    """

    line: int
    end_line: int
    operation: str
    is_caught: bool = False
    keywords: frozenset[str] = frozenset()


def of(path: Path) -> Place | None:
    """Return the place in the file at `path` that is being executed; None outside of it.

    The innermost one: a loop's body or a helper in the file, rather than who called it.
    """
    called = inner = ""
    for frame in _frames():
        if frame.f_code.co_filename == str(path):
            line, end_line = _lines(frame)
            is_caught = _is_caught(frame, path)
            # What the end of a `with` block sends, its context manager does.
            operation = inner if called == "__exit__" else called
            return Place(line, end_line, operation, is_caught, _keywords(path, line, end_line))
        called, inner = frame.f_code.co_name, called
    return None


def is_by_alembic(path: Path) -> bool:
    """Whether Alembic does what is being done, on behalf of the file at `path`."""
    for frame in _frames():
        if frame.f_code.co_filename == str(path):
            return False
        if str(frame.f_globals.get("__name__", "")).startswith("alembic."):
            return True
    return False


def of_error(error: BaseException, path: Path) -> Place | None:
    """Return where the file at `path` called an operation that Alembic refused.

    None for an error of the script's own: nobody knows whether it comes up elsewhere.
    """
    found: Place | None = None
    frames = list(traceback.walk_tb(error.__traceback__))
    for position, (frame, line) in enumerate(frames):
        if frame.f_code.co_filename == str(path):
            following = frames[position + 1 :]
            called = following[0][0].f_code.co_name if following else ""
            is_alembics = any(
                str(other.f_globals.get("__name__", "")).startswith("alembic.")
                for other, _ in following
            )
            found = Place(line, line, called) if is_alembics else None
    return found


def forget() -> None:
    """Forget what files say: they may have been written anew since."""
    for known in (_keywords, of_cursor, _nodes, _batches, _catching):
        known.cache_clear()


@lru_cache(maxsize=256)
def _keywords(path: Path, line: int, end_line: int) -> frozenset[str]:
    """The names of the arguments that are given by name between two lines of a file."""
    return frozenset(
        keyword.arg
        for node in _nodes(path)
        if isinstance(node, ast.Call) and line <= node.lineno <= end_line
        for keyword in node.keywords
        if keyword.arg is not None
    )


@lru_cache(maxsize=64)
def of_cursor(path: Path) -> Place | None:
    """Return where a file first asks for the driver's own cursor or connection."""
    lines = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in _nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in _DRIVERS
    ]
    if not lines:
        return None
    line, end_line = min(lines)
    return Place(line, end_line, "cursor")


def in_batch(path: Path, line: int, words: Set[str]) -> tuple[int, int] | None:
    """Return the lines of the operation in a batch that names one of these words.

    `line` is where the batch begins, from where SQLite's rebuild is sent as a whole. None where
    no batch begins there, or none of its operations says such a word.
    """
    for node in _batches(path):
        if node.lineno <= line <= node.body[0].lineno - 1:
            for statement in node.body:
                said = {str(c.value) for c in ast.walk(statement) if isinstance(c, ast.Constant)}
                if said & words:
                    return statement.lineno, statement.end_lineno or statement.lineno
    return None


@lru_cache(maxsize=64)
def _nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a file's syntax tree; none where it cannot be parsed."""
    try:
        return tuple(ast.walk(ast.parse(path.read_bytes())))
    except (OSError, SyntaxError, ValueError):
        return ()


@lru_cache(maxsize=64)
def _batches(path: Path) -> tuple[ast.With, ...]:
    return tuple(
        node
        for node in _nodes(path)
        if isinstance(node, ast.With) and "batch_alter_table" in ast.unparse(node.items[0])
    )


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _lines(frame: FrameType) -> tuple[int, int]:
    """The lines of the expression that is being evaluated."""
    positions = islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
    start, end, _, _ = next(positions, (None, None, None, None))
    line = start or frame.f_lineno
    return line, max(end or line, line)


def _is_caught(frame: FrameType, path: Path) -> bool:
    """Whether a frame of the file stands in a `try` that has handlers, or in `suppress()`."""
    blocks = _catching(path)
    found: FrameType | None = frame
    while found is not None:
        if found.f_code.co_filename == str(path):
            line = found.f_lineno
            if any(line in block for block in blocks):
                return True
        found = found.f_back
    return False


@lru_cache(maxsize=64)
def _catching(path: Path) -> tuple[range, ...]:
    """The lines of a file whose exceptions are caught in it."""
    return tuple(
        range(node.body[0].lineno, (node.body[-1].end_lineno or node.body[-1].lineno) + 1)
        for node in _nodes(path)
        if (isinstance(node, ast.Try) and node.handlers)
        or (isinstance(node, ast.With) and any(map(_suppresses, node.items)))
    )


def _suppresses(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and ast.unparse(call.func).endswith("suppress")

"""The place: which line of a revision sent a statement, read from the frames of the call."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import FrameType


@dataclass(frozen=True)
class Place:
    """Lines of a revision file, from 1, and the method of `op` or of a batch that was called.

    `is_caught` where an exception would be caught on its way out of the revision.
    """

    line: int
    end_line: int
    operation: str
    is_caught: bool = False


def of(path: Path) -> Place | None:
    """Return the place in the file at `path` that is being executed; None outside of it.

    The innermost one: a loop's body or a helper in the file, rather than who called it.
    """
    called = ""
    for frame in _frames():
        if frame.f_code.co_filename == str(path):
            line, end_line = _lines(frame)
            return Place(line, end_line, called, _is_caught(frame, path))
        called = frame.f_code.co_name
    return None


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
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(
        range(node.body[0].lineno, (node.body[-1].end_lineno or node.body[-1].lineno) + 1)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Try) and node.handlers)
        or (isinstance(node, ast.With) and any(map(_suppresses, node.items)))
    )


def _suppresses(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and ast.unparse(call.func).endswith("suppress")

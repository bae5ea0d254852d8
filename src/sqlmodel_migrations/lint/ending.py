"""The ending: how a revision ended that did not come to its end, in words and with its line."""

from __future__ import annotations

import traceback
from pathlib import Path

from sqlmodel_migrations.lint.limit import TooLong


def line(error: BaseException, path: Path) -> int | None:
    """Return the line of the file at `path` where it ended; None where that was elsewhere."""
    frames = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in frames if frame.f_code.co_filename == str(path)]
    return lines[-1] if lines else None


def reason(error: BaseException) -> str:
    """Return what ended it, in one line."""
    if isinstance(error, TooLong):
        return str(error)
    said = str(error).strip().splitlines()
    return ": ".join([type(error).__name__, *said[:1]])

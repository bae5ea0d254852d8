"""A duration, as people write it: `500ms`, `5s`, `2m`, `1h`, or a number of seconds."""

from __future__ import annotations

import re

from sqlmodel_migrations.errors import UsageError

_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
_WRITTEN = r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|)\s*"

SHORTEST = 0.001
LONGEST = 2_147_483.0
"""Seconds: PostgreSQL keeps a timeout as milliseconds in 32 bits."""


def parse(value: object) -> float:
    """Return the seconds that a text or a number means; 0 is none.

    Raises `UsageError` for anything else, and for what is shorter than a millisecond or longer
    than 24 days.
    """
    is_written = isinstance(value, str | int | float) and not isinstance(value, bool)
    found = re.fullmatch(_WRITTEN, str(value), re.ASCII) if is_written else None
    if found is None:
        raise UsageError(
            f"'{value}' is no duration",
            hint="write it as 500ms, 5s, 2m, 1h, or a number of seconds; 0 is none",
        )
    seconds = float(found[1]) * _SECONDS[found[2]]
    if seconds and not SHORTEST <= seconds <= LONGEST:
        raise UsageError(
            f"the duration '{value}' is out of range",
            hint="write 0 for none, else something from 1ms to 24 days",
        )
    return seconds


def said(seconds: float) -> str:
    """Return a duration for people: `0.3 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"

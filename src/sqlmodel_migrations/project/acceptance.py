"""Accepted drift: differences of a live database that are known, with a reason and a last day.

In pyproject.toml a table each, with `difference`, `reason` and `until`; in alembic.ini a line
each: `2026-12-31 | reason | difference`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlmodel_migrations.errors import UsageError

KEY = "accept_drift"
_HINT = "each needs 'difference', 'reason' and 'until', a day such as 2026-12-31"


class Acceptance(NamedTuple):
    """A difference, as `drift` prints it, that does not count until the end of the day `until`."""

    difference: str
    reason: str
    until: date


def parse(value: Any) -> tuple[Acceptance, ...]:
    """Return what the setting says: a list of tables, or lines; raises `UsageError`."""
    if value is None:
        return ()
    entries = _lines(value) if isinstance(value, str) else value
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"setting '{KEY}' is not a list of tables", hint=_HINT)
    return tuple(_entry(entry) for entry in entries)


def _lines(text: str) -> list[dict[str, Any]]:
    return [_line(line.strip()) for line in text.splitlines() if line.strip()]


def _line(line: str) -> dict[str, Any]:
    parts = [part.strip() for part in line.split(" | ", 2)]
    if len(parts) != 3:
        raise UsageError(
            f"a line of '{KEY}' cannot be read: {line}",
            hint="write it as: 2026-12-31 | reason | difference",
        )
    return dict(zip(("until", "reason", "difference"), parts, strict=True))


def _entry(entry: Mapping[str, Any]) -> Acceptance:
    _require_keys(entry)
    return Acceptance(_text(entry, "difference"), _text(entry, "reason"), _day(entry["until"]))


def _require_keys(entry: Mapping[str, Any]) -> None:
    for said, names in (
        ("has no", _without(Acceptance._fields, entry)),
        ("has an unknown", _without(entry, Acceptance._fields)),
    ):
        if names:
            raise UsageError(f"an entry of '{KEY}' {said} '{names[0]}'", hint=_HINT)


def _without(names: Iterable[str], others: Iterable[str]) -> list[str]:
    return [name for name in names if name not in [*others]]


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"'{key}' of an entry of '{KEY}' is no text", hint=_HINT)
    return " ".join(value.split())


def _day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise UsageError(f"'{value}' in '{KEY}' is no day", hint=_HINT) from None

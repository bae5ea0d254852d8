"""The table `[tool.sqlmodel.migrations.lint]`: what is judged, and how severely."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlmodel_migrations.errors import UsageError, did_you_mean

KEY = "lint"
SEVERITIES = ("error", "warning", "note")
RUNNERS = ("alembic", "sqlmodel")
WAYS = ("text", "measure", "off")

# key: (type, what it means); docs/lint.md shows this table and a test compares them.
KEYS: Mapping[str, tuple[type, str]] = {
    "runner": (str, "Whose transactions count: `alembic` or `sqlmodel`; else as env.py says."),
    "fail_on": (str, "The least severity that ends with 1."),
    "min_rows": (int, "Locks on a table with fewer rows are a note."),
    "rows": (dict, "Rows of tables, where the database is not asked: `hero = 2_000_000`."),
    "select": (list, "The rules that are applied; all of them where nothing is said."),
    "ignore": (list, "Rules that are not applied."),
    "severity": (dict, 'Severities instead of the rules\' own: `drop-column = "warning"`.'),
    "since": (str, "Revisions up to this one are not judged."),
    "on_revision": (
        str,
        "How `revision` judges what it wrote: by its `text`, `measure`, or `off`.",
    ),
}


class LintTable(NamedTuple):
    """What the table says; None where it says nothing."""

    runner: str | None = None
    fail_on: str | None = None
    min_rows: int | None = None
    rows: Mapping[str, int] = MappingProxyType({})
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = MappingProxyType({})
    since: str | None = None
    on_revision: str = WAYS[0]


def parse(value: Any) -> LintTable:
    """Return what the table says; raises `UsageError`. Rules are not looked up here."""
    if value is None:
        return LintTable()
    if not isinstance(value, dict):
        raise UsageError(f"setting '{KEY}' is not a table")
    for key, found in value.items():
        _require_one_of(key, KEYS, "setting")
        _require_type(key, found)
    _require_each(value, "runner", RUNNERS)
    _require_each(value, "fail_on", SEVERITIES)
    _require_each(value, "on_revision", WAYS)
    for word in value.get("severity", {}).values():
        _require_one_of(word, SEVERITIES, "severity")
    lists = {key: tuple(value.get(key, ())) for key in ("select", "ignore")}
    return LintTable(**{**value, **lists})


def _require_type(key: str, value: Any) -> None:
    kind, _ = KEYS[key]
    members = _members(value)
    of = int if key == "rows" else str
    is_right = isinstance(value, kind) and not isinstance(value, bool)
    if not is_right or (kind in (dict, list) and not all(isinstance(m, of) for m in members)):
        wanted = {list: "a list of strings", dict: "a table", int: "a number"}.get(kind, "a string")
        raise UsageError(f"setting '{KEY}.{key}' is not {wanted}")
    if any(isinstance(number, int) and number < 0 for number in members):
        raise UsageError(f"setting '{KEY}.{key}' is less than 0")


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.values()]
    return value if isinstance(value, list) else [value]


def _require_each(value: Mapping[str, Any], key: str, words: Collection[str]) -> None:
    if key in value:
        _require_one_of(value[key], words, f"value of '{KEY}.{key}':")


def _require_one_of(word: str, words: Collection[str], what: str) -> None:
    if word not in words:
        raise UsageError(
            f"unknown {what} '{word}' in [tool.sqlmodel.migrations.lint]",
            hint=did_you_mean(str(word), words) or f"use: {', '.join(words)}",
        )

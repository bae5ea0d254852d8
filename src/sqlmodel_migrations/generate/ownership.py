"""Ownership: which tables of a live database this history made; all others are left alone.

Read from the scripts, not run: a history that cannot be replayed is why one compares with the
live database. What a script makes in ways that are not seen here counts as somebody else's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel_migrations.generate import options

_MADE = re.compile(
    r"(?:CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?|RENAME\s+TO\s+)"
    r"(?:[\w\"`]+\.)?[\"`]?(\w+)[\"`]?",
    re.IGNORECASE,
)
_CALLS = {"create_table": 0, "rename_table": 1}
"""Functions that name a new table, and the place of its name among their arguments."""


@dataclass
class Ownership:
    """The tables that a history made; `strangers` are those that it met and left alone."""

    made: frozenset[str]
    strangers: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, scripts: Iterable[Path]) -> Ownership:
        return cls(frozenset(name for path in scripts for name in _tables(path)))

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(
            f"table '{name}' is left alone: no revision made it and no model declares it"
            for name in dict.fromkeys(self.strangers)
        )

    def completed(self, given: options.Options) -> options.Options:
        """Return options as `options.completed` does, blind to the tables of others."""
        ours = options.completed(given)
        ours["include_object"] = options.all_agree(ours["include_object"], self._is_ours)
        return ours

    def _is_ours(
        self, item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any
    ) -> bool:
        is_candidate = kind == "table" and reflected and compare_to is None
        if not is_candidate or name in self.made:
            return True
        self.strangers.append(str(item.fullname))
        return False


def _tables(path: Path) -> Iterator[str]:
    """Yield the names of tables that a script makes, by an operation or in SQL."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _MADE.findall(node.value)
        elif isinstance(node, ast.Call):
            yield from _named(node)


def _named(call: ast.Call) -> Iterator[str]:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    place = _CALLS.get(function)
    if place is None or len(call.args) <= place:
        return
    argument = call.args[place]
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value

"""Ownership: what of a live database this history made; all else is left alone.

Read from the scripts, not run: a history that cannot be replayed is why one compares with the
live database. What a script makes in ways that are not seen here counts as somebody else's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog import Table as CatalogTable
from sqlmodel_migrations.generate import filters
from sqlmodel_migrations.generate.options import SIDE_TABLES, Options

_NAME = r'(?:"((?:[^"]|"")+)"|`((?:[^`]|``)+)`|(\w+))'
_MADE = re.compile(
    r"(?:CREATE\s+(?:UNLOGGED\s+|VIRTUAL\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?|RENAME\s+TO\s+)"
    rf"(?:[\w\"`]+\.)?{_NAME}",
    re.IGNORECASE,
)
_CALLS = {"create_table": 0, "rename_table": 1}
"""Functions that name a new table, and the place of its name among their arguments."""


@dataclass(frozen=True)
class Ownership:
    """The names of the tables that a history made, and all words that its scripts say.

    `schemas` are those in which they say that something stands.
    """

    made: frozenset[str]
    words: frozenset[str] = frozenset()
    schemas: frozenset[str] = frozenset()

    @classmethod
    def of(cls, scripts: Iterable[Path]) -> Ownership:
        """Read the scripts; one that cannot be read made nothing."""
        trees = [tree for path in scripts if (tree := _tree(path)) is not None]
        return cls(
            frozenset(name for tree in trees for name in _tables(tree)),
            frozenset(word for tree in trees for word in _words(tree)),
            frozenset(name for tree in trees for name in _schemas(tree)),
        )

    def part(self, there: Catalog, models: Collection[str]) -> Catalog:
        """Return what this history made or the models declare, and what that needs.

        `models` are the keys of their tables.
        """
        keys = [
            key
            for key, table in there.tables.items()
            if key in models or (table.name in self.made and not _is_extension(table.owner))
        ]
        tables = there.around(keys)
        return replace(
            there,
            tables=tables,
            enums={
                key: enum
                for key, enum in there.enums.items()
                if {user.rpartition(".")[0] for user in enum.users} & {*tables}
                or (enum.name in self.words and not enum.users)
            },
            sequences={
                key: text
                for key, text in there.sequences.items()
                if key.rpartition(".")[2] in self.words or _is_called(key, tables.values())
            },
        )

    def notes(
        self, there: Catalog, ours: Catalog, options: Options, schemas: Collection[str]
    ) -> Iterator[str]:
        """Name the tables that are left alone, but for those that env.py leaves out anyway."""
        near = {None, *schemas, *(table.schema for table in ours.tables.values())}
        for key, table in there.tables.items():
            is_named = table.schema in near and not table.name.startswith(SIDE_TABLES)
            if key in ours.tables or table.owner == "sqlite" or not is_named:
                continue
            if filters.is_table_passing(table, options):
                yield f"table '{key}' is left alone: no revision made it and no model declares it"


def _is_extension(owner: str | None) -> bool:
    return str(owner).startswith("extension ")


def _is_called(sequence: str, tables: Iterable[CatalogTable]) -> bool:
    name = sequence.rpartition(".")[2]
    defaults = (str(column.default) for table in tables for column in table.columns.values())
    return any("nextval(" in default and name in default for default in defaults)


def _tree(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _tables(tree: ast.Module) -> Iterator[str]:
    """Yield the names of tables that a script makes, by an operation or in SQL."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ("".join(names) for names in _MADE.findall(node.value))
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


def _words(tree: ast.Module) -> Iterator[str]:
    """Yield each string of a script, and each word of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
            yield from re.findall(r"\w+", node.value)


def _schemas(tree: ast.Module) -> Iterator[str]:
    """Yield what is given as `schema=` anywhere in a script."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="schema", value=ast.Constant(value=str(name))):
                yield name

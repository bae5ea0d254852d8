"""Renames: what is renamed, and carried out on the shadow before comparing.

What is compared then has its new names on both sides, so that a rename together with another
change, a swap, and whatever refers to a renamed thing need no rules of their own. They are found
as questions (`rename_questions`) and written as statements (`renaming`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import Connection, MetaData, text

from sqlmodel_migrations.database.catalog import Catalog, Table
from sqlmodel_migrations.database.catalog.base import key as table_key
from sqlmodel_migrations.generate.answers import Answers
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.sql_text import escape_parameters

Key = Callable[[str | None, str], str]
"""Gives the key of a table from its schema and name, as `Sides.key`."""


class TableName(NamedTuple):
    """What a table is called, and where."""

    schema: str | None
    name: str

    @property
    def key(self) -> str:
        return table_key(self.schema, self.name)


@dataclass(frozen=True)
class Renames:
    """What is renamed: tables by key, and columns by the key of their table as it was."""

    tables: Mapping[str, TableName]
    columns: Mapping[str, Mapping[str, str]]

    def __bool__(self) -> bool:
        return bool(self.tables or self.columns)


def declared(metadata: Iterable[MetaData], key: Key) -> Mapping[str, str]:
    """Return the renames that the models say: `info={"renamed_from": "name"}`."""
    found: dict[str, str] = {}
    for data in metadata:
        for table in data.tables.values():
            now = key(table.schema, table.name)
            was = table.info.get("renamed_from", now)
            if was != now:
                found[was] = now
            for column in table.columns:
                if "renamed_from" in column.info:
                    found[f"{was}.{column.info['renamed_from']}"] = column.name
    return found


def concern(declared: Mapping[str, str], table: Table) -> bool:
    """Whether renames may be of a table, of its columns, or to its name."""
    return any(
        old == table.key or old.startswith(f"{table.key}.") or new == table.key
        for old, new in declared.items()
    )


def spelled_out(before: Catalog, after: Catalog, answers: Answers) -> Answers:
    """Return the same where a column is said by its table's new name, or with the table's name."""
    olds = {
        new.key: old
        for old in answers.renames
        if old in before.tables and (new := target(before.tables[old], after, answers)) is not None
    }

    def spelled(old: str, new: str) -> tuple[str, str]:
        table, column = parts(before, old)
        was = olds.get(table, table)
        if table not in before.tables and column in _columns(before, was):
            old = f"{was}.{column}"
        if old not in before.tables:
            new = new.removeprefix(f"{table}.").removeprefix(f"{was}.")
        return old, new

    return replace(answers, renames=dict(spelled(old, new) for old, new in answers.renames.items()))


def planned(before: Catalog, after: Catalog, answers: Answers) -> Renames:
    """Return what is to be renamed.

    A rename that the schema has already (declared in the models long ago) is left out.
    """
    tables: dict[str, TableName] = {}
    columns: dict[str, dict[str, str]] = {}
    for old, new in answers.renames.items():
        if old in before.tables:
            if found := target(before.tables[old], after, answers):
                tables[old] = found
            continue
        table, column = parts(before, old)
        if column not in _columns(before, table):
            continue
        if new in _columns(before, table) and _stays(before.tables[table], after, column, answers):
            continue
        columns.setdefault(table, {})[column] = new
    for table, renamed in columns.items():
        renamed.update(_out_of_the_way(renamed, before.tables[table].columns))
    return Renames({**tables, **_replaced_tables(before, tables)}, columns)


def carry_out(connection: Connection, statements: Sequence[StatementOp]) -> None:
    """Rename on the shadow."""
    for statement in statements:
        connection.execute(text(escape_parameters(statement.sql)))
    connection.commit()


def target(table: Table, after: Catalog, answers: Answers) -> TableName | None:
    """Return which table of the models a table becomes; its schema may be left out."""
    new = answers.renames.get(table.key)
    if new is None:
        return None
    for key in (table_key(table.schema, new), new):
        if key in after.tables:
            return TableName(after.tables[key].schema, after.tables[key].name)
    return None


def renamed_key(table: Table, after: Catalog, answers: Answers) -> str:
    """Return the key that a table has in the models, if they have it."""
    found = target(table, after, answers)
    return table.key if found is None else found.key


def parts(before: Catalog, thing: str) -> tuple[str, str]:
    """Take `table.column` apart; a name may have a point in it."""
    for table in before.tables.values():
        column = thing.removeprefix(f"{table.key}.")
        if column != thing and column in table.columns:
            return table.key, column
    table_key, _, column = thing.rpartition(".")
    return table_key, column


def aside(name: str, word: str) -> str:
    """A name that every server takes: 63 bytes are the least that one allows."""
    return f"_{name.encode()[:50].decode(errors='ignore')}_{word}"


def _columns(catalog: Catalog, key: str) -> Collection[str]:
    table = catalog.tables.get(key)
    return table.columns if table is not None else ()


def _replaced_tables(before: Catalog, tables: Mapping[str, TableName]) -> Mapping[str, TableName]:
    targets = {old: new.key for old, new in tables.items()}
    found = (before.tables[old] for old in _out_of_the_way(targets, before.tables))
    return {t.key: TableName(t.schema, aside(t.name, "replaced")) for t in found}


def _out_of_the_way(renames: Mapping[str, str], there: Collection[str]) -> Mapping[str, str]:
    """Rename what loses its name to another thing: the models have no more of it."""
    names = [name for name in renames.values() if name in there and name not in renames]
    return {name: aside(name, "replaced") for name in names}


def _stays(table: Table, after: Catalog, column: str, answers: Answers) -> bool:
    """Whether the models have the column still: both names are there since the rename."""
    is_taken_again = any(
        old.startswith(f"{table.key}.") and new == column for old, new in answers.renames.items()
    )
    return column in _columns(after, renamed_key(table, after, answers)) and not is_taken_again

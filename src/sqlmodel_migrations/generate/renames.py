"""Renames: found as questions, never guessed, and carried out on the shadow before comparing.

What is compared then has its new names on both sides, so that a rename together with another
change, a swap, and whatever refers to a renamed thing need no rules of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from sqlalchemy import Connection, Dialect, MetaData, text

from sqlmodel_migrations.database import sqlite_token
from sqlmodel_migrations.database.catalog import Catalog, Column, Table
from sqlmodel_migrations.database.catalog.base import key as table_key
from sqlmodel_migrations.database.quoting import qualified, quote
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.generate.answers import Answers, flag
from sqlmodel_migrations.generate.operations.rename import RenameOp
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.questioner import Choice, Question, Questioner
from sqlmodel_migrations.generate.sql_text import escape_parameters

# Types between which values can go: what somebody may have renamed and changed in one go.
_FAMILIES = (
    ("char", "text", "clob", "enum", "uuid", "json"),
    ("int", "serial", "num", "dec", "double", "real", "float", "bool", "bit", "money"),
    ("date", "time", "year", "interval"),
    ("blob", "binary", "bytea"),
)


@dataclass(frozen=True)
class Renames:
    """What is renamed: tables by key, and columns by the key of their table as it was."""

    tables: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]]

    def __bool__(self) -> bool:
        return bool(self.tables or self.columns)


def declared(metadata: Iterable[MetaData]) -> Mapping[str, str]:
    """Return the renames that the models say: `info={"renamed_from": "name"}`."""
    found: dict[str, str] = {}
    for data in metadata:
        for table in data.tables.values():
            was = table.info.get("renamed_from", table.key)
            if was != table.key:
                found[was] = table.name
            for column in table.columns:
                if "renamed_from" in column.info:
                    found[f"{was}.{column.info['renamed_from']}"] = column.name
    return found


def ask(before: Catalog, after: Catalog, answers: Answers, questioner: Questioner) -> Answers:
    """Ask about what disappeared where something like it appeared; returns all answers."""
    answers = _ask_tables(before, after, answers, questioner)
    renamed = [table for table in before.tables.values() if table.key in answers.renames]
    taken = {_renamed_key(table, answers) for table in renamed}
    for old in before.tables.values():
        new = after.tables.get(_renamed_key(old, answers))
        is_replaced = old.key in taken and old.key not in answers.renames
        if new is not None and not is_replaced:
            answers = _ask_columns(old, new, answers, questioner)
    return answers


def planned(before: Catalog, after: Catalog, answers: Answers) -> Renames:
    """Return what is to be renamed; raises `UsageError` for a name that is not there.

    A rename that the schema has already (declared in the models long ago) is left out.
    """
    tables: dict[str, str] = {}
    columns: dict[str, dict[str, str]] = {}
    for old, new in answers.renames.items():
        if old in before.tables:
            tables[old] = _new_name(before.tables[old], new)
            continue
        table, column = _parts(before, old)
        found = before.tables.get(table)
        if found is None or column not in found.columns:
            if _is_done(before, table, new, answers):
                continue
            raise UsageError(
                f"'--rename {old}:{new}': there is no '{old}' in the history",
                hint=_hint(before, table),
            )
        if new in found.columns and _stays(found, after, column, answers):
            continue
        columns.setdefault(table, {})[column] = new
    for table, renamed in columns.items():
        renamed.update(_out_of_the_way(renamed, before.tables[table].columns))
    return Renames({**tables, **_replaced_tables(before, tables)}, columns)


def _replaced_tables(before: Catalog, tables: Mapping[str, str]) -> Mapping[str, str]:
    targets = {old: table_key(before.tables[old].schema, new) for old, new in tables.items()}
    found = _out_of_the_way(targets, before.tables)
    return {old: _aside(before.tables[old].name, "replaced") for old in found}


def _out_of_the_way(renames: Mapping[str, str], there: Collection[str]) -> Mapping[str, str]:
    """Rename what loses its name to another thing: the models have no more of it."""
    names = [name for name in renames.values() if name in there and name not in renames]
    return {name: _aside(name, "replaced") for name in names}


def operations(before: Catalog, renames: Renames, dialect: Dialect) -> list[StatementOp]:
    """Return the statements that rename, in an order in which each name is free."""
    found: list[StatementOp] = []
    for key, columns in renames.columns.items():
        found.extend(_column_statements(before.tables[key], columns, dialect))
    found.extend(_all_table_statements(before, renames.tables, dialect))
    return found


def carry_out(connection: Connection, statements: Sequence[StatementOp]) -> None:
    """Rename on the shadow."""
    for statement in statements:
        connection.execute(text(escape_parameters(statement.sql)))
    connection.commit()


def _ask_tables(
    before: Catalog, after: Catalog, answers: Answers, questioner: Questioner
) -> Answers:
    gone = [t for k, t in before.tables.items() if k not in after.tables and t.owner is None]
    new = [t for k, t in after.tables.items() if k not in before.tables]
    for table in gone:
        if table.key in answers.renames or table.key in answers.accepted:
            continue
        taken = {_renamed_key(t, answers) for t in gone}
        alike = [t for t in new if _is_alike(table, t) and t.key not in taken]
        if alike:
            answers = _answered(
                answers, questioner.choose(_table_question(table, alike)), table.key
            )
    return answers


def _is_alike(old: Table, new: Table) -> bool:
    """Whether most of the columns are the same by name and type."""
    same = sum(
        1
        for name, c in old.columns.items()
        if name in new.columns and new.columns[name].type == c.type
    )
    return old.schema == new.schema and same * 2 >= max(len(old.columns), len(new.columns))


def _ask_columns(old: Table, new: Table, answers: Answers, questioner: Questioner) -> Answers:
    gone = [c for name, c in old.columns.items() if name not in new.columns]
    added = [c for name, c in new.columns.items() if name not in old.columns]
    for column in gone:
        thing = f"{old.key}.{column.name}"
        if thing in answers.renames or thing in answers.accepted:
            continue
        taken = {n for t, n in answers.renames.items() if t.startswith(f"{old.key}.")}
        alike = [c for c in added if c.name not in taken and _is_same_family(column, c)]
        if alike:
            choice = questioner.choose(_column_question(old, column, alike))
            answers = _answered(answers, choice, thing)
    return answers


def _answered(answers: Answers, choice: Choice, thing: str) -> Answers:
    if choice.name is None:
        return answers.with_accepted([thing])
    return answers.with_renames({thing: choice.name})


def _choices(thing: str, names: Iterable[str], loss: str) -> list[Choice]:
    renames = [
        Choice(f"it is called '{name}' now", flag("--rename", f"{thing}:{name}"), name=name)
        for name in names
    ]
    return [*renames, Choice(loss, flag("--accept", thing), loses=thing)]


def _table_question(table: Table, alike: Sequence[Table]) -> Question:
    ranked = sorted(alike, key=lambda t: -_likeness(table.name, t.name))
    return Question(
        f"table '{table.key}' is gone from the models, and '{ranked[0].key}' is new:"
        " was it renamed?",
        _choices(table.key, [t.name for t in ranked], "it goes away with its rows"),
    )


def _column_question(table: Table, column: Column, alike: Sequence[Column]) -> Question:
    thing = f"{table.key}.{column.name}"
    ranked = sorted(alike, key=lambda c: -_likeness(column.name, c.name))
    return Question(
        f"column '{thing}' is gone from the models, and '{ranked[0].name}' is new: was it renamed?",
        _choices(thing, [c.name for c in ranked], "it goes away with its values"),
    )


def _likeness(first: str, second: str) -> float:
    return SequenceMatcher(None, first, second).ratio()


def _is_same_family(first: Column, second: Column) -> bool:
    if first.computed is not None or second.computed is not None:
        return False
    return first.type == second.type or _family(first.type) == _family(second.type) != -1


def _family(type_: str) -> int:
    lowered = type_.lower()
    for number, words in enumerate(_FAMILIES):
        if any(word in lowered for word in words):
            return number
    return -1


def _renamed_key(table: Table, answers: Answers) -> str:
    new = answers.renames.get(table.key)
    if new is None:
        return table.key
    return table_key(table.schema, _new_name(table, new))


def _new_name(table: Table, new: str) -> str:
    """The new name of a table alone; it may be given with its schema."""
    return new.removeprefix(f"{table.schema}.")


def _parts(before: Catalog, thing: str) -> tuple[str, str]:
    """Take `table.column` apart; a name may have a point in it."""
    for table in before.tables.values():
        column = thing.removeprefix(f"{table.key}.")
        if column != thing and column in table.columns:
            return table.key, column
    table_key, _, column = thing.rpartition(".")
    return table_key, column


def _is_done(before: Catalog, table: str, new: str, answers: Answers) -> bool:
    """Whether a declared rename lies in the past: the new name is there already."""
    key = answers.renames.get(table, table)
    found = before.tables.get(key)
    if table == "":
        return new in before.tables
    return found is not None and new in found.columns


def _stays(table: Table, after: Catalog, column: str, answers: Answers) -> bool:
    """Whether the models have the column still: both names are there since the rename."""
    found = after.tables.get(_renamed_key(table, answers))
    is_taken_again = any(
        old.startswith(f"{table.key}.") and new == column for old, new in answers.renames.items()
    )
    return found is not None and column in found.columns and not is_taken_again


def _hint(before: Catalog, table: str) -> str:
    found = before.tables.get(table)
    if found is None:
        return f"the tables are: {', '.join(sorted(before.tables))}"
    return f"the columns of '{table}' are: {', '.join(found.columns)}"


def _steps(renames: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield old name, new name and the name that is meant, in an order in which each is free.

    Where names are swapped, one waits under a third.
    """
    waiting = dict(renames)
    parked: dict[str, str] = {}
    while waiting:
        old = next((old for old, new in waiting.items() if new not in waiting), None)
        if old is not None:
            new = waiting.pop(old)
            yield old, new, new
            continue
        old, new = waiting.popitem()
        parked[old] = new
        yield old, _aside(old, "renamed"), new
    yield from ((_aside(old, "renamed"), new, new) for old, new in parked.items())


def _aside(name: str, word: str) -> str:
    """A name that every server takes: 63 bytes are the least that one allows."""
    return f"_{name.encode()[:50].decode(errors='ignore')}_{word}"


def _column_statements(
    table: Table, columns: Mapping[str, str], dialect: Dialect
) -> Iterator[StatementOp]:
    originals = {name: name for name in table.columns}
    for old, new, meant in _steps(columns):
        originals[new] = originals.pop(old)
        words = f"rename column '{table.key}.{originals[new]}' to '{meant}'"
        yield _rename_column(table, old, new, dialect, words)


def _rename_column(table: Table, old: str, new: str, dialect: Dialect, words: str) -> StatementOp:
    where = qualified(table.schema, table.name, dialect)
    return RenameOp(
        f"ALTER TABLE {where} RENAME COLUMN {quote(old, dialect)} TO {quote(new, dialect)}",
        f"ALTER TABLE {where} RENAME COLUMN {quote(new, dialect)} TO {quote(old, dialect)}",
        words,
        table.name,
        key=table.key,
        old=old,
        new=new,
        is_column=True,
    )


def _all_table_statements(
    before: Catalog, tables: Mapping[str, str], dialect: Dialect
) -> Iterator[StatementOp]:
    for schema in dict.fromkeys(before.tables[key].schema for key in tables):
        there = {t.name: t for t in before.tables.values() if t.schema == schema}
        renames = {
            before.tables[key].name: new
            for key, new in tables.items()
            if before.tables[key].schema == schema
        }
        originals = {name: name for name in there}
        for old, new, meant in _table_steps(renames, dialect):
            originals[new] = originals.pop(old)
            words = f"rename table '{originals[new]}' to '{meant}'"
            yield from _table_statements(there[old], new, dialect, words)
            there[new] = _called(there.pop(old), new)


def _table_steps(renames: Mapping[str, str], dialect: Dialect) -> Iterator[tuple[str, str, str]]:
    """SQLite finds another spelling of a table's name taken, by that table."""
    for old, new, meant in _steps(renames):
        if dialect.name == "sqlite" and sqlite_token.same(old, new):
            yield old, _aside(old, "renamed"), meant
            old = _aside(old, "renamed")
        yield old, new, meant


def _called(table: Table, name: str) -> Table:
    """The table under another name, with what PostgreSQL named after it."""
    columns = {
        column.name: replace(column, sequence=_after_table(column.sequence, table.name, name))
        for column in table.columns.values()
    }
    constraints = tuple(
        replace(c, name=f"{name}_pkey") if c.name == f"{table.name}_pkey" else c
        for c in table.constraints
    )
    return replace(table, name=name, columns=columns, constraints=constraints)


def _after_table(sequence: str | None, table: str, name: str) -> str | None:
    schema, point, own = (sequence or "").rpartition(".")
    if not own.startswith(f"{table}_"):
        return sequence
    return f"{schema}{point}{name}{own.removeprefix(table)}"


def _table_statements(
    table: Table, new: str, dialect: Dialect, words: str
) -> Iterator[StatementOp]:
    yield _rename_table(table.schema, table.name, new, dialect, words)
    if dialect.name == "postgresql":
        yield from _followers(table, new, dialect)


def _rename_table(
    schema: str | None, old: str, new: str, dialect: Dialect, words: str
) -> StatementOp:
    # MariaDB and MySQL look for the new name in the current database.
    kept = schema if dialect.name in ("mysql", "mariadb") else None
    target, source = qualified(kept, new, dialect), qualified(kept, old, dialect)
    return RenameOp(
        f"ALTER TABLE {qualified(schema, old, dialect)} RENAME TO {target}",
        f"ALTER TABLE {qualified(schema, new, dialect)} RENAME TO {source}",
        words,
        new,
        key=table_key(schema, old),
        old=table_key(schema, old),
        new=table_key(schema, new),
    )


def _followers(table: Table, new: str, dialect: Dialect) -> Iterator[StatementOp]:
    """What PostgreSQL named after the table: sequences of its keys, and its constraints."""
    for column in table.columns.values():
        if column.sequence and column.sequence.rpartition(".")[2].startswith(f"{table.name}_"):
            old = column.sequence.rpartition(".")[2]
            yield _rename_sequence(table, old, new + old.removeprefix(table.name), dialect)
    where = qualified(table.schema, new, dialect)
    old_key, new_key = quote(f"{table.name}_pkey", dialect), quote(f"{new}_pkey", dialect)
    if any(constraint.name == f"{table.name}_pkey" for constraint in table.constraints):
        yield StatementOp(
            f"ALTER TABLE {where} RENAME CONSTRAINT {old_key} TO {new_key}",
            f"ALTER TABLE {where} RENAME CONSTRAINT {new_key} TO {old_key}",
            f"rename constraint '{table.name}_pkey'",
            new,
        )


def _rename_sequence(table: Table, old: str, new: str, dialect: Dialect) -> StatementOp:
    return StatementOp(
        f"ALTER SEQUENCE {qualified(table.schema, old, dialect)} RENAME TO {quote(new, dialect)}",
        f"ALTER SEQUENCE {qualified(table.schema, new, dialect)} RENAME TO {quote(old, dialect)}",
        f"rename sequence '{old}' to '{new}'",
        None,
    )

"""Renames of enum types and of their values, on databases that have them as types."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Dialect
from sqlalchemy import Enum as EnumType

from sqlmodel_migrations.database.catalog import Enum, Table
from sqlmodel_migrations.database.quoting import literal, qualified, quote
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.generate.answers import Answers, flag
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.questioner import Choice, Question, Questioner
from sqlmodel_migrations.generate.sides import Sides
from sqlmodel_migrations.generate.sqltype import SqlType


def operations(
    found: Sides, answers: Answers, questioner: Questioner, dialect: Dialect
) -> list[StatementOp]:
    """Return the statements that rename types and values; elsewhere, values kept as plain text.

    Raises `UsageError` for a type or value that is not there, `AnswerNeeded` for a value that
    disappeared where another one appeared.
    """
    if dialect.name != "postgresql":
        return list(_text_values(found, answers, dialect))
    types = dict(answers.type_renames)
    statements = [_type_statement(found, old, new, dialect) for old, new in types.items()]
    for key, old in found.before.enums.items():
        new = found.after.enums.get(types.get(key, key))
        if new is not None:
            statements.extend(_values(old, new, answers, questioner, dialect))
    return statements


def is_plain_text(table: Table, column: str) -> bool:
    """Whether nothing but the models knows the values of an enum's column."""
    has_labels = bool(SqlType.parse(table.columns[column].type).labels)
    has_check = any(c.kind == "check" and column in c.columns for c in table.constraints)
    return not has_labels and not has_check


def _text_values(found: Sides, answers: Answers, dialect: Dialect) -> Iterator[StatementOp]:
    """Rename the values in the rows; a column with a check needs more (`rewriters.enum_value`)."""
    was = {new: old for old, new in answers.renames.items()}
    columns = [c for m in found.named.metadata for t in m.tables.values() for c in t.columns]
    for column in columns:
        key = found.key(column.table.schema, column.table.name)
        table = found.before.tables.get(was.get(key) or was.get(column.table.name, key))
        name = _name_before(table, column.name, answers) if table is not None else None
        if table is None or name is None or not isinstance(column.type, EnumType):
            continue
        if not is_plain_text(table, name):
            continue
        for thing, new in answers.value_renames.items():
            if thing.startswith(f"{column.type.name}."):
                old = thing.removeprefix(f"{column.type.name}.")
                yield _row_statement(table, name, old, new, dialect)


def _name_before(table: Table, name: str, answers: Answers) -> str | None:
    old = (thing for thing, new in answers.renames.items() if new == name)
    start = f"{table.key}."
    names = [thing.removeprefix(start) for thing in old if thing.startswith(start)] or [name]
    return names[0] if names[0] in table.columns else None


def _row_statement(table: Table, name: str, old: str, new: str, dialect: Dialect) -> StatementOp:
    where = qualified(table.schema, table.name, dialect)
    column = quote(name, dialect)
    was, now = literal(old, dialect), literal(new, dialect)
    return StatementOp(
        f"UPDATE {where} SET {column} = {now} WHERE {column} = {was}",
        f"UPDATE {where} SET {column} = {was} WHERE {column} = {now}",
        f"rename value '{old}' of '{table.key}.{name}' to '{new}'",
        table.name,
    )


def _type_statement(found: Sides, old: str, new: str, dialect: Dialect) -> StatementOp:
    enum = found.before.enums.get(old)
    if enum is None:
        raise UsageError(
            f"'--rename-type {old}:{new}': there is no type '{old}' in the history",
            hint=f"the types are: {', '.join(sorted(found.before.enums)) or 'none'}",
        )
    before = qualified(enum.schema, enum.name, dialect)
    name = new.rpartition(".")[2]
    after = qualified(enum.schema, name, dialect)
    return StatementOp(
        f"ALTER TYPE {before} RENAME TO {quote(name, dialect)}",
        f"ALTER TYPE {after} RENAME TO {quote(enum.name, dialect)}",
        f"rename type '{enum.name}' to '{name}'",
    )


def _values(
    old: Enum, new: Enum, answers: Answers, questioner: Questioner, dialect: Dialect
) -> Iterator[StatementOp]:
    gone = [label for label in old.labels if label not in new.labels]
    added = [label for label in new.labels if label not in old.labels]
    for label in gone:
        thing = f"{old.name}.{label}"
        target = answers.value_renames.get(thing)
        if target is None and added and thing not in answers.accepted:
            target = _asked(thing, added, questioner)
        if target is None:
            continue
        if target not in added:
            raise UsageError(
                f"'--rename-value {thing}:{target}': the models have no new value '{target}'",
                hint=f"the new values are: {', '.join(added) or 'none'}",
            )
        added.remove(target)
        yield _value_statement(new, label, target, dialect)


def _asked(thing: str, added: list[str], questioner: Questioner) -> str | None:
    renames = [
        Choice(
            f"it is called '{label}' now",
            flag("--rename-value", f"{thing}:{label}"),
            name=label,
        )
        for label in added
    ]
    drop = Choice("no row has it any more", flag("--accept", thing))
    choice = questioner.choose(
        Question(
            f"enum value '{thing}' is gone from the models, and '{added[0]}' is new:"
            " was it renamed?",
            [*renames, drop],
        )
    )
    return choice.name


def _value_statement(enum: Enum, old: str, new: str, dialect: Dialect) -> StatementOp:
    name = qualified(enum.schema, enum.name, dialect)
    was, now = literal(old, dialect), literal(new, dialect)
    return StatementOp(
        f"ALTER TYPE {name} RENAME VALUE {was} TO {now}",
        f"ALTER TYPE {name} RENAME VALUE {now} TO {was}",
        f"rename value '{old}' of type '{enum.name}' to '{new}'",
    )

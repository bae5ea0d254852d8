"""Columns that must have a value: rows that have none get the one that is known, or are refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column, text

from sqlmodel_migrations.generate import values
from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation
from sqlmodel_migrations.generate.values import Value


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Give a value to existing rows where a column is or becomes NOT NULL."""
    return [_placed(new, direction) for op in operations for new in _rewritten(op, direction)]


def _placed(operation: Operation, direction: Direction) -> Operation:
    """Put new columns and their values before all changes, so that SQLite rebuilds once."""
    is_new = isinstance(operation, ops.AddColumnOp) or getattr(operation, "is_fill", False)
    if direction.is_batched and is_new and getattr(operation, "phase", None) is None:
        vars(operation)["phase"] = order.NEW
    return operation


def _rewritten(operation: Operation, direction: Direction) -> Iterator[Operation]:
    if isinstance(operation, ops.AddColumnOp) and _wants_value(operation.column):
        yield from _added(operation, direction)
    elif isinstance(operation, ops.AlterColumnOp) and operation.modify_nullable is False:
        yield from _made_required(operation, direction)
    else:
        yield operation


def _wants_value(column: Column[Any]) -> bool:
    """Whether existing rows need one: no default of the server's fills them."""
    is_numbered = column.primary_key and column.autoincrement in (True, "auto")
    return (
        not column.nullable
        and column.server_default is None
        and not (is_numbered and column.identity is not None)
    )


def _added(operation: ops.AddColumnOp, direction: Direction) -> Iterator[Operation]:
    name, column = operation.table_name, operation.column
    thing = f"{direction.key(operation)}.{column.name}"
    value = _value(thing, column, direction)
    if value is None:
        direction.guards.append(_no_rows(operation, direction))
        yield operation
        return
    direction.decisions.append(f"Rows that are there get {value.sql} as '{thing}'.")
    if value.is_constant and _can_default(column, direction):
        yield from _with_default(operation, value)
        return
    twin = column._copy()
    twin.nullable = True
    yield ops.AddColumnOp(name, twin, schema=operation.schema)
    yield _update(operation, str(column.name), value, direction)
    yield ops.AlterColumnOp(
        name,
        str(column.name),
        schema=operation.schema,
        existing_type=column.type,
        existing_nullable=True,
        modify_nullable=False,
        existing_comment=column.comment,
    )


def _with_default(operation: ops.AddColumnOp, value: Value) -> Iterator[Operation]:
    """A default for a moment: no table is rewritten for it."""
    column = operation.column
    twin = column._copy()
    twin.server_default = _default(value)
    yield ops.AddColumnOp(operation.table_name, twin, schema=operation.schema)
    yield ops.AlterColumnOp(
        operation.table_name,
        str(column.name),
        schema=operation.schema,
        existing_type=column.type,
        existing_nullable=False,
        existing_server_default=twin.server_default,
        existing_comment=column.comment,
        modify_server_default=None,
    )


def _default(value: Value) -> Any:
    column: Column[Any] = Column("value", server_default=text(value.sql.replace(":", "\\:")))
    return column.server_default


def _can_default(column: Column[Any], direction: Direction) -> bool:
    """MySQL has no plain default for long texts, binaries and JSON."""
    if direction.dialect.name not in ("mysql", "mariadb"):
        return True
    type_ = column.type.compile(dialect=direction.dialect).upper()
    return not any(word in type_ for word in ("TEXT", "BLOB", "JSON"))


def _made_required(operation: ops.AlterColumnOp, direction: Direction) -> Iterator[Operation]:
    key = direction.key(operation)
    thing = f"{key}.{operation.column_name}"
    old = direction.column(operation, operation.column_name)
    if old is None or not old.nullable:
        yield operation
        return
    model = _model_column(key, operation.column_name, direction)
    value = _value(thing, model, direction) if model is not None else None
    if value is None:
        where = f"{direction.quote(operation.column_name)} IS NULL"
        direction.guards.append(
            Guard(
                f"SELECT count(*) FROM {direction.quoted_table(operation)} WHERE {where}",
                f"rows of '{key}' have no value in '{operation.column_name}', which is required"
                " from now on: give them one",
                key,
                (operation.column_name,),
            )
        )
    else:
        direction.decisions.append(f"Rows without '{thing}' get {value.sql}.")
        yield _update(operation, operation.column_name, value, direction)
    yield operation


def _value(thing: str, column: Column[Any], direction: Direction) -> Value | None:
    if thing in direction.answers.fills:
        return values.told(direction.answers.fills[thing])
    return values.of_model(column, direction.dialect) if direction.is_upgrade else None


def _model_column(key: str, name: str, direction: Direction) -> Column[Any] | None:
    for metadata in direction.sides.named.metadata:
        for table in metadata.tables.values():
            if direction.sides.key(table.schema, table.name) == key:
                return next((c for c in table.columns if c.name == name), None)
    return None


def _update(operation: Any, name: str, value: Value, direction: Direction) -> StatementOp:
    column = direction.quote(name)
    update = StatementOp(
        f"UPDATE {direction.quoted_table(operation)} SET {column} = {value.sql}"
        f" WHERE {column} IS NULL",
        None,
        f"fill '{name}'",
        operation.table_name,
    )
    vars(update)["is_fill"] = True
    return update


def _no_rows(operation: ops.AddColumnOp, direction: Direction) -> Guard:
    key, name = direction.key(operation), operation.column.name
    hint = (
        f": write the revision again with --fill {key}.{name}=VALUE" if direction.is_upgrade else ""
    )
    return Guard(
        f"SELECT count(*) FROM {direction.quoted_table(operation)}",
        f"rows of '{key}' would have no value in the required column '{name}'{hint}",
        key,
    )

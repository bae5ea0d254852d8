"""Identity columns, and what numbers keys: on PostgreSQL the next number follows the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from alembic.operations import ops

from sqlmodel_migrations.database.catalog import Column
from sqlmodel_migrations.generate.comparators.column import IDENTITY, taken
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.operations.table_options import AUTOINCREMENT, TableOptionsOp
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation

_NUMBERS = re.compile(r"\b(start|increment) (-?\d+)")


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Replace a change of identity by the statements that make it; the rest of the change stays."""
    for operation in operations:
        if isinstance(operation, ops.CreateTableOp) and _is_numbered_by_sqlite(
            operation, direction
        ):
            # Reflection does not tell of it: a table that comes back would be without.
            operation.kw["sqlite_autoincrement"] = True
    return [new for op in operations for new in _rewritten(op, direction)]


def _is_numbered_by_sqlite(operation: ops.CreateTableOp, direction: Direction) -> bool:
    table = direction.after.tables.get(direction.key(operation))
    return table is not None and any(
        column.identity == "autoincrement" for column in table.columns.values()
    )


def _rewritten(operation: Operation, direction: Direction) -> Iterator[Operation]:
    if not isinstance(operation, ops.AlterColumnOp) or taken(operation, IDENTITY) is None:
        yield operation
        return
    old = direction.column(operation, operation.column_name)
    new = direction.after.tables[direction.key(operation)].columns[operation.column_name]
    if operation.has_changes():
        yield operation
    if direction.dialect.name == "postgresql" and old is not None:
        yield from _postgresql(operation, old, new, direction)
    elif direction.dialect.name in ("mysql", "mariadb"):
        yield _autoincrement(operation, new, direction)
    elif direction.dialect.name == "sqlite" and old is not None:
        before, after = ({AUTOINCREMENT: c.identity == "autoincrement"} for c in (old, new))
        yield TableOptionsOp(operation.table_name, operation.schema, before, after)


def _autoincrement(
    operation: ops.AlterColumnOp, new: Column, direction: Direction
) -> ops.AlterColumnOp:
    """MariaDB and MySQL number the column of a key only."""
    is_numbered = new.identity == "auto_increment"
    numbered = operation.modify_type or operation.existing_type
    made = ops.AlterColumnOp(
        operation.table_name,
        operation.column_name,
        schema=operation.schema,
        existing_type=numbered if is_numbered else operation.existing_type,
        existing_nullable=new.nullable,
        modify_nullable=new.nullable,
        autoincrement=is_numbered,
    )
    vars(made)["phase"] = order.KEYED if is_numbered else order.UNKEYED
    return made


def _postgresql(
    operation: ops.AlterColumnOp, old: Column, new: Column, direction: Direction
) -> Iterator[StatementOp]:
    where, column = direction.quoted_table(operation), direction.quote(operation.column_name)
    alter = f"ALTER TABLE {where} ALTER COLUMN {column}"

    def statement(sql: str) -> StatementOp:
        return StatementOp(
            sql, None, f"identity of '{operation.column_name}'", operation.table_name
        )

    if _is_serial(old) and _is_serial(new):
        yield statement(f"ALTER SEQUENCE {_sequence(old, direction)} AS {_serial_type(new)}")
        return
    if _is_serial(old):
        yield statement(f"{alter} DROP DEFAULT")
        yield statement(f"DROP SEQUENCE {_sequence(old, direction)}")
    elif old.identity is not None:
        yield statement(f"{alter} DROP IDENTITY")
    if _is_serial(new):
        yield from map(statement, _serial(operation, new, alter, where, column, direction))
    elif new.identity is not None:
        yield statement(f"{alter} ADD GENERATED {_generated(new.identity)}")
    if new.identity is not None:
        yield statement(_follow_rows(where, column, operation, new.identity))


def _serial(
    operation: ops.AlterColumnOp,
    new: Column,
    alter: str,
    where: str,
    column: str,
    direction: Direction,
) -> Iterator[str]:
    sequence = _sequence(new, direction)
    yield f"CREATE SEQUENCE {sequence} AS {_serial_type(new)} OWNED BY {where}.{column}"
    literal = sequence.replace("'", "''")
    yield f"{alter} SET DEFAULT nextval('{literal}'::regclass)"


def _follow_rows(where: str, column: str, operation: ops.AlterColumnOp, identity: str) -> str:
    """Go on behind the rows, or begin where no row has come so far; NULL is no number."""
    table = where.replace("'", "''")
    name = operation.column_name.replace("'", "''")
    parts = {word: int(number) for word, number in _NUMBERS.findall(identity)}
    start, is_falling = parts.get("start", 1), parts.get("increment", 1) < 0
    last, further, reached = ("min", "least", "<=") if is_falling else ("max", "greatest", ">=")
    return (
        f"SELECT setval(pg_get_serial_sequence('{table}', '{name}'),"
        f" {further}({last}({column}), {start}),"
        f" coalesce({last}({column}) {reached} {start}, false)) FROM {where}"
    )


def _is_serial(column: Column) -> bool:
    return column.identity is not None and column.identity.startswith("serial")


def _serial_type(column: Column) -> str:
    """The type of a key's sequence, which limits its numbers."""
    return column.type if column.type in ("smallint", "integer", "bigint") else "bigint"


def _sequence(column: Column, direction: Direction) -> str:
    schema, _, name = str(column.sequence).rpartition(".")
    return f"{direction.quote(schema)}.{direction.quote(name)}" if schema else direction.quote(name)


def _generated(identity: str) -> str:
    """`always start 1 increment 1 …` as the clause of ADD GENERATED."""
    for kind in ("always", "by default"):
        if identity.startswith(kind):
            options: Any = identity.removeprefix(kind).strip()
            return f"{kind.upper()} AS IDENTITY" + (f" ({options})" if options else "")
    return "BY DEFAULT AS IDENTITY"

"""PostgreSQL: identities and sequences, of which the next number follows the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from sqlmodel_migrations.database.catalog import Column
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation

_NUMBERS = re.compile(r"\b(start|increment) (-?\d+)")


def changed(
    operation: ops.AlterColumnOp, old: Column, new: Column, direction: Direction
) -> Iterator[Operation]:
    """Drop what numbered the column, make what does from now on, and go on behind the rows."""
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

"""Sequences: made before the columns that call them, altered, and dropped on the way back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from alembic.operations import ops
from sqlalchemy import Column
from sqlalchemy import Sequence as ModelSequence
from sqlalchemy.schema import CreateSequence

from sqlmodel_migrations.database.quoting import qualified
from sqlmodel_migrations.generate.operations.sequence import SequenceOp
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation

_PARTS = re.compile(r"\b(start|increment|minvalue|maxvalue|cache) (-?\d+)")
_TYPE = re.compile(r"(smallint|integer|bigint) start\b")


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Replace each change by its statements; a column that a sequence fills numbers nothing."""
    found = [new for op in operations for new in _rewritten(op, direction)]
    for operation in found:
        _number_nothing(operation, direction)
    return found


def _rewritten(operation: Operation, direction: Direction) -> Iterator[Operation]:
    if not isinstance(operation, SequenceOp):
        yield operation
        return
    key = operation.key
    before, after = direction.before.sequences.get(key), direction.after.sequences.get(key)
    if before is None:
        yield from _created(key, direction)
    elif after is None:
        sql = f"DROP SEQUENCE {_quoted(key, direction)}"
        yield StatementOp(sql, None, f"drop sequence '{key}'", phase=order.LAST)
    elif clauses := " ".join(_clauses(before, after, direction)):
        sql = f"ALTER SEQUENCE {_quoted(key, direction)} {clauses}"
        yield StatementOp(sql, None, f"change sequence '{key}'")


def _created(key: str, direction: Direction) -> Iterator[Operation]:
    made = _models_sequence(key, direction)
    sql = str(CreateSequence(made).compile(dialect=direction.dialect)).strip()
    yield StatementOp(sql, None, f"add sequence '{key}'", phase=order.FIRST)
    if direction.dialect.name != "postgresql":
        return
    for table, column in _users(key, direction):
        # Of rows that are there, no number is given twice.
        name = direction.quote(column.name)
        yield StatementOp(
            f"SELECT setval({_literal(_quoted(key, direction))}, max({name})) FROM {table}"
            f" HAVING max({name}) >= {made.start or 1}",
            None,
            f"let sequence '{key}' go on behind the rows",
            phase=order.LAST,
        )


def _clauses(before: str, after: str, direction: Direction) -> Iterator[str]:
    old, new = _TYPE.match(before), _TYPE.match(after)
    if old is not None and new is not None and old[1] != new[1]:
        yield f"AS {new[1]}"
    parts = dict(_PARTS.findall(before))
    for name, value in _PARTS.findall(after):
        if parts.get(name) != value:
            yield f"{name.upper()} {value}"
    cycles = [bool(re.search(r"\bcycle\b", text)) for text in (before, after)]
    if cycles[0] != cycles[1]:
        no = "NO " if direction.dialect.name == "postgresql" else "NO"
        yield "CYCLE" if cycles[1] else f"{no}CYCLE"


def _quoted(key: str, direction: Direction) -> str:
    schema, _, name = key.rpartition(".")
    return qualified(schema or None, name, direction.dialect)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _models_sequence(key: str, direction: Direction) -> ModelSequence:
    sides = direction.sides
    return next(
        sequence
        for metadata in sides.named.metadata
        for sequence in metadata._sequences.values()
        if sides.key(sequence.schema, str(sequence.name)) == key
    )


def _users(key: str, direction: Direction) -> Iterator[tuple[str, Column[int]]]:
    """The columns of tables that were there already, which the sequence numbers from now on."""
    sides = direction.sides
    tables = [table for data in sides.named.metadata for table in data.tables.values()]
    for column in (column for table in tables for column in table.columns):
        there = direction.before.tables.get(sides.key(column.table.schema, column.table.name))
        made = _sequence_of(column)
        if made is None or there is None or column.name not in there.columns:
            continue
        if sides.key(made.schema, str(made.name)) == key:
            yield direction.quoted(there), column


def _sequence_of(column: Column[int]) -> ModelSequence | None:
    return column.default if isinstance(column.default, ModelSequence) else None


def _number_nothing(operation: Operation, direction: Direction) -> None:
    """Keep a server from numbering a key by itself: SERIAL, AUTO_INCREMENT."""
    table = direction.after.tables.get(direction.key(operation))
    for column in _columns(operation):
        found = table.columns.get(column.name) if table is not None else None
        if _sequence_of(column) is not None and found is not None and found.identity is None:
            column.autoincrement = False


def _columns(operation: Operation) -> Iterator[Column[int]]:
    if isinstance(operation, ops.CreateTableOp):
        yield from (item for item in operation.columns if isinstance(item, Column))
    elif isinstance(operation, ops.AddColumnOp):
        yield operation.column

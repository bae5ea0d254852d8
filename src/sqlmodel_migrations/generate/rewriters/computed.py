"""Computed columns: a new expression makes a new column; a plain one keeps the values.

PostgreSQL alters no column that a computed one reads: that one goes meanwhile, and is made anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column, Computed

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.database.ddl import postgresql as ddl
from sqlmodel_migrations.database.ddl.base import literal
from sqlmodel_migrations.generate.comparators.column import COMPUTED, taken
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters import enum, order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation
from sqlmodel_migrations.generate.rewriters.dependent import RETYPES


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Replace a change of an expression by dropping and adding the column."""
    renewing = _Renewing(direction) if direction.dialect.name == "postgresql" else None
    found = [new for op in operations for new in _rewritten(op, direction, renewing)]
    return found if renewing is None else [*found, *renewing.readers(found)]


def _rewritten(
    operation: Operation, direction: Direction, renewing: _Renewing | None
) -> Iterator[Operation]:
    change = taken(operation, COMPUTED) if isinstance(operation, ops.AlterColumnOp) else None
    if change is None or not isinstance(operation, ops.AlterColumnOp):
        yield operation
        return
    _, new = change
    if not isinstance(new.server_default, Computed):
        yield from _kept(operation, new, direction)
    elif renewing is not None:
        name, schema = operation.table_name, operation.schema
        added = ops.AddColumnOp(name, _detached(new), schema=schema)
        yield from renewing.column(name, schema, operation.column_name, added)
    else:
        yield from _without_indexes(operation, _recreated(operation, new), direction)


def _kept(
    operation: ops.AlterColumnOp, new: Column[Any], direction: Direction
) -> Iterator[Operation]:
    """Make a plain column of a computed one."""
    if direction.dialect.name == "postgresql":
        yield _kept_in_place(operation, direction)
    else:
        yield from _without_indexes(operation, _kept_in_copy(operation, new, direction), direction)
    yield from _required(operation, new, direction)


def _required(
    operation: ops.AlterColumnOp, new: Column[Any], direction: Direction
) -> Iterator[Operation]:
    """Let a plain column be NULL or not, when it has its values."""
    old = direction.column(operation, operation.column_name)
    is_copied = direction.dialect.name != "postgresql"
    was_nullable = is_copied or (old is not None and old.nullable)
    if was_nullable == new.nullable:
        return
    change = ops.AlterColumnOp(
        operation.table_name,
        operation.column_name,
        schema=operation.schema,
        existing_type=new.type,
        existing_nullable=was_nullable,
        existing_comment=new.comment,
        modify_nullable=new.nullable,
    )
    yield _placed(change, order.RENEWED)


class _Renewing:
    """Computed columns of PostgreSQL dropped and added again, with what goes along with them."""

    def __init__(self, direction: Direction):
        self._direction = direction
        self._made: set[tuple[str, str]] = set()

    def readers(self, operations: Iterable[Operation]) -> Iterator[Operation]:
        """Renew the columns that read one whose type changes, where nothing else is done to them.

        Their expressions stay as they are.
        """
        direction = self._direction
        changed = {place for op in operations for place in _retyped(op, direction)}
        changed.update(enum.moved(direction))
        gone = {place for op in operations for place in _dropped(op, direction)}
        for key, table in direction.before.tables.items():
            names = [name for of, name in changed if of == key]
            for column in table.columns.values():
                is_reader = column.computed is not None and _reads(column.computed, names)
                if is_reader and (key, column.name) not in gone:
                    yield from self._reader(table, column.name)

    def _reader(self, table: Table, name: str) -> Iterator[Operation]:
        direction = self._direction
        after = direction.after.tables.get(table.key)
        column = after.columns.get(name) if after is not None else None
        if column is None:
            return
        added = StatementOp(
            f"ALTER TABLE {direction.quoted(table)}"
            f" ADD COLUMN {ddl.column(column, direction.dialect)}",
            None,
            f"compute '{table.key}.{name}' anew",
            table.name,
        )
        vars(added)[RETYPES] = (table.schema, table.name, name)
        yield from self.column(table.name, table.schema, name, added)
        if column.comment is not None:
            thing = f"{direction.quoted(table)}.{direction.quote(name)}"
            said = literal(column.comment)
            yield self._again(f"COMMENT ON COLUMN {thing} IS {said}", name, table)

    def column(
        self, name: str, schema: str | None, column: str, added: Operation
    ) -> Iterator[Operation]:
        """Drop a column, and add it with the indexes and constraints that stay."""
        yield _placed(ops.DropColumnOp(name, column, schema=schema), order.GONE)
        yield _placed(added, order.RENEWED)
        direction = self._direction
        key = direction.sides.key(schema, name)
        before, after = direction.before.tables[key], direction.after.tables[key]
        for index in before.indexes:
            if _mentions(index, column) and self._is_kept(before, index, after.indexes, "index"):
                yield self._again(index.sql, index.name, before)
        where = direction.quoted(before)
        for constraint in before.constraints:
            kind = "check" if constraint.kind == "check" else "index"
            if column in constraint.columns and self._is_kept(
                before, constraint, after.constraints, kind
            ):
                quoted = direction.quote(str(constraint.name))
                sql = f"ALTER TABLE {where} ADD CONSTRAINT {quoted} {constraint.definition}"
                yield self._again(sql, str(constraint.name), before)

    def _is_kept(self, table: Table, part: Any, others: Iterable[Any], kind: Any) -> bool:
        """Whether the other side has it too, and it is not made again already."""
        if (table.key, part.name) in self._made:
            return False
        twin = next((other for other in others if other.name == part.name), None)
        is_kept = twin is not None and self._direction.sides.is_equivalent(
            table, kind, part.definition, twin.definition
        )
        if is_kept:
            self._made.add((table.key, part.name))
        return is_kept

    def _again(self, sql: str, name: str, table: Table) -> Operation:
        return StatementOp(sql, None, f"make '{name}' again", table.name, phase=order.RENEWED)


def _retyped(operation: Operation, direction: Direction) -> Iterator[tuple[str, str]]:
    if isinstance(operation, ops.AlterColumnOp) and operation.modify_type is not None:
        yield direction.key(operation), operation.column_name


def _dropped(operation: Operation, direction: Direction) -> Iterator[tuple[str, str]]:
    if isinstance(operation, ops.DropColumnOp):
        yield direction.key(operation), operation.column_name


def _reads(expression: str, names: Iterable[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", expression) for name in names)


def _without_indexes(
    operation: ops.AlterColumnOp, changes: Iterable[Operation], direction: Direction
) -> Iterator[Operation]:
    """Make the changes while the indexes over the column are away."""
    name, schema = operation.table_name, operation.schema
    table = direction.before.tables[direction.key(operation)]
    indexes = [index for index in table.indexes if _mentions(index, operation.column_name)]
    for index in indexes:
        yield ops.DropIndexOp(index.name, name, schema=schema)
    yield from changes
    after = direction.after.tables[direction.key(operation)]
    kept = {index.name for index in after.indexes}
    for index in indexes:
        if index.name in kept:
            yield StatementOp(index.sql, None, f"add index '{index.name}'", name)


def _recreated(operation: ops.AlterColumnOp, new: Column[Any]) -> Iterator[Operation]:
    name, schema = operation.table_name, operation.schema
    yield _placed(ops.DropColumnOp(name, operation.column_name, schema=schema), order.CHANGES)
    yield _placed(ops.AddColumnOp(name, _detached(new), schema=schema), order.CHANGES)


def _mentions(index: Any, column: str) -> bool:
    return column in index.columns or _reads(index.definition, [column])


def _kept_in_place(operation: ops.AlterColumnOp, direction: Direction) -> StatementOp:
    """PostgreSQL 13 and later."""
    column = direction.quote(operation.column_name)
    return StatementOp(
        f"ALTER TABLE {direction.quoted_table(operation)} ALTER COLUMN {column} DROP EXPRESSION",
        None,
        f"make column '{operation.column_name}' a plain one",
        operation.table_name,
    )


def _kept_in_copy(
    operation: ops.AlterColumnOp, new: Column[Any], direction: Direction
) -> Iterator[Operation]:
    """Copy the values into a plain column that takes the name over."""
    name, schema, where = operation.table_name, operation.schema, direction.quoted_table(operation)
    old = operation.column_name
    copy = _detached(new)
    copy.name = copy.key = f"_{old}_plain"
    copy.nullable = True
    quoted, made = direction.quote(old), direction.quote(copy.name)
    yield ops.AddColumnOp(name, copy, schema=schema)
    yield StatementOp(f"UPDATE {where} SET {made} = {quoted}", None, f"keep '{old}'", name)
    yield _placed(ops.DropColumnOp(name, old, schema=schema), order.CHANGES)
    yield StatementOp(
        f"ALTER TABLE {where} RENAME COLUMN {made} TO {quoted}", None, f"name '{old}'", name
    )


def _placed(operation: Operation, phase: int) -> Operation:
    """Give an operation its place: a column that takes the name of one that goes comes after it."""
    vars(operation)["phase"] = phase
    return operation


def _detached(column: Column[Any]) -> Column[Any]:
    """A copy that belongs to no table, without the constraints that are added apart."""
    twin = column._copy()
    twin.index = twin.unique = None
    return twin

"""Enum types of PostgreSQL: made before use, changed in place where possible, dropped after it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql import ARRAY, ENUM
from sqlalchemy.types import TypeEngine

from sqlmodel_migrations.database.catalog import Enum, Table
from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.generate.operations.enum import EnumOp
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation
from sqlmodel_migrations.generate.rewriters.dependent import RETYPES


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Add what makes, changes and drops enum types, which PostgreSQL alone has."""
    noted = {op.key for op in operations if isinstance(op, EnumOp)}
    changed = list(_changed(direction))
    gone = {thing for statement in changed for thing in _drops(statement)}
    return [
        *changed,
        *_created(noted, direction),
        *(_without_creation(op) for op in operations if not _is_done(op, gone, direction)),
        *_dropped(noted, direction),
    ]


def _drops(statement: Operation) -> frozenset[tuple[str, str]]:
    """What a statement drops and none makes again, by table and name."""
    found: frozenset[tuple[str, str]] = vars(statement).get("drops", frozenset())
    return found


def _is_done(operation: Operation, gone: set[tuple[str, str]], direction: Direction) -> bool:
    if isinstance(operation, ops.DropConstraintOp | ops.DropIndexOp):
        name = getattr(operation, "constraint_name", None) or getattr(operation, "index_name", "")
        return (direction.key(operation), str(name)) in gone
    return isinstance(operation, EnumOp)


def _created(noted: Collection[str], direction: Direction) -> Iterator[StatementOp]:
    for key, enum in direction.after.enums.items():
        if key in noted and key not in direction.before.enums:
            yield StatementOp(
                _create(enum, direction), None, f"add type '{key}'", phase=order.FIRST
            )


def _dropped(noted: Collection[str], direction: Direction) -> Iterator[StatementOp]:
    """A type that a table keeps, which the user's filters leave out, is not noted."""
    for key, enum in direction.before.enums.items():
        if key in noted and key not in direction.after.enums:
            sql = f"DROP TYPE {_quoted(enum, direction)}"
            yield StatementOp(sql, None, f"remove type '{key}'", phase=order.LAST)


def _create(enum: Enum, direction: Direction) -> str:
    labels = ", ".join(map(_literal, enum.labels))
    return f"CREATE TYPE {_quoted(enum, direction)} AS ENUM ({labels})"


def _without_creation(operation: Operation) -> Operation:
    """Tables use types that are made apart: CREATE TABLE must not make them again."""
    if isinstance(operation, ops.CreateTableOp):
        operation.columns = [
            _plain(item) if isinstance(item, Column) else item for item in operation.columns
        ]
    return operation


def _plain(column: Column[Any]) -> Column[Any]:
    type_ = _uncreated(column.type)
    if type_ is not column.type:
        column = column._copy()
        column.type = type_
    return column


def _uncreated(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    if isinstance(type_, ARRAY):
        item = _uncreated(type_.item_type)
        return type_ if item is type_.item_type else ARRAY(item, dimensions=type_.dimensions)
    if not isinstance(type_, EnumType) or not getattr(type_, "native_enum", True) or not type_.name:
        return type_
    return ENUM(*type_.enums, name=type_.name, schema=type_.schema, create_type=False)


def _changed(direction: Direction) -> Iterator[Operation]:
    for key, new in direction.after.enums.items():
        old = direction.before.enums.get(key)
        if old is None or old.labels == new.labels:
            continue
        if _is_grown(old.labels, new.labels):
            yield from _grown(old, new, direction)
        else:
            yield from _recreated(old, new, direction)


def moved(direction: Direction) -> Iterator[tuple[str, str]]:
    """Yield the columns that move to a new type of the same name, as key of a table and name."""
    for key, new in direction.after.enums.items():
        old = direction.before.enums.get(key)
        if old is not None and not _is_grown(old.labels, new.labels):
            yield from (_user(user)[:2] for user in old.users)


def _is_grown(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether the old labels are all there, in their order."""
    wanted = iter(new)
    return all(label in wanted for label in old)


def _grown(old: Enum, new: Enum, direction: Direction) -> Iterator[StatementOp]:
    """Each on its own, outside the transaction: the same upgrade may use it."""
    for position, label in enumerate(new.labels):
        if label in old.labels:
            continue
        place = _place(old, new, position)
        name = _quoted(new, direction)
        sql = f"ALTER TYPE {name} ADD VALUE IF NOT EXISTS {_literal(label)} {place}"
        yield StatementOp(
            sql.rstrip(),
            None,
            f"add value '{label}' to type '{new.name}'",
            is_autocommit=True,
            phase=order.FIRST,
        )


def _place(old: Enum, new: Enum, position: int) -> str:
    if position:
        return f"AFTER {_literal(new.labels[position - 1])}"
    return f"BEFORE {_literal(old.labels[0])}" if old.labels else ""


def _recreated(old: Enum, new: Enum, direction: Direction) -> Iterator[Operation]:
    """PostgreSQL cannot take a value away: a new type takes the name, and each column moves."""
    gone = [label for label in old.labels if label not in new.labels]
    aside = f"{old.name}_old"
    quoted = _quoted(old, direction)
    yield _statement(f"ALTER TYPE {quoted} RENAME TO {direction.quote(aside)}")
    yield _statement(_create(new, direction))
    for user in old.users:
        key, name, is_array = _user(user)
        table = direction.before.tables.get(key)
        after = direction.after.tables.get(key)
        if table is None or name not in table.columns:
            continue
        if after is None or name not in after.columns:
            yield from _moved(table, name, "text", direction)  # It goes away later.
            continue
        if gone:
            direction.guards.append(_unused(table, name, gone, is_array, direction))
        yield from _moved(table, name, quoted + ("[]" if is_array else ""), direction)
    schema = f"{direction.quote(old.schema)}." if old.schema else ""
    yield _statement(f"DROP TYPE {schema}{direction.quote(aside)}")


def _moved(table: Table, name: str, type_: str, direction: Direction) -> Iterator[StatementOp]:
    """Change one column to the new type, with what mentions the old one out of the way.

    What differs afterwards is not made again: it may mention values that are gone.
    """
    where, column = direction.quoted(table), direction.quote(name)
    obstacles = [*_checks(table, name, where, direction), *_indexes(table, name, direction)]
    for obstacle in obstacles:
        yield obstacle.statement(table)
    default = table.columns[name].default
    if default is not None:
        yield _statement(f"ALTER TABLE {where} ALTER COLUMN {column} DROP DEFAULT")
    text = "text[]" if type_.endswith("[]") else "text"
    using = f"{column}::{text}::{type_}" if type_ != "text" else f"{column}::text"
    retyped = _statement(f"ALTER TABLE {where} ALTER COLUMN {column} TYPE {type_} USING {using}")
    vars(retyped)[RETYPES] = (table.schema, table.name, name)
    yield retyped
    if default is not None and default == _default_after(table, name, direction):
        yield _statement(f"ALTER TABLE {where} ALTER COLUMN {column} SET DEFAULT {default}")
    for obstacle in obstacles:
        if obstacle.is_kept:
            yield _statement(obstacle.make)


def _default_after(table: Table, name: str, direction: Direction) -> str | None:
    after = direction.after.tables.get(table.key)
    column = after.columns.get(name) if after is not None else None
    return column.default if column is not None else None


@dataclass(frozen=True)
class _Obstacle:
    """A check or an index that mentions the old type; one that `is_kept` is made again."""

    name: str
    drop: str
    make: str
    is_kept: bool

    def statement(self, table: Table) -> StatementOp:
        dropped = _statement(self.drop)
        if not self.is_kept:
            vars(dropped)["drops"] = frozenset([(table.key, self.name)])
        return dropped


def _checks(table: Table, name: str, where: str, direction: Direction) -> Iterator[_Obstacle]:
    after = direction.after.tables.get(table.key)
    kept = {(c.name, c.definition) for c in after.constraints} if after is not None else set()
    for constraint in table.constraints:
        if constraint.kind == "check" and name in constraint.columns and constraint.name:
            quoted = direction.quote(constraint.name)
            yield _Obstacle(
                constraint.name,
                f"ALTER TABLE {where} DROP CONSTRAINT {quoted}",
                f"ALTER TABLE {where} ADD CONSTRAINT {quoted} {constraint.definition}",
                (constraint.name, constraint.definition) in kept,
            )


def _indexes(table: Table, name: str, direction: Direction) -> Iterator[_Obstacle]:
    after = direction.after.tables.get(table.key)
    kept = {(i.name, i.definition) for i in after.indexes} if after is not None else set()
    schema = f"{direction.quote(table.schema)}." if table.schema else ""
    for index in table.indexes:
        if "::" in index.definition and name in index.definition:
            drop = f"DROP INDEX {schema}{direction.quote(index.name)}"
            is_kept = (index.name, index.definition) in kept
            yield _Obstacle(index.name, drop, index.sql, is_kept)


def _unused(
    table: Table, name: str, gone: Sequence[str], is_array: bool, direction: Direction
) -> Guard:
    column = direction.quote(name)
    labels = ", ".join(map(_literal, gone))
    condition = f"{column}::text IN ({labels})"
    if is_array:
        condition = f"{column}::text[] && ARRAY[{labels}]"
    return Guard(
        f"SELECT count(*) FROM {direction.quoted(table)} WHERE {condition}",
        f"rows of '{table.key}' have in '{name}' a value that goes away: {', '.join(gone)}",
        table.key,
        (name,),
    )


def _statement(sql: str) -> StatementOp:
    return StatementOp(sql, None, "change an enum type", phase=order.TYPES)


def _user(user: str) -> tuple[str, str, bool]:
    is_array = user.endswith("[]")
    key, _, name = user.removesuffix("[]").rpartition(".")
    return key, name, is_array


def _quoted(enum: Enum, direction: Direction) -> str:
    name = direction.quote(enum.name)
    return f"{direction.quote(enum.schema)}.{name}" if enum.schema else name


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""Indexes and constraints that have only another name now: renamed, not made anew.

In an order in which each name is free: of two that swap their names one waits under a third.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from alembic.operations import ops

from sqlmodel_migrations.database.catalog import Constraint, Index, Table
from sqlmodel_migrations.database.catalog.base import EXCLUDE, PRIMARY_KEY, UNIQUE
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.renaming import base as renaming
from sqlmodel_migrations.generate.rewriters import order
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


class _Renamed(NamedTuple):
    """A drop and a create of one definition; `write` makes the statement for two quoted names.

    `space` is where the names must differ.
    """

    drop: Operation
    create: Operation
    table: Table
    space: tuple[str | None, str]
    old: str
    new: str
    kind: str
    write: Callable[[Table, str, str, Direction], str]


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Replace each pair of drop and create of one definition by a rename, where that exists."""
    left = list(operations)
    groups: dict[tuple[str | None, str], list[_Renamed]] = {}
    for drop in operations:
        renamed = _index(drop, left, direction) or _constraint(drop, left, direction)
        if renamed is not None:
            left.remove(renamed.create)
            groups.setdefault(renamed.space, []).append(renamed)
    for group in groups.values():
        at = left.index(group[0].drop)
        left[at:at] = _statements(group, direction)
        for renamed in group:
            left.remove(renamed.drop)
    return left


def _statements(group: Sequence[_Renamed], direction: Direction) -> Iterator[StatementOp]:
    there = {renamed.old: renamed for renamed in group}
    for old, new, meant in renaming.steps({each.old: each.new for each in group}):
        renamed = there[new] = there.pop(old)
        sql = renamed.write(renamed.table, direction.quote(old), direction.quote(new), direction)
        words = f"rename {renamed.kind} '{renamed.old}' to '{meant}'"
        yield StatementOp(sql, None, words, renamed.table.name, phase=order.RENAMED)


def _space(table: Table, direction: Direction, *, is_index: bool) -> tuple[str | None, str]:
    """An index of PostgreSQL is called like no other of its schema, all else of its table."""
    is_wide = is_index and direction.dialect.name == "postgresql"
    return table.schema, "" if is_wide else table.name


# -- indexes -----------------------------------------------------------------------------------


def _index(drop: Operation, left: Sequence[Operation], direction: Direction) -> _Renamed | None:
    table = direction.table(drop)
    old = _find_index(table, _dropped_index(drop, direction))
    if table is None or old is None:
        return None
    space = _space(table, direction, is_index=True)
    for create in left:
        if direction.key(create) != table.key:
            continue
        new = _find_index(direction.after.tables.get(table.key), _created_index(create))
        if new is not None and new.name != old.name and _body(new) == _body(old):
            names = old.name, new.name
            return _Renamed(drop, create, table, space, *names, "index", _rename_index)
    return None


def _dropped_index(drop: Operation, direction: Direction) -> str | None:
    """The name of an index that goes; MariaDB and MySQL keep unique constraints as nothing else."""
    if isinstance(drop, ops.DropIndexOp):
        return str(drop.index_name)
    if isinstance(drop, ops.DropConstraintOp) and direction.dialect.name in ("mysql", "mariadb"):
        return str(drop.constraint_name) if drop.constraint_type == "unique" else None
    return None


def _created_index(create: Operation) -> str | None:
    if isinstance(create, ops.CreateIndexOp):
        return str(create.index_name)
    if isinstance(create, ops.CreateUniqueConstraintOp):
        return str(create.constraint_name)
    return None


def _find_index(table: Table | None, name: str | None) -> Index | None:
    return next((i for i in table.indexes if i.name == name), None) if table else None


def _body(index: Index) -> tuple[bool, tuple[str | None, ...], str]:
    return index.is_unique, index.columns, index.definition


def _rename_index(table: Table, old: str, new: str, direction: Direction) -> str:
    if direction.dialect.name == "postgresql":
        schema = f"{direction.quote(table.schema)}." if table.schema else ""
        return f"ALTER INDEX {schema}{old} RENAME TO {new}"
    return f"ALTER TABLE {direction.quoted(table)} RENAME INDEX {old} TO {new}"


# -- constraints -------------------------------------------------------------------------------


def _constraint(
    drop: Operation, left: Sequence[Operation], direction: Direction
) -> _Renamed | None:
    if not isinstance(drop, ops.DropConstraintOp) or direction.dialect.name != "postgresql":
        return None
    table = direction.table(drop)
    old = _find_constraint(table, str(drop.constraint_name))
    if table is None or old is None:
        return None
    space = _space(table, direction, is_index=old.kind in (PRIMARY_KEY, UNIQUE, EXCLUDE))
    for add in left:
        if not isinstance(add, ops.AddConstraintOp) or direction.key(add) != table.key:
            continue
        name = str(getattr(add, "constraint_name", None))
        new = _find_constraint(direction.after.tables.get(table.key), name)
        if new is not None and new.kind == old.kind and new.definition == old.definition:
            names = str(old.name), str(new.name)
            return _Renamed(drop, add, table, space, *names, "constraint", _rename_constraint)
    return None


def _find_constraint(table: Table | None, name: str) -> Constraint | None:
    return next((c for c in table.constraints if c.name == name), None) if table else None


def _rename_constraint(table: Table, old: str, new: str, direction: Direction) -> str:
    return f"ALTER TABLE {direction.quoted(table)} RENAME CONSTRAINT {old} TO {new}"

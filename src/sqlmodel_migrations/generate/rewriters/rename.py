"""Indexes and constraints that have only another name now: renamed, not made anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alembic.operations import ops

from sqlmodel_migrations.database.catalog import Constraint, Index, Table
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Replace each pair of drop and create of one definition by a rename, where that exists."""
    found = list(operations)
    for drop in operations:
        if isinstance(drop, ops.DropIndexOp | ops.DropConstraintOp) and _is_index(drop, direction):
            _rename_index(found, drop, direction)
        elif isinstance(drop, ops.DropConstraintOp) and direction.dialect.name == "postgresql":
            _rename_constraint(found, drop, direction)
    return found


def _is_index(drop: Operation, direction: Direction) -> bool:
    """Whether an index goes; MariaDB and MySQL keep unique constraints as nothing else."""
    is_kept_so = direction.dialect.name in ("mysql", "mariadb")
    return isinstance(drop, ops.DropIndexOp) or (
        is_kept_so and getattr(drop, "constraint_type", None) == "unique"
    )


def _index_name(operation: Any) -> str:
    return str(getattr(operation, "index_name", None) or operation.constraint_name)


def _rename_index(found: list[Operation], drop: Operation, direction: Direction) -> None:
    table = direction.table(drop)
    old = _index(table, _index_name(drop))
    if table is None or old is None:
        return
    for create in found:
        if not isinstance(create, ops.CreateIndexOp | ops.CreateUniqueConstraintOp):
            continue
        if direction.key(create) != table.key:
            continue
        new = _index(direction.after.tables.get(table.key), _index_name(create))
        if new is not None and new.name != old.name and _body(new) == _body(old):
            found[found.index(drop)] = _index_statement(table, old.name, new.name, direction)
            found.remove(create)
            return


def _body(index: Index) -> tuple[bool, tuple[str | None, ...], str]:
    return index.is_unique, index.columns, index.definition


def _index(table: Table | None, name: str) -> Index | None:
    return next((i for i in table.indexes if i.name == name), None) if table else None


def _index_statement(table: Table, old: str, new: str, direction: Direction) -> StatementOp:
    words = f"rename index '{old}' to '{new}'"
    if direction.dialect.name == "postgresql":
        schema = f"{direction.quote(table.schema)}." if table.schema else ""
        return StatementOp(
            f"ALTER INDEX {schema}{direction.quote(old)} RENAME TO {direction.quote(new)}",
            None,
            words,
            table.name,
        )
    where, old, new = direction.quoted(table), direction.quote(old), direction.quote(new)
    return StatementOp(f"ALTER TABLE {where} RENAME INDEX {old} TO {new}", None, words, table.name)


def _rename_constraint(
    found: list[Operation], drop: ops.DropConstraintOp, direction: Direction
) -> None:
    table = direction.table(drop)
    old = _constraint(table, str(drop.constraint_name))
    if table is None or old is None:
        return
    for add in found:
        if not isinstance(add, ops.AddConstraintOp) or direction.key(add) != table.key:
            continue
        name = str(getattr(add, "constraint_name", None))
        new = _constraint(direction.after.tables.get(table.key), name)
        if new is not None and new.kind == old.kind and new.definition == old.definition:
            found[found.index(drop)] = _constraint_statement(table, old, new, direction)
            found.remove(add)
            return


def _constraint(table: Table | None, name: str) -> Constraint | None:
    return next((c for c in table.constraints if c.name == name), None) if table else None


def _constraint_statement(
    table: Table, old: Constraint, new: Constraint, direction: Direction
) -> StatementOp:
    names = f"{direction.quote(str(old.name))} TO {direction.quote(str(new.name))}"
    return StatementOp(
        f"ALTER TABLE {direction.quoted(table)} RENAME CONSTRAINT {names}",
        None,
        f"rename constraint '{old.name}' to '{new.name}'",
        table.name,
    )

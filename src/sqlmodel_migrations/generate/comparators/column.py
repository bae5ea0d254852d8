"""Columns: type, nullability, default, computed expression, identity and comment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AlterColumnOp
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult
from sqlalchemy import Column

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database.catalog.base import Column as CatalogColumn
from sqlmodel_migrations.database.catalog.base import Table as CatalogTable
from sqlmodel_migrations.generate.comparators.base import log, sides
from sqlmodel_migrations.generate.sides import Sides

COMPUTED = "computed"
IDENTITY = "identity"
"""Keywords of an AlterColumnOp, after `modify_`, that rewriters turn into other operations."""


def setup(plugin: Plugin) -> None:
    plugin.add_autogenerate_comparator(compare, "column", "sqlmodel_migrations")


def compare(
    context: AutogenContext,
    operation: AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    theirs: Column[Any],
    model: Column[Any],
) -> PriorityDispatchResult:
    """Add to `operation` what differs; `theirs` is the reflected column, `model` the wanted one."""
    found = sides(context)
    _say_what_exists(operation, theirs)
    if found.has(schema, table):
        before, after = (side.columns[name] for side in found.tables(model.table))
        if (before.type, before.collation) == (after.type, after.collation):
            # Reflection may say less.
            operation.existing_type = model.type
        if after.identity == "auto_increment":  # MariaDB takes it away where it is not repeated
            operation.kw["autoincrement"] = True
        for kind in _changes(context, operation, found, before, after, theirs, model):
            log.info("Detected change of column '%s.%s': %s", table, name, kind)
    return PriorityDispatchResult.CONTINUE


def _say_what_exists(operation: AlterColumnOp, theirs: Column[Any]) -> None:
    """MariaDB takes away what an ALTER does not repeat, and a downgrade needs what was there."""
    operation.existing_type = theirs.type
    operation.existing_nullable = theirs.nullable
    operation.existing_server_default = theirs.server_default
    operation.existing_comment = theirs.comment


def _changes(
    context: AutogenContext,
    operation: AlterColumnOp,
    found: Sides,
    before: CatalogColumn,
    after: CatalogColumn,
    theirs: Column[Any],
    model: Column[Any],
) -> Iterator[str]:
    table = found.tables(model.table)[0]
    if _is_recreated(found, table, before, after):
        _mark(operation, COMPUTED, theirs, model)
        yield "computed expression"
        return
    if _differs_in_type(context, before, after, theirs, model):
        operation.modify_type = model.type
        yield "type"
    if before.nullable != after.nullable:
        operation.modify_nullable = after.nullable
        yield "NULL" if after.nullable else "NOT NULL"
    if before.identity != after.identity or _is_moved_key(operation, before):
        _mark(operation, IDENTITY, theirs, model)
        yield "identity"
    elif _differs_in_default(context, found, table, before, after, theirs, model):
        operation.modify_server_default = model.server_default
        yield "default"
    if before.comment != after.comment:
        operation.modify_comment = model.comment
        yield "comment"


def _is_moved_key(operation: AlterColumnOp, before: CatalogColumn) -> bool:
    """Whether the sequence of a key has to follow a change of type."""
    is_serial = before.identity is not None and before.identity.startswith("serial")
    return is_serial and operation.modify_type is not None


def _mark(operation: AlterColumnOp, kind: str, theirs: Column[Any], model: Column[Any]) -> None:
    """Note a change that Alembic has no word for; its `reverse` swaps the two."""
    operation.kw[f"modify_{kind}"] = (theirs, model)
    operation.kw[f"existing_{kind}"] = (model, theirs)


def taken(operation: AlterColumnOp, kind: str) -> tuple[Column[Any], Column[Any]] | None:
    """Take a noted change out of an operation: the column as it is, and as it is to be."""
    operation.kw = dict(operation.kw)
    operation.kw.pop(f"existing_{kind}", None)
    found: tuple[Column[Any], Column[Any]] | None = operation.kw.pop(f"modify_{kind}", None)
    return found


def _is_recreated(
    found: Sides, table: CatalogTable, before: CatalogColumn, after: CatalogColumn
) -> bool:
    """Whether the values come from elsewhere now: another expression, or none any more."""
    if before.computed is None and after.computed is None:
        return False
    if before.computed is None or after.computed is None or before.is_stored != after.is_stored:
        return True
    same = found.is_equivalent(table, "computed", before.computed, after.computed, before)
    return not same or before.type != after.type


def _differs_in_type(
    context: AutogenContext,
    before: CatalogColumn,
    after: CatalogColumn,
    theirs: Column[Any],
    model: Column[Any],
) -> bool:
    """Ask the user's `compare_type` first; None means that it has no opinion."""
    asked = _alembic.user_compare_type(context.migration_context)
    if asked is False:
        return False
    if callable(asked):
        answer = asked(context.migration_context, theirs, model, theirs.type, model.type)
        if answer is not None:
            return bool(answer)
    return (before.type, before.collation) != (after.type, after.collation)


def _differs_in_default(
    context: AutogenContext,
    found: Sides,
    table: CatalogTable,
    before: CatalogColumn,
    after: CatalogColumn,
    theirs: Column[Any],
    model: Column[Any],
) -> bool:
    asked = _alembic.user_compare_server_default(context.migration_context)
    if asked is False:
        return False
    if callable(asked):
        answer = asked(
            context.migration_context,
            theirs,
            model,
            before.default,
            model.server_default,
            after.default,
        )
        if answer is not None:
            return bool(answer)
    if before.extra != after.extra or (before.default is None) != (after.default is None):
        return True
    if before.default is None or after.default is None:
        return False
    return not found.is_equivalent(table, "default", before.default, after.default, after)

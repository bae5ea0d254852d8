"""Indexes, by everything that the server says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult
from sqlalchemy import Index as ModelIndex
from sqlalchemy import Table, UniqueConstraint

from sqlmodel_migrations.database.catalog.base import Index
from sqlmodel_migrations.database.catalog.base import Table as CatalogTable
from sqlmodel_migrations.generate import reflected
from sqlmodel_migrations.generate.comparators.base import is_seen, log, sides
from sqlmodel_migrations.generate.operations.index import DropIndexAsMadeOp, ImpliedIndexOp
from sqlmodel_migrations.generate.sides import Sides


def setup(plugin: Plugin) -> None:
    plugin.add_autogenerate_comparator(compare, "table", "sqlmodel_migrations_index")


def compare(
    context: AutogenContext,
    operations: ops.ModifyTableOps,
    schema: str | None,
    name: str,
    theirs: Table | None,
    model: Table | None,
) -> PriorityDispatchResult:
    """Add the operations for the indexes that only one side has; also of new and old tables."""
    found = sides(context)
    key = found.key(schema, name)
    before, after = found.before.tables.get(key), found.after.tables.get(key)
    if theirs is not None and model is not None and (before is None or after is None):
        return PriorityDispatchResult.CONTINUE
    gone, new = _unmatched(found, before if theirs is not None else None, after)
    for index in gone:
        if theirs is None or before is None or _is_seen(context, theirs, before, index):
            operations.ops.append(DropIndexAsMadeOp(index, name, schema))
            log.info("Detected removed index '%s' on '%s'", index.name, _columns(index))
    for index in new:
        operation = _added(context, model, index, is_new_table=theirs is None)
        if operation is None and index.implements and theirs is not None:
            operations.ops.append(ImpliedIndexOp(index.name, name, schema))
        elif operation is not None:
            operations.ops.append(operation)
            log.info("Detected added index '%s' on '%s'", index.name, _columns(index))
    return PriorityDispatchResult.CONTINUE


def _added(
    context: AutogenContext, model: Table | None, index: Index, *, is_new_table: bool
) -> ops.MigrateOperation | None:
    """Return the operation for an index of the models.

    MariaDB keeps unique constraints as indexes, and makes indexes for foreign keys by itself.
    """
    wanted = _by_name(model.indexes if model is not None else ()).get(index.name)
    if wanted is not None:
        is_wanted = context.run_object_filters(wanted, wanted.name, "index", False, None)
        return ops.CreateIndexOp.from_index(wanted) if is_wanted else None
    if model is None or is_new_table or not index.is_unique:
        return None
    for constraint in model.constraints:
        if isinstance(constraint, UniqueConstraint) and str(constraint.name) == index.name:
            name, kind = str(constraint.name), "unique_constraint"
            is_wanted = context.run_object_filters(constraint, name, kind, False, None)  # type: ignore[arg-type]
            return ops.CreateUniqueConstraintOp.from_constraint(constraint) if is_wanted else None
    return None


def _unmatched(
    found: Sides, before: CatalogTable | None, after: CatalogTable | None
) -> tuple[list[Index], list[Index]]:
    """Return the indexes of each side that the other has not under the same name."""
    old = {index.name: index for index in (before.indexes if before else ())}
    wanted = {index.name: index for index in (after.indexes if after else ())}
    same = {
        name
        for name in old.keys() & wanted.keys()
        if before is not None and _is_same(found, before, old[name], wanted[name])
    }
    gone = [index for name, index in old.items() if name not in same]
    new = [index for name, index in wanted.items() if name not in same]
    if before is not None:
        _pair(found, before, gone, new)
    return gone, new


def _pair(found: Sides, table: CatalogTable, gone: list[Index], new: list[Index]) -> None:
    """Take away what is on both sides under names that nobody gave."""
    for index in [*new]:
        twin = next((each for each in gone if _is_twin(found, table, each, index)), None)
        if twin is not None:
            gone.remove(twin)
            new.remove(index)


def _is_twin(found: Sides, table: CatalogTable, first: Index, second: Index) -> bool:
    """Whether MariaDB made both, of whatever name, for a foreign key or a unique constraint."""
    if first.implements and second.implements:
        return first.columns == second.columns
    return not found.named.is_given(table.key, second.name) and _is_same(
        found, table, first, second
    )


def _is_same(found: Sides, table: CatalogTable, first: Index, second: Index) -> bool:
    if first.is_unique != second.is_unique or first.columns != second.columns:
        return False
    return found.is_equivalent(table, "index", first.definition, second.definition)


def _by_name(indexes: Iterable[ModelIndex]) -> Mapping[str, ModelIndex]:
    return {str(index.name): index for index in indexes}


def _is_seen(context: AutogenContext, theirs: Table, before: CatalogTable, index: Index) -> bool:
    """Ask the user's filters about an index that the history has; reflection may not say it."""
    if not is_seen(context, index.name, "index", before):
        return False
    twin = _by_name(theirs.indexes).get(index.name) or reflected.index(before, index)
    return context.run_object_filters(twin, index.name, "index", True, None)


def _columns(index: Index) -> str:
    return ", ".join(column or "(expression)" for column in index.columns)

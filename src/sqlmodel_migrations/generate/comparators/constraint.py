"""Constraints: primary keys, unique, check and foreign key constraints, by definition.

Names count only where the models give them.
"""

from __future__ import annotations

from collections.abc import Iterable

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult
from sqlalchemy import Constraint, Dialect, PrimaryKeyConstraint, Table

from sqlmodel_migrations.database.catalog.base import Constraint as Found
from sqlmodel_migrations.database.catalog.base import Table as CatalogTable
from sqlmodel_migrations.database.quoting import qualified, quote
from sqlmodel_migrations.generate import named, reflected
from sqlmodel_migrations.generate.comparators.base import is_seen, log, sides
from sqlmodel_migrations.generate.filters import CONSTRAINT_KINDS
from sqlmodel_migrations.generate.operations.primary_key import AddPrimaryKeyOp, DropPrimaryKeyOp
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.sides import Sides


def setup(plugin: Plugin) -> None:
    plugin.add_autogenerate_comparator(compare, "table", "sqlmodel_migrations_constraint")


def compare(
    context: AutogenContext,
    operations: ops.ModifyTableOps,
    schema: str | None,
    name: str,
    theirs: Table | None,
    model: Table | None,
) -> PriorityDispatchResult:
    """Add the operations for the constraints that only one side has."""
    found = sides(context)
    if theirs is None or model is None or not found.has(schema, name):
        return PriorityDispatchResult.CONTINUE
    before, after = found.tables(model)
    gone, new = unmatched(found, before, after, model)
    for constraint in gone:
        if _is_seen(context, theirs, before, constraint):
            operations.ops.append(dropped(context.dialect, before, constraint, schema))
            log.info("Detected removed %s of table '%s'", _words(constraint), name)
    for constraint in new:
        if _is_wanted(context, model, constraint):
            operations.ops.append(added(context.dialect, model, after, constraint))
            log.info("Detected added %s of table '%s'", _words(constraint), name)
    return PriorityDispatchResult.CONTINUE


def unmatched(
    found: Sides, before: CatalogTable, after: CatalogTable, model: Table
) -> tuple[list[Found], list[Found]]:
    """Return the constraints of each side that the other has not.

    Those with a name choose first: one without could be any that says the same.
    """
    gone, new = list(before.constraints), []
    named_by_model = [c for c in after.constraints if _is_named(found, after, model, c)]
    others = [c for c in after.constraints if c not in named_by_model]
    for wanted in (*named_by_model, *others):
        is_named = wanted in named_by_model
        twin = next((c for c in gone if _is_same(found, before, c, wanted, is_named)), None)
        if twin is None:
            new.append(wanted)
        else:
            gone.remove(twin)
    return gone, new


def _is_named(found: Sides, after: CatalogTable, model: Table, wanted: Found) -> bool:
    """Whether the models give the name; a primary key's may be the server's own."""
    if not wanted.name:
        return False
    if wanted.kind == "primary key":
        return wanted.name == str(model.primary_key.name)
    return found.named.is_given(after.key, wanted.name)


def _is_same(
    found: Sides, before: CatalogTable, first: Found, second: Found, is_named: bool
) -> bool:
    if first.kind != second.kind or (is_named and first.name != second.name):
        return False
    if first.definition == second.definition:
        return True
    return first.kind == "check" and found.is_equivalent(
        before, "check", first.definition, second.definition
    )


def dropped(
    dialect: Dialect, table: CatalogTable, constraint: Found, schema: str | None
) -> ops.MigrateOperation:
    """Return the operation that drops a constraint, and makes it again on the way back."""
    name = constraint.name or named.invented_for(table, constraint)
    made = reflected.constraint(table, constraint, name)
    if made is None:
        return _statement(dialect, table, constraint).reverse()
    if isinstance(made, PrimaryKeyConstraint):
        columns = [column.name for column in made.columns]
        return DropPrimaryKeyOp.over(constraint.name, table.name, columns, schema, name)
    operation = ops.DropConstraintOp.from_constraint(made)
    operation.schema = schema
    return operation


def added(
    dialect: Dialect, model: Table, table: CatalogTable, constraint: Found
) -> ops.MigrateOperation:
    """Return the operation that adds a constraint of the models."""
    wanted = _of_model(model, constraint)
    if wanted is None:
        return _statement(dialect, table, constraint)
    if isinstance(wanted, PrimaryKeyConstraint):
        return AddPrimaryKeyOp(
            constraint.name, model.name, [c.name for c in wanted.columns], schema=model.schema
        )
    return ops.AddConstraintOp.from_constraint(wanted)


def _of_model(model: Table, constraint: Found) -> Constraint | None:
    """The models' own object; named ones are found by name, primary keys by being one.

    None where an operation would not say it all: Alembic's for EXCLUDE takes columns only.
    """
    if constraint.kind == "exclude":
        return None
    if constraint.kind == "primary key":
        return model.primary_key
    for candidate in model.constraints:
        if str(candidate.name) == constraint.name:
            return None if isinstance(candidate, PrimaryKeyConstraint) else candidate
    return None


def _statement(dialect: Dialect, table: CatalogTable, constraint: Found) -> StatementOp:
    """The ALTER that adds a constraint which no operation describes fully."""
    where = qualified(table.schema, table.name, dialect)
    name = quote(constraint.name or named.invented_for(table, constraint), dialect)
    return StatementOp(
        f"ALTER TABLE {where} ADD CONSTRAINT {name} {constraint.definition}",
        f"ALTER TABLE {where} DROP CONSTRAINT {name}",
        f"add {constraint.kind} '{constraint.name}' of '{table.key}'",
        table.name,
    )


def _is_seen(
    context: AutogenContext, theirs: Table, before: CatalogTable, constraint: Found
) -> bool:
    """Ask the user's filters about a constraint that the history has; reflection may not say it."""
    kind = CONSTRAINT_KINDS[constraint.kind]
    if not is_seen(context, constraint.name, kind, before):
        return False
    twin = _called(theirs.constraints, constraint.name) or reflected.stand_in(before, constraint)
    return context.run_object_filters(twin, constraint.name, kind, True, None)  # type: ignore[arg-type]


def _is_wanted(context: AutogenContext, model: Table, constraint: Found) -> bool:
    """Ask the user's `include_object` about a constraint of the models."""
    kind = CONSTRAINT_KINDS[constraint.kind]
    twin = _called(model.constraints, constraint.name)
    if twin is None:
        return True
    return context.run_object_filters(twin, constraint.name, kind, False, None)  # type: ignore[arg-type]


def _called(constraints: Iterable[Constraint], name: str | None) -> Constraint | None:
    return next((c for c in constraints if c.name is not None and str(c.name) == name), None)


def _words(constraint: Found) -> str:
    name = f" '{constraint.name}'" if constraint.name else ""
    return f"{constraint.kind}{name} on ({', '.join(constraint.columns)})"

"""Enum types: whether they are there, and their labels in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult

from sqlmodel_migrations.generate.comparators.base import log, sides
from sqlmodel_migrations.generate.filters import is_table_passing
from sqlmodel_migrations.generate.operations.enum import EnumOp
from sqlmodel_migrations.generate.sides import Sides


def setup(plugin: Plugin) -> None:
    plugin.add_autogenerate_comparator(compare, "schema", "sqlmodel_migrations_enum")


def compare(
    context: AutogenContext, operations: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Note every type that is added, removed or has other labels."""
    found = sides(context)
    for operation in _changes(found, lambda key: _is_dropped(context, found, key)):
        log.info("Detected: %s", operation.words)
        operations.ops.append(operation)
    return PriorityDispatchResult.CONTINUE


def _is_dropped(context: AutogenContext, found: Sides, user: str) -> bool:
    """Whether the column `user` of the history, which has a type, goes away or gets another."""
    key = user.rpartition(".")[0]
    table = found.before.tables.get(key)
    return key in found.after.tables or table is None or is_table_passing(table, context.opts)


def _changes(found: Sides, is_dropped: Callable[[str], bool]) -> Iterator[EnumOp]:
    for key, old in found.before.enums.items():
        new = found.after.enums.get(key)
        if old.owner is not None:
            continue
        if new is None and all(map(is_dropped, old.users)):
            yield EnumOp(key, f"remove enum type '{key}'")
        elif new is not None and new.labels != old.labels:
            yield EnumOp(key, f"change values of enum type '{key}'")
    for key in found.after.enums.keys() - found.before.enums.keys():
        yield EnumOp(key, f"add enum type '{key}'")

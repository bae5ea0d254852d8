"""Enum types: whether they are there, and their labels in order."""

from __future__ import annotations

from collections.abc import Iterator

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult

from sqlmodel_migrations.generate.comparators.base import log, sides
from sqlmodel_migrations.generate.operations.enum import EnumOp
from sqlmodel_migrations.generate.sides import Sides


def setup(plugin: Plugin) -> None:
    plugin.add_autogenerate_comparator(compare, "schema", "sqlmodel_migrations_enum")


def compare(
    context: AutogenContext, operations: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Note every type that is added, removed or has other labels."""
    for operation in _changes(sides(context)):
        log.info("Detected: %s", operation.words)
        operations.ops.append(operation)
    return PriorityDispatchResult.CONTINUE


def _changes(found: Sides) -> Iterator[EnumOp]:
    for key, old in found.before.enums.items():
        new = found.after.enums.get(key)
        if old.owner is not None:
            continue
        if new is None:
            yield EnumOp(key, f"remove enum type '{key}'")
        elif new.labels != old.labels:
            yield EnumOp(key, f"change values of enum type '{key}'")
    for key in found.after.enums.keys() - found.before.enums.keys():
        yield EnumOp(key, f"add enum type '{key}'")

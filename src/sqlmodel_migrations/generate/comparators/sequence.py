"""Sequences that models declare. One that none has any more stays: it may be made by hand."""

from __future__ import annotations

from collections.abc import Iterator

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult

from sqlmodel_migrations.generate.comparators.base import log, sides
from sqlmodel_migrations.generate.operations.sequence import SequenceOp
from sqlmodel_migrations.generate.sides import Sides


def setup(plugin: Plugin) -> None:
    plugin.add_autogenerate_comparator(compare, "schema", "sqlmodel_migrations_sequence")


def compare(
    context: AutogenContext, operations: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Note every sequence that is added or counts in another way."""
    for operation in _changes(sides(context)):
        log.info("Detected: %s", operation.words)
        operations.ops.append(operation)
    return PriorityDispatchResult.CONTINUE


def _changes(found: Sides) -> Iterator[SequenceOp]:
    for key, text in found.after.sequences.items():
        before = found.before.sequences.get(key)
        if before is None:
            yield SequenceOp(key, f"add sequence '{key}'")
        elif before != text:
            yield SequenceOp(key, f"change sequence '{key}'")

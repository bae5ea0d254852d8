"""Differences between the models and a schema, as Alembic's operations and in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from alembic.operations import ops

from sqlmodel_migrations.generate.operations.statement import NothingOp


@dataclass(frozen=True)
class Difference:
    """One thing that a revision would change; `table` includes its schema."""

    kind: str
    description: str
    table: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "table": self.table, "description": self.description}


def of_script(script: ops.MigrationScript) -> tuple[Difference, ...]:
    """Return what the upgrade part of a generated script changes, in its order."""
    return tuple(d for part in script.upgrade_ops_list for d in of_operations(part.ops))


def of_operations(operations: Iterable[ops.MigrateOperation]) -> Iterator[Difference]:
    """Return what the operations change; a batch of one table counts one by one."""
    for operation in operations:
        if isinstance(operation, ops.OpContainer):
            yield from of_operations(operation.ops)
        elif not isinstance(operation, NothingOp):
            yield _difference(operation)


def _difference(operation: ops.MigrateOperation) -> Difference:
    kind = type(operation).__name__.removesuffix("Op")
    return Difference(_snake(kind), _describe(operation, _words(kind)), _table(operation))


def _describe(operation: Any, words: str) -> str:
    """E.g. `add column 'hero.age'`, `modify column 'hero.name' (type, nullable)`."""
    table = _table(operation)
    if isinstance(operation, ops.AddColumnOp):
        return f"add column '{table}.{operation.column.name}'"
    if isinstance(operation, ops.DropColumnOp):
        return f"remove column '{table}.{operation.column_name}'"
    if isinstance(operation, ops.AlterColumnOp):
        return f"change column '{table}.{operation.column_name}'{_changed(operation)}"
    if isinstance(operation, ops.CreateTableOp | ops.DropTableOp):
        return f"{'add' if isinstance(operation, ops.CreateTableOp) else 'remove'} table '{table}'"
    if said := getattr(operation, "words", None):
        return str(said)
    name = _name(operation)
    named = f" '{name}'" if name else ""
    return f"{words}{named}" + (f" of '{table}'" if table else "")


def _changed(operation: ops.AlterColumnOp) -> str:
    changed = [
        word
        for word, value in (
            ("name", operation.modify_name),
            ("type", operation.modify_type),
            ("nullable", operation.modify_nullable),
        )
        if value is not None
    ]
    if operation.modify_server_default is not False:
        changed.append("server default")
    if operation.modify_comment is not False:
        changed.append("comment")
    return f" ({', '.join(changed)})" if changed else ""


def _table(operation: Any) -> str | None:
    name = getattr(operation, "table_name", None) or getattr(operation, "source_table", None)
    schema = getattr(operation, "schema", None) or getattr(operation, "source_schema", None)
    return f"{schema}.{name}" if schema and name else name


def _name(operation: Any) -> str | None:
    for attribute in ("constraint_name", "index_name", "name"):
        if value := getattr(operation, attribute, None):
            return str(value)
    return None


def _snake(kind: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind).lstrip("_")


def _words(kind: str) -> str:
    words = _snake(kind).replace("_", " ")
    return words.replace("create ", "add ").replace("drop ", "remove ")

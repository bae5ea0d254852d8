"""What reflection says and nobody would write: types by a dialect's names, needless arguments."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column, Dialect
from sqlalchemy import Enum as EnumType
from sqlalchemy.types import TypeEngine

from sqlmodel_migrations.generate.rewriters.base import Direction, Operation

# The width in which MariaDB and MySQL show an integer for which none is given.
_WIDTHS = re.compile(
    r"\b(TINYINT\(4\)|SMALLINT\(6\)|MEDIUMINT\(9\)|(?:INT|INTEGER)\(11\)|BIGINT\(20\))"
)


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Write what is read back from a database as the models would say it."""
    for operation in operations:
        if isinstance(operation, ops.AlterColumnOp):
            _simplify_change(operation, direction)
        elif isinstance(operation, ops.DropIndexOp):
            operation.kw = {k: v for k, v in operation.kw.items() if k.endswith("concurrently")}
        elif not direction.is_upgrade:
            for column in _columns(operation):
                column.type = generic(column.type, direction.dialect)
                column.autoincrement = _autoincrement(column)
    return list(operations)


def _simplify_change(operation: ops.AlterColumnOp, direction: Direction) -> None:
    if direction.is_upgrade and operation.existing_type is not None:
        operation.existing_type = generic(operation.existing_type, direction.dialect)
    elif not direction.is_upgrade and operation.modify_type is not None:
        operation.modify_type = generic(operation.modify_type, direction.dialect)
    elif operation.existing_type is not None:
        operation.existing_type = generic(operation.existing_type, direction.dialect)


def _columns(operation: Operation) -> Iterator[Column[Any]]:
    if isinstance(operation, ops.CreateTableOp):
        yield from (item for item in operation.columns if isinstance(item, Column))
    elif isinstance(operation, ops.AddColumnOp):
        yield operation.column


def generic(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """Return the type of any database that is the same on this one; else the type as it is."""
    if not type(type_).__name__.isupper() or isinstance(type_, EnumType):
        return type_
    with contextlib.suppress(Exception):
        made = type_.as_generic()
        if _ddl(made, dialect) == _ddl(type_, dialect):
            return made
    return type_


def _ddl(type_: TypeEngine[Any], dialect: Dialect) -> str:
    return _WIDTHS.sub(
        lambda found: found[0].partition("(")[0], type_.compile(dialect=dialect).upper()
    )


def _autoincrement(column: Column[Any]) -> Any:
    """Reflection tells it of every column; it says something where a key is not numbered."""
    is_telling = column.primary_key and column.autoincrement is False
    return False if is_telling else "auto"

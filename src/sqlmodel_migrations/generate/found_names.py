"""Names of constraints as a database has them, for models that give none.

Servers invent names of their own for what `create_all` makes. A script that describes such a
database has to use them, or a later one would look for a constraint by a name that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.sql.elements import conv

from sqlmodel_migrations.database.catalog.base import CHECK, FOREIGN_KEY, PRIMARY_KEY, UNIQUE
from sqlmodel_migrations.database.catalog.base import Constraint as Found
from sqlmodel_migrations.database.catalog.base import Table as CatalogTable

_WORD = re.compile(r"\w+")
_KINDS: tuple[tuple[type[Constraint], str], ...] = (
    (PrimaryKeyConstraint, PRIMARY_KEY),
    (UniqueConstraint, UNIQUE),
    (ForeignKeyConstraint, FOREIGN_KEY),
    (CheckConstraint, CHECK),
)


def take(table: Table, found: CatalogTable, unnamed: Iterable[Constraint]) -> list[Constraint]:
    """Name the `unnamed` constraints of a model's table as their twins in `found` are.

    Returns those that are to stay without a name, as their twins have none or the server will
    invent the same one.
    """
    pairs = list(_twins(table, found, unnamed))
    nameless = _numbered(table, pairs)
    for constraint, twin in pairs:
        if any(constraint is each for each in nameless):
            continue
        if twin.name is None or _is_usual(table, twin):
            nameless.append(constraint)
        else:
            constraint.name = conv(twin.name)
            _keep_index(table, found, twin)
    return nameless


def _twins(
    table: Table, found: CatalogTable, unnamed: Iterable[Constraint]
) -> Iterator[tuple[Constraint, Found]]:
    left = list(_constraints(found))
    for constraint in unnamed:
        twin = next((each for each in left if _is_twin(table, constraint, each)), None)
        if twin is not None:
            left.remove(twin)
            yield constraint, twin


def _constraints(found: CatalogTable) -> Iterator[Found]:
    """The constraints; MariaDB and MySQL list a unique one among the indexes."""
    yield from found.constraints
    for index in found.indexes:
        if index.is_unique and None not in index.columns:
            columns = tuple(str(column) for column in index.columns)
            yield Found(UNIQUE, index.name, columns, index.definition)


def _is_twin(table: Table, constraint: Constraint, found: Found) -> bool:
    kind = next((name for type_, name in _KINDS if isinstance(constraint, type_)), None)
    if kind != found.kind:
        return False
    if isinstance(constraint, CheckConstraint):
        return set(found.columns) == set(mentioned(table, constraint))
    return [*found.columns] == _columns(constraint) and _is_same_target(constraint, found)


def _columns(constraint: Any) -> list[str]:
    return [column.name for column in constraint.columns]


def mentioned(table: Table, constraint: CheckConstraint) -> list[str]:
    """Return the columns whose names are in the text of a check."""
    words = set(_WORD.findall(str(constraint.sqltext)))
    return [column.name for column in table.columns if column.name in words]


def _is_same_target(constraint: Constraint, found: Found) -> bool:
    if not isinstance(constraint, ForeignKeyConstraint):
        return True
    targets = [element.target_fullname.rpartition(".")[2] for element in constraint.elements]
    table = constraint.elements[0].target_fullname.rsplit(".", 2)[-2]
    return str(found.target).rpartition(".")[2] == table and [*found.target_columns] == targets


def _is_usual(table: Table, found: Found) -> bool:
    """Whether PostgreSQL calls the primary key of every table so."""
    return found.kind == PRIMARY_KEY and found.name == f"{table.name}_pkey"


def _numbered(table: Table, pairs: Iterable[tuple[Constraint, Found]]) -> list[Constraint]:
    """The foreign keys that MariaDB, as it has numbered them, will number so again.

    It does so in the order of CREATE TABLE, which in a script is that of the text. Of tables that
    refer to each other some are made later: nobody can tell which, so these keep their names.
    """
    if _refers_to(table, table, set()):
        return []
    keys = [pair for pair in pairs if isinstance(pair[0], ForeignKeyConstraint)]
    keys.sort(key=lambda pair: repr(_columns(pair[0])))
    is_alike = all(
        twin.name == f"{table.name}_ibfk_{number}" for number, (_, twin) in enumerate(keys, 1)
    )
    return [constraint for constraint, _ in keys] if is_alike else []


def _refers_to(table: Table, target: Table, seen: set[Table]) -> bool:
    """Whether a table refers to another one, through whatever stands between them."""
    for key in table.foreign_keys:
        other = key.column.table
        if other is table or other in seen:
            continue
        seen.add(other)
        if other is target or _refers_to(other, target, seen):
            return True
    return False


def _keep_index(table: Table, found: CatalogTable, twin: Found) -> None:
    """Add the index that MariaDB made for a foreign key before that had its name.

    It would give the index the foreign key's name; one that is made by another name replaces it.
    """
    for index in found.indexes:
        if index.implements == twin.name and index.name != twin.name:
            Index(index.name, *(table.columns[name] for name in index.columns if name))

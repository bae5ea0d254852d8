"""Tables that both sides have alike: nothing can differ there, so nothing of them is compared.

Alike is what the server spells alike. Where it does not, the comparators decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import Any

from alembic.runtime.migration import MigrationContext

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database.catalog import Catalog, Enum, Table
from sqlmodel_migrations.database.catalog.base import PRIMARY_KEY, key
from sqlmodel_migrations.generate.named import Named
from sqlmodel_migrations.generate.options import Options, all_agree


def keys(
    context: MigrationContext, before: Catalog, after: Catalog, named: Named
) -> frozenset[str]:
    """Return the keys of the tables that are alike; none where code of the user's compares, too."""
    if _alembic.has_comparators_of_others(context):
        return frozenset()
    enums = (enum for pair in _changed_enums(before, after) for enum in pair if enum is not None)
    users = {user.rpartition(".")[0] for enum in enums for user in enum.users}
    return frozenset(
        key
        for key, table in after.tables.items()
        if key not in users and _is_alike(before.tables.get(key), table, named)
    )


def is_all(before: Catalog, after: Catalog) -> bool:
    """Whether the models have nothing else, where the tables of `before` are all alike."""
    return (
        before.tables.keys() == after.tables.keys()
        and before.sequences == after.sequences
        and not any(_changed_enums(before, after))
    )


def leave_out(options: Options, unchanged: Collection[str], home: str | None) -> None:
    """Keep tables out of the comparison, on both sides. `home` is the default schema."""

    def is_compared(schema: str | None, name: str | None) -> bool:
        return key(None if schema == home else schema, str(name)) not in unchanged

    def by_name(name: str | None, kind: str, parents: Mapping[str, Any]) -> bool:
        return kind != "table" or is_compared(parents.get("schema_name"), name)

    def by_object(item: Any, name: str | None, kind: str, _reflected: bool, _twin: Any) -> bool:
        return kind != "table" or is_compared(item.schema, name)

    options["include_name"] = all_agree(options.get("include_name"), by_name)
    options["include_object"] = all_agree(options.get("include_object"), by_object)


def _changed_enums(before: Catalog, after: Catalog) -> Iterator[tuple[Enum | None, Enum | None]]:
    for name in before.enums.keys() | after.enums.keys():
        old, new = before.enums.get(name), after.enums.get(name)
        if old is None or new is None or _spelled(old) != _spelled(new):
            yield old, new


def _spelled(enum: Enum) -> Hashable:
    return enum.labels, enum.comment, enum.owner


def _is_alike(before: Table | None, after: Table, named: Named) -> bool:
    return before is not None and _said(before, after, named) == _said(after, after, named)


def _said(table: Table, model: Table, named: Named) -> tuple[object, ...]:
    """What counts of a table: no triggers, which no model has, and no name that nobody gave."""

    def given(name: str | None) -> str | None:
        return name if name and named.is_given(model.key, name) else None

    def constraints() -> Iterator[Hashable]:
        for each in table.constraints:
            # A primary key without a name in the models may still be called by their convention.
            name = each.name if each.kind == PRIMARY_KEY else given(each.name)
            yield each.kind, name, each.columns, each.definition, each.target

    def indexes() -> Iterator[Hashable]:
        for each in table.indexes:
            yield given(each.name), each.is_unique, each.columns, each.definition

    said = (table.columns, table.comment, table.options, table.owner)
    return (*said, Counter(constraints()), Counter(indexes()))

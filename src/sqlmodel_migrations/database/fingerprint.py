"""The fingerprint of a schema: one hash, equal for equal schemas."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlmodel_migrations.database.catalog.base import Catalog, Constraint, Enum, Index, Table


def fingerprint(catalog: Catalog, tables: Collection[str] | None = None) -> str:
    """Return the SHA-256 of a catalog in hexadecimal; with `tables`, of these and their enums.

    The order of columns, AUTO_INCREMENT counters and SQLite's own tables are left out, as are the
    rows that PostgreSQL 18 keeps for NOT NULL. Raises nothing for a table that is not there.
    """
    wanted = catalog.tables if tables is None else set(tables) & set(catalog.tables)
    form = {
        "tables": {
            name: _table(table)
            for name, table in catalog.tables.items()
            if name in wanted and table.owner != "sqlite"
        },
        "enums": {
            name: [list(enum.labels), enum.comment, enum.owner]
            for name, enum in catalog.enums.items()
            if tables is None or _is_used(enum, wanted)
        },
    }
    if tables is None:
        form["others"] = _others(catalog)
    text = json.dumps(form, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _is_used(enum: Enum, tables: Collection[str]) -> bool:
    return any(user.rpartition(".")[0] in tables for user in enum.users)


def _others(catalog: Catalog) -> dict[str, Any]:
    return {
        "sequences": dict(catalog.sequences),
        "views": dict(catalog.views),
        "domains": dict(catalog.domains),
        "schemas": sorted(catalog.schemas),
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "columns": {name: asdict(column) for name, column in table.columns.items()},
        "constraints": sorted(_constraint(constraint) for constraint in table.constraints),
        "indexes": sorted(_index(index) for index in table.indexes),
        "triggers": dict(table.triggers),
        "comment": table.comment,
        "options": sorted(table.options),
        "owner": table.owner,
    }


def _constraint(constraint: Constraint) -> list[str]:
    return [constraint.kind, constraint.definition, constraint.name or ""]


def _index(index: Index) -> list[str]:
    return [index.name, index.definition]

"""PostgreSQL: what ANALYZE estimated; a table that it never saw is counted by its statistics."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from sqlmodel_migrations.database.catalog.base import key
from sqlmodel_migrations.database.sizes.base import Size

_TABLES = text(r"""
SELECT n.nspname::text, c.relname::text,
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::int8
            ELSE coalesce(pg_stat_get_live_tuples(c.oid), 0) END,
       pg_total_relation_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
""")


def read(connection: Connection) -> Mapping[str, Size]:
    """Return the size of every table by its key."""
    home = connection.dialect.default_schema_name
    return {
        key(None if schema == home else schema, name): Size(rows, size)
        for schema, name, rows, size in connection.execute(_TABLES)
    }

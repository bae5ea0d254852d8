"""PostgreSQL: numbers come from generate_series."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from sqlmodel_migrations.shadow.crowd.dialects.base import digits, is_small, large, whole
from sqlmodel_migrations.shadow.sample.dialects.base import execute, quoted_text
from sqlmodel_migrations.shadow.sample.shape import Family, Shape

_LIMIT = 30_000
_SIMPLE = {
    Family.DATE: "date '2020-01-01' + (n.g % 1500)::int",
    Family.TIME: "time '00:00' + n.g * interval '17 seconds'",
    Family.INTERVAL: "n.g * interval '1 minute'",
    Family.UUID: "md5(n.g::text)::uuid",
    Family.BOOLEAN: "n.g % 3 > 0",
    Family.ARRAY: "'{}'",
}

# Constraints that are NOT VALID hold for new rows only.
_NOT_VALID = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
              pg_get_constraintdef(oid))
FROM pg_constraint WHERE NOT convalidated AND conrelid <> 0 AND contype IN ('c', 'f')
"""
_STORED = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'm' ORDER BY oid"

# What advances each sequence that a column owns past the greatest value of that column.
_SEQUENCES = """
SELECT format(
  'SELECT setval(%L, max(%I)) FROM ONLY %I.%I HAVING max(%I) > 0',
  s.oid::regclass, a.attname, n.nspname, t.relname, a.attname
)
FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_class t ON t.oid = d.refobjid
JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.deptype IN ('a', 'i') AND t.relkind IN ('r', 'p')
"""


def numbers(count: int) -> str:
    """Write 1 to `count`."""
    return f"generate_series(1, {count}) AS n(g)"


def value(shape: Shape, native: str) -> str | None:
    """Write the value of row `g`."""
    written = _value(shape)
    is_typed = native and shape.family is not Family.INTEGER
    return f"CAST({written} AS {native})" if written and is_typed else written


def _value(shape: Shape) -> str | None:
    if shape.family is Family.INTEGER:
        return f"1 + (n.g - 1) % {shape.high}" if is_small(shape, _LIMIT) else "n.g"
    if shape.family is Family.NUMBER:
        return _number(shape)
    if shape.family is Family.TEXT:
        return _text(shape)
    if shape.family is Family.DATETIME:
        zone = "timestamptz" if shape.has_zone else "timestamp"
        return f"{zone} '2020-01-01' + n.g * interval '423.001 seconds'"
    if shape.family is Family.JSON:
        return "('{\"a\": ' || n.g || '}')::json"
    if shape.family is Family.BYTES:
        return "decode(md5(n.g::text), 'hex')"
    if shape.family is Family.CHOICE:
        labels = ", ".join(map(quoted_text, shape.choices))
        return f"(ARRAY[{labels}])[1 + n.g % {len(shape.choices)}]"
    return _SIMPLE.get(shape.family)


def _number(shape: Shape) -> str:
    fraction = "" if shape.scale is not None and shape.scale < 2 else " + (n.g % 4) * 0.25"
    return f"n.g % {10 ** whole(shape, 3)}{fraction}"


def _text(shape: Shape) -> str:
    length = digits(shape)
    start = 10 ** (length - 1) if length > 4 else 0
    return f"({start} + n.g % {10**length})::text"


def insert(table: str, columns: str, select: str) -> str:
    """Write an INSERT that leaves out rows whose keys are there already."""
    return f"INSERT INTO {table} ({columns}) {select} ON CONFLICT DO NOTHING"


def position() -> str:
    """The number of the row in its page, and that of the page."""
    return "((ctid::text::point)[0]::int + (ctid::text::point)[1]::int)"


def wrong(shape: Shape) -> Sequence[str]:
    """Write values that a constraint to come may refuse."""
    if shape.family is Family.TEXT:
        return (f"repeat('x', {min(shape.length or 600, 600)})", "'dup'")
    if shape.family in (Family.INTEGER, Family.NUMBER):
        return ("-1", large(shape))
    if shape.family in (Family.DATE, Family.DATETIME):
        return ("'1800-01-01'",)
    return ()


@contextlib.contextmanager
def unwatched(connection: Connection) -> Iterator[None]:
    """Switch triggers off, those of foreign keys too; only a superuser may."""
    allowed = execute(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if not allowed.scalar_one():
        yield
        return
    execute(connection, "SET session_replication_role = replica")
    yield
    execute(connection, "SET session_replication_role = DEFAULT")


@contextlib.contextmanager
def lifted(connection: Connection) -> Iterator[None]:
    """Drop constraints that are not validated for a moment."""
    found = execute(connection, _NOT_VALID).all()
    for drop, _ in found:
        execute(connection, drop)
    yield
    for _, add in found:
        execute(connection, add)


def settle(connection: Connection) -> None:
    """Bring sequences past the rows, refresh materialized views, and read statistics."""
    for advance in execute(connection, _SEQUENCES).scalars().all():
        execute(connection, advance)
    for name in execute(connection, _STORED).scalars().all():
        execute(connection, f"REFRESH MATERIALIZED VIEW {name}")
    execute(connection, "ANALYZE")

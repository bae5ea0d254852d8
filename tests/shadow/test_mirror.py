"""A mirror has the tables of a live database as they are, as far as models speak of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from database.catalog import test_mariadb, test_postgresql, test_sqlite
from database.catalog.sides import connected, execute
from databases import Database, Server
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog import Catalog, Column, Table
from sqlmodel_migrations.database.catalog.difference import differences
from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.shadow import mirror

# What no model says of a table, and a mirror leaves out.
_LEFT_OUT = ("view", "trigger", "options")


def assert_mirrored(live: sa.Connection, scratch: sa.Connection) -> None:
    there = catalog.read(live)
    mirror.make(live, scratch, there)
    found = differences(_spoken_of(there), _spoken_of(catalog.read(scratch)))
    assert [str(d) for d in found if d.kind not in _LEFT_OUT] == []


def _spoken_of(found: Catalog) -> Catalog:
    tables = {key: _plain(t) for key, t in found.tables.items() if t.owner != "virtual"}
    return replace(found, tables=tables)


def _plain(table: Table) -> Table:
    return replace(table, columns={name: _without_storage(c) for name, c in table.columns.items()})


def _without_storage(column: Column) -> Column:
    return replace(column, extra=None) if str(column.extra).startswith("storage") else column


def _scripts(cases: Mapping[str, tuple[str, str, str]]) -> list[Any]:
    return [pytest.param(script, id=name) for name, (_, script, _) in cases.items()]


@pytest.fixture(scope="module")
def two_postgresql(_postgresql_server: Server) -> Iterator[tuple[Database, Database]]:
    with _postgresql_server.database() as one, _postgresql_server.database() as other:
        yield one, other


@pytest.mark.server
@pytest.mark.parametrize("script", _scripts(test_postgresql.CASES))
def test_postgresql(two_postgresql: tuple[Database, Database], script: str) -> None:
    with connected(two_postgresql[0]) as live, connected(two_postgresql[1]) as scratch:
        execute(live, script)
        assert_mirrored(live, scratch)


@pytest.fixture(scope="module")
def two_mariadb(_mariadb_server: Server) -> Iterator[tuple[Database, Database]]:
    with _mariadb_server.database() as one, _mariadb_server.database() as other:
        yield one, other


@pytest.mark.server
@pytest.mark.parametrize("script", _scripts(test_mariadb.CASES))
def test_mariadb(two_mariadb: tuple[Database, Database], script: str) -> None:
    for database in two_mariadb:
        database.run(
            f"DROP DATABASE {database.name}",
            f"CREATE DATABASE {database.name} CHARACTER SET utf8mb4",
        )
    with connected(two_mariadb[0]) as live, connected(two_mariadb[1]) as scratch:
        execute(live, script)
        assert_mirrored(live, scratch)


@pytest.mark.parametrize("script", _scripts(test_sqlite.CASES))
def test_sqlite(script: str) -> None:
    engines = [sa.create_engine("sqlite://") for _ in range(2)]
    with engines[0].connect() as live, engines[1].connect() as scratch:
        execute(live, script)
        assert_mirrored(live, scratch)
    for engine in engines:
        engine.dispose()


NEEDED = """
CREATE SCHEMA types;
CREATE SCHEMA "Other s";
CREATE EXTENSION citext WITH SCHEMA types;
CREATE COLLATION german (provider = icu, locale = 'de-u-ks-level2', deterministic = false);
CREATE FUNCTION prefix() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '100%'::text $$;
CREATE FUNCTION label(x int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT prefix() || x $$;
CREATE DOMAIN types.short AS varchar(9) COLLATE german DEFAULT 'x' CHECK (length(label(1)) > 1);
CREATE TYPE pair AS (a int, b types.short);
CREATE SEQUENCE "Other s"."Num'bers" AS smallint INCREMENT 2 MAXVALUE 99 CYCLE;
CREATE TYPE "Other s"."mo'od" AS ENUM ('it''s', 'b');
CREATE TABLE "Other s"."Hero: 1%" (
  "Id" bigserial PRIMARY KEY, key int GENERATED ALWAYS AS IDENTITY (START 7),
  mail types.citext UNIQUE DEFAULT label(3), word types.short, both_ pair,
  moods "Other s"."mo'od"[] DEFAULT '{it''s}', name text COLLATE german,
  number int DEFAULT nextval('"Other s"."Num''bers"'),
  size int GENERATED ALWAYS AS (length(name)) STORED,
  CHECK (label(number) <> 'x'));
CREATE TABLE event (id int, at date, hero bigint REFERENCES "Other s"."Hero: 1%",
  PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX i ON event (hero) WHERE id > 3;
CREATE TABLE base (n int CONSTRAINT ck CHECK (n > 0));
CREATE TABLE child (m int UNIQUE) INHERITS (base);
CREATE VIEW v AS SELECT 1
"""


@pytest.mark.server
def test_what_tables_need_is_made_before_them(
    two_postgresql: tuple[Database, Database],
) -> None:
    with connected(two_postgresql[0]) as live, connected(two_postgresql[1]) as scratch:
        execute(live, NEEDED.strip())
        assert_mirrored(live, scratch)


@pytest.mark.server
def test_only_what_is_wanted_is_made(two_postgresql: tuple[Database, Database]) -> None:
    with connected(two_postgresql[0]) as live, connected(two_postgresql[1]) as scratch:
        execute(live, "CREATE TYPE t AS ENUM ('a');\nCREATE TABLE a ();\nCREATE TABLE b (kind t)")
        there = catalog.read(live)
        mirror.make(live, scratch, replace(there, tables={"a": there.tables["a"]}, enums={}))
        made = catalog.read(scratch)
        assert (set(made.tables), set(made.enums)) == ({"a"}, set())


@pytest.mark.server
def test_a_table_that_cannot_be_made_is_an_error(
    two_postgresql: tuple[Database, Database],
) -> None:
    with connected(two_postgresql[0]) as live, connected(two_postgresql[1]) as scratch:
        execute(live, "CREATE TYPE span AS RANGE (subtype = int4);\nCREATE TABLE a (x span)")
        with pytest.raises(MigrationsError, match='on a scratch database: type "span" does not'):
            mirror.make(live, scratch, catalog.read(live))

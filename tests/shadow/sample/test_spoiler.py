"""One row that violates a constraint to come, and none where the present schema forbids it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from databases import Database
from shadow.sample.test_rows import assert_full, column, connected, rows
from sqlmodel_migrations.shadow import sample

MADE = (
    "CREATE TABLE hero (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, age INTEGER,"
    " code VARCHAR(9) NOT NULL UNIQUE, CHECK (age < 100))"
)


def _table(connection: sa.Connection, name: str = "hero") -> sa.Table:
    return next(table for table in sample.reflect(connection) if table.name == name)


@pytest.mark.parametrize(
    ("how", "name", "query"),
    [
        ("null", "age", "SELECT COUNT(*) FROM hero WHERE age IS NULL"),
        ("duplicate", "name", "SELECT COUNT(*) - COUNT(DISTINCT name) FROM hero"),
        ("too long", "name", "SELECT COUNT(*) FROM hero WHERE LENGTH(name) = 40"),
        ("orphan", "name", "SELECT COUNT(*) FROM hero WHERE name = 'nobody'"),
        ("text:it's 5%", "name", "SELECT COUNT(*) FROM hero WHERE name = 'it''s 5%'"),
    ],
)
def test_one_row_is_spoiled(database: Database, how: str, name: str, query: str) -> None:
    demand = sa.MetaData()
    no_null = sa.Column("age", sa.Integer, nullable=False)
    sa.Table("hero", demand, no_null, sa.Column("name", sa.String(20), unique=True))
    with connected(database, MADE) as connection:
        assert_full(sample.fill(connection, also=[demand]))
        assert rows(connection, query) == [(0,)]
        assert sample.spoil(connection, _table(connection), column=name, how=how)
        assert rows(connection, query) == [(1,)]


@pytest.mark.parametrize(
    ("how", "name"),
    [("null", "name"), ("duplicate", "code"), ("too long", "age"), ("text:x", "id")],
)
def test_what_the_present_schema_forbids_is_not_done(
    postgresql: Database, how: str, name: str
) -> None:
    with connected(postgresql, MADE) as connection:
        assert_full(sample.fill(connection))
        before = sorted(column(connection, "hero", name), key=str)
        assert not sample.spoil(connection, _table(connection), column=name, how=how)
        assert sorted(column(connection, "hero", name), key=str) == before


def test_a_foreign_key_that_is_there_has_no_orphan(sqlite: Database) -> None:
    child = "CREATE TABLE child (id INTEGER PRIMARY KEY, hero_id INTEGER REFERENCES hero (id))"
    with connected(sqlite, MADE, child) as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        assert_full(sample.fill(connection))
        table = _table(connection, "child")
        assert not sample.spoil(connection, table, column="hero_id", how="orphan")


def test_an_empty_table_cannot_be_spoiled(database: Database) -> None:
    with connected(database, MADE) as connection:
        table = _table(connection)
        for how in ("null", "duplicate", "orphan", "too long", "text:x"):
            assert not sample.spoil(connection, table, column="name", how=how)


def test_a_table_without_rowid(sqlite: Database) -> None:
    made = "CREATE TABLE hero (a INTEGER, b TEXT, name TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID"
    with connected(sqlite, made) as connection:
        assert_full(sample.fill(connection))
        assert sample.spoil(connection, _table(connection), column="name", how="duplicate")
        assert len(rows(connection, "SELECT name FROM hero GROUP BY name HAVING COUNT(*) > 1")) == 1


def test_numbers_as_long_as_their_type(database: Database) -> None:
    made = "CREATE TABLE hero (id INTEGER NOT NULL PRIMARY KEY, n BIGINT NOT NULL)"
    with connected(database, made) as connection:
        assert_full(sample.fill(connection))
        assert sample.spoil(connection, _table(connection), column="n", how="too long")
        assert max(column(connection, "hero", "n")) == 2**63 - 1

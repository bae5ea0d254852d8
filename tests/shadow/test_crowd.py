"""The crowd: thousands of rows in every table, by one statement each, and rows that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from databases import Database
from sqlmodel_migrations.shadow import crowd

METADATA = sa.MetaData()
sa.Table(
    "org",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("code", sa.String(3), nullable=False),
)
sa.Table(
    "hero",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("org_id", sa.Integer, sa.ForeignKey("org.id"), nullable=False),
    sa.Column("boss_id", sa.Integer, sa.ForeignKey("hero.id")),
    sa.Column("name", sa.String(50), unique=True),
    sa.Column("note", sa.Text),
    sa.Column("age", sa.Integer, sa.CheckConstraint("age > 20 AND age < 99")),
    sa.Column("rate", sa.Numeric(5, 2)),
    sa.Column("active", sa.Boolean, server_default=sa.true(), nullable=False),
    sa.Column("born", sa.Date),
    sa.Column("seen", sa.DateTime),
)
sa.Table(
    "link",
    METADATA,
    sa.Column("hero_id", sa.ForeignKey("hero.id"), primary_key=True),
    sa.Column("org_id", sa.ForeignKey("org.id"), primary_key=True),
)


@pytest.fixture
def connection(database: Database) -> Iterator[sa.Connection]:
    engine = sa.create_engine(database.url)
    with engine.connect() as connection:
        METADATA.create_all(connection)
        connection.commit()
        yield connection
    engine.dispose()


def one(connection: sa.Connection, sql: str) -> Any:
    return connection.exec_driver_sql(sql).scalar_one()


def test_clean_rows(connection: sa.Connection) -> None:
    crowd.fill(connection, rows=500)
    connection.commit()
    for table in METADATA.tables:
        assert one(connection, f"SELECT count(*) FROM {table}") == 500
    values = "SELECT count(DISTINCT id), count(note), min(length(note)) FROM hero"
    assert connection.exec_driver_sql(values).one() == (500, 500, 9)
    assert one(connection, "SELECT count(DISTINCT org_id) FROM hero") == 500
    assert one(connection, "SELECT count(*) FROM hero WHERE active") == 334
    assert one(connection, "SELECT count(DISTINCT rate) > 100 FROM hero") in (1, True)
    assert one(connection, "SELECT count(*) FROM hero WHERE age IS NULL OR seen IS NULL") == 0


def test_wrong_rows(connection: sa.Connection) -> None:
    crowd.fill(connection, rows=100)
    crowd.spoil(connection)
    connection.commit()
    for column in ("note", "age", "born", "seen"):
        assert one(connection, f"SELECT count(*) FROM hero WHERE {column} IS NULL") > 0
    assert one(connection, "SELECT max(length(note)) FROM hero") == 600
    assert one(connection, "SELECT count(*) FROM hero WHERE rate < 0") > 0
    assert one(connection, "SELECT count(*) - count(DISTINCT code) FROM org") > 0
    assert one(connection, "SELECT count(*) FROM hero WHERE age <= 20") == 0


def test_rows_that_are_there_stay(connection: sa.Connection) -> None:
    connection.exec_driver_sql("INSERT INTO org (id, code) VALUES (7, 'abc')")
    crowd.fill(connection, rows=50)
    connection.commit()
    assert one(connection, "SELECT code FROM org WHERE id = 7") == "abc"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_next_number_is_free(connection: sa.Connection) -> None:
    """A trigger of the live database may insert a row wherever a revision changes one."""
    crowd.fill(connection, rows=50)
    connection.exec_driver_sql("INSERT INTO org (code) VALUES ('abc')")
    assert one(connection, "SELECT max(id) FROM org") == 51

"""Whole schemas: models created twice are equal, and so is what is made again from texts."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import Database, Server
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.difference import differences
from sqlmodel_migrations.database.fingerprint import fingerprint
from sqlmodel_migrations.errors import UsageError
from statements import sent

from .sides import connected


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "it's bad"


def models() -> sa.MetaData:
    """Return tables with one of each that SQLAlchemy can say on all three databases."""
    metadata = sa.MetaData()
    sa.Table(
        "team",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(50), unique=True, nullable=False, comment="100% it's"),
        comment="a team",
    )
    sa.Table(
        "hero",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(start=7), primary_key=True),
        sa.Column("Mixed Case", sa.String(60), server_default="it's", index=True),
        sa.Column("order", sa.Numeric(10, 2), server_default=sa.text("0")),
        sa.Column("is_new", sa.Boolean, server_default=sa.true()),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.Column("extra", sa.JSON),
        sa.Column("mood", sa.Enum(Mood), server_default="GOOD"),
        sa.Column("age", sa.Integer, sa.CheckConstraint("age > 0")),
        sa.Column("twice", sa.Integer, sa.Computed("age * 2", persisted=True)),
        sa.Column("team_id", sa.ForeignKey("team.id", ondelete="CASCADE")),
        sa.Column("boss_id", sa.ForeignKey("hero.id")),
        sa.CheckConstraint("age < 200", name="ck_age"),
        sa.UniqueConstraint("age", "is_new", name="uq_age"),
        sa.Index("ix_down", sa.desc("age"), "is_new"),
    )
    return metadata


@contextmanager
def _two(request: pytest.FixtureRequest, kind: str) -> Iterator[tuple[Database, Database]]:
    """Two empty databases of one kind."""
    if kind == "sqlite":
        one: Database = request.getfixturevalue("sqlite")
        yield one, Database(kind, one.url.replace("database.db", "other.db"))
        return
    server: Server = request.getfixturevalue(f"_{kind}_server")
    with server.database() as one, server.database() as other:
        yield one, other


def _created(database: Database, metadata: sa.MetaData) -> Catalog:
    with connected(database) as connection:
        metadata.create_all(connection)
        connection.commit()
        return catalog.read(connection)


@pytest.mark.parametrize(
    "kind",
    [
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.server),
        pytest.param("mariadb", marks=pytest.mark.server),
    ],
)
def test_models_created_twice_are_equal(request: pytest.FixtureRequest, kind: str) -> None:
    with _two(request, kind) as (one, other):
        before, after = _created(one, models()), _created(other, models())

    assert sorted(t for t, table in before.tables.items() if table.owner is None) == [
        "hero",
        "team",
    ]
    assert differences(before, after) == ()
    assert fingerprint(before) == fingerprint(after)


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_indexes_made_again_by_their_texts_are_equal(database: Database) -> None:
    before = _created(database, models())
    with connected(database) as connection:
        again = [index for index in before.tables["hero"].indexes if index.implements is None]
        for index in again:
            on = " ON hero" if database.kind == "mariadb" else ""
            quoted = connection.dialect.identifier_preparer.quote(index.name)
            connection.exec_driver_sql(f"DROP INDEX {quoted}{on}")
        assert len(differences(before, catalog.read(connection))) == len(again) > 1
        for index in again:
            connection.exec_driver_sql(index.sql)

        assert differences(before, catalog.read(connection)) == ()
        connection.commit()


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_constraints_made_again_by_their_definitions_are_equal(database: Database) -> None:
    # On SQLite a constraint is made with its table only.
    before = _created(database, models())
    hero = before.tables["hero"]
    if database.kind == "sqlite":
        lines = ", ".join(
            f"CONSTRAINT {c.name} {c.definition}" if c.name else c.definition
            for c in hero.constraints
        )
        columns = ", ".join(f'"{name}" {column.type}' for name, column in hero.columns.items())
        with connected(database) as connection:
            connection.exec_driver_sql("DROP TABLE hero")
            connection.exec_driver_sql(f"CREATE TABLE hero ({columns}, {lines})")
            after = catalog.read(connection)
        assert sorted(after.tables["hero"].constraints, key=repr) == sorted(
            hero.constraints, key=repr
        )
        return
    with connected(database) as connection:
        quote = connection.dialect.identifier_preparer.quote
        checks = [c for c in hero.constraints if c.name and c.kind in ("check", "foreign key")]
        for found in checks:
            connection.exec_driver_sql(f"ALTER TABLE hero DROP CONSTRAINT {quote(found.name)}")
        assert len(differences(before, catalog.read(connection))) == len(checks) > 1
        for found in checks:
            connection.exec_driver_sql(
                f"ALTER TABLE hero ADD CONSTRAINT {quote(found.name)} {found.definition}"
            )

        # MariaDB names the index of a key by the key's name, which was not given before.
        after = catalog.read(connection)
        assert differences(before, after, named=lambda table, name: name.startswith("ck")) == ()
        connection.commit()


def test_queries_do_not_grow_with_the_tables(database: Database) -> None:
    few, many = sa.MetaData(), sa.MetaData()
    for metadata, number in ((few, 2), (many, 300)):
        for n in range(number):
            sa.Table(
                f"t{n}",
                metadata,
                sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("a", sa.String(9), index=True),
                sa.Column("parent_id", sa.ForeignKey(f"t{max(n - 1, 0)}.id")),
            )

    assert 0 < _queries(database, few, 2) == _queries(database, many, 300) <= 8


def _queries(database: Database, metadata: sa.MetaData, tables: int) -> int:
    _created(database, metadata)
    with connected(database) as connection, sent(connection) as statements:
        assert len(catalog.read(connection).tables) == tables
    return len(statements)


def test_a_fingerprint_of_some_tables() -> None:
    hero = catalog.Table(None, "hero", {"a": catalog.Column("a", "mood", True)})
    team = catalog.Table(None, "team", {})
    mood = catalog.Enum(None, "mood", ("a",), users=("hero.a",))
    whole = Catalog(tables={"hero": hero, "team": team}, enums={"mood": mood})
    other = Catalog(tables={"hero": hero}, enums={"mood": mood}, views={"v": "x"})
    longer = catalog.Enum(None, "mood", ("a", "b"), users=("hero.a",))

    assert fingerprint(whole) != fingerprint(other)
    assert fingerprint(whole, ["hero"]) == fingerprint(other, ["hero", "unknown"])
    assert fingerprint(whole, ["hero"]) != fingerprint(
        Catalog(tables={"hero": hero}, enums={"mood": longer}), ["hero"]
    )
    assert fingerprint(whole, ["team"]) == fingerprint(Catalog(tables={"team": team}), ["team"])


def test_another_dialect_is_refused() -> None:
    with pytest.raises(UsageError, match="'oracle'"):
        catalog.read(_Foreign())  # type: ignore[arg-type]


class _Foreign:
    """What `read` looks at before it asks anything."""

    class dialect:  # noqa: N801
        name = "oracle"


NAMES = st.sampled_from(["a", "B", "order", "Mixed Case", "it's", 'q"uote', "ünï", "x%y", "a:b"])
TYPES = st.sampled_from([sa.Integer(), sa.String(9), sa.Numeric(10, 2), sa.Boolean(), sa.Text()])
DEFAULTS = st.sampled_from([None, "x", "it's", "5", "100%", "NULL"])


@st.composite
def tables(draw: st.DrawFn) -> sa.MetaData:
    """Draw one table whose names and defaults ask for quotes."""
    metadata = sa.MetaData()
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.lower))
    columns = [
        sa.Column(name, draw(TYPES), nullable=draw(st.booleans()), index=draw(st.booleans()))
        for name in names
    ]
    texts = [sa.Column(f"t{n}", sa.String(9), server_default=draw(DEFAULTS)) for n in range(2)]
    sa.Table(draw(NAMES), metadata, *columns, *texts, sa.UniqueConstraint(*names))
    return metadata


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(metadata=tables())
def test_any_table_is_read_as_it_was_created_sqlite(metadata: sa.MetaData) -> None:
    found = []
    for _ in range(2):
        engine = sa.create_engine("sqlite://")
        with engine.connect() as connection:
            metadata.create_all(connection)
            found.append(catalog.read(connection))
            _assert_described(connection, metadata, found[-1])
        engine.dispose()

    assert differences(*found) == ()
    assert fingerprint(found[0]) == fingerprint(found[1])


def _assert_described(connection: sa.Connection, metadata: sa.MetaData, found: Catalog) -> None:
    (table,) = metadata.tables.values()
    read = found.tables[table.name]
    assert [*read.columns] == [column.name for column in table.columns]
    assert [c.nullable for c in read.columns.values()] == [c.nullable for c in table.columns]
    assert {i.name: i.columns for i in read.indexes} == {
        str(i.name): tuple(c.name for c in i.columns) for i in table.indexes
    }

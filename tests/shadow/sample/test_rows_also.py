"""Sample rows that satisfy both sides: the future constraints are applied afterwards."""

from __future__ import annotations

import enum

import pytest
import sqlalchemy as sa

from databases import Database
from shadow.sample.test_rows import assert_full, column, connected, rows
from sqlmodel_migrations.shadow import sample


class Kind(enum.Enum):
    red = "r"
    green = "g"


def future() -> sa.MetaData:
    """The models after a change that tightens everything about `hero`."""
    metadata = sa.MetaData()
    sa.Table("team", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "hero",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(4), nullable=False, unique=True),
        sa.Column("age", sa.SmallInteger, nullable=False),
        sa.Column("small", sa.Numeric(3, 1), nullable=False),
        sa.Column("kind", sa.Enum(Kind, name="kind"), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("whole", sa.Integer, nullable=False),
        sa.Column("token", sa.Uuid, nullable=False),
        sa.Column("is_on", sa.Boolean, nullable=False),
        sa.Column("team_id", sa.ForeignKey("team.id"), nullable=False),
        sa.Column("brand_new", sa.Integer, nullable=False),
        sa.CheckConstraint("age > 5 AND age < 100", name="ages"),
        sa.CheckConstraint("brand_new > 4", name="of_a_new_column"),
        sa.UniqueConstraint("age", "whole"),
    )
    return metadata


PRESENT = (
    "CREATE TABLE team (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(9))",
    "CREATE TABLE hero (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), age INTEGER,"
    " small NUMERIC(9, 4), kind VARCHAR(9), day VARCHAR(30), whole VARCHAR(12), token CHAR(36),"
    " is_on INTEGER, team_id INTEGER, CHECK (age > 90))",
)


def test_what_the_models_will_demand_holds_already(database: Database) -> None:
    with connected(database, *PRESENT) as connection:
        assert_full(sample.fill(connection, also=[future()]))
        for name in ("name", "age", "small", "kind", "day", "whole", "token", "is_on", "team_id"):
            assert None not in column(connection, "hero", name)
        found = rows(connection, "SELECT name, age, small, kind, is_on FROM hero")
        assert len({name for name, *_ in found}) == 3
        for name, age, small, kind, is_on in found:
            assert len(name) <= 4
            assert 90 < age < 100
            assert abs(small) < 100
            assert round(small, 1) == small
            assert kind in ("red", "green")
            assert is_on in (0, 1)


def test_the_future_constraints_can_be_applied(postgresql: Database) -> None:
    with connected(postgresql, *PRESENT) as connection:
        assert_full(sample.fill(connection, also=[future()]))
        for statement in (
            "CREATE TYPE kind AS ENUM ('red', 'green')",
            "ALTER TABLE hero ALTER name TYPE varchar(4), ALTER name SET NOT NULL",
            "ALTER TABLE hero ADD UNIQUE (name)",
            "ALTER TABLE hero ALTER age TYPE smallint, ALTER age SET NOT NULL",
            "ALTER TABLE hero ALTER small TYPE numeric(3, 1), ALTER small SET NOT NULL",
            "ALTER TABLE hero ALTER kind TYPE kind USING kind::kind, ALTER kind SET NOT NULL",
            "ALTER TABLE hero ALTER day TYPE date USING day::date, ALTER day SET NOT NULL",
            "ALTER TABLE hero ALTER whole TYPE integer USING whole::integer",
            "ALTER TABLE hero ALTER token TYPE uuid USING token::uuid, ALTER token SET NOT NULL",
            "ALTER TABLE hero ALTER is_on TYPE boolean USING is_on::boolean",
            "ALTER TABLE hero ADD FOREIGN KEY (team_id) REFERENCES team (id)",
            "ALTER TABLE hero ADD CHECK (age > 5 AND age < 100), ADD UNIQUE (age, whole)",
        ):
            connection.exec_driver_sql(statement)


def test_the_future_constraints_can_be_applied_on_mariadb(mariadb: Database) -> None:
    with connected(mariadb, *PRESENT) as connection:
        assert_full(sample.fill(connection, also=[future()]))
        connection.commit()
        for statement in (
            "ALTER TABLE hero MODIFY name varchar(4) NOT NULL, ADD UNIQUE (name)",
            "ALTER TABLE hero MODIFY age smallint NOT NULL, MODIFY small numeric(3, 1) NOT NULL",
            "ALTER TABLE hero MODIFY kind ENUM('red', 'green') NOT NULL, MODIFY day date NOT NULL",
            "ALTER TABLE hero MODIFY whole integer NOT NULL, MODIFY is_on bool NOT NULL",
            "ALTER TABLE hero ADD FOREIGN KEY (team_id) REFERENCES team (id)",
            "ALTER TABLE hero ADD CHECK (age > 5 AND age < 100), ADD UNIQUE (age, whole)",
        ):
            connection.exec_driver_sql(statement)


def test_labels_that_both_sides_have(postgresql: Database) -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("kind", sa.Enum("b", "c", name="kind")), schema="public")
    made = (
        "CREATE TYPE kind AS ENUM ('a', 'b')",
        "CREATE TABLE t (id integer PRIMARY KEY, kind kind NOT NULL)",
    )
    with connected(postgresql, *made) as connection:
        assert_full(sample.fill(connection, also=[metadata]))
        assert set(column(connection, "t", "kind")) == {"b"}


@pytest.mark.parametrize("nullable", [True, False])
def test_a_foreign_key_to_a_table_that_is_yet_to_come(database: Database, nullable: bool) -> None:
    metadata = sa.MetaData()
    sa.Table("new", metadata, sa.Column("id", sa.Integer, primary_key=True))
    reference = sa.Column("new_id", sa.ForeignKey("new.id"), nullable=nullable)
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), reference)
    made = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, new_id INTEGER)"
    with connected(database, made) as connection:
        filled = sample.fill(connection, also=[metadata])
        if nullable:
            assert column(connection, "t", "new_id") == [None, None, None]
        else:
            assert filled.left_out == {"t": "no row of 'new' is there to refer to"}


def test_a_default_that_will_not_do_is_not_used(database: Database) -> None:
    metadata = sa.MetaData()
    check = sa.CheckConstraint("level > 10", name="levels")
    sa.Table("t", metadata, sa.Column("level", sa.Integer, nullable=False), check)
    made = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, level INTEGER NOT NULL DEFAULT 1)"
    with connected(database, made) as connection:
        assert_full(sample.fill(connection, also=[metadata]))
        assert all(level > 10 for level in column(connection, "t", "level"))


def test_a_cycle_that_a_new_foreign_key_closes(database: Database) -> None:
    metadata = sa.MetaData()
    key = sa.Column("id", sa.Integer, primary_key=True)
    boss = sa.Column("boss_id", sa.ForeignKey("hero.id"), nullable=False)
    sa.Table("team", metadata, key, boss)
    key = sa.Column("id", sa.Integer, primary_key=True)
    sa.Table("hero", metadata, key, sa.Column("team_id", sa.ForeignKey("team.id"), nullable=False))
    made = (
        "CREATE TABLE team (id INTEGER NOT NULL PRIMARY KEY, boss_id INTEGER)",
        "CREATE TABLE hero (id INTEGER NOT NULL PRIMARY KEY, team_id INTEGER NOT NULL,"
        " FOREIGN KEY (team_id) REFERENCES team (id))",
    )
    with connected(database, *made) as connection:
        assert_full(sample.fill(connection, also=[metadata]))
        missing = "boss_id IS NULL OR boss_id NOT IN (SELECT id FROM hero)"
        assert rows(connection, f"SELECT COUNT(*) FROM team WHERE {missing}") == [(0,)]

"""What fails, and for which reason: the first failure is told, and not what follows from it."""

from __future__ import annotations

import pytest

from lint.conftest import OURS, History

on = pytest.mark.parametrize
POSTGRESQL = on("database", ["postgresql"], indirect=True)
SQLITE = on("database", ["sqlite"], indirect=True)


def failing(history: History) -> list[tuple[str | None, int]]:
    kinds = ("always-fails", "fails-on-data")
    found = [f for f in history.lint("a1:b2") if f.hazard in kinds]
    return [(f.hazard, (f.line or 0) - 10) for f in found]


@POSTGRESQL
def test_an_error_that_is_caught_ends_the_transaction_all_the_same(history: History) -> None:
    history.add(
        "b2",
        """
        try:
            op.execute("ALTER TABLE hero DROP CONSTRAINT nothing")
        except Exception:
            pass
        op.execute("UPDATE hero SET age = 1 WHERE id = 1")
        """,
    )
    assert failing(history) == [("always-fails", 2)]


@POSTGRESQL
def test_a_savepoint_makes_it_harmless(history: History) -> None:
    history.add(
        "b2",
        """
        try:
            with op.get_bind().begin_nested():
                op.execute("ALTER TABLE hero DROP CONSTRAINT nothing")
        except Exception:
            pass
        op.execute("UPDATE hero SET age = 1 WHERE id = 1")
        """,
    )
    assert failing(history) == []


@POSTGRESQL
def test_what_follows_from_a_failure_is_not_told(history: History) -> None:
    history.add(
        "b2",
        """
        op.execute("CREATE TYPE mood AS ENUM (glad)")
        op.execute("ALTER TABLE hero ADD COLUMN mood mood")
        op.drop_column("hero", "nothing")
        """,
    )
    assert failing(history) == [("always-fails", 1), ("always-fails", 3)]


@POSTGRESQL
def test_nor_what_follows_from_one_that_only_rows_cause(history: History) -> None:
    types = [
        "op.execute(\"CREATE TYPE mood AS ENUM ('glad', 'sad')\")",
        'op.execute("ALTER TABLE hero ADD COLUMN mood mood")',
    ]
    history.add("a2", "\n".join(types))
    history.add(
        "b2",
        """
        op.execute("ALTER TYPE mood RENAME TO mood_old")
        op.execute("CREATE TYPE mood AS ENUM ('glad')")
        op.execute("ALTER TABLE hero ALTER COLUMN mood TYPE mood USING mood::text::mood")
        op.execute("DROP TYPE mood_old")
        """,
    )
    found = [f for f in history.lint("a2:b2") if f.hazard == "fails-on-data"]
    assert [(f.line or 0) - 10 for f in found] == [3]


@SQLITE
def test_an_operation_that_fails_is_told_once(history: History) -> None:
    history.add("a2", 'op.execute("CREATE VIEW names AS SELECT name FROM hero")')
    history.add(
        "b2",
        """
        with op.batch_alter_table("hero") as batch_op:
            batch_op.alter_column("name", type_=sa.Text)
        """,
    )
    found = [f.hazard for f in history.lint("a2:b2") if f.hazard == "always-fails"]
    assert found == ["always-fails"]


@SQLITE
def test_an_operation_that_fails_loses_no_rows(history: History) -> None:
    history.add(
        "a2",
        'op.execute("CREATE TABLE sum (id INTEGER PRIMARY KEY, v INT, g INT AS (v) STORED)")',
    )
    history.add(
        "b2",
        """
        with op.batch_alter_table("sum") as batch_op:
            batch_op.alter_column("v", type_=sa.BigInteger)
        """,
    )
    found = {f.hazard for f in history.lint("a2:b2")}
    assert found <= {"always-fails", "partial-failure"}


@on("database", ["sqlite"], indirect=True)
def test_what_rows_forbid_loses_none_of_them(history: History) -> None:
    history.env(
        """\
import sqlalchemy as sa
from alembic import context

engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url"))
sa.event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA foreign_keys=ON"))
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""
    )
    history.add(
        "a2",
        """
        op.create_table(
            "pet",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("hero_id", sa.Integer, sa.ForeignKey("hero.id")),
        )
        """,
    )
    history.add("b2", 'op.drop_table("hero")')
    assert [f.hazard for f in history.lint("a2:b2")] == ["fails-on-data"]


@POSTGRESQL
def test_what_needs_a_lacking_extension_is_not_measured_either(history: History) -> None:
    history.env(OURS)
    history.add(
        "b2",
        """
        op.execute("CREATE EXTENSION nowhere_to_be_had")
        op.execute("CREATE TABLE place (id integer, g geometry_of_it)")
        """,
    )
    assert failing(history) == []

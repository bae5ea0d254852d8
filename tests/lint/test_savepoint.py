"""What a revision rolls back by itself: it is not there afterwards, and its locks were held."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import KINDS
from lint.conftest import History
from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.lint.finding import Finding
from sqlmodel_migrations.lint.recording import RecordedStatement
from sqlmodel_migrations.lint.savepoint import Move, Savepoints, Turn, read

on = pytest.mark.parametrize
ALL = on("database", KINDS, indirect=True)
TRANSACTIONAL = on("database", ["sqlite", "postgresql"], indirect=True)
POSTGRESQL = on("database", ["postgresql"], indirect=True)
MARIADB = on("database", ["mariadb"], indirect=True)


def rules(findings: tuple[Finding, ...]) -> list[tuple[str, int]]:
    return [(f.rule, (f.line or 0) - 10) for f in findings if f.severity.value != "note"]


def found_in(history: History, script: str) -> list[tuple[str, int]]:
    """Judge a revision after the first."""
    history.add("b2", script)
    return rules(history.lint("a1:b2"))


@ALL
def test_rows_that_come_back_are_not_lost(history: History) -> None:
    script = """
        op.execute("SAVEPOINT trial")
        op.execute("DELETE FROM hero")
        op.execute("ROLLBACK TO SAVEPOINT trial")
        op.execute("DELETE FROM hero WHERE id = 1")
        """
    assert found_in(history, script) == [("backfill-in-transaction", 2), ("delete-rows", 4)]


@ALL
def test_what_is_released_stays_unless_the_outer_one_is_undone(history: History) -> None:
    history.add(
        "b2",
        """
        outer = op.get_bind().begin_nested()
        with op.get_bind().begin_nested():
            op.execute("DELETE FROM hero WHERE id > 1")
        outer.rollback()
        """,
    )
    history.add(
        "c3",
        """
        outer = op.get_bind().begin_nested()
        with op.get_bind().begin_nested():
            op.execute("DELETE FROM hero WHERE id > 1")
        outer.commit()
        """,
    )
    backfill = ("backfill-in-transaction", 3)
    assert rules(history.lint("a1:c3")) == [backfill, backfill, ("delete-rows", 3)]


@ALL
def test_rows_that_were_unlocked_do_not_add_up(history: History) -> None:
    history.add(
        "b2",
        """
        for low in range(0, 3000, 600):
            op.execute("SAVEPOINT trial")
            op.execute(f"UPDATE hero SET age = 1 WHERE id BETWEEN {low} AND {low + 599}")
            op.execute("ROLLBACK TO trial")
        """,
    )
    assert rules(history.lint("a1:b2")) == []


@TRANSACTIONAL
def test_a_schema_that_comes_back_breaks_nothing(history: History) -> None:
    script = """
        with op.get_bind().begin_nested() as trial:
            op.drop_column("hero", "age")
            op.rename_table("hero", "person")
            trial.rollback()
        op.alter_column("hero", "name", new_column_name="title")
        """
    assert found_in(history, script) == [("rename-column", 5)]


@POSTGRESQL
def test_an_index_that_is_undone_was_built_while_writes_waited(history: History) -> None:
    script = """
        op.execute("SAVEPOINT trial")
        op.create_index("ix", "hero", ["name"])
        op.execute("ROLLBACK TO trial")
        op.execute("UPDATE hero SET age = 1")
        """
    found = found_in(history, script)
    assert found == [("create-index-blocking", 2), ("backfill-in-transaction", 4)]


@MARIADB
def test_a_change_of_the_schema_ends_savepoints(history: History) -> None:
    script = """
        with op.get_bind().begin_nested():
            op.add_column("hero", sa.Column("note", sa.Integer))
        """
    assert found_in(history, script) == [("fail-always", 1)]


@POSTGRESQL
def test_what_the_script_commits_stays_where_it_fails_later(history: History) -> None:
    script = """
        op.add_column("hero", sa.Column("note", sa.Integer))
        op.execute("COMMIT")
        op.execute("UPDATE hero SET note = 1 WHERE id = 1")
        """
    assert found_in(history, script) == [("not-rerunnable", 3)]


@POSTGRESQL
def test_a_transaction_that_the_script_rolls_back_is_undone(history: History) -> None:
    script = """
        op.execute("DELETE FROM hero")
        op.execute("ROLLBACK")
        op.execute("UPDATE hero SET age = 1 WHERE id = 1")
        """
    assert found_in(history, script) == [("backfill-in-transaction", 1)]


@on(
    ("sql", "move"),
    [
        ("SAVEPOINT x", Move(Turn.SET, "x")),
        ('savepoint "X"', Move(Turn.SET, "x")),
        ("RELEASE SAVEPOINT x", Move(Turn.RELEASE, "x")),
        ("RELEASE x", Move(Turn.RELEASE, "x")),
        ("ROLLBACK TO x", Move(Turn.RETURN, "x")),
        ("ROLLBACK WORK TO SAVEPOINT x", Move(Turn.RETURN, "x")),
        ("ROLLBACK", Move(Turn.RETURN)),
        ("ROLLBACK PREPARED 'x'", None),
        ("UPDATE hero SET name = 'SAVEPOINT x'", None),
    ],
)
def test_how_it_is_written(sql: str, move: Move | None) -> None:
    assert read(Statement(sql, "postgresql")) == move


def test_of_two_with_one_name_the_last_is_meant() -> None:
    one = RecordedStatement("b2", 0, Path("b2.py"), 1, 1, "execute", "")
    open_, statements = Savepoints(), [one]

    def standing(turn: Turn, name: str = "") -> int:
        """How many statements stand after a move; one more is sent then."""
        open_.follow(Move(turn, name), statements)
        count = sum(not each.is_undone for each in statements)
        statements.append(one)
        return count

    open_.begin(0)
    assert [standing(Turn.SET, name) for name in ("x", "x", "y")] == [1, 2, 3]
    assert standing(Turn.RETURN, "x") == 2
    assert standing(Turn.RETURN, "y") == 3
    standing(Turn.RELEASE, "x")
    assert standing(Turn.RETURN, "x") == 1
    assert standing(Turn.RETURN) == 0
    assert standing(Turn.RETURN, "x") == 1

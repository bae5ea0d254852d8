"""What our executor does otherwise than plain Alembic, and lint says of it."""

from __future__ import annotations

import pytest

from lint.conftest import OURS, History
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.finding import Finding

on = pytest.mark.parametrize
POSTGRESQL = on("database", ["postgresql"], indirect=True)
SQLITE = on("database", ["sqlite"], indirect=True)


def of(findings: tuple[Finding, ...], hazard: str) -> list[tuple[Severity, bool]]:
    return [(f.severity, f.mitigated_by is not None) for f in findings if f.hazard == hazard]


@POSTGRESQL
@on("is_ours", [True, False])
@on(
    "body",
    [
        'op.create_index("ix", "hero", ["name"], postgresql_concurrently=True)',
        'op.execute("VACUUM hero")',
        """
        op.execute("ALTER TYPE mood ADD VALUE 'sad'")
        op.execute("UPDATE hero SET mood = 'sad' WHERE id = 1")
        """,
    ],
)
def test_what_leaves_its_transaction_by_itself_is_a_note(
    history: History, body: str, *, is_ours: bool
) -> None:
    if is_ours:
        history.env(OURS)
    history.add(
        "b2",
        """
        op.execute("CREATE TYPE mood AS ENUM ('glad')")
        op.execute("ALTER TABLE hero ADD COLUMN mood mood")
        """,
    )
    history.add("c3", body)
    found = history.lint("b2:c3")
    severity = Severity.NOTE if is_ours else Severity.ERROR
    assert of(found, "fails-in-transaction") == [(severity, is_ours)]
    assert [f for f in found if f.severity is Severity.ERROR and is_ours] == []


@SQLITE
def test_vacuum_leaves_it_too(history: History) -> None:
    history.env(OURS)
    history.add("b2", 'op.execute("UPDATE hero SET age = 1 WHERE id = 1")\nop.execute("VACUUM")')
    assert of(history.lint("a1:b2"), "fails-in-transaction") == [(Severity.NOTE, True)]


@POSTGRESQL
def test_a_commit_within_a_statement_fails_under_ours_as_well(history: History) -> None:
    history.env(OURS)
    body = "DO $$ BEGIN UPDATE hero SET age = 1 WHERE id = 1; COMMIT; END $$"
    history.add("b2", f"op.execute({body!r})")
    assert of(history.lint("a1:b2"), "fails-in-transaction") == [(Severity.ERROR, False)]


@POSTGRESQL
def test_what_came_before_it_is_committed(history: History) -> None:
    history.env(OURS)
    history.add(
        "b2",
        """
        op.add_column("hero", sa.Column("size", sa.Integer))
        op.create_index("ix", "hero", ["size"], postgresql_concurrently=True)
        op.execute("UPDATE hero SET size = 1")
        """,
    )
    found = history.lint("a1:b2")
    assert of(found, "partial-failure") == [(Severity.NOTE, True)]
    assert of(found, "lock-held") == []
    assert of(found, "mass-dml") == [(Severity.ERROR, False)]


@on("database", ["sqlite", "postgresql", "mariadb"], indirect=True)
@on("body", ['op.execute("COMMIT")', "op.get_bind().commit()", "op.get_bind().rollback()"])
def test_a_script_that_ends_its_transaction_is_refused(history: History, body: str) -> None:
    history.env(OURS)
    history.add("b2", body)
    (found,) = [f for f in history.lint("a1:b2") if f.hazard == "always-fails"]
    assert "ends a transaction, which sqlmodel migrations does not let a script do" in found.message
    assert found.line == 11


@on("database", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_an_autocommit_block_is_not(history: History) -> None:
    history.env(OURS)
    history.add(
        "b2",
        """
        with op.get_context().autocommit_block():
            op.execute("UPDATE hero SET age = 1 WHERE id = 1")
        """,
    )
    assert of(history.lint("a1:b2"), "always-fails") == []


@SQLITE
def test_values_that_plain_alembic_would_cut(history: History) -> None:
    history.env(OURS)
    history.add(
        "b2",
        """
        with op.batch_alter_table("hero") as batch_op:
            batch_op.alter_column("name", type_=sa.Integer)
        """,
    )
    assert of(history.lint("a1:b2"), "data-loss") == [(Severity.NOTE, True)]

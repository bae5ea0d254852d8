"""The driver's own cursor: nobody sees what it sends, and what it did is measured all the same."""

from __future__ import annotations

import pytest

from databases import KINDS
from lint.conftest import FIRST_LINE, History

on = pytest.mark.parametrize
ALL = on("database", KINDS, indirect=True)
MARIADB = on("database", ["mariadb"], indirect=True)

CURSOR = "cursor = op.get_bind().connection.cursor()"
DRIVER = "cursor = op.get_bind().connection.driver_connection.cursor()"
DBAPI = "cursor = op.get_bind().connection.dbapi_connection.cursor()"


def found(history: History, *lines: str) -> list[tuple[str, int]]:
    """The rules, and the lines of the body."""
    history.add("b2", "\n".join(lines))
    findings = history.lint("a1:b2")
    return [(f.rule, (f.line or 0) - FIRST_LINE + 1) for f in findings]


@ALL
@on("cursor", [CURSOR, DRIVER, DBAPI], ids=["cursor", "driver", "dbapi"])
@on(
    ("sql", "rules"),
    [
        ("UPDATE hero SET age = id + 70000", ["backfill-in-transaction"]),
        ("UPDATE hero SET age = 70001 WHERE id < 10", []),
        ("DELETE FROM hero", ["backfill-in-transaction", "delete-rows"]),
        ("DELETE FROM hero WHERE id = 1", ["delete-rows"]),
        ("ALTER TABLE hero DROP COLUMN name", ["drop-column", "drop-column"]),
        ("SELECT 1", []),
    ],
)
def test_what_it_did_is_measured(history: History, cursor: str, sql: str, rules: list[str]) -> None:
    sent = [cursor, f'cursor.execute("{sql}")', "cursor.close()"]
    said = [pair for pair in found(history, *sent) if pair[0] != "not-measured"]
    assert said == [(rule, 1) for rule in rules]


@ALL
def test_what_comes_after_it_is_measured_apart(history: History) -> None:
    assert found(
        history,
        'op.execute("UPDATE hero SET age = 70001 WHERE id = 1")',
        CURSOR,
        'cursor.execute("UPDATE hero SET age = id + 70000")',
        'op.execute("UPDATE hero SET age = 70001 WHERE id = 2")',
        'op.execute("SELECT 1")',
    ) == [("backfill-in-transaction", 2)]


@ALL
def test_what_others_sent_is_not_its_own(history: History) -> None:
    said = found(
        history,
        'op.execute("UPDATE hero SET age = id + 70000")',
        CURSOR,
        'cursor.execute("SELECT 1")',
        'op.execute("SELECT 1")',
    )
    assert said == [("backfill-in-transaction", 1)]
    assert all(statement.sql for statement in history.record("a1:b2").statements)


@ALL
def test_what_is_undone_is_not_lost(history: History) -> None:
    assert (
        found(
            history,
            'op.execute("SAVEPOINT trial")',
            CURSOR,
            'cursor.execute("DELETE FROM hero WHERE id = 1")',
            'op.execute("ROLLBACK TO SAVEPOINT trial")',
            'op.execute("SELECT 1")',
        )
        == []
    )


@ALL
def test_rows_of_a_table_that_it_alters_are_not_compared(history: History) -> None:
    said = found(
        history,
        CURSOR,
        'cursor.execute("ALTER TABLE hero ADD COLUMN note VARCHAR(20)")',
        "cursor.execute(\"UPDATE hero SET note = 'x'\")",
    )
    assert {rule for rule, _ in said} & {"not-measured", "backfill-in-transaction"}


@ALL
def test_a_table_that_it_renames_is_not_dropped(history: History) -> None:
    said = found(history, CURSOR, 'cursor.execute("ALTER TABLE hero RENAME TO person")')
    assert said == [("rename-table", 1)]


@MARIADB
def test_batches_that_are_committed(history: History) -> None:
    assert (
        found(
            history,
            CURSOR,
            "for low in range(0, 3001, 500):",
            "    sql = f'UPDATE hero SET age = id + 70000 WHERE id BETWEEN {low} AND {low + 499}'",
            "    cursor.execute(sql)",
            "    op.get_bind().connection.commit()",
        )
        == []
    )

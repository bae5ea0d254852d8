"""What only SQLite does: rows that take the place of others, rebuilds, the driver's cursor."""

from __future__ import annotations

import pytest

from lint.conftest import History

on = pytest.mark.parametrize
SQLITE = on("database", ["sqlite"], indirect=True)


def hazards(history: History, start: str = "a1") -> list[tuple[str | None, int]]:
    found = history.lint(f"{start}:b2")
    return [(f.hazard, (f.line or 0) - 10) for f in found]


@SQLITE
@on(
    ("sql", "expected"),
    [
        ("WITH x AS (SELECT 1 AS n) UPDATE hero SET age = (SELECT n FROM x)", True),
        ("REPLACE INTO hero (id, name) SELECT id, name FROM hero", True),
        ("INSERT OR REPLACE INTO hero (id, name) SELECT id, name FROM hero", True),
        (
            "INSERT INTO hero (id, name) SELECT id, name FROM hero WHERE true"
            " ON CONFLICT (id) DO UPDATE SET age = 1",
            True,
        ),
        ("REPLACE INTO hero (id, name) SELECT id, name FROM hero WHERE id = 1", False),
        ("INSERT INTO hero (name) SELECT name FROM hero", False),
    ],
)
def test_rows_that_take_the_place_of_others(history: History, sql: str, *, expected: bool) -> None:
    history.add("b2", f"op.execute({sql!r})")
    assert hazards(history) == ([("mass-dml", 1)] if expected else [])


@SQLITE
def test_what_a_trigger_writes_down_changes_no_row(history: History) -> None:
    history.add(
        "a2",
        """
        op.execute("CREATE TABLE log (hero_id INTEGER)")
        op.execute(
            "CREATE TRIGGER noted AFTER UPDATE ON hero"
            " BEGIN INSERT INTO log VALUES (NEW.id); INSERT INTO log VALUES (NEW.id); END"
        )
        """,
    )
    history.add("b2", 'op.execute("UPDATE hero SET age = 1 WHERE id <= 1000")')
    assert hazards(history, "a2") == []


@SQLITE
def test_a_name_in_capitals(history: History) -> None:
    history.add("a2", """op.execute('CREATE TABLE "Order" (id INTEGER PRIMARY KEY, n TEXT)')""")
    history.add("b2", """op.execute('DELETE FROM "Order"')""")
    assert sorted(hazards(history, "a2"), key=str) == [("data-loss", 1), ("mass-dml", 1)]


@SQLITE
def test_rows_that_the_drivers_cursor_deletes(history: History) -> None:
    history.add(
        "b2",
        """
        cursor = op.get_bind().connection.cursor()
        cursor.execute("DELETE FROM hero WHERE id < 10")
        """,
    )
    assert hazards(history) == [("data-loss", 1)]


@SQLITE
def test_a_constraint_that_a_batch_drops_is_named(history: History) -> None:
    history.add(
        "a2",
        """
        op.create_table(
            "pet",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("hero_id", sa.Integer, sa.ForeignKey("hero.id", name="fk_pet_hero")),
        )
        """,
    )
    history.add(
        "b2",
        """
        with op.batch_alter_table("pet") as batch_op:
            batch_op.drop_constraint("fk_pet_hero", type_="foreignkey")
        """,
    )
    assert hazards(history, "a2") == []


@SQLITE
def test_a_constraint_without_a_name_follows_its_column(history: History) -> None:
    history.add(
        "a2",
        """
        op.execute("CREATE TABLE pet (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, UNIQUE (a, b))")
        """,
    )
    history.add("b2", 'op.execute("ALTER TABLE pet RENAME COLUMN a TO c")')
    assert hazards(history, "a2") == [("breaks-running-code", 1)]

"""Identity columns, sequences, AUTO_INCREMENT: the next number follows the rows."""

from __future__ import annotations

import pytest

from story import Story

SERIAL = """
class Invoice(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    total: int = 0
"""
IDENTITY = """
class Invoice(SQLModel, table=True):
    id: int | None = Field(
        default=None, sa_column=Column(sa.Integer, Identity(always={}, start=5), primary_key=True)
    )
    total: int = 0
"""
NUMBERLESS = """
class Invoice(SQLModel, table=True):
    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    total: int = 0
"""
INSERT = "INSERT INTO invoice (total) VALUES (0)"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_serial_key_becomes_an_identity_column_and_changes(story: Story) -> None:
    story.begin(SERIAL, "INSERT INTO invoice (id, total) VALUES (40, 0)")
    story.revise(IDENTITY.format("True"))
    story.upgrade()
    story.database.run(INSERT)
    assert story.query("SELECT max(id) FROM invoice") == [(41,)]
    story.downgrade()
    story.database.run(INSERT)
    assert story.query("SELECT max(id) FROM invoice") == [(42,)]
    story.upgrade()

    story.revise(IDENTITY.format("False"))
    story.upgrade()
    story.database.run(INSERT)
    story.downgrade()
    story.database.run(INSERT)
    assert story.query("SELECT max(id) FROM invoice") == [(44,)]


@pytest.mark.parametrize("database", ["mariadb", "postgresql"], indirect=True)
def test_a_key_that_counts_from_now_on(story: Story) -> None:
    story.begin(NUMBERLESS, "INSERT INTO invoice (id, total) VALUES (7, 0)")
    story.revise(SERIAL)
    story.upgrade()
    story.database.run(INSERT)
    assert story.query("SELECT max(id) FROM invoice") == [(8,)]
    story.downgrade()
    with pytest.raises(Exception, match=r"(?i)null|default"):
        story.database.run(INSERT)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("start", "increment", "rows", "number"),
    [(5, 1, [], 5), (5, 3, [1], 5), (5, 3, [7], 10), (-5, -1, [3], -5), (-5, -1, [-9], -10)],
)
def test_numbers_begin_where_the_model_says_or_behind_the_rows(
    story: Story, start: int, increment: int, rows: list[int], number: int
) -> None:
    story.begin(NUMBERLESS, *(f"INSERT INTO invoice (id, total) VALUES ({n}, 0)" for n in rows))
    identity = f"start={start}, increment={increment}"
    story.revise(IDENTITY.replace("always={}, start=5", identity), "--no-verify")
    story.upgrade()
    story.database.run("INSERT INTO invoice (total) VALUES (99)")
    assert story.query("SELECT id FROM invoice WHERE total = 99") == [(number,)]


PAIR = """
class Place(SQLModel, table=True):
    a: int = Field({})
    b: int = Field({})
"""
KEYS = [
    ("primary_key=True", "primary_key=True"),
    ("primary_key=True", ""),
    ("", "primary_key=True"),
]


@pytest.mark.parametrize(("old", "new"), [(0, 1), (1, 2)])
@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_what_numbers_a_key_goes_before_the_key_and_comes_after_it(
    story: Story, old: int, new: int
) -> None:
    """SQLAlchemy numbers a key of one column: AUTO_INCREMENT stands on no other column."""
    story.begin(PAIR.format(*KEYS[old]), "INSERT INTO place (a, b) VALUES (3, 4), (5, 6)")
    story.revise(PAIR.format(*KEYS[new]))
    story.upgrade()
    story.downgrade()
    assert story.query("SELECT a, b FROM place ORDER BY a") == [(3, 4), (5, 6)]
    story.upgrade()
    assert story.query("SELECT a, b FROM place ORDER BY a") == [(3, 4), (5, 6)]

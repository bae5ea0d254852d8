"""SQLite: native where it can, else one rebuild that keeps what is around the table."""

from __future__ import annotations

import pytest

from story import Story

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

BEFORE = """
class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=sa.String(50, collation="NOCASE"))


class Hero(SQLModel, table=True):
    __table_args__ = (
        Index("ix_open", "name", sqlite_where=text("age > 3")),
        Index("ix_down", text("age DESC")),
        Index("ix_lower", text("lower(name)")),
        CheckConstraint("age > 0"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=sa.String(50, collation="NOCASE"))
    age: int
    double: int | None = Field(sa_column=Column(sa.Integer, Computed("age * 2")))
    team_id: int = Field(foreign_key="team.id", ondelete="CASCADE")


class Log(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    said: str
"""
AFTER = (
    BEFORE.replace("    age: int\\n", "    age: int\\n    level: int = 1\\n")
    .replace(
        "class Team(SQLModel, table=True):\n",
        "class Team(SQLModel, table=True):\n    __table_args__ = (UniqueConstraint('name'),)\n\n",
    )
    .replace("    age: int\n", "    age: int = Field(sa_type=sa.BigInteger)\n    level: int = 1\n")
)
ROWS = (
    "INSERT INTO team (id, name) VALUES (1, 'X')",
    "INSERT INTO hero (id, name, age, team_id) VALUES (41, 'Loki', 5, 1)",
    "DELETE FROM hero WHERE id = 41",
    "INSERT INTO hero (id, name, age, team_id) VALUES (7, 'Loki', 5, 1)",
    "CREATE TRIGGER told AFTER INSERT ON hero BEGIN INSERT INTO log (said) VALUES (new.name); END",
    "CREATE TRIGGER heard AFTER INSERT ON log BEGIN UPDATE hero SET age = age + 1; END",
    "CREATE VIEW old_heroes AS SELECT name FROM hero WHERE age > 3",
)


def test_a_rebuild_keeps_all_that_is_around(story: Story) -> None:
    story.begin(BEFORE, *ROWS)
    before = around(story)
    script = story.revise(AFTER)
    up = script.partition("def upgrade")[2].partition("def downgrade")[0]
    assert up.count('batch_alter_table("hero"') == 1

    story.upgrade()

    assert story.query("SELECT id, name, age, double, level FROM hero") == [(7, "Loki", 5, 10, 1)]
    assert around(story) == before
    story.database.run("INSERT INTO hero (name, age, level, team_id) VALUES ('Thor', 1, 1, 1)")
    assert story.query("SELECT max(id), count(*) FROM hero") == [(42, 2)]
    assert story.query("SELECT said FROM log") == [("Thor",)]
    assert story.query("SELECT count(*) FROM old_heroes") == [(1,)]

    story.downgrade()

    assert around(story) == before
    assert story.query("SELECT id FROM hero ORDER BY id") == [(7,), (42,)]
    story.upgrade()


def around(story: Story) -> list[tuple[object, ...]]:
    """The texts of indexes, triggers and views."""
    return sorted(
        story.query(
            "SELECT type, name, sql FROM sqlite_master"
            " WHERE type <> 'table' AND name NOT LIKE 'sqlite_%'"
        )
    )


def test_what_sqlite_can_by_itself_is_no_rebuild(story: Story) -> None:
    plain = "class Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    {}\n"
    story.begin(plain.format("name: str\n    old: str"), "INSERT INTO hero VALUES (1, 'A', 'b')")
    after = plain.format("full_name: str\n    note: str | None = None")
    script = story.revise(after, "--rename", "hero.name:full_name", "--accept", "hero.old")
    assert "batch_alter_table" not in script.partition("def downgrade")[0]
    story.upgrade()
    assert story.query("SELECT full_name, note FROM hero") == [("A", None)]


def test_a_failed_rebuild_leaves_no_trace(story: Story) -> None:
    story.begin(BEFORE, *ROWS)
    story.revise(AFTER)
    schema = story.query("SELECT sql FROM sqlite_master ORDER BY name")
    story.database.run("INSERT INTO team (id, name) VALUES (2, 'X')")  # no longer unique

    ran = story.project.cli("upgrade")

    assert ran.code == 5
    assert story.query("SELECT sql FROM sqlite_master ORDER BY name") == schema
    assert story.query("SELECT count(*) FROM hero") == [(1,)]


OPTIONS = """
class Jar(SQLModel, table=True):
    {}
    id: int | None = Field(default=None, primary_key=True)
    weight: int
"""
KINDS = [
    ("sqlite_strict", True, "STRICT"),
    ("sqlite_with_rowid", False, "WITHOUT ROWID"),
    ("sqlite_autoincrement", True, "AUTOINCREMENT"),
]


@pytest.mark.parametrize(("option", "value", "words"), KINDS)
def test_what_a_table_is_made_with_is_changed(
    story: Story, option: str, value: bool, words: str
) -> None:
    story.begin(OPTIONS.format(""), "INSERT INTO jar (id, weight) VALUES (1, 5)")
    story.revise(OPTIONS.format(f"__table_args__ = {{{option!r}: {value}}}\n"))

    story.upgrade()
    assert words in made_by(story)

    story.downgrade()
    assert words not in made_by(story)
    assert story.query("SELECT id, weight FROM jar") == [(1, 5)]


def made_by(story: Story) -> str:
    return str(story.query("SELECT sql FROM sqlite_master WHERE name = 'jar'")[0][0])

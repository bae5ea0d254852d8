"""Enums: types of PostgreSQL, ENUM of MariaDB, texts of SQLite; names are what is stored."""

from __future__ import annotations

import pytest

from story import Story

COLOR = """
class Color(enum.Enum):
    {}


class Paint(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    color: Color
    other: Color | None = Field(default=None)


class Wall(SQLModel, table=True):
    __table_args__ = (CheckConstraint("color <> 'RED' OR height > 0", name="ck_wall"),)

    id: int | None = Field(default=None, primary_key=True)
    height: int
    color: Color = Field(sa_column_kwargs={{"server_default": "RED"}})
"""
TWO = COLOR.format('RED = "red"\n    BLUE = "blue"')
THREE = COLOR.format('RED = "red"\n    GREEN = "green"\n    BLUE = "blue"')
ROWS = (
    "INSERT INTO paint (id, color, other) VALUES (1, 'RED', 'BLUE'), (2, 'BLUE', NULL)",
    "INSERT INTO wall (id, height) VALUES (1, 3)",
)
TEXT = """
class Paint(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    color: str = Field(max_length=10)
"""
TYPED = """
class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Paint(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    color: Color
"""


def test_a_type_is_made_with_its_first_use_and_dropped_with_its_last(story: Story) -> None:
    story.begin("class Other(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n")
    story.revise(
        TWO + "\n\nclass Other(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n"
    )
    story.upgrade()
    story.database.run(*ROWS)
    story.downgrade()
    if story.database.kind == "postgresql":
        assert story.query("SELECT typname FROM pg_type WHERE typname = 'color'") == []
    story.upgrade()
    story.database.run(*ROWS)


def test_one_value_more_and_less(story: Story) -> None:
    story.begin(TWO, *ROWS)
    script = story.revise(THREE)
    if story.database.kind == "postgresql":
        assert "ADD VALUE IF NOT EXISTS 'GREEN' AFTER 'RED'" in script
        up = script.partition("def upgrade")[2].partition("def downgrade")[0]
        assert "ALTER TABLE" not in up
    if story.database.kind == "mariadb":
        assert "LONGTEXT" not in script
        assert "UPDATE" not in script
    story.upgrade()
    story.downgrade()
    assert story.query("SELECT color, other FROM paint ORDER BY id") == [
        ("RED", "BLUE"),
        ("BLUE", None),
    ]
    assert story.query("SELECT color FROM wall") == [("RED",)]
    story.upgrade()
    story.database.run("UPDATE paint SET color = 'GREEN' WHERE id = 2")

    ran = story.refused(TWO)  # rows use the value
    assert ran.code == 1
    story.database.run("UPDATE paint SET color = 'BLUE' WHERE id = 2")
    story.revise(TWO)
    story.upgrade()
    assert story.query("SELECT color FROM wall") == [("RED",)]
    story.downgrade()
    story.upgrade()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_new_value_is_usable_in_the_same_upgrade(story: Story) -> None:
    story.begin(TWO, *ROWS)
    default = (
        'other: Color | None = Field(default=None, sa_column_kwargs={"server_default": "GREEN"})'
    )
    story.revise(THREE.replace("other: Color | None = Field(default=None)", default))
    story.upgrade()
    story.database.run("INSERT INTO paint (id, color) VALUES (3, 'RED')")
    assert story.query("SELECT other::text FROM paint WHERE id = 3") == [("GREEN",)]
    story.database.run("DELETE FROM paint WHERE id = 3")
    story.downgrade()
    story.upgrade()


def test_a_renamed_value(story: Story) -> None:
    story.begin(TWO, *ROWS)
    after = COLOR.format('RED = "red"\n    NAVY = "blue"')

    story.revise(after, "--rename-value", "color.BLUE:NAVY")

    story.upgrade()
    query = "SELECT color, other FROM paint ORDER BY id"
    assert story.query(query) == [("RED", "NAVY"), ("NAVY", None)]
    story.downgrade()
    assert story.query(query) == [("RED", "BLUE"), ("BLUE", None)]
    story.upgrade()


def test_text_that_becomes_an_enum(story: Story) -> None:
    """The values of members become their names, as the application reads them."""
    story.begin(TEXT, "INSERT INTO paint (id, color) VALUES (1, 'red'), (2, 'BLUE')")
    story.revise(TYPED)
    story.database.run("INSERT INTO paint (id, color) VALUES (3, 'pink')")
    ran = story.project.cli("upgrade")
    assert ran.code == 5
    assert "1 rows of 'paint' have a value in 'color' that is none of RED, BLUE" in ran.stderr
    story.database.run("DELETE FROM paint WHERE id = 3")

    story.upgrade()

    assert story.query("SELECT color FROM paint ORDER BY id") == [("RED",), ("BLUE",)]
    story.downgrade()
    assert story.query("SELECT count(*) FROM paint") == [(2,)]


CHECKED = """
class Kind(enum.Enum):
    {}


class Task(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    kind: Kind = Field(
        sa_type=sa.Enum(Kind, native_enum=False, create_constraint=True, name="kind")
    )
"""


def test_an_enum_that_is_a_check(story: Story) -> None:
    story.begin(CHECKED.format("A = 1\n    B = 2"), "INSERT INTO task (id, kind) VALUES (1, 'A')")
    story.revise(CHECKED.format("A = 1\n    B = 2\n    C = 3"))
    story.upgrade()
    story.database.run("INSERT INTO task (id, kind) VALUES (2, 'C')")
    assert story.refused(CHECKED.format("A = 1\n    B = 2")).code == 1
    story.database.run("DELETE FROM task WHERE id = 2")
    story.downgrade()
    story.models(CHECKED.format("A = 1\n    B = 2\n    C = 3"))
    story.upgrade()
    assert story.query("SELECT kind FROM task") == [("A",)]


SCHEMA = """
class Kind(enum.Enum):
    {}


class Task(SQLModel, table=True):
    __table_args__ = {{"schema": "work"}}

    id: int | None = Field(default=None, primary_key=True)
    kinds: list[Kind] = Field(
        sa_type=postgresql.ARRAY(sa.Enum(Kind, name="kind", schema="work"))
    )
"""


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_array_of_an_enum_in_a_schema(story: Story) -> None:
    story.begin(
        SCHEMA.format("A = 1\n    B = 2\n    C = 3"),
        "INSERT INTO work.task (id, kinds) VALUES (1, ARRAY['A', 'B']::work.kind[])",
    )
    story.revise(SCHEMA.format("A = 1\n    B = 2"))
    story.upgrade()
    query = "SELECT kinds::text FROM work.task"
    assert story.query(query) == [("{A,B}",)]
    story.downgrade()
    assert story.query(query) == [("{A,B}",)]
    story.database.run("UPDATE work.task SET kinds = ARRAY['C']::work.kind[]")
    assert story.project.cli("upgrade").code == 5
    assert story.query(query) == [("{C}",)]


MENTIONED = """
class State(enum.Enum):
    {}


class Task(SQLModel, table=True):
    __table_args__ = (
        CheckConstraint("{}", name="ck_state"),
        Index("ix_open", "id", postgresql_where=text("{}")),
    )

    id: int | None = Field(default=None, primary_key=True)
    state: State = Field(sa_column_kwargs={{"server_default": "{}"}})
"""


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_value_that_goes_away_with_what_mentions_it(story: Story) -> None:
    late = "state <> 'LATE' OR id > 0"
    story.begin(
        MENTIONED.format("OPEN = 1\n    LATE = 2", late, "state = 'LATE'", "LATE"),
        "INSERT INTO task (id, state) VALUES (1, 'OPEN')",
    )
    story.revise(MENTIONED.format("OPEN = 1", "id > 0", "state = 'OPEN'", "OPEN"))
    story.upgrade()
    story.downgrade()
    story.database.run("INSERT INTO task (id) VALUES (2)")
    assert story.query("SELECT state::text FROM task ORDER BY id") == [("OPEN",), ("LATE",)]

"""Renames: values, and whatever belongs to the renamed thing, are kept; nothing is guessed."""

from __future__ import annotations

import pytest

from story import Story

BEFORE = """
class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=10, unique=True)


class Hero(SQLModel, table=True):
    __table_args__ = (CheckConstraint("age > 0", name="ck_age"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str | None = Field(default=None, max_length=50, index=True)
    age: int = Field(default=1)
    team_code: str = Field(max_length=10, foreign_key="team.code")


class Point(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    x: int
    y: int
    a: int
    b: int
"""
ROWS = (
    "INSERT INTO team (id, code) VALUES (1, 'X')",
    "INSERT INTO hero (id, name, age, team_code) VALUES (1, 'Loki', 5, 'X'), (2, NULL, 6, 'X')",
    "INSERT INTO point (id, x, y, a, b) VALUES (1, 10, 20, 30, 40)",
)
AFTER = """
class Squad(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    tag: str = Field(max_length=10, unique=True)


class Hero(SQLModel, table=True):
    __table_args__ = (CheckConstraint("years > 0", name="ck_age"),)

    id: int | None = Field(default=None, primary_key=True)
    full_name: str = Field(default="nobody", max_length=80, index=True)
    years: int = Field(default=1, sa_type=sa.BigInteger)
    squad_tag: str = Field(max_length=10, foreign_key="squad.tag")


class Point(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    x: int
    y: int
    b: int
    c: int
"""
FLAGS = (
    *("--rename", "team:squad", "--rename", "team.code:tag"),
    *("--rename", "hero.name:full_name", "--rename", "hero.age:years"),
    *("--rename", "hero.team_code:squad_tag"),
    *("--rename", "point.x:y", "--rename", "point.y:x"),
    *("--rename", "point.a:b", "--rename", "point.b:c"),
)


def test_tables_and_columns_with_what_refers_to_them(story: Story) -> None:
    """With changes of type and nullability, a swap and a chain, in one revision."""
    story.begin(BEFORE, *ROWS)
    story.revise(AFTER, *FLAGS)

    story.upgrade()

    heroes = "SELECT full_name, years, squad_tag FROM hero ORDER BY id"
    assert story.query(heroes) == [("Loki", 5, "X"), ("nobody", 6, "X")]
    assert story.query("SELECT tag FROM squad") == [("X",)]
    assert story.query("SELECT x, y, b, c FROM point") == [(20, 10, 30, 40)]

    story.downgrade()

    assert story.query("SELECT name, age, team_code FROM hero WHERE id = 1") == [("Loki", 5, "X")]
    assert story.query("SELECT x, y, a, b FROM point") == [(10, 20, 30, 40)]
    story.upgrade()


SONG = """
class Song(SQLModel, table=True):
    __table_args__ = (
        Index({!r}, "title"),
        UniqueConstraint("artist", "title", name={!r}),
        CheckConstraint("length(title) > 0", name={!r}),
    )

    id: int | None = Field(default=None, primary_key=True)
    artist: str = Field(max_length=50)
    title: str = Field(max_length=50)
"""


def test_an_index_and_constraints(story: Story) -> None:
    story.begin(
        SONG.format("song_title", "one_title", "some_title"),
        "INSERT INTO song (id, artist, title) VALUES (1, 'Queen', '1999')",
    )

    script = story.revise(SONG.format("ix_title", "uq_title", "ck_title"))

    if story.database.kind == "postgresql":
        assert script.count("RENAME") == 6
        assert "drop_" not in script
    story.upgrade()
    story.downgrade()
    story.upgrade()
    assert story.query("SELECT title FROM song") == [("1999",)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_postgresql_names_after_a_table_goes_along(story: Story) -> None:
    story.begin(BEFORE, *ROWS)
    story.revise(BEFORE.replace("class Point", "class Spot"), "--rename", "point:spot")
    story.upgrade()
    assert story.query("SELECT pg_get_serial_sequence('spot', 'id')") == [("public.spot_id_seq",)]
    named = "SELECT conname FROM pg_constraint WHERE conrelid = 'spot'::regclass AND contype = 'p'"
    assert story.query(named) == [("spot_pkey",)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_rename_is_never_guessed(story: Story) -> None:
    story.begin(BEFORE, *ROWS)

    ran = story.refused(BEFORE.replace("team_code: str", "squad_code: str"))

    assert ran.code == 3
    assert "--rename hero.team_code:squad_code" in ran.stderr
    assert "--accept hero.team_code" in ran.stderr


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_rename_of_what_is_not_there(story: Story) -> None:
    story.begin(BEFORE, *ROWS)
    ran = story.refused(BEFORE, "--rename", "hero.nmae:full_name")
    assert ran.code == 2
    assert "did you mean 'hero.name'?" in ran.stderr


SPELLED = """
class Hero(SQLModel, table=True):
    __tablename__ = "{}"

    id: int | None = Field(default=None, primary_key=True)
    {}: str = Field(max_length=50)
"""


def test_another_spelling_of_a_name_is_another_name(story: Story) -> None:
    q = "`" if story.database.kind == "mariadb" else '"'
    story.begin(SPELLED.format("hero", "name"), "INSERT INTO hero (id, name) VALUES (1, 'Loki')")
    story.revise(
        SPELLED.format("Hero", "Name"), "--rename", "hero:Hero", "--rename", "hero.name:Name"
    )
    story.upgrade()
    assert story.query(f"SELECT {q}Name{q} FROM {q}Hero{q}") == [("Loki",)]
    story.downgrade()
    assert story.query("SELECT name FROM hero") == [("Loki",)]


FILLED = """
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    {}
"""


def test_a_renamed_column_that_is_filled_is_no_loss(story: Story) -> None:
    rows = "INSERT INTO hero (id, name) VALUES (1, 'Loki'), (2, NULL)"
    story.begin(FILLED.format("name: str | None = Field(default=None, max_length=50)"), rows)
    after = FILLED.format('title: str = Field(default="nobody", max_length=50)')
    story.revise(after, "--rename", "hero.name:title")
    story.upgrade()
    assert story.query("SELECT title FROM hero ORDER BY id") == [("Loki",), ("nobody",)]


SWAPPED = """
class Point(SQLModel, table=True):
    __table_args__ = (
        UniqueConstraint("{0}", name="uq_point_{0}"),
        UniqueConstraint("{1}", name="uq_point_{1}"),
        CheckConstraint("{2} > 0", name="ck_{2}"),
        CheckConstraint("{1} > 0", name="ck_{1}"),
        Index("ix_b_{2}", "{2}", "{1}"),
    )

    id: int | None = Field(default=None, primary_key=True)
    {0}: int = Field(index=True)
    {1}: int = Field(index=True)
    {2}: int = Field(index=True)
"""
NAMED = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE name LIKE 'ix_%' ORDER BY 1",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'point' ORDER BY 1",
    "mariadb": "SELECT index_name, group_concat(column_name ORDER BY seq_in_index)"
    " FROM information_schema.statistics WHERE table_schema = database()"
    " AND table_name = 'point' GROUP BY 1 ORDER BY 1",
}


@pytest.mark.parametrize("names", ["bac", "bca", "bcd"])
def test_what_is_named_after_columns_that_take_each_others_names(story: Story, names: str) -> None:
    story.begin(SWAPPED.format(*"abc"), "INSERT INTO point (id, a, b, c) VALUES (1, 2, 3, 4)")
    before = story.query(NAMED[story.database.kind])
    pairs = [("--rename", f"point.{old}:{new}") for old, new in zip("abc", names, strict=True)]
    flags = [flag for pair in pairs if pair[1][-1] != pair[1][-3] for flag in pair]
    story.revise(SWAPPED.format(*names), *flags)

    story.upgrade()

    assert story.query(f"SELECT {', '.join(names)} FROM point") == [(2, 3, 4)]
    story.downgrade()
    assert story.query(NAMED[story.database.kind]) == before


def test_tables_that_swap_their_names_swap_those_of_their_indexes(story: Story) -> None:
    models = """
class {0}(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50, index=True)
    code: str = Field(max_length=10, unique=True)


class {1}(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50, index=True)
    code: str = Field(max_length=10, unique=True)
"""
    story.begin(
        models.format("Cat", "Dog"),
        "INSERT INTO cat (id, name, code) VALUES (1, 'Tom', 'c')",
        "INSERT INTO dog (id, name, code) VALUES (2, 'Rex', 'd')",
    )
    story.revise(models.format("Dog", "Cat"), "--rename", "cat:dog", "--rename", "dog:cat")
    story.upgrade()
    assert story.query("SELECT name FROM dog") == [("Tom",)]
    assert story.query("SELECT name FROM cat") == [("Rex",)]
    story.downgrade()
    assert story.query("SELECT name FROM cat") == [("Tom",)]

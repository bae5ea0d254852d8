"""Constraints: named, found without a name, changed, guarded, in an order that works."""

from __future__ import annotations

import pytest

from story import Story

BEFORE = """
class Team(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("name"), CheckConstraint("size > 0"))

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50)
    size: int


class Hero(SQLModel, table=True):
    __table_args__ = (
        CheckConstraint("age > 0", name="ck_age"),
        ForeignKeyConstraint(["team_id"], ["team.id"]),
    )

    id: int | None = Field(default=None, primary_key=True)
    age: int
    name: str = Field(max_length=50)
    team_id: int
    boss_id: int | None = None


class Seat(SQLModel, table=True):
    hall: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int


class Ship(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    captain_id: int | None = Field(default=None, foreign_key="sailor.id")


class Sailor(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    ship_id: int | None = Field(default=None, foreign_key="ship.id")
"""
AFTER = """
class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50)
    size: int


class Hero(SQLModel, table=True):
    __table_args__ = (
        CheckConstraint("age > 0 AND age < 1000", name="ck_age"),
        ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        UniqueConstraint("name", "team_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    age: int
    name: str = Field(max_length=50)
    team_id: int
    boss_id: int | None = Field(default=None, foreign_key="hero.id")


class Seat(SQLModel, table=True):
    hall: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = Field(primary_key=True)
"""
ROWS = (
    "INSERT INTO team (id, name, size) VALUES (1, 'X', 3)",
    "INSERT INTO hero (id, age, name, team_id, boss_id) VALUES (1, 5, 'A', 1, NULL)",
    "INSERT INTO hero (id, age, name, team_id, boss_id) VALUES (2, 6, 'B', 1, 1)",
    "INSERT INTO seat (hall, number) VALUES (1, 7)",
)
REFUSED = (
    "INSERT INTO hero (id, age, name, team_id) VALUES (9, 5000, 'C', 1)",
    "INSERT INTO hero (id, age, name, team_id) VALUES (9, 5, 'A', 1)",
)
REFUSED_BEFORE = (
    "INSERT INTO team (id, name, size) VALUES (9, 'X', 3)",
    "INSERT INTO team (id, name, size) VALUES (9, 'Y', 0)",
)


def test_constraints_come_go_and_change(story: Story) -> None:
    story.begin(BEFORE, *ROWS)
    refused(story, *REFUSED_BEFORE)
    story.revise(AFTER)

    story.upgrade()

    refused(story, *REFUSED)
    story.database.run("INSERT INTO seat (hall, number) VALUES (1, 8)")
    assert story.query("SELECT count(*) FROM hero") == [(2,)]
    assert foreign_keys(story) == [("hero", "hero", "NO ACTION"), ("hero", "team", "CASCADE")]

    story.database.run("DELETE FROM seat WHERE number = 8")
    story.downgrade()

    refused(story, *REFUSED_BEFORE)
    assert story.query("SELECT hall, number FROM seat") == [(1, 7)]
    assert ("hero", "team", "NO ACTION") in foreign_keys(story)
    assert {("ship", "sailor", "NO ACTION"), ("sailor", "ship", "NO ACTION")} <= {
        *foreign_keys(story)
    }
    story.upgrade()


def refused(story: Story, *statements: str) -> None:
    for statement in statements:
        with pytest.raises(Exception, match=r"(?i)unique|duplicate|check|constraint"):
            story.database.run(statement)


KEYS = {
    "sqlite": 'SELECT m.name, f."table", f.on_delete FROM sqlite_master m,'
    " pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
    "postgresql": "SELECT conrelid::regclass::text, confrelid::regclass::text,"
    " CASE confdeltype WHEN 'c' THEN 'CASCADE' ELSE 'NO ACTION' END"
    " FROM pg_constraint WHERE contype = 'f'",
    "mariadb": "SELECT table_name, referenced_table_name,"
    " replace(delete_rule, 'RESTRICT', 'NO ACTION')"
    " FROM information_schema.referential_constraints WHERE constraint_schema = database()",
}


def foreign_keys(story: Story) -> list[tuple[object, ...]]:
    return sorted(story.query(KEYS[story.database.kind]), key=repr)


CONVENTION = """
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Jar(SQLModel, table=True):
    __table_args__ = (CheckConstraint("weight > {}", name="weight"),)

    id: int | None = Field(default=None, primary_key=True)
    weight: int = Field(unique=True)
"""


def test_a_naming_convention_is_applied_once(story: Story) -> None:
    before, after = CONVENTION.replace("{}", "0"), CONVENTION.replace("{}", "1")
    story.begin(before, "INSERT INTO jar (id, weight) VALUES (1, 5)")
    script = story.revise(after)
    assert "ck_jar_weight" in script
    assert "ck_jar_ck_jar" not in script
    story.upgrade()
    story.downgrade()
    refused(story, "INSERT INTO jar (id, weight) VALUES (2, 0)")
    story.upgrade()


TWINS = """
class Jar(SQLModel, table=True):
    __table_args__ = ({}CheckConstraint("weight > 0", name="a_check"),)

    id: int | None = Field(default=None, primary_key=True)
    weight: int
"""


def test_a_check_without_a_name_is_not_taken_for_a_named_one(story: Story) -> None:
    story.begin(TWINS.format('CheckConstraint("weight > 0"), '))
    story.succeed("check")
    story.revise(TWINS.format(""))
    story.upgrade()
    story.downgrade()
    story.upgrade()


UNIQUE = """
class Jar(SQLModel, table=True):
    {}
    id: int | None = Field(default=None, primary_key=True)
    weight: int = Field(sa_column=Column("weight (kg)", sa.Integer, nullable=False))
"""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("conflict", ["", ", sqlite_on_conflict='IGNORE'"])
def test_a_constraint_comes_back_as_it_was(story: Story, conflict: str) -> None:
    unique = f"__table_args__ = (UniqueConstraint('weight (kg)'{conflict}),)\n"
    story.begin(UNIQUE.format(unique), """INSERT INTO jar (id, "weight (kg)") VALUES (1, 5)""")
    story.revise(UNIQUE.format(""))
    story.upgrade()
    story.database.run("""INSERT INTO jar (id, "weight (kg)") VALUES (2, 5)""", "DELETE FROM jar")
    story.downgrade()
    again = """INSERT INTO jar (id, "weight (kg)") VALUES (3, 6), (4, 6)"""
    if not conflict:
        refused(story, again)
        return
    story.database.run(again)
    assert story.query("SELECT id FROM jar") == [(3,)]


OF_COLUMN = """
class Jar(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    weight: int = Field(sa_column=Column(sa.Integer, CheckConstraint("weight {}"{})))
"""


@pytest.mark.parametrize("name", ["", ", name='ck_weight'"])
def test_a_check_that_a_column_says(story: Story, name: str) -> None:
    story.begin(OF_COLUMN.format("> 0", name), "INSERT INTO jar (id, weight) VALUES (1, 5)")
    story.succeed("check")
    refused(story, "INSERT INTO jar (id, weight) VALUES (2, 0)")
    story.revise(OF_COLUMN.format("> 1", name))
    story.upgrade()
    refused(story, "INSERT INTO jar (id, weight) VALUES (2, 1)")
    story.downgrade()
    story.database.run("INSERT INTO jar (id, weight) VALUES (2, 1)")


ROOM = """
class Room(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
"""
APART = """
    __table_args__ = (
        postgresql.ExcludeConstraint((text("abs(id)"), "="), using="btree", name="ex_room"),
    )
"""


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_exclusion_of_an_expression(story: Story) -> None:
    """Alembic's operation for it takes columns only, and its script failed."""
    story.begin(ROOM, "INSERT INTO room (id) VALUES (1), (2)")
    story.revise(ROOM.replace("table=True):\n", f"table=True):{APART}"))
    story.upgrade()
    story.downgrade()
    story.upgrade()

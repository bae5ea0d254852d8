"""`adopt`: a database that other means made gets its place in the history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from databases import Database
from heroes import CREATE, MODELS, add_revision
from project import Project
from sqlmodel_migrations.errors import DatabaseError
from sqlmodel_migrations.generate.autogenerate import Wanted
from sqlmodel_migrations.generate.questioner import Choice, Question, Silent
from sqlmodel_migrations.migrations import Migrations
from sqlmodel_migrations.project import settings
from sqlmodel_migrations.prove.adopt import Request, adopt
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.run.outcome import Outcome

RICH = """
    import enum
    from datetime import datetime
    from decimal import Decimal

    import sqlalchemy as sa
    from sqlmodel import JSON, Column, Field, SQLModel


    class Kind(str, enum.Enum):
        good = "good"
        bad = "bad"


    class Team(SQLModel, table=True):
        __table_args__ = (
            sa.UniqueConstraint("name", "city"),
            sa.CheckConstraint("size > 0"),
            {"comment": "teams"},
        )
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(max_length=50, unique=True)
        city: str = Field(max_length=50)
        size: int = Field(sa_column_kwargs={"server_default": "1", "comment": "how many"})
        double: int | None = Field(
            sa_column=Column(sa.Integer, sa.Computed("size * 2", persisted=True))
        )
        captain_id: int | None = Field(default=None, foreign_key="hero.id")


    class Hero(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(max_length=50, index=True)
        kind: Kind = Kind.good
        money: Decimal = Field(max_digits=10, decimal_places=2)
        born: datetime | None = None
        data: dict = Field(sa_column=Column(JSON))
        is_new: bool = True
        boss_id: int | None = Field(default=None, foreign_key="hero.id")
        team_id: int | None = Field(default=None, foreign_key="team.id")


    class Link(SQLModel, table=True):
        team_id: int = Field(foreign_key="team.id", primary_key=True)
        hero_id: int = Field(foreign_key="hero.id", primary_key=True, ondelete="CASCADE")
    """
CREATE_ALL = """
    import os

    from models import SQLModel
    from sqlmodel import create_engine

    SQLModel.metadata.create_all(create_engine(os.environ["DATABASE_URL"]))
    """


@pytest.fixture
def there(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project without a revision, whose database has no table yet."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    project.write({"models.py": MODELS, "create.py": CREATE_ALL})
    project.init()
    return project


on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def create_all(project: Project, models: str = MODELS) -> None:
    project.write({"models.py": models})
    ran = project.cli.subprocess("python", "-W", "ignore", "create.py")
    assert ran.code == 0, ran.output


def scripts(project: Project) -> list[Path]:
    folder = project.path / "migrations" / "versions"
    return [path for path in folder.glob("*.py") if path.name != "__init__.py"]


def recorded(project: Project) -> tuple[str, ...]:
    return tuple(sorted(Migrations(project.path).current_ids()))


# From the models.


def test_what_create_all_made_is_adopted(there: Project) -> None:
    create_all(there, RICH)
    ran = there.cli("adopt", "--rev-id", "a1")
    assert ran.code == 0, ran.output
    assert "adopted: the database is what revision a1 makes, and that is recorded\n" in ran.stderr
    assert recorded(there) == ("a1",)
    for command in (["drift"], ["check", "--database"]):
        ran = there.cli(*command)
        assert ran.code == 0, ran.output


@on_sqlite
def test_nothing_is_changed_but_what_is_recorded(there: Project, database: Database) -> None:
    create_all(there, RICH)
    before = database.query("SELECT sql FROM sqlite_master ORDER BY name")
    assert there.cli("adopt").code == 0
    after = database.query(
        "SELECT sql FROM sqlite_master WHERE tbl_name <> 'alembic_version'"
        " AND tbl_name NOT LIKE 'sqlmodel_migrations%' ORDER BY name"
    )
    assert after == before


def test_a_database_that_differs_is_not_recorded(there: Project, database: Database) -> None:
    create_all(there)
    database.run(
        "ALTER TABLE hero ADD COLUMN nickname VARCHAR(20)", "CREATE TABLE notes (id INTEGER)"
    )
    ran = there.cli("adopt", "--rev-id", "a1")
    assert ran.code == 1
    assert ran.stdout.splitlines()[1:3] == [
        "the database is not what revision a1 makes:",
        "  column 'hero.nickname' should not be there",
    ]
    assert "left alone, because no revision made it: table 'notes'\n" in ran.stderr
    assert "nothing is recorded\n" in ran.stderr
    (path,) = scripts(there)
    assert f"  begin with what stands in the database: remove {path}\n" in ran.stderr
    assert "    and type: sqlmodel migrations adopt --from-database\n" in ran.stderr
    assert recorded(there) == ()

    ran = there.cli("adopt", "--accept-differences")
    assert ran.code == 0
    assert "column 'hero.nickname' should not be there" in ran.stdout
    assert "adopted: a1 is recorded; sqlmodel migrations drift shows what differs" in ran.stderr
    assert recorded(there) == ("a1",)


@on_sqlite
def test_a_table_that_is_missing(there: Project, database: Database) -> None:
    create_all(there)
    database.run("DROP TABLE hero", "CREATE TABLE team (id INTEGER)")
    ran = there.cli("adopt", "--accept-differences", "--rev-id", "a1")
    assert ran.code == 0
    assert "  table 'hero' is missing\n" in ran.stdout
    assert there.cli("drift").code == 1


PLAIN = """
    from sqlmodel import Field, SQLModel


    class Club(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)


    class Hero(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        club_id: int | None = Field(default=None, foreign_key="club.id")
    """
CONVENTION = """
    SQLModel.metadata.naming_convention = {
        "pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s",
    }


    class Club("""


@on_postgresql
def test_names_that_the_models_give_and_the_database_has_not(there: Project) -> None:
    create_all(there, PLAIN)
    there.write({"models.py": PLAIN.replace("\n\n    class Club(", CONVENTION)})
    ran = there.cli("adopt", "--rev-id", "a1")
    assert ran.code == 1
    assert ran.stdout.splitlines()[2:] == [
        "  constraint PRIMARY KEY (id) of 'club': named 'club_pkey', not named 'pk_club'",
        "  constraint FOREIGN KEY (club_id) REFERENCES club(id) of 'hero':"
        " named 'hero_club_id_fkey', not named 'fk_hero_club_id'",
        "  constraint PRIMARY KEY (id) of 'hero': named 'hero_pkey', not named 'pk_hero'",
    ]


@on_sqlite
def test_models_without_a_table(there: Project, database: Database) -> None:
    create_all(there)
    there.write({"models.py": "from sqlmodel import SQLModel\n"})
    ran = there.cli("adopt")
    assert ran.code == 2
    assert scripts(there) == []


@on_sqlite
def test_a_database_that_is_under_migrations(there: Project, database: Database) -> None:
    create_all(there)
    assert there.cli("adopt", "--rev-id", "a1").code == 0
    ran = there.cli("adopt", "again")
    assert ran.code == 2
    assert "the database is at revision 'a1' already" in ran.stderr
    assert len(scripts(there)) == 1


@on_sqlite
def test_a_database_without_a_table(there: Project, database: Database) -> None:
    ran = there.cli("adopt")
    assert ran.code == 2
    assert "the database has no table: there is nothing to adopt" in ran.stderr
    assert not Path(database.name).exists()


@on_sqlite
def test_a_database_that_refuses_to_be_recorded_leaves_no_file(there: Project) -> None:
    create_all(there)

    def refuse(_: Sequence[str]) -> Outcome:
        raise DatabaseError("it is locked")

    checkout = Checkout(settings.find(there.path))
    request = Request(Wanted(message="baseline"))
    with pytest.raises(DatabaseError):
        adopt(checkout, request, record=refuse, questioner=Silent(), say=print)
    assert scripts(there) == []


# With a history.

AGE = "op.add_column('hero', sa.Column('age', sa.Integer))"
ROWS = "op.execute(\"UPDATE hero SET name = 'x'\")"
HERO_OF = {
    "sqlite": "CREATE TABLE hero (id INTEGER NOT NULL, name VARCHAR NOT NULL, PRIMARY KEY (id))",
    "postgresql": "CREATE TABLE hero (id SERIAL PRIMARY KEY, name VARCHAR NOT NULL)",
}


@pytest.fixture
def history(there: Project) -> Project:
    """Three revisions: a1 makes the table, b2 adds a column, c3 changes rows."""
    add_revision(there, "a1", None, "add heroes", upgrade=CREATE)
    add_revision(there, "b2", "a1", "add ages", upgrade=AGE)
    add_revision(there, "c3", "b2", "change names", upgrade=ROWS)
    return there


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_the_revision_that_fits_is_offered(history: Project, database: Database) -> None:
    database.run(HERO_OF[database.kind])
    ran = history.cli("adopt", "-q")
    assert ran.code == 3
    assert ran.stderr.splitlines() == [
        "error: the database has what a1 makes: is it at that one?",
        "  --at a1  record a1, add heroes",
        "hint: give one of these flags",
    ]
    assert recorded(history) == ()

    ran = history.cli("adopt", "--at", "a1")
    assert ran.code == 0
    assert "adopted: the database is what revision a1 makes, and that is recorded\n" in ran.stderr
    assert recorded(history) == ("a1",)
    assert history.cli("upgrade").code == 0
    assert history.cli("drift").code == 0


@on_sqlite
def test_revisions_that_change_rows_only_cannot_be_told_apart(
    history: Project, database: Database
) -> None:
    database.run(HERO_OF["sqlite"], "ALTER TABLE hero ADD COLUMN age INTEGER")
    ran = history.cli("adopt", "-q")
    assert ran.code == 3
    assert [line.split()[1] for line in ran.stderr.splitlines()[1:3]] == ["c3", "b2"]


class Person:
    """Answers with the last choice."""

    def __init__(self) -> None:
        self.asked: list[Sequence[Choice]] = []

    def choose(self, question: Question) -> Choice:
        self.asked.append(question.choices)
        return question.choices[-1]


@on_sqlite
def test_a_person_chooses(history: Project, database: Database) -> None:
    database.run(HERO_OF["sqlite"], "ALTER TABLE hero ADD COLUMN age INTEGER")
    person = Person()
    adopted = Migrations(history.path).adopt(questioner=person)
    assert [choice.flag for choice in person.asked[0]] == ["--at c3", "--at b2"]
    assert [revision.id for revision in adopted.revisions] == ["b2"]
    assert adopted.is_recorded
    assert recorded(history) == ("b2",)


@on_sqlite
def test_where_none_fits_the_nearest_is_shown(history: Project, database: Database) -> None:
    database.run(HERO_OF["sqlite"], "CREATE INDEX ix ON hero (name)")
    ran = history.cli("adopt")
    assert ran.code == 1
    assert ran.stdout.splitlines()[:2] == [
        "the database is not what revision a1 makes:",
        "  index 'ix' of 'hero' should not be there",
    ]
    again = "sqlmodel migrations adopt --at a1"
    assert f"put the database, or the revisions, right, and type: {again}\n" in ran.stderr

    ran = history.cli("adopt", "--accept-differences", "-q")
    assert ran.code == 3
    assert ran.stderr.splitlines()[1:4] == [
        "  --at a1  (1 difference) record a1, add heroes",
        "  --at c3  (2 differences) record c3, change names",
        "  --at b2  (2 differences) record b2, add ages",
    ]
    assert history.cli("adopt", "--at", "b2", "--accept-differences").code == 0
    assert recorded(history) == ("b2",)


@on_sqlite
def test_one_branch_of_several(history: Project, database: Database) -> None:
    add_revision(history, "d4", "a1", "add teams", upgrade=CREATE.replace("hero", "team"))
    team = HERO_OF["sqlite"].replace("hero", "team")
    database.run(HERO_OF["sqlite"], team)
    ran = history.cli("adopt", "-q")
    assert ran.code == 3
    assert [line for line in ran.stderr.splitlines() if "--at" in line] == [
        "  --at d4  record d4, add teams"
    ]
    database.run("ALTER TABLE hero ADD COLUMN age INTEGER")
    ran = history.cli("adopt", "-q")
    flags = [line.partition("  record")[0].split() for line in ran.stderr.splitlines()[1:-1]]
    assert sorted(map(sorted, flags)) == [
        ["--at", "--at", "b2", "d4"],
        ["--at", "--at", "c3", "d4"],
    ]
    assert history.cli("adopt", "--at", "c3", "--at", "d4").code == 0
    assert recorded(history) == ("c3", "d4")


@on_sqlite
def test_a_baseline_is_the_first_revision(history: Project, database: Database) -> None:
    database.run(HERO_OF["sqlite"])
    ran = history.cli("adopt", "--from-database")
    assert ran.code == 2
    assert "there are revisions already, and a baseline is the first one" in ran.stderr


# For machines.


@on_sqlite
def test_json(there: Project, database: Database) -> None:
    create_all(there)
    database.run("CREATE INDEX ix ON hero (name)", "CREATE TABLE notes (id INTEGER)")
    ran = there.cli("adopt", "--json", "--rev-id", "a1")
    assert ran.code == 1
    result = json.loads(ran.stdout)["result"]
    assert [revision["id"] for revision in result["revisions"]] == ["a1"]
    assert result["written"] == result["revisions"]
    assert result["is_recorded"] is False
    assert [each["text"] for each in result["differences"]] == [
        "index 'ix' of 'hero' should not be there"
    ]
    assert result["left_alone"] == ["table 'notes'"]

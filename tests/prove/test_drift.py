"""`drift`: what the live database has and its recorded revisions do not make, and what is none."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from databases import Database
from heroes import MODELS, add_revision
from project import Project
from sqlmodel_migrations.errors import StepFailed, UsageError
from sqlmodel_migrations.migrations import Migrations
from sqlmodel_migrations.project import settings
from sqlmodel_migrations.prove.drift import Drift, find
from sqlmodel_migrations.run.checkout import Checkout

TABLES = """op.create_table(
        'team', sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('name', sa.String(50), nullable=False),
    )
    op.create_table(
        'hero', sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('name', sa.String(50), nullable=False),
        sa.Column('age', sa.Integer, server_default='5'),
        sa.Column('double', sa.Integer, sa.Computed('age * 2', persisted=True)),
        sa.Column('team_id', sa.Integer, sa.ForeignKey('team.id', name='fk_hero_team')),
        sa.CheckConstraint('age > 0', name='ck_hero_age'),
    )
    op.create_index('ix_hero_name', 'hero', ['name'])
    op.execute('CREATE VIEW heroes AS SELECT id, name FROM hero')"""


@pytest.fixture
def heroes(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A database at a1, of two tables and a view; b2, which makes another table, is pending."""
    return begun(project, database, monkeypatch)


@pytest.fixture
def small(project: Project, sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The same on SQLite."""
    return begun(project, sqlite, monkeypatch)


def begun(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("DATABASE_URL", database.url)
    project.write({"models.py": MODELS})
    project.init()
    add_revision(project, "a1", None, "heroes", upgrade=TABLES)
    add_revision(
        project, "b2", "a1", "more", upgrade="op.create_table('later', sa.Column('x', sa.Integer))"
    )
    ran = project.cli("upgrade", "a1")
    assert ran.code == 0, ran.output
    return project


def drift(project: Project) -> Drift:
    return Migrations(project.path).drift()


def texts(project: Project) -> list[str]:
    return [each.text for each in drift(project).differences]


def test_there_is_none_after_an_upgrade_to_a_revision_that_is_not_the_last(heroes: Project) -> None:
    ran = heroes.cli("drift")
    assert (ran.code, ran.stdout) == (0, "")
    assert ran.stderr == "no drift: the database is what revision a1 makes\n"


def test_there_is_none_after_the_last(heroes: Project) -> None:
    assert heroes.cli("upgrade").code == 0
    assert drift(heroes) == Drift(("b2",), ())


EXTRA = "ALTER TABLE hero ADD COLUMN extra INTEGER"
CHANGES = {
    "sqlite": {
        "DROP VIEW heroes": "view 'heroes' is missing",
        EXTRA: "column 'hero.extra' should not be there",
        "CREATE INDEX more ON team (name)": "index 'more' of 'team' should not be there",
        "DROP INDEX ix_hero_name": "index 'ix_hero_name' of 'hero' is missing",
        "CREATE TRIGGER t AFTER INSERT ON hero BEGIN SELECT 1; END": (
            "trigger 't' of 'hero' should not be there"
        ),
    },
    "postgresql": {
        "DROP VIEW heroes": "view 'heroes' is missing",
        EXTRA: "column 'hero.extra' should not be there",
        "CREATE INDEX more ON team (name)": "index 'more' of 'team' should not be there",
        "DROP INDEX ix_hero_name": "index 'ix_hero_name' of 'hero' is missing",
        "ALTER TABLE hero ALTER age SET DEFAULT 6": "column 'hero.age': default 6, not 5",
        "ALTER TABLE hero ALTER name DROP NOT NULL": "column 'hero.name': NULL, not NOT NULL",
        "ALTER TABLE team ALTER name TYPE text": (
            "column 'team.name': type text, not character varying(50)"
        ),
        "ALTER TABLE hero DROP CONSTRAINT ck_hero_age": (
            "constraint 'ck_hero_age' of 'hero' is missing"
        ),
        "ALTER TABLE hero RENAME CONSTRAINT fk_hero_team TO another": (
            "constraint FOREIGN KEY (team_id) REFERENCES team(id) of 'hero':"
            " named 'another', not named 'fk_hero_team'"
        ),
        "COMMENT ON TABLE hero IS 'a note'": "table 'hero': comment a note, not none",
    },
    "mariadb": {
        "DROP VIEW heroes": "view 'heroes' is missing",
        EXTRA: "column 'hero.extra' should not be there",
        "CREATE INDEX more ON team (name)": "index 'more' of 'team' should not be there",
        "DROP INDEX ix_hero_name ON hero": "index 'ix_hero_name' of 'hero' is missing",
        "ALTER TABLE hero ALTER age SET DEFAULT 6": "column 'hero.age': default 6, not 5",
        "ALTER TABLE team MODIFY name VARCHAR(60) NOT NULL": (
            "column 'team.name': type varchar(60), not varchar(50)"
        ),
        "ALTER TABLE hero DROP FOREIGN KEY fk_hero_team": (
            "constraint 'fk_hero_team' of 'hero' is missing"
        ),
        "CREATE TRIGGER t BEFORE INSERT ON hero FOR EACH ROW SET NEW.age = 1": (
            "trigger 't' of 'hero' should not be there"
        ),
    },
}


def test_every_change_made_by_hand(heroes: Project, database: Database) -> None:
    changes = CHANGES[database.kind]
    database.run(*changes)
    assert sorted(texts(heroes)) == sorted(changes.values())
    assert heroes.cli("drift").code == 1


def test_a_table_that_is_gone(small: Project, sqlite: Database) -> None:
    sqlite.run("DROP VIEW heroes", "DROP TABLE hero", "DROP TABLE team")
    assert texts(small) == [
        "table 'hero' is missing",
        "table 'team' is missing",
        "view 'heroes' is missing",
    ]


def test_a_table_that_a_later_revision_makes(small: Project, sqlite: Database) -> None:
    sqlite.run("CREATE TABLE later (x INTEGER)")
    assert texts(small) == ["table 'later' should not be there"]


def test_a_long_text_is_cut_and_shown_whole_below(small: Project, sqlite: Database) -> None:
    columns = ", ".join(f"'{number}' AS c{number}" for number in range(30))
    sqlite.run("DROP VIEW heroes", f"CREATE VIEW heroes AS SELECT {columns}")
    (found,) = drift(small).differences
    assert len(found.text) < 180
    assert found.is_cut
    assert "c29" in str(found.database)
    ran = small.cli("drift")
    assert "      the revisions make: create view heroes" in ran.stdout.lower()
    sqlite.run("DROP VIEW heroes", f"CREATE VIEW heroes AS SELECT {columns}, 1 AS c30")
    assert texts(small) != [found.text]


def test_what_no_revision_made_is_named_and_is_no_drift(
    heroes: Project, database: Database
) -> None:
    database.run(
        "CREATE TABLE notes (id INTEGER)",
        "CREATE VIEW report AS SELECT id FROM hero",
        "CREATE TABLE other_version (version_num VARCHAR(32))",
        "CREATE TABLE sqlmodel_migrations_other (id INTEGER)",
    )
    found = drift(heroes)
    assert found.differences == ()
    assert found.left_alone == ("table 'notes'", "view 'report'")
    ran = heroes.cli("drift")
    said = "left alone, because no revision made it: table 'notes', view 'report'\n"
    assert ran.code == 0
    assert said in ran.stderr


def test_many_objects_of_others_are_counted(small: Project, sqlite: Database) -> None:
    sqlite.run(*(f"CREATE TABLE n{number:02} (id INTEGER)" for number in range(12)))
    assert small.cli("drift").stderr.startswith(
        "left alone, because no revision made it: table 'n00'"
    )
    assert "table 'n09' and 2 more\n" in small.cli("drift").stderr


def test_the_models_are_not_imported(small: Project) -> None:
    small.write({"models.py": "raise RuntimeError('imported')"})
    assert drift(small).differences == ()


# Where the database is.


def test_at_no_revision_and_empty(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    project.write({"models.py": MODELS})
    project.cli("init")
    add_revision(project, "a1", None, "heroes", upgrade=TABLES)
    ran = project.cli("drift")
    assert ran.code == 0
    assert (
        ran.stderr == "no drift: the database is at no revision, and has nothing that one makes\n"
    )
    if database.kind == "sqlite":
        assert not Path(database.name).exists()


def test_at_no_revision_with_what_the_revisions_make(small: Project, sqlite: Database) -> None:
    sqlite.run("DELETE FROM alembic_version", "CREATE TABLE notes (id INTEGER)")
    ran = small.cli("drift")
    assert ran.code == 1
    assert ran.stdout.splitlines() == [
        "the database is at no revision, and has what revisions make:",
        "  table 'hero' should not be there",
        "  table 'team' should not be there",
        "  view 'heroes' should not be there",
    ]
    assert "table 'notes'" in ran.stderr
    assert "next: sqlmodel migrations adopt" in ran.stderr


def test_at_a_revision_that_no_file_has(small: Project, sqlite: Database) -> None:
    sqlite.run("UPDATE alembic_version SET version_num = 'gone'")
    ran = small.cli("drift")
    assert ran.code == 2
    assert "the database is at revision 'gone', which no file of this checkout has" in ran.stderr


def test_at_several_revisions(heroes: Project, database: Database) -> None:
    add_revision(
        heroes, "c3", "a1", "branch", upgrade="op.create_table('c', sa.Column('x', sa.Integer))"
    )
    assert heroes.cli("upgrade", "heads").code == 0
    assert set(drift(heroes).revisions) == {"b2", "c3"}
    assert drift(heroes).differences == ()
    database.run("DROP TABLE c")
    assert texts(heroes) == ["table 'c' is missing"]
    first = heroes.cli("drift").stdout.splitlines()[0]
    ids = " and ".join(drift(heroes).revisions)
    assert first == f"the database is not what revisions {ids} make:"


# What cannot be compared.


def test_revisions_that_do_not_run_on_an_empty_database(small: Project) -> None:
    path = small.path / "migrations" / "versions" / "a1.py"
    path.write_text(path.read_text().replace("op.create_index(", "op.drop_index('no'); op.f("))
    with pytest.raises(StepFailed) as raised:
        drift(small)
    assert "cannot be replayed on a scratch database: revision a1 failed" in raised.value.message
    assert raised.value.hint == "correct it, so that the revisions run on an empty database"


CREATOR = """
    import sqlite3

    from alembic import context
    from sqlalchemy import create_engine

    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect({path!r}))
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
    """


def test_an_env_py_that_makes_its_connections_itself(small: Project, sqlite: Database) -> None:
    small.write({"migrations/env.py": CREATOR.format(path=sqlite.name)})
    before = sqlite.query("SELECT sql FROM sqlite_master")
    with pytest.raises(UsageError, match=r"env.py makes its connections itself"):
        drift(small)
    assert sqlite.query("SELECT sql FROM sqlite_master") == before


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_an_async_url(heroes: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}[database.kind]
    url = f"{driver}://{database.url.partition('://')[2]}"
    monkeypatch.setenv("DATABASE_URL", url)
    database.run(EXTRA)
    assert texts(heroes) == ["column 'hero.extra' should not be there"]


# What the revisions expect to find in a database of PostgreSQL.


def test_a_schema_and_an_extension_that_somebody_else_made(
    project: Project, postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    available = postgresql.query("SELECT 1 FROM pg_available_extensions WHERE name = 'citext'")
    if not available:
        pytest.skip("this server has no citext")
    monkeypatch.setenv("DATABASE_URL", postgresql.url)
    project.write({"models.py": MODELS})
    project.cli("init")
    postgresql.run("CREATE SCHEMA ready", "CREATE EXTENSION citext")
    made = "op.create_table('t', sa.Column('x', sa.Text), schema=schema)"
    add_revision(
        project,
        "a1",
        None,
        "schemas",
        upgrade="op.execute('CREATE SCHEMA made')\n    "
        f"for schema in ('ready', 'made'): {made}\n    "
        "op.execute('ALTER TABLE made.t ADD COLUMN y citext')",
    )
    assert project.cli("upgrade").code == 0
    assert drift(project).differences == ()
    postgresql.run("CREATE SCHEMA others", "CREATE TABLE others.notes (id INTEGER)")
    assert drift(project).left_alone == ("table 'others.notes'",)


def test_the_values_of_an_enum(
    project: Project, postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgresql.url)
    project.write({"models.py": MODELS})
    project.cli("init")
    kind = "sa.Column('kind', sa.Enum('a', 'b', name='kind'))"
    add_revision(project, "a1", None, "kinds", upgrade=f"op.create_table('hero', {kind})")
    assert project.cli("upgrade").code == 0
    assert texts(project) == []
    postgresql.run("ALTER TYPE kind ADD VALUE 'c'", "CREATE TYPE mood AS ENUM ('x')")
    found = drift(project)
    assert [each.text for each in found.differences] == ["enum 'kind': 'a', 'b', 'c', not 'a', 'b'"]
    assert found.left_alone == ("enum 'mood'",)


# What is accepted.

MISSING = "index 'ix_hero_name' of 'hero' is missing"


def accept(project: Project, *lines: str) -> None:
    ini = project.read("alembic.ini")
    said = "".join(f"    {line}\n" for line in lines)
    project.write(
        {"alembic.ini": ini.replace("[alembic]\n", f"[alembic]\nsqlmodel.accept_drift =\n{said}")}
    )


def test_what_is_accepted_is_said_and_does_not_count(small: Project, sqlite: Database) -> None:
    sqlite.run("DROP INDEX ix_hero_name", "DROP VIEW heroes")
    accept(small, f"2999-12-31 | too slow to build by day | {MISSING}")
    ran = small.cli("drift")
    assert ran.code == 1
    assert ran.stdout.splitlines()[1] == "  view 'heroes' is missing"
    said = f"accepted until 2999-12-31 (too slow to build by day): {MISSING}\n"
    assert said in ran.stderr
    sqlite.run("CREATE VIEW heroes AS SELECT id, name FROM hero")
    assert small.cli("drift").code == 0


def test_after_its_day_it_counts_again_and_that_is_said(small: Project, sqlite: Database) -> None:
    sqlite.run("DROP INDEX ix_hero_name")
    accept(small, f"2020-12-31 | too slow | {MISSING}")
    ran = small.cli("drift")
    assert ran.code == 1
    assert MISSING in ran.stdout
    assert f"warning: this was accepted until 2020-12-31 (too slow): {MISSING}\n" in ran.stderr


def test_the_last_day_is_one_of_them(small: Project, sqlite: Database) -> None:
    sqlite.run("DROP INDEX ix_hero_name")
    accept(small, f"2020-12-31 | too slow | {MISSING}")
    checkout = Checkout(settings.find(small.path))
    assert find(checkout, today=date(2020, 12, 31)).differences == ()
    assert len(find(checkout, today=date(2021, 1, 1)).differences) == 1


def test_an_acceptance_of_nothing_is_said(small: Project) -> None:
    accept(small, f"2999-12-31 | too slow | {MISSING}")
    ran = small.cli("drift")
    assert ran.code == 0
    said = f"warning: 'accept_drift' names a difference that is not there: {MISSING}\n"
    assert said in ran.stderr


def test_another_difference_of_the_same_thing_is_not_accepted(
    project: Project, postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(project, postgresql, monkeypatch)
    accept(project, "2999-12-31 | soon | column 'hero.age': type bigint, not integer")
    postgresql.run(
        "DROP VIEW heroes",
        "ALTER TABLE hero DROP COLUMN double",
        "ALTER TABLE hero ALTER age TYPE bigint",
        "ALTER TABLE hero ALTER age DROP DEFAULT",
    )
    assert texts(project) == [
        "column 'hero.age': default none, not 5",
        "column 'hero.double' is missing",
        "view 'heroes' is missing",
    ]


# Before an upgrade.


def test_an_upgrade_that_looks_first_runs_nothing_where_there_is_drift(
    small: Project, sqlite: Database
) -> None:
    sqlite.run("DROP INDEX ix_hero_name")
    ran = small.cli("upgrade", "--check-drift", "-q")
    assert ran.code == 1
    assert ran.stderr == (
        "error: nothing was run: the database is not what its revisions make\n"
        f"  {MISSING}\n"
        "hint: type: sqlmodel migrations drift\n"
    )
    assert sqlite.query("SELECT version_num FROM alembic_version") == [("a1",)]
    accept(small, f"2999-12-31 | too slow | {MISSING}")
    assert small.cli("upgrade", "--check-drift").code == 0
    assert sqlite.query("SELECT version_num FROM alembic_version") == [("b2",)]


def test_sql_has_no_database_to_look_at(small: Project) -> None:
    ran = small.cli("upgrade", "--check-drift", "--sql")
    assert ran.code == 2
    assert "--check-drift looks at the database, and --sql uses none" in ran.stderr


# For machines.


def test_json(small: Project, sqlite: Database) -> None:
    sqlite.run("DROP INDEX ix_hero_name", "CREATE TABLE notes (id INTEGER)", EXTRA)
    accept(small, f"2999-12-31 | too slow | {MISSING}")
    ran = small.cli("drift", "--json")
    assert ran.code == 1
    assert json.loads(ran.stdout)["result"] == {
        "current": ["a1"],
        "has_drift": True,
        "differences": [
            {
                "text": "column 'hero.extra' should not be there",
                "kind": "column",
                "table": "hero",
                "name": "extra",
                "database": "INTEGER",
                "revisions": None,
            }
        ],
        "accepted": [
            {
                "text": MISSING,
                "kind": "index",
                "table": "hero",
                "name": "ix_hero_name",
                "database": None,
                "revisions": "(name)",
                "reason": "too slow",
                "until": "2999-12-31",
            }
        ],
        "left_alone": ["table 'notes'"],
        "notes": [],
    }

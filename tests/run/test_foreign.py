"""The same guarantees under the env.py of Alembic's own templates."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from sqlalchemy import make_url

from databases import Database
from project import Project
from refusal import _tables as every_table
from refusal import refused, tables, version

PLACEHOLDER = "driver://user:pass@localhost/dbname"
TEMPLATES = ["generic", "async", "multidb"]
ASYNC = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "mariadb": "mysql+asyncmy",
}
HOLD = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "LOCK TABLE hero",
    "mariadb": "SELECT * FROM hero",
}

CREATE = "op.create_table({!r}, sa.Column('id', sa.Integer, primary_key=True))"
ALTER = "op.add_column('hero', sa.Column('age', sa.Integer))"
FAIL = CREATE.format("team") + "; raise ValueError('no')"
REVISION = """
    from alembic import op
    import sqlalchemy as sa

    revision = {id!r}
    down_revision = {down!r}


    def upgrade(engine_name=None):
        {upgrade}
    """


def write(project: Project, id: str, down: str | None, upgrade: str) -> None:
    text = REVISION.format(id=id, down=down, upgrade=upgrade)
    project.write({f"migrations/versions/{id}.py": text})


@pytest.fixture
def other(project: Project) -> Database:
    """The second database of the template `multidb`."""
    return Database("sqlite", f"sqlite:///{project.path}/other.db")


@pytest.fixture(params=TEMPLATES)
def foreign(
    request: pytest.FixtureRequest, project: Project, database: Database, other: Database
) -> Project:
    """A project that `alembic init` made, with two revisions, and the URLs filled in."""
    template = str(request.param)
    assert project.cli.alembic("init", "-t", template, "migrations").code == 0
    url = make_url(database.url)
    if template == "async":
        url = url.set(drivername=ASYNC[database.kind])
    ini = project.read("alembic.ini").replace(f"{PLACEHOLDER}2", other.url)
    project.write({"alembic.ini": ini.replace(PLACEHOLDER, str(url))})
    write(project, "r1", None, CREATE.format("hero"))
    write(project, "r2", "r1", ALTER)
    return project


def test_several_runners_at_once(foreign: Project, database: Database) -> None:
    for ended in foreign.cli.together(3, "upgrade"):
        assert ended.code == 0, ended.output
    assert version(database) == ["r2"]


def test_a_failing_revision_leaves_nothing(foreign: Project, database: Database) -> None:
    write(foreign, "r3", "r2", FAIL)
    said = refused(foreign.cli("upgrade"), 5)
    assert "applied before it: r1, r2" in said.details
    assert version(database) == ["r2"]
    assert ("team" in tables(database)) == (database.kind == "mariadb")


def test_a_lock_is_not_waited_for_without_an_end(foreign: Project, database: Database) -> None:
    assert foreign.cli("upgrade", "r1").code == 0
    with closing(database.connect()) as holder:
        holder.cursor().execute(HOLD[database.kind])
        said = refused(foreign.cli("upgrade", "--lock-timeout", "200ms", "--lock-retries", "0"), 4)
    assert "not applied: r2" in said.details
    assert version(database) == ["r1"]


@pytest.mark.parametrize("foreign", ["multidb"], indirect=True)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_another_database_of_env_py_keeps_is_said(
    foreign: Project, database: Database, other: Database
) -> None:
    write(foreign, "r3", "r2", "if engine_name == 'engine2': raise ValueError('no')")
    said = refused(foreign.cli("upgrade"), 5)
    assert said.details[-3:] == (
        "applied before it: r1, r2",
        "not applied: r3",
        "another database of env.py keeps: r1, r2, r3",
    )
    assert (version(database), version(other)) == (["r3"], ["r2"])
    write(foreign, "r3", "r2", "pass")
    assert foreign.cli("upgrade").code == 0
    assert version(other) == ["r3"]


@pytest.mark.parametrize("foreign", ["multidb"], indirect=True)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_each_database_of_env_py_is_shown(
    foreign: Project, database: Database, other: Database
) -> None:
    assert foreign.cli("upgrade").code == 0
    other.run("DELETE FROM alembic_version", "INSERT INTO alembic_version VALUES ('r1')")
    ran = foreign.cli("current", "-q")
    assert ran.stdout == f"{database.url}:\n  r2 (head)\n{other.url}:\n  r1\n"
    ran = foreign.cli("current", "--check-heads", "--json")
    assert ran.code == 1, ran.output
    result = json.loads(ran.stdout)["result"]
    assert (result["is_at_head"], result["revisions"][0]["id"]) == (False, "r2")
    assert result["databases"] == [
        {"database": database.url, "revisions": ["r2"], "is_at_head": True},
        {"database": other.url, "revisions": ["r1"], "is_at_head": False},
    ]
    said = foreign.cli("status").stdout
    assert f"database  {database.url}, {other.url} (SQLite " in said
    assert "pending   1\n  r2\n" in said
    assert f"problem   {other.url} is at r1" in said
    other.run("DELETE FROM alembic_version")
    assert foreign.cli("current", "-q").stdout.endswith("\n  no revision is applied\n")


DIE = "import os; os.environ.get('DIE') and os._exit(137)"


def test_a_killed_upgrade_is_finished(foreign: Project, database: Database) -> None:
    """What was committed is not done again: on MariaDB with each CREATE, elsewhere a block."""
    fill = "op.execute('INSERT INTO hero (id) VALUES (1)')"
    block = f"with op.get_context().autocommit_block(): {fill}"
    first = fill if database.kind == "mariadb" else block
    write(foreign, "r3", "r2", "\n        ".join((first, CREATE.format("team"), DIE)))
    assert foreign.cli("upgrade", env={"DIE": "1"}).code == 137
    assert version(database) == ["r2"]
    assert database.query("SELECT id FROM hero") == [(1,)]
    ran = foreign.cli("upgrade")
    assert ran.code == 0, ran.output
    assert version(database) == ["r3"]
    assert database.query("SELECT id FROM hero") == [(1,)]
    assert "team" in tables(database)
    assert not any("sqlmodel_migrations" in name for name in every_table(database))


def test_what_it_has_not_is_said(foreign: Project, database: Database) -> None:
    said = "no history of runs is kept, and an edited script is not noticed"
    assert foreign.cli("upgrade", "r1").stderr.count(said) == 1
    assert said not in foreign.cli("upgrade").stderr
    assert "unknown" in foreign.cli("history", "--applied").stdout
    if "engine1" in foreign.read("alembic.ini"):
        ran = foreign.cli("plan")
        assert ran.code == 2
        assert "env.py opens 2 databases, and a plan is of one" in ran.stderr
        assert "hint: give each its own section" in ran.stderr

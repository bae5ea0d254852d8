"""`verify` proves a whole history, and names the revision that is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from databases import Database
from heroes import MODELS, add_revision
from project import Project
from sqlmodel_migrations import Migrations

CREATE = (
    "op.create_table('hero', sa.Column('id', sa.Integer, primary_key=True), "
    "sa.Column('name', sa.String(50), nullable=False))"
)
DROP = "op.drop_table('hero')"
ADD, REMOVE = "op.add_column('hero', sa.Column('age', sa.Integer))", "op.drop_column('hero', 'age')"
TODAY = MODELS.replace(
    "name: str", "name: str = Field(max_length=50)\n        age: int | None = None"
)


@pytest.fixture
def history(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three right revisions: a table, a column, a team."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    team = "\n\n    class Team(SQLModel, table=True):\n        id: int = Field(primary_key=True)\n"
    project.write({"models.py": TODAY.rstrip() + team})
    project.init()
    add_revision(project, "a1", None, "heroes", upgrade=CREATE, downgrade=DROP)
    add_revision(project, "b2", "a1", "age", upgrade=ADD, downgrade=REMOVE)
    create = "op.create_table('team', sa.Column('id', sa.Integer, primary_key=True))"
    add_revision(project, "c3", "b2", "team", upgrade=create, downgrade="op.drop_table('team')")
    return project


def rewrite(project: Project, upgrade: str = ADD, downgrade: str = REMOVE) -> None:
    """Write the one in the middle anew."""
    add_revision(project, "b2", "a1", "age", upgrade=upgrade, downgrade=downgrade)


def verify(project: Project, *arguments: str, code: int) -> list[dict[str, Any]]:
    ran = project.cli("verify", "--json", *arguments)
    assert ran.code == code, ran.stdout + ran.stderr
    told = json.loads(ran.stdout)
    assert told["result"]["is_proven"] is (code == 0)
    found: list[dict[str, Any]] = told["diagnostics"]
    return found


def wrong(project: Project) -> dict[str, Any]:
    """The only finding, which is about the revision in the middle."""
    (found,) = verify(project, code=1)
    assert found["message"].startswith("revision b2: ")
    assert found["severity"] == "error"
    assert found["file"].endswith("b2.py")
    return found


def test_a_right_history(history: Project, database: Database) -> None:
    ran = history.cli("verify")
    assert ran.code == 0, ran.stderr
    assert ran.stderr == "proven: 3 revisions, up, down and up, with rows\n"
    listed = {
        "sqlite": "SELECT name FROM sqlite_master",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        "mariadb": "SHOW TABLES",
    }
    assert database.query(listed[database.kind]) == []


def test_a_downgrade_that_does_not_restore(history: Project) -> None:
    rewrite(history, downgrade="op.execute('UPDATE hero SET age = NULL')")
    found = verify(history, code=1)
    assert found[0]["rule"] == "downgrade-incomplete"
    assert "'hero.age' should not be there" in found[0]["message"]
    assert all(each["message"].startswith("revision b2: ") for each in found)


def test_a_downgrade_that_fails(history: Project) -> None:
    rewrite(history, downgrade="op.drop_column('hero', 'nothing')")
    found = wrong(history)
    assert found["rule"] == "downgrade-fails"
    assert found["line"] == 11


def test_an_upgrade_that_fails(history: Project) -> None:
    rewrite(history, upgrade="op.execute('NOT SQL')")
    found = wrong(history)
    assert (found["rule"], found["line"]) == ("upgrade-fails", 9)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_upgrade_that_fails_only_on_rows(history: Project) -> None:
    rewrite(
        history,
        upgrade="op.add_column('hero', sa.Column('age', sa.Integer, nullable=False));"
        " op.alter_column('hero', 'age', nullable=True)",
    )
    found = wrong(history)
    assert found["rule"] == "upgrade-fails"
    assert "where tables have rows" in found["message"]


def test_rows_that_are_lost(history: Project) -> None:
    rewrite(history, upgrade=f"{DROP}; {CREATE}; {ADD}")
    assert wrong(history)["rule"] == "rows-lost"


def test_rows_that_are_deleted_on_purpose(history: Project) -> None:
    rewrite(history, upgrade=f"{ADD}; op.execute('DELETE FROM hero')")
    found = verify(history, code=0)
    assert {each["rule"] for each in found} == {"rows-changed"}


@pytest.mark.parametrize("way", ["pass", "raise NotImplementedError('no way back')"])
def test_no_way_back(history: Project, way: str) -> None:
    rewrite(history, downgrade=way)
    (found,) = verify(history, code=0)
    assert (found["rule"], found["severity"]) == ("irreversible", "warning")
    assert "revision b2" in found["message"]
    (found,) = verify(history, "--strict", code=1)
    assert found["severity"] == "error"


def test_the_end_is_not_what_the_models_say(history: Project) -> None:
    models = (history.path / "models.py").read_text()
    history.write({"models.py": models.replace("max_length=50", "max_length=70")})
    (found,) = verify(history, code=1)
    assert found["rule"] == "wrong-schema"
    assert found["message"].startswith("revision c3: ")


def test_since(history: Project) -> None:
    rewrite(history, downgrade="op.drop_column('hero', 'nothing')")
    assert verify(history, "--since", "b2", code=0) == []
    assert verify(history, "--since", "a1", code=1) != []
    ran = history.cli("verify", "--since", "c3")
    assert (ran.code, ran.stderr) == (0, "nothing to prove: there is no revision\n")
    assert history.cli("verify", "--since", "zz").code == 2


def test_what_is_before_since_cannot_be_replayed(history: Project) -> None:
    rewrite(history, upgrade="op.execute('NOT SQL')")
    ran = history.cli("verify", "--since", "b2")
    assert ran.code == 5
    assert "revision b2 failed" in ran.stderr


def test_branches_and_merges(history: Project) -> None:
    add_revision(history, "d4", "a1", "other", upgrade="op.execute('SELECT 1')")
    add_revision(history, "e5", ("c3", "d4"), "merge")
    assert verify(history, code=0) == []
    rewrite(history, upgrade=f"{DROP}; {CREATE}; {ADD}")
    assert wrong(history)["rule"] == "rows-lost"


def test_rows_satisfy_what_comes_next_too(history: Project) -> None:
    """A NOT NULL of long ago, which the models do not have any more."""

    def batch(nullable: bool) -> str:
        change = f"batch.alter_column('age', existing_type=sa.Integer, nullable={nullable})"
        return f"with op.batch_alter_table('hero') as batch: {change}"

    create = CREATE.replace("nullable=False))", "nullable=False), sa.Column('age', sa.Integer))")
    add_revision(history, "a1", None, "heroes", upgrade=create, downgrade=DROP)
    rewrite(history, upgrade=batch(False), downgrade=batch(True))
    team = "op.create_table('team', sa.Column('id', sa.Integer, primary_key=True))"
    down = f"op.drop_table('team'); exec({batch(False)!r})"
    up = f"{team}; exec({batch(True)!r})"
    add_revision(history, "c3", "b2", "team", upgrade=up, downgrade=down)
    assert verify(history, code=0) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_foreign_project(history: Project) -> None:
    env = """
        from alembic import context
        from sqlalchemy import create_engine
        from models import SQLModel

        with create_engine("sqlite:///real.db").connect() as connection:
            context.configure(connection=connection, target_metadata=SQLModel.metadata)
            with context.begin_transaction():
                context.run_migrations()
        """
    history.write({"migrations/env.py": env})
    assert verify(history, code=0) == []
    assert not (history.path / "real.db").exists()
    own = "creator=lambda: __import__('sqlite3').connect('real.db')"
    env = env.replace('"sqlite:///real.db"', f'"sqlite://", {own}')
    history.write({"migrations/env.py": env})
    (found,) = verify(history, code=1)
    assert found["rule"] == "not-measured"
    assert (history.path / "real.db").stat().st_size == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_python(history: Project) -> None:
    proven = Migrations(history.path).verify()
    assert proven.is_proven
    assert [revision.id for revision in proven.revisions] == ["a1", "b2", "c3"]
    rewrite(history, upgrade=f"{DROP}; {CREATE}; {ADD}")
    assert not Migrations(history.path).verify().is_proven

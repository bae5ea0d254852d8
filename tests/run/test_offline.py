"""Revisions written as SQL that need a database: whole from a recording, or missing and said."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from sqlalchemy import Dialect, create_engine
from sqlalchemy.exc import DBAPIError

from databases import Database
from project import Project
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.run import move

REVISION = '''"""{message}"""
from alembic import op
import sqlalchemy as sa

revision = "{id}"
down_revision = {down!r}


def upgrade():
    {upgrade}


def downgrade():
    pass
'''


@pytest.fixture
def asking(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Migrations:
    """Three revisions, of which the second one reads the database."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    found = Migrations.init()
    bodies = {
        "a1": 'op.create_table("hero", sa.Column("id", sa.Integer, primary_key=True))',
        "b2": 'op.execute("INSERT INTO hero VALUES (1)")\n'
        '    for row in op.get_bind().execute(sa.text("SELECT id FROM hero")):\n'
        '        op.execute(f"INSERT INTO hero VALUES ({row.id + 1})")',
        "c3": 'op.execute("INSERT INTO hero VALUES (3)")',
    }
    down = None
    for id, body in bodies.items():
        text = REVISION.format(message=id, id=id, down=down, upgrade=body)
        project.write({f"{found.directory.name}/versions/{id}.py": text})
        down = id
    return Migrations.find()


def test_what_cannot_be_written_is_a_visible_comment_that_stops_the_script(
    asking: Migrations, database: Database
) -> None:
    page = io.StringIO()
    outcome = asking.upgrade(sql=page)
    assert outcome.missing == ("b2",)
    assert "depends on rows" in page.getvalue()
    assert "-- REVISION b2 IS MISSING HERE" in page.getvalue()
    assert "upgrade b2\n" in page.getvalue()
    # Nothing of it is written half, and what follows it is.
    assert "VALUES (1)" not in page.getvalue()
    assert "VALUES (3)" in page.getvalue()
    assert stops_at(database, page.getvalue())
    assert asking.current_ids() in ((), ("a1",))


def test_what_cannot_be_written_is_taken_from_a_recording(
    asking: Migrations, database: Database
) -> None:
    page = io.StringIO()

    def recorded(revision: str, dialect: Dialect) -> Sequence[str]:
        assert revision == "b2"
        return ["INSERT INTO hero VALUES (1)", "INSERT INTO hero VALUES (2)"]

    outcome = move.upgrade(asking._checkout, "head", page, None, recorded=recorded)
    assert outcome.missing == ()
    assert not stops_at(database, page.getvalue())
    assert database.query("SELECT id FROM hero ORDER BY id") == [(1,), (2,), (3,)]
    assert database.query("SELECT version_num FROM alembic_version") == [("c3",)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_command_says_what_is_missing(asking: Migrations, project: Project) -> None:
    ran = project.cli("upgrade", "--sql")
    assert ran.code == 1
    assert "revision b2 cannot be written as SQL: the script stops there" in ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr


def stops_at(database: Database, script: str) -> bool:
    """Run a script, statement by statement, as a person would; whether one was refused."""
    text = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    engine = create_engine(database.url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in filter(str.strip, text.split(";\n")):
                connection.exec_driver_sql(statement.replace("%", "%%"))
    except DBAPIError:
        return True
    finally:
        engine.dispose()
    return False

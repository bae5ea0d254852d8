"""A half-applied revision is explained, finished, undone or marked, where that is safe."""

from __future__ import annotations

import json
from typing import Any

import pytest

from databases import Database
from project import Project
from revisions import Revisions

MARIADB = pytest.mark.parametrize("database", ["mariadb"], indirect=True)
SERVERS = pytest.mark.parametrize("database", ["mariadb", "postgresql"], indirect=True)

MODELS = "class Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n"
CREATE = 'op.create_table("hero", sa.Column("id", sa.Integer, primary_key=True))'
# One text for both servers: on PostgreSQL it is the block that commits.
HALF = """
op.create_table("team", sa.Column("id", sa.Integer, primary_key=True))
op.execute("INSERT INTO team VALUES (1)")
op.add_column("hero", sa.Column("age", sa.Integer))
with op.get_context().autocommit_block():
    op.execute("INSERT INTO team VALUES (2)")
die()
op.execute("INSERT INTO team VALUES (3)")
"""


@pytest.fixture
def revisions(project: Project, database: Database) -> Revisions:
    found = Revisions(project, database, MODELS)
    found.add("a", CREATE, "op.drop_table('hero')")
    assert found.upgrade().code == 0
    return found


def half(revisions: Revisions, body: str = HALF) -> None:
    revisions.add("b", body, "op.drop_table('team')\nop.drop_column('hero', 'age')")
    assert revisions.upgrade(die_at="here").code == 137


def explained(revisions: Revisions) -> dict[str, Any]:
    ran = revisions.run("repair", "--json")
    found: dict[str, Any] = json.loads(ran.stdout)["result"]["interrupted"]
    return found


def test_nothing_to_repair(revisions: Revisions) -> None:
    ran = revisions.run("repair")
    assert ran.code == 0, ran.output
    assert "no revision is half-applied" in ran.stderr


@SERVERS
def test_explains_each_statement(revisions: Revisions) -> None:
    half(revisions)
    ran = revisions.run("repair")
    assert ran.code == 1, ran.output
    assert (
        "revision b was interrupted in the middle of its upgrade:\n  1  done  CREATE TABLE team"
        in ran.stdout
    )
    found = explained(revisions)
    assert (found["revision"], found["direction"], found["current"]) == ("b", "upgrade", ["a"])
    assert [one["state"] for one in found["statements"]] == ["done"] * 4
    assert (
        "problem   revision b was interrupted in the middle of its upgrade"
        in revisions.run("status").stdout
    )


@SERVERS
def test_finishes_it(revisions: Revisions, database: Database) -> None:
    half(revisions)
    ran = revisions.run("repair", "--finish")
    assert ran.code == 0, ran.output
    assert "revision b is finished" in ran.stderr
    assert database.query("SELECT id FROM team ORDER BY id") == [(1,), (2,), (3,)]
    assert revisions.run("repair").code == 0


@SERVERS
def test_undoes_it(revisions: Revisions, database: Database) -> None:
    half(revisions)
    ran = revisions.run("repair", "--undo")
    assert ran.code == 3, ran.output
    assert "add --yes" in ran.output or "--yes" in ran.output
    ran = revisions.run("repair", "--undo", "--yes")
    assert ran.code == 0, ran.output
    assert "revision b is undone" in ran.stderr
    assert revisions.run("drift").code == 0
    revisions.write("b", "op.execute('SELECT 1')", "pass", "a")
    assert revisions.upgrade().code == 0


@SERVERS
def test_undo_is_refused_where_rows_changed(revisions: Revisions, database: Database) -> None:
    database.run("INSERT INTO hero VALUES (1)")
    half(revisions, f"op.execute('UPDATE hero SET id = 2')\n{HALF}")
    ran = revisions.run("repair", "--undo", "--yes")
    assert ran.code == 5, ran.output
    assert (
        "the revision is not undone: of statement 1, nothing is known that takes it back"
        in ran.stderr
    )
    assert "UPDATE hero SET id = 2" in ran.stderr
    assert explained(revisions)["revision"] == "b"


@MARIADB
def test_an_undo_that_is_interrupted_is_typed_again(
    revisions: Revisions, database: Database
) -> None:
    half(revisions)
    for die_at in range(20, 60, 5):
        if revisions.run("repair", "--undo", "--yes", die_at=die_at).code == 0:
            break
    ran = revisions.run("repair", "--undo", "--yes")
    assert ran.code == 0, ran.output
    assert revisions.run("drift").code == 0


@SERVERS
def test_marks_it_as_run_only_where_the_schema_says_so(
    revisions: Revisions, database: Database
) -> None:
    half(
        revisions,
        HALF.replace('op.add_column("hero", sa.Column("age", sa.Integer))', "").replace(
            "die()", "die()\nop.add_column('hero', sa.Column('age', sa.Integer))"
        ),
    )
    ran = revisions.run("repair", "--mark-done")
    assert ran.code == 1, ran.output
    assert "nothing was marked: the database is not what b makes" in ran.stderr
    assert "age" in ran.stderr
    database.run("ALTER TABLE hero ADD COLUMN age int")
    ran = revisions.run("repair", "--mark-done")
    assert ran.code == 0, ran.output
    assert database.query("SELECT version_num FROM alembic_version") == [("b",)]
    assert revisions.run("repair").code == 0


@SERVERS
def test_marks_it_as_not_run_only_where_nothing_is_left(
    revisions: Revisions, database: Database
) -> None:
    half(
        revisions,
        """
    op.add_column("hero", sa.Column("age", sa.Integer))
    with op.get_context().autocommit_block():
        pass
    die()
    """,
    )
    ran = revisions.run("repair", "--mark-undone")
    assert ran.code == 1, ran.output
    database.run("ALTER TABLE hero DROP COLUMN age")
    ran = revisions.run("repair", "--mark-undone")
    assert ran.code == 0, ran.output
    assert database.query("SELECT version_num FROM alembic_version") == [("a",)]
    assert revisions.run("repair").code == 0


@SERVERS
def test_a_mark_says_nothing_of_rows(revisions: Revisions, database: Database) -> None:
    database.run("INSERT INTO hero VALUES (1)")
    half(
        revisions,
        """
    op.execute("UPDATE hero SET id = 2")
    with op.get_context().autocommit_block():
        op.execute("UPDATE hero SET id = 3")
    die()
    """,
    )
    ran = revisions.run("repair", "--mark-undone")
    assert ran.code == 5, ran.output
    assert "statement 1 took effect, and may have changed rows" in ran.stderr


@MARIADB
@pytest.mark.parametrize(("doubt", "rows"), [("done", 1), ("not-done", 2)])
def test_a_person_says_what_became_of_the_one_in_doubt(
    revisions: Revisions, database: Database, doubt: str, rows: int
) -> None:
    database.run("CREATE PROCEDURE more() INSERT INTO hero (id) VALUES (NULL)")
    half(revisions, 'op.execute("CALL more()")\ndie()')
    database.run("UPDATE sqlmodel_migrations_journal SET state = 'intent', answer = NULL")
    assert [one["state"] for one in explained(revisions)["statements"]] == ["in doubt"]
    assert revisions.run("repair", "--finish").code == 5
    ran = revisions.run("repair", "--finish", "--doubt", doubt)
    assert ran.code == 0, ran.output
    assert database.query("SELECT count(*) FROM hero") == [(rows,)]


@MARIADB
def test_finishes_a_downgrade(revisions: Revisions, database: Database) -> None:
    down = "op.drop_column('hero', 'age')\ndie()\nop.execute('DELETE FROM hero')"
    revisions.add("b", "op.add_column('hero', sa.Column('age', sa.Integer))", down)
    assert revisions.upgrade().code == 0
    assert revisions.run("downgrade", "a", "--yes", die_at="here").code == 137
    assert explained(revisions)["direction"] == "downgrade"
    ran = revisions.run("repair", "--finish")
    assert ran.code == 0, ran.output
    assert database.query("SELECT version_num FROM alembic_version") == [("a",)]

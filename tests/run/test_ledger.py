"""What is written down of runs, and how an edited script is found."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from databases import Database
from project import Project
from revisions import Revisions

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MODELS = "class Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n"
CREATE = 'op.create_table("hero", sa.Column("id", sa.Integer, primary_key=True))'
DROP = 'op.execute("DROP TABLE hero")'
FOREIGN_ENV = """
from alembic import context
from sqlalchemy import create_engine

with create_engine({url!r}).connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.fixture
def revisions(project: Project, database: Database) -> Revisions:
    found = Revisions(project, database, MODELS)
    found.add("a", CREATE, DROP)
    found.add("b", 'op.execute("INSERT INTO hero VALUES (1)")', 'op.execute("DELETE FROM hero")')
    return found


def rows(database: Database) -> list[tuple[Any, ...]]:
    return database.query(
        "SELECT revision, direction, checksum, finished_at, tool"
        " FROM sqlmodel_migrations_history ORDER BY id"
    )


def applied(revisions: Revisions) -> dict[str, dict[str, Any]]:
    ran = revisions.run("history", "--applied", "--json")
    assert ran.code == 0, ran.output
    return {one["id"]: one for one in json.loads(ran.stdout)["result"]["revisions"]}


def test_a_row_for_each_run(revisions: Revisions, database: Database) -> None:
    assert revisions.upgrade().code == 0
    assert revisions.run("downgrade", "-1", "--yes").code == 0
    assert revisions.run("stamp", "b").code == 0
    found = rows(database)
    assert [row[:2] for row in found] == [
        ("a", "upgrade"),
        ("b", "upgrade"),
        ("b", "downgrade"),
        ("b", "stamp"),
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{15}\+00:00", row[3]) for row in found)
    assert [bool(row[2]) for row in found] == [True, True, True, False]
    known = applied(revisions)
    assert known["a"]["script"] == "same"
    assert known["a"]["run"]["seconds"] >= 0
    assert known["a"]["run"]["direction"] == "upgrade"
    assert (known["b"]["script"], known["b"]["run"]["direction"]) == ("unknown", "stamp")


def test_what_is_rolled_back_has_no_row(revisions: Revisions, database: Database) -> None:
    revisions.add("c", "raise ValueError('no')")
    assert revisions.upgrade().code == 5
    ended = [row[0] for row in rows(database) if row[3] is not None]
    assert ended == ["a", "b"]
    assert [*applied(revisions)] == ["b", "a"]


@SQLITE
def test_nothing_to_do_writes_nothing(revisions: Revisions, database: Database) -> None:
    assert revisions.upgrade().code == 0
    before = rows(database)
    assert revisions.upgrade().code == 0
    assert rows(database) == before


@SQLITE
def test_what_plain_alembic_ran_is_unknown(revisions: Revisions, database: Database) -> None:
    assert revisions.project.cli.alembic("upgrade", "a").code == 0
    revisions.write("a", f"{CREATE}\nop.execute('SELECT 1')", "pass", None)
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output
    known = applied(revisions)
    assert (known["a"]["script"], known["a"]["run"]) == ("unknown", None)
    assert known["b"]["script"] == "same"


@SQLITE
def test_an_edited_script(revisions: Revisions, database: Database) -> None:
    assert revisions.upgrade("a").code == 0
    path = revisions.write("a", f"{CREATE}  # the same, said otherwise", DROP, None)
    assert applied(revisions)["a"]["script"] == "same"
    revisions.write("a", CREATE.replace("Integer", "BigInteger"), DROP, None)
    assert applied(revisions)["a"]["script"] == "edited"

    ran = revisions.upgrade()
    assert ran.code == 1, ran.output
    assert "error: 1 script was edited since the revision was applied" in ran.stderr
    assert f"a: {revisions.project.path / path}" in ran.stderr
    assert "add --accept-edited" in ran.stderr
    assert [row[0] for row in rows(database)] == ["a"]

    ran = revisions.upgrade("--accept-edited")
    assert ran.code == 0, ran.output
    assert "1 script was edited, and accepted: a" in ran.stderr
    assert [row[:2] for row in rows(database)] == [
        ("a", "upgrade"),
        ("a", "accept"),
        ("b", "upgrade"),
    ]
    assert {one["script"] for one in applied(revisions).values()} == {"same"}
    assert applied(revisions)["a"]["run"]["direction"] == "upgrade"


@SQLITE
def test_an_edited_script_without_work(revisions: Revisions, database: Database) -> None:
    assert revisions.upgrade().code == 0
    revisions.write("b", "pass", "pass", "a")
    assert revisions.upgrade().code == 0
    ran = revisions.run("status", "--exit-code")
    assert ran.code == 1
    assert "error: the script of revision b was edited since it was applied" in ran.stderr
    ran = revisions.run("downgrade", "-1", "--yes")
    assert ran.code == 0, ran.output
    assert revisions.upgrade("a").code == 0
    assert applied(revisions)["a"]["script"] == "same"


@SQLITE
def test_an_edited_script_is_accepted_without_work(
    revisions: Revisions, database: Database
) -> None:
    assert revisions.upgrade().code == 0
    revisions.write("b", "pass", "pass", "a")
    ran = revisions.upgrade("--accept-edited")
    assert ran.code == 0, ran.output
    assert "1 script was edited, and accepted: b" in ran.stderr
    assert applied(revisions)["b"]["script"] == "same"


@SQLITE
def test_check_finds_it_before_a_deployment(revisions: Revisions) -> None:
    assert revisions.upgrade().code == 0
    ran = revisions.run("check", "--database")
    assert ran.code == 0, ran.output
    revisions.write("b", "pass", "pass", "a")
    ran = revisions.run("check", "--database")
    assert ran.code == 1, ran.output
    assert "the script of revision b was edited since it was applied" in ran.stderr
    assert revisions.run("check").code == 0


def test_a_foreign_env_py_keeps_none_unless_told(revisions: Revisions, database: Database) -> None:
    revisions.project.write({"migrations/env.py": FOREIGN_ENV.format(url=database.url)})
    ran = revisions.upgrade("a")
    assert ran.code == 0, ran.output
    assert not any(name.startswith("sqlmodel") for name in tables(database))
    pyproject = (
        revisions.project.read("pyproject.toml")
        if "pyproject.toml" in revisions.project.files()
        else ""
    )
    revisions.project.write(
        {"pyproject.toml": pyproject + "\n[tool.sqlmodel.migrations]\nhistory = true\n"}
    )
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output
    assert [row[0] for row in rows(database)] == ["b"]


def tables(database: Database) -> set[str]:
    queries = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        "mariadb": "SHOW TABLES",
    }
    return {row[0] for row in database.query(queries[database.kind])}


@SQLITE
def test_a_ledger_of_a_newer_version_is_refused(revisions: Revisions, database: Database) -> None:
    assert revisions.upgrade("a").code == 0
    database.run("UPDATE sqlmodel_migrations_history SET format = 2")
    ran = revisions.upgrade()
    assert ran.code == 2, ran.output
    assert "'sqlmodel_migrations_history' was written by a newer version" in ran.stderr


def test_no_comparison_sees_our_tables(revisions: Revisions, database: Database) -> None:
    assert revisions.upgrade().code == 0
    assert "sqlmodel_migrations_history" in tables(database)
    for command in (("check",), ("check", "--from-database"), ("drift",)):
        ran = revisions.run(*command)
        assert ran.code == 0, ran.output
        assert "sqlmodel_migrations" not in ran.output
    ran = revisions.project.cli.alembic("check")
    assert ran.code == 0, ran.output

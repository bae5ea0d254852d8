"""`upgrade`: where the database is taken, and what is said of it."""

from __future__ import annotations

import json

import pytest

from databases import Database
from heroes import add_revision
from project import Project


def version(file: Database) -> list[str]:
    return [row[0] for row in file.query("SELECT version_num FROM alembic_version")]


def test_to_the_head_by_default(two: Project, file: Database) -> None:
    ran = two.cli("upgrade")
    assert (ran.code, ran.stdout) == (0, "")
    assert ran.stderr.splitlines() == [
        "INFO  [alembic.runtime.migration] Context impl SQLiteImpl.",
        "INFO  [alembic.runtime.migration] Running upgrade  -> a1, add heroes",
        "INFO  [alembic.runtime.migration] Running upgrade a1 -> b2, do nothing",
        "database is at b2 (head)",
    ]
    assert version(file) == ["b2"]


def test_nothing_to_do(two: Project) -> None:
    two.cli("upgrade")
    ran = two.cli("upgrade")
    assert ran.code == 0
    assert ran.stderr.endswith("nothing to do: database is at b2 (head)\n")


def test_steps_and_ids(two: Project, file: Database) -> None:
    assert two.cli("upgrade", "+1").code == 0
    assert version(file) == ["a1"]
    assert two.cli("upgrade", "b2").code == 0
    assert version(file) == ["b2"]


def test_quiet(two: Project, file: Database) -> None:
    ran = two.cli("-q", "upgrade")
    assert (ran.code, ran.output) == (0, "")
    assert version(file) == ["b2"]


def test_json_keeps_stdout_for_the_answer(two: Project) -> None:
    two.write({"migrations/env.py": 'print("chatter")\n' + two.read("migrations/env.py")})
    ran = two.cli("upgrade", "--json")
    told = json.loads(ran.stdout)
    assert told["version"] == 1
    assert told["command"] == "upgrade"
    assert told["diagnostics"] == []
    assert told["result"]["before"] == []
    assert told["result"]["after"] == ["b2"]
    assert [done["id"] for done in told["result"]["applied"]] == ["a1", "b2"]
    assert "chatter" in ran.stderr
    assert "Running upgrade" in ran.stderr


def test_sql_stands_alone_on_stdout(two: Project) -> None:
    ran = two.cli("upgrade", "--sql")
    assert ran.code == 0
    assert "CREATE TABLE hero" in ran.stdout
    assert "INFO" not in ran.stdout
    assert "database is at" not in ran.stderr
    assert not (two.path / "database.db").exists()


def test_sql_in_json(two: Project) -> None:
    told = json.loads(two.cli("upgrade", "--sql", "--json").stdout)
    assert "CREATE TABLE hero" in told["result"]["sql"]


def test_sql_of_a_range(two: Project) -> None:
    ran = two.cli("upgrade", "a1:b2", "--sql")
    assert "CREATE TABLE hero" not in ran.stdout
    assert "'b2'" in ran.stdout


def test_the_tag_and_x_reach_env_py(two: Project) -> None:
    line = "from alembic import context; print(context.get_tag_argument(), " \
        "context.get_x_argument(as_dictionary=True))\n"  # fmt: skip
    two.write({"migrations/env.py": line + two.read("migrations/env.py")})
    ran = two.cli("-x", "a=1", "upgrade", "--tag", "blue", "-x", "b=2")
    assert "blue {'a': '1', 'b': '2'}" in ran.stdout


def test_a_failure_says_what_was_applied(two: Project, file: Database) -> None:
    add_revision(two, "c3", "b2", "break", upgrade="op.execute('SELECT nonsense')")
    add_revision(two, "d4", "c3", "later")
    ran = two.cli("upgrade")
    assert (ran.code, ran.stdout) == (5, "")
    assert "error: revision c3 failed" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert version(file) == ["b2"]


def test_a_failure_in_json(two: Project) -> None:
    add_revision(two, "c3", "b2", "break", upgrade="op.execute('SELECT nonsense')")
    add_revision(two, "d4", "c3", "later")
    ran = two.cli("upgrade", "--json")
    told = json.loads(ran.stdout)
    assert ran.code == told["error"]["exit_code"] == 5
    assert told["result"] is None
    assert told["error"]["failed"] == "c3"
    assert told["error"]["applied"] == ["a1", "b2"]
    assert told["error"]["pending"] == ["d4"]


def test_raiseerr_shows_where_it_comes_from(two: Project) -> None:
    add_revision(two, "c3", "b2", "break", upgrade="1 / 0")
    ran = two.cli("upgrade", "--raiseerr")
    assert ran.code == 1
    assert "Traceback" in ran.stderr
    assert "ZeroDivisionError" in ran.stderr


def test_an_unknown_revision(two: Project) -> None:
    ran = two.cli("upgrade", "a2")
    assert ran.code == 2
    assert "'a2'" in ran.stderr
    assert "hint:" in ran.stderr


@pytest.mark.parametrize("program", [("sqlmodel-migrations",), ("alembic",)])
def test_the_other_programs_do_the_same(
    two: Project, file: Database, program: tuple[str, ...]
) -> None:
    assert two.cli.run(*program, "upgrade", "head").code == 0
    assert version(file) == ["b2"]


def test_without_a_project(project: Project) -> None:
    ran = project.cli("upgrade")
    assert (ran.code, ran.stdout) == (2, "")
    assert "hint: type: sqlmodel migrations init" in ran.stderr

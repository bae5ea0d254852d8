"""How a run is chosen on the command line, and what is seen and told of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from databases import Database
from heroes import DROP, add_revision
from project import Project

PYPROJECT = "[tool.sqlmodel.migrations]\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--lock-timeout", "5 sec"), "'5 sec' is no duration: write it as 500ms, 5s, 2m, 1h"),
        (("--wait", "-5s"), "'-5s' is no duration"),
        (("--statement-timeout", "600h"), "is out of range"),
        (("--lock-retries", "-1"), "'-1' is no count"),
        (("--transaction", "both"), "'both' is not one of 'each', 'all'"),
    ],
)
def test_what_cannot_be_read(two: Project, words: tuple[str, ...], said: str) -> None:
    ran = two.cli("upgrade", *words)
    assert (ran.code, ran.stdout) == (2, "")
    assert f"'{words[0]}'" in ran.stderr
    assert said in ran.stderr


@pytest.mark.parametrize(
    ("command", "flag"),
    [
        ("upgrade", "--backup"),
        ("upgrade", "--accept-edited"),
        ("downgrade", "--transaction=all"),
        ("stamp", "--wait=0"),
    ],
)
def test_options_of_a_run_mean_nothing_for_sql(two: Project, command: str, flag: str) -> None:
    ran = two.cli(command, "--sql", flag)
    assert (ran.code, ran.stdout) == (2, "")
    assert f"{flag.partition('=')[0]} is about running, and --sql runs nothing" in ran.stderr


@pytest.mark.parametrize("place", ["option", "setting", "both"])
def test_all_in_one_transaction(two: Project, file: Database, place: str) -> None:
    """What is chosen reaches the run, from wherever it was chosen: nothing is left of `all`."""
    add_revision(two, "c3", "b2", "break", upgrade="op.execute('SELECT nonsense')")
    setting = {"setting": "all", "both": "each"}.get(place)
    if setting is not None:
        two.write({"pyproject.toml": f"{PYPROJECT}transaction = '{setting}'\n"})
    ran = two.cli("upgrade", *([] if place == "setting" else ["--transaction", "all"]))
    assert ran.code == 5
    assert "hero" not in [name for (name,) in file.query("SELECT name FROM sqlite_master")]


# A copy first.


def copies(project: Project) -> list[Path]:
    return sorted(project.path.glob("*.backup"))


def test_a_backup_is_made_and_stays(two: Project, file: Database) -> None:
    assert two.cli("upgrade", "+1").code == 0
    assert copies(two) == []
    ran = two.cli("upgrade", "--backup")
    assert ran.code == 0
    (copy,) = copies(two)
    assert f"the database was copied to {copy}\n" in ran.stderr
    assert f"the copy from before is kept: '{copy}'\n" in ran.stderr
    assert Database("sqlite", f"sqlite:///{copy}").query("SELECT * FROM alembic_version") == [
        ("a1",)
    ]


def test_nothing_is_copied_where_nothing_is_done(two: Project) -> None:
    assert two.cli("upgrade").code == 0
    assert two.cli("upgrade", "--backup").code == 0
    assert copies(two) == []


@pytest.mark.parametrize("how", ["option", "setting"])
def test_a_backup_is_put_back_after_a_failure(two: Project, file: Database, how: str) -> None:
    assert two.cli("upgrade", "a1").code == 0
    file.run("INSERT INTO hero (name) VALUES ('Deadpond')")
    add_revision(two, "c3", "b2", "lose", upgrade=f"{DROP}\n    op.execute('COMMIT')")
    add_revision(two, "d4", "c3", "break", upgrade="op.execute('SELECT nonsense')")
    if how == "setting":
        two.write({"pyproject.toml": f"{PYPROJECT}backup = true\n"})
    ran = two.cli("upgrade", "--json", *(["--backup"] if how == "option" else []))
    error = json.loads(ran.stdout)["error"]
    assert ran.code == 5
    (copy,) = copies(two)
    assert error["details"][-1] == f"'{copy}' was put back: the database is as it was before"
    assert error["applied"] == []
    assert error["failed"] in ("c3", "d4")
    assert "b2" in error["pending"]
    assert file.query("SELECT name FROM hero") == [("Deadpond",)]
    assert file.query("SELECT * FROM alembic_version") == [("a1",)]


def test_a_setting_that_copies_is_overruled(two: Project) -> None:
    two.write({"pyproject.toml": f"{PYPROJECT}backup = true\n"})
    assert two.cli("upgrade", "+1", "--no-backup").code == 0
    assert two.cli("stamp", "base").code == 0
    assert copies(two) == []


@pytest.mark.parametrize("url", ["sqlite://", pytest.param(None, marks=pytest.mark.server)])
def test_no_backup_of_what_is_no_file(
    two: Project, url: str | None, request: pytest.FixtureRequest
) -> None:
    url = url or request.getfixturevalue("postgresql").url
    ran = two.cli("upgrade", "--backup", env={"DATABASE_URL": url})
    assert ran.code == 2
    assert "error: a backup is a copy of an SQLite file, and this database is none" in ran.stderr
    assert "hint: leave --backup and the setting 'backup' out" in ran.stderr


# Events.


def events(stderr: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in stderr.splitlines()]


def test_events_are_json_lines(two: Project) -> None:
    add_revision(two, "c3", "b2", "fill", upgrade="op.execute('UPDATE hero SET name = 1')")
    ran = two.cli("upgrade", "--events")
    assert ran.stdout == ""
    told = events(ran.stderr)
    names = [line["event"] for line in told]
    assert names[:3] == ["locked", "move_started", "revision_started"]
    assert names[-2:] == ["move_finished", "ended"]
    assert names.count("revision_finished") == 3
    assert {line["database"] for line in told} == {"alembic"}
    started = next(line for line in told if line["event"] == "revision_started")
    assert (started["revision"], started["number"], started["total"]) == ("a1", 1, 3)
    statements = [line["statement"] for line in told if line["event"] == "statement_started"]
    assert "UPDATE hero SET name = 1" in statements
    assert told[-1]["exit_code"] == 0
    assert told[-1]["notes"] == ["database is at c3 (head)"]


def test_events_and_what_others_say(two: Project) -> None:
    two.write({"migrations/env.py": 'print("chatter")\n' + two.read("migrations/env.py")})
    add_revision(two, "c3", "b2", "break", upgrade="op.execute('SELECT nonsense')")
    ran = two.cli("upgrade", "--events", "--json")
    assert json.loads(ran.stdout)["error"]["failed"] == "c3"
    told = events(ran.stderr)
    assert [line["text"] for line in told if line["event"] == "log"][:1] == ["chatter"]
    last = told[-1]
    assert (last["event"], last["exit_code"]) == ("ended", 5)
    assert last["error"] == json.loads(ran.stdout)["error"]


def test_events_of_an_error_before_anything_runs(two: Project) -> None:
    (told,) = events(two.cli("upgrade", "nonsense", "--events").stderr)
    assert (told["event"], told["exit_code"]) == ("ended", 2)


def test_events_of_several_databases(two: Project) -> None:
    section = "[other]\nscript_location = migrations\nsqlalchemy.url = sqlite:///other.db\n"
    two.write({"alembic.ini": two.read("alembic.ini") + section})
    ran = two.cli("upgrade", "--all", "--events", "--json")
    ends = [line for line in events(ran.stderr) if line["event"] == "ended"]
    assert [line["database"] for line in ends] == ["alembic", "other"]
    assert set(json.loads(ran.stdout)["result"]["databases"]) == {"alembic", "other"}


def test_no_question_where_a_program_listens(two: Project, file: Database) -> None:
    assert two.cli("upgrade").code == 0
    file.run("INSERT INTO hero (name) VALUES ('Deadpond')")
    ran = two.cli("downgrade", "base", "--events")
    assert ran.code == 3
    assert events(ran.stderr)[-1]["exit_code"] == 3


@pytest.mark.parametrize("flags", [("-q",), ("-q", "--backup")])
def test_quiet(two: Project, flags: tuple[str, ...]) -> None:
    assert two.cli("upgrade", *flags).output == ""

"""`--json` on every command, as docs/json.md says, and the exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from databases import Database
from heroes import MODELS
from project import Project
from sqlmodel_migrations.cli.summaries import SUMMARIES

PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
ENVELOPE = {"version", "command", "result", "diagnostics"}


def documented() -> dict[str, set[str]]:
    """The keys of `result` by command, from the page's table."""
    found: dict[str, set[str]] = {}
    commands: list[str] = []
    for row in re.findall(r"(?m)^\|([^|]*)\|([^|]*)\|[^|]*\|$", PAGE):
        commands = re.findall(r"`([\w -]+)`", row[0]) or commands
        for command in commands:
            found.setdefault(command, set()).update(re.findall(r"`(\w+)`", row[1]))
    return found


def example(title: str) -> dict[str, Any]:
    """A JSON block of the page."""
    block = re.search(rf'```json title="{title}"\n(.*?)```', PAGE, re.DOTALL)
    assert block
    value: dict[str, Any] = json.loads(block[1])
    return value


def told(project: Project, *words: str, code: int = 0) -> dict[str, Any]:
    ran = project.cli(*words, "--json", env={"EDITOR": "true", "SHELL": "/bin/bash"})
    assert ran.code == code, ran.output
    value: dict[str, Any] = json.loads(ran.stdout)
    assert value["version"] == 1
    assert value["command"] == words[0]
    assert value.keys() - {"error"} == ENVELOPE
    return value


@pytest.fixture
def hero(placed: Project) -> Project:
    placed.write({"models.py": MODELS.replace("name: str", "name: str = Field(max_length=50)")})
    return placed


SESSION = [
    ("init",), ("list-templates",), ("revision", "heroes", "--rev-id", "a1"), ("heads",),
    ("history",), ("show",), ("branches",), ("current",), ("status",), ("plan",), ("lint",),
    ("index",), ("upgrade",), ("repair",),
    ("check", "--database"), ("verify",), ("edit",), ("ensure-version",), ("stamp",),
    ("drift",), ("stamp", "base"), ("adopt", "--at", "a1"),
    ("downgrade", "base", "--yes"), ("completion", "bash"),
    ("revision", "--empty", "-m", "x", "--rev-id", "b1", "--head", "base"), ("merge",),
]  # fmt: skip


FORMS = {("lint", "--explain"): "lint --explain",
         ("lint", "--explain", "drop-column"): "lint --explain RULE"}  # fmt: skip


@pytest.mark.parametrize("words", FORMS)
def test_other_forms_of_a_command(hero: Project, words: tuple[str, ...]) -> None:
    assert set(told(hero, *words)["result"]) == documented()[FORMS[words]]


def test_every_command_on_every_database(hero: Project) -> None:
    page = documented()
    for words in SESSION:
        result = told(hero, *words)["result"]
        assert set(result) == page.get(words[0], set()), words
        if words[0] == "plan":  # its revisions are those of its file
            continue
        for found in result.get("revisions", []):
            assert found.keys() - {"branches"} == example("revision").keys()


def test_every_command_is_documented_and_tried() -> None:
    assert {words[0] for words in SESSION} == set(SUMMARIES)
    assert documented().keys() == {*SUMMARIES, *FORMS.values()}


def test_examples_of_the_page_have_the_shape_of_answers(hero: Project) -> None:
    told(hero, "init")
    answer = told(hero, "check", code=1)["result"]["differences"]
    assert [found.keys() for found in answer] == [example("difference").keys()]
    assert example("envelope").keys() == ENVELOPE
    error = told(hero, "show", "nowhere", code=2)["error"]
    assert error.keys() == example("error").keys()
    hero.write({"migrations/versions/bad.py": "revision = \n"})
    (found, *_) = told(hero, "history", code=2)["diagnostics"]
    assert found.keys() == example("diagnostic").keys()


def test_sql(hero: Project) -> None:
    told(hero, "init")
    told(hero, "revision", "heroes", "--rev-id", "a1")
    assert "CREATE TABLE hero" in told(hero, "upgrade", "--sql")["result"]["sql"]


def test_all(hero: Project) -> None:
    told(hero, "init")
    assert list(told(hero, "heads", "--all")["result"]["databases"]) == ["alembic"]


REVISION = """
    from alembic import op
    revision = "a1"
    down_revision = None
    def upgrade(): {upgrade}
    def downgrade(): op.drop_table("hero")
    """
CREATE = "op.execute('CREATE TABLE hero (id INTEGER)')"


def test_exit_codes(hero: Project, database: Database) -> None:
    """0 yes, 1 no, 2 usage, 3 an answer is needed, 4 the database, 5 a revision failed."""
    told(hero, "init")
    told(hero, "check", code=1)
    told(hero, "upgrade", "--bogus", code=2)
    hero.write({"migrations/versions/a1.py": REVISION.format(upgrade="raise ValueError('no')")})
    error = told(hero, "upgrade", code=5)["error"]
    assert (error["failed"], error["applied"], error["pending"]) == ("a1", [], [])
    hero.write({"migrations/versions/a1.py": REVISION.format(upgrade=CREATE)})
    assert told(hero, "upgrade")["result"]["after"] == ["a1"]
    database.run("INSERT INTO hero (id) VALUES (1)")
    error = told(hero, "downgrade", code=3)["error"]
    assert error["flags"] == ["--yes"]
    assert database.query("SELECT id FROM hero") == [(1,)]
    unreachable = {
        "sqlite": "sqlite:////nowhere/at/all.db",
        "postgresql": "postgresql+psycopg://postgres@127.0.0.1:1/x",
        "mariadb": "mysql+pymysql://root@127.0.0.1:1/x",
    }[database.kind]
    told(hero, "upgrade", "--url", unreachable, code=4)
    told(hero, "check", "--database", code=1)


def test_what_was_not_compared_is_among_the_notes(hero: Project) -> None:
    told(hero, "init")
    hero.write({"later.py": MODELS.replace("Hero", "Team")})
    for command, code in (("check", 1), ("revision", 0)):
        (note,) = told(hero, command, code=code)["result"]["notes"]
        assert "table class 'Team'" in note

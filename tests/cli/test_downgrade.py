"""`downgrade`: one step by default, and never rows without a word."""

from __future__ import annotations

import json

import pytest
from pexpect import EOF

import terminal
from databases import Database
from project import Project


@pytest.fixture
def full(two: Project, file: Database) -> Project:
    """At b2, with one hero."""
    two.cli("upgrade")
    file.run("INSERT INTO hero (name) VALUES ('Deadpond')")
    return two


def version(file: Database) -> list[str]:
    return [row[0] for row in file.query("SELECT version_num FROM alembic_version")]


def test_one_step_by_default_and_as_a_number(full: Project, file: Database) -> None:
    ran = full.cli("downgrade")
    assert ran.code == 0
    assert ran.stderr.endswith("database is at a1\n")
    full.cli("upgrade")
    assert full.cli("downgrade", "-1").code == 0
    assert version(file) == ["a1"]


@pytest.mark.parametrize("target", [(), ("-1",), ("-2",)])
def test_one_of_several_heads_is_not_chosen(
    branches: Project, file: Database, target: tuple[str, ...]
) -> None:
    """Alembic takes one of them, with a warning of Python's."""
    branches.cli("upgrade", "heads")

    ran = branches.cli("downgrade", *target)

    assert ran.code == 2
    number = target[0] if target else "-1"
    assert f"'{number}' is ambiguous: it can start from 2 revisions" in ran.stderr
    assert sorted(version(file)) == ["b2", "c3"]
    assert branches.cli("downgrade", "other@-1").code == 0
    assert version(file) == ["b2"]


def test_rows_need_yes(full: Project, file: Database) -> None:
    ran = full.cli("downgrade", "base")
    assert (ran.code, ran.stdout) == (3, "")
    assert "table 'hero' (1 row)" in ran.stderr
    assert "--yes" in ran.stderr
    assert version(file) == ["b2"]
    assert file.query("SELECT name FROM hero") == [("Deadpond",)]


def test_yes(full: Project, file: Database) -> None:
    ran = full.cli("downgrade", "base", "--yes")
    assert ran.code == 0
    assert "this removes table 'hero' (1 row)\n" in ran.stderr
    assert ran.stderr.endswith("database is at base\n")
    assert version(file) == []


def test_an_answer_that_is_needed_in_json(full: Project) -> None:
    ran = full.cli("downgrade", "base", "--json")
    told = json.loads(ran.stdout)
    assert ran.code == told["error"]["exit_code"] == 3
    assert told["error"]["flags"] == ["--yes"]


def test_no_rows_no_question(two: Project, file: Database) -> None:
    two.cli("upgrade")
    assert two.cli("downgrade", "base").code == 0
    assert version(file) == []


def test_sql_without_a_range_goes_down_from_the_head(two: Project) -> None:
    ran = two.cli("downgrade", "base", "--sql")
    assert ran.code == 0
    assert "DROP TABLE hero" in ran.stdout


def on_terminal(answer: str, *words: str, **env: str) -> tuple[int, str]:
    """Run a command on a terminal, answer its question, return its exit code and text."""
    child = terminal.started(*words, **env)
    text = ""
    if child.expect([r"\[y/N\]: ", EOF]) == 0:
        child.send(answer)
        text = child.before + child.after
        child.expect(EOF)
    text += child.before
    child.close()
    return child.exitstatus, terminal.plain(text)


@terminal.needs_terminal
class TestOnATerminal:
    def test_yes_is_asked_and_done(self, full: Project, file: Database) -> None:
        code, text = on_terminal("y\n", "downgrade", "base")
        assert code == 0
        assert "this removes table 'hero' (1 row)" in text
        assert version(file) == []

    @pytest.mark.parametrize("answer", ["n\n", "\n"])
    def test_no_changes_nothing(self, full: Project, file: Database, answer: str) -> None:
        code, text = on_terminal(answer, "downgrade", "base")
        assert code == 1
        assert "nothing was changed" in text
        assert file.query("SELECT name FROM hero") == [("Deadpond",)]
        assert version(file) == ["b2"]

    def test_control_c_changes_nothing(self, full: Project, file: Database) -> None:
        code, text = on_terminal("\x03", "downgrade", "base")
        assert code == 130
        assert "interrupted" in text
        assert "Traceback" not in text
        assert version(file) == ["b2"]

    @pytest.mark.parametrize("reason", ["CI", "--json"])
    def test_a_machine_is_not_asked(self, full: Project, file: Database, reason: str) -> None:
        flags, env = ([], {"CI": "true"}) if reason == "CI" else (["--json"], {})
        code, text = on_terminal("y\n", "downgrade", "base", *flags, **env)
        assert code == 3
        assert "[y/N]" not in text
        assert version(file) == ["b2"]

"""`lint`: how its answer is written, and what it ends with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from heroes import add_revision
from project import Project
from report import sarif

ROOT = Path(__file__).parents[2]
DROP, BACK = "op.drop_column('hero', 'name')", "op.get_bind()"
ON_GITHUB = {"GITHUB_ACTIONS": "true"}


@pytest.fixture
def dropping(two: Project) -> Project:
    """A project whose newest revision drops a column."""
    add_revision(two, "c3", "b2", "drop name", upgrade=DROP, downgrade=BACK)
    return two


def test_github_is_the_format_of_its_jobs(dropping: Project) -> None:
    ran = dropping.cli("lint", "c3", env=ON_GITHUB)
    assert ran.code == 1
    first, *_ = ran.stdout.splitlines()
    place = "file=migrations/versions/c3.py,line=9,endLine=9,title=drop-column"
    assert first.startswith(f"::error {place}::the values of 'hero.name' are gone%0Ahelp: ")
    assert "1 revision judged: 2 errors" in ran.stderr


@pytest.mark.parametrize("words", [("--format", "text"), ("--json",), ("--format", "json")])
def test_what_is_typed_goes_before_that(dropping: Project, words: tuple[str, ...]) -> None:
    ran = dropping.cli("lint", "c3", *words, env=ON_GITHUB)
    assert "::error" not in ran.output
    assert ran.stdout.startswith("{") is ("text" not in words)


def test_other_commands_are_read_by_people_there(dropping: Project) -> None:
    assert dropping.cli("heads", env=ON_GITHUB).stdout == "c3 (head)\n"


def test_paths_begin_at_the_root_of_the_repository(dropping: Project) -> None:
    env = {**ON_GITHUB, "GITHUB_WORKSPACE": str(dropping.path.parent)}
    ran = dropping.cli("lint", "c3", env=env)
    assert f"file={dropping.path.name}/migrations/versions/c3.py," in ran.stdout


def test_two_formats(dropping: Project) -> None:
    ran = dropping.cli("lint", "c3", "--json", "--format", "sarif")
    assert ran.code == 2
    said = json.loads(ran.stdout)["error"]["message"]
    assert said == "--json and --format sarif contradict each other: give one"


def test_a_document_is_all_there_is_on_stdout(dropping: Project) -> None:
    add_revision(dropping, "d4", "c3", "print", upgrade="print('hello')", downgrade=BACK)
    log = json.loads(dropping.cli("lint", "b2:d4", "--format", "sarif").stdout)
    sarif.require(log)
    assert len(log["runs"][0]["results"]) == 2


def test_every_database_stands_in_one_document(dropping: Project) -> None:
    dropping.cli("upgrade", "b2")
    issues = json.loads(dropping.cli("lint", "--all", "--format", "gitlab").stdout)
    assert [issue["check_name"] for issue in issues] == ["drop-column", "drop-column"]


def test_json_says_all_that_is_known(dropping: Project) -> None:
    found, *_ = json.loads(dropping.cli("lint", "c3", "--json").stdout)["diagnostics"]
    assert found.keys() >= {
        *("rule", "hazard", "severity", "revision", "file", "line", "end_line", "statement"),
        *("message", "help", "facts", "fix"),
    }
    assert found["statement"] == "ALTER TABLE hero DROP COLUMN name"


def test_exit_codes(dropping: Project) -> None:
    """0 nothing, 1 something at or above --fail-on, 2 usage, 4 the database."""
    assert dropping.cli("lint", "a1").code == 0
    assert dropping.cli("lint", "c3").code == 1
    assert dropping.cli("lint", "c3:", "--fail-on", "sometimes").code == 2
    nowhere = dropping.cli("lint", "--url", "postgresql+psycopg://postgres@127.0.0.1:1/x")
    assert (nowhere.code, nowhere.stdout) == (4, "")


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.db", "bogus"])
def test_a_rule_is_explained_without_any_database(dropping: Project, url: str) -> None:
    ran = dropping.cli("lint", "--explain", "drop-column", "--url", url)
    assert ran.code == 0
    assert ran.stdout.startswith("drop-column: A column is dropped")


def test_the_hook_judges_what_is_not_committed(two: Project) -> None:
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    (entry,) = re.findall(r"^  entry: sqlmodel (.+)$", hooks, re.MULTILINE)
    assert f"entry: sqlmodel {entry}" in (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "x")):
        assert two.cli.subprocess(*git, *words).code == 0
    assert two.cli(*entry.split()[1:]).code == 0
    add_revision(two, "c3", "b2", "drop name", upgrade=DROP, downgrade=BACK)
    ran = two.cli(*entry.split()[1:])
    assert ran.code == 1
    assert "[drop-column]" in ran.stdout


def test_rows_are_not_counted_below_zero(dropping: Project) -> None:
    ran = dropping.cli("lint", "c3", "--min-rows", "-1")
    assert ran.code == 2
    assert "'--min-rows': -1 is not in the range x>=0" in ran.stderr


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("c3:b2",), "nothing to judge: 'c3:b2' holds no revision"),
        (("--since", "HEAD"), "nothing to judge: no revision was added since 'HEAD'"),
    ],
)
def test_there_is_nothing_to_judge(dropping: Project, typed: tuple[str, ...], said: str) -> None:
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "x")):
        assert dropping.cli.subprocess(*git, *words).code == 0
    ran = dropping.cli("lint", *typed)
    assert ran.code == 0
    assert said in ran.stdout + ran.stderr

"""The linter: severities, sizes, what is allowed, and what is asked for."""

from __future__ import annotations

import re
import subprocess

import pytest

from databases import Database
from lint.conftest import OURS, History
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.errors import DatabaseError, UsageError
from sqlmodel_migrations.lint import linter
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.rules import rules

on = pytest.mark.parametrize
POSTGRESQL = on("database", ["postgresql"], indirect=True)
SQLITE = on("database", ["sqlite"], indirect=True)


def settings(history: History, text: str) -> None:
    (history.folder / "pyproject.toml").write_text(f"[tool.sqlmodel.migrations.lint]\n{text}\n")


@SQLITE
def test_what_a_comment_allows(history: History) -> None:
    history.env(OURS)
    history.add(
        "b2",
        """
        op.drop_column("hero", "age")  # migrations: allow drop-column — nobody reads it
        op.drop_column("hero", "name")  # migrations: allow drop-column
        op.execute("SELECT 1")  # migrations: allow drop-table — it is not there
        """,
    )
    found = [(f.rule, f.line) for f in history.lint("a1:b2")]
    assert found == [
        ("drop-column", 12),
        ("drop-column", 12),
        ("suppression-without-reason", 12),
        ("unused-suppression", 13),
    ]


@SQLITE
def test_a_comment_that_names_no_rule(history: History) -> None:
    history.add("b2", "pass  # migrations: allow drop-colum — nobody reads it")
    (found,) = history.lint("a1:b2")
    assert (found.rule, found.line) == ("unused-suppression", 11)
    assert found.message == "there is no rule 'drop-colum' to allow"
    assert found.help.startswith("did you mean 'drop-column'? type ")


@SQLITE
def test_the_settings_say_how_severe_a_rule_is(history: History) -> None:
    history.env(OURS)
    history.add("b2", 'op.drop_column("hero", "age")')
    history.add("c3", 'op.rename_table("hero", "heroes")')
    settings(history, 'ignore = ["rename-table"]\nseverity = { drop-column = "note" }')
    found = history.lint("a1:c3")
    assert {(f.rule, f.severity) for f in found} == {("drop-column", Severity.NOTE)}


@SQLITE
def test_the_settings_say_which_rules_are_applied(history: History) -> None:
    history.env(OURS)
    history.add("b2", 'op.drop_column("hero", "age")\nop.rename_table("hero", "heroes")')
    assert {f.rule for f in history.lint("a1:b2")} == {"drop-column", "rename-table"}
    settings(history, 'select = ["rename-table", "drop-table"]')
    assert {f.rule for f in history.lint("a1:b2")} == {"rename-table"}
    settings(history, 'select = ["rename-table"]\nignore = ["rename-table"]')
    assert history.lint("a1:b2") == ()


@SQLITE
@on(
    ("text", "message"),
    [
        ('ignore = ["drop-colum"]', "there is no rule 'drop-colum', which 'ignore' names in"),
        ('severity = { drop = "note" }', "there is no rule 'drop', which 'severity' names in"),
        ('severity = { drop-column = "bad" }', "unknown severity 'bad'"),
        ('fail_on = "never"', "unknown value of 'lint.fail_on': 'never'"),
        ('runner = "me"', "unknown value of 'lint.runner': 'me'"),
        ("min_rows = true", "'lint.min_rows' is not a number"),
        ("min_rows = -1", "'lint.min_rows' is less than 0"),
        ("rows = { hero = -1 }", "'lint.rows' is less than 0"),
        ('since = "nowhere"', "no revision or branch 'nowhere', which 'since' names in"),
        ('rows = { hero = "many" }', "'lint.rows' is not a table"),
        ("minrows = 1", "unknown setting 'minrows'"),
    ],
)
def test_a_setting_that_is_wrong(history: History, text: str, message: str) -> None:
    settings(history, text)
    history.add("b2", "pass")
    with pytest.raises(UsageError, match=message):
        history.lint("a1:b2")


@SQLITE
def test_revisions_up_to_one_are_not_judged(history: History) -> None:
    history.add("b2", 'op.drop_column("hero", "age")')
    history.add("c3", 'op.drop_column("hero", "name")')
    settings(history, 'since = "b2"')
    assert {f.revision for f in history.lint("a1:c3")} == {"c3"}


@POSTGRESQL
def test_a_lock_on_a_small_table_is_a_note(history: History, database: Database) -> None:
    history.migrations.upgrade("a1")
    database.run(
        "INSERT INTO hero (id, name) SELECT g, 'x' FROM generate_series(1, 2000) g", "ANALYZE"
    )
    history.add("b2", 'op.create_index("ix", "hero", ["name"])')
    (large,) = history.lint(is_live=True)
    assert large.severity is Severity.ERROR
    assert large.message.endswith("; 'hero' has 2,000 rows")
    (small,) = history.lint(is_live=True, min_rows=2001)
    assert small.severity is Severity.NOTE
    (unknown,) = history.lint()
    assert unknown.severity is Severity.ERROR


@POSTGRESQL
def test_sizes_may_stand_in_the_settings(history: History) -> None:
    settings(history, "rows = { hero = 200 }")
    history.add("b2", 'op.create_index("ix", "hero", ["name"])')
    (found,) = history.lint("a1:b2")
    assert (found.severity, found.message.endswith("'hero' has 200 rows")) == (Severity.NOTE, True)


@POSTGRESQL
def test_a_finding_says_what_was_measured(history: History) -> None:
    file = history.add("b2", 'op.create_index(\n    "ix",\n    "hero",\n    ["name"],\n)')
    (found,) = history.lint("a1:b2")
    said = found.as_json()
    assert said["hazard"] == Hazard.INDEX_LOCK.value
    assert (said["file"], said["line"], said["end_line"]) == (str(file), 11, 15)
    assert said["statement"] == "CREATE INDEX ix ON hero (name)"
    assert said["facts"]["hero"]["taken"] == {"name": "SHARE", "stops": 1}
    assert said["fix"].startswith("with op.get_context().autocommit_block():")


@SQLITE
def test_what_a_git_branch_added(history: History) -> None:
    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-C", str(history.folder), "-c", "user.name=a", "-c", "user.email=a@b", *words],
            check=True,
            capture_output=True,
        )

    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "first")
    git("checkout", "-b", "branch")
    history.add("b2", 'op.drop_column("hero", "age")')
    git("add", ".")
    git("commit", "-m", "second")
    history.add("c3", 'op.drop_column("hero", "name")')
    assert {f.revision for f in history.lint(since="main")} == {"b2", "c3"}
    assert history.migrations.graph.heads[0].id == "c3"
    with pytest.raises(UsageError, match="Git refuses"):
        history.lint(since="nowhere")


@SQLITE
def test_a_range_and_a_branch_at_once(history: History) -> None:
    with pytest.raises(UsageError, match="both say what is judged"):
        history.lint("a1", since="main")


@POSTGRESQL
def test_a_database_that_does_not_answer(history: History) -> None:
    ini = history.folder / "alembic.ini"
    ini.write_text(re.sub(r":\d+/", ":1/", ini.read_text()))
    with pytest.raises(DatabaseError):
        history.lint()


def test_rules_are_found_by_being_there() -> None:
    assert "drop-column" in rules()
    with pytest.raises(UsageError, match=r"there is no rule 'drop-colum'$") as raised:
        linter.require_rule("drop-colum")
    everywhere = "type `sqlmodel migrations lint --explain` to see all rules"
    assert raised.value.hint == f"did you mean 'drop-column'? {everywhere}"
    with pytest.raises(UsageError) as raised:
        linter.require_rule("squawk")
    assert raised.value.hint == everywhere


def test_every_hazard_has_a_rule() -> None:
    known = {hazard for rule in rules().values() for hazard in rule.HAZARDS}
    assert set(Hazard) - known <= {Hazard.CASCADE_LOSS}

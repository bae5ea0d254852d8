"""`stamp` and `ensure-version`: the version table and nothing else."""

from __future__ import annotations

import json

from databases import Database
from heroes import add_revision
from project import Project
from sqlmodel_migrations.prove.drift import CHEAP


def version(file: Database) -> list[str]:
    return [row[0] for row in file.query("SELECT version_num FROM alembic_version ORDER BY 1")]


def tables(file: Database) -> list[str]:
    return [row[0] for row in file.query("SELECT name FROM sqlite_master WHERE type = 'table'")]


def test_the_head_by_default_and_no_revision_is_run(two: Project, file: Database) -> None:
    ran = two.cli("stamp")
    assert ran.code == 0
    assert ran.stderr.endswith("database is at b2 (head)\n")
    assert version(file) == ["b2"]
    assert tables(file) == ["alembic_version", "sqlmodel_migrations_history"]


def test_several(branches: Project, file: Database) -> None:
    assert branches.cli("stamp", "b2", "c3").code == 0
    assert version(file) == ["b2", "c3"]


def test_purge_forgets_what_no_file_has(two: Project, file: Database) -> None:
    two.cli("stamp")
    file.run("UPDATE alembic_version SET version_num = 'gone'")
    assert two.cli("stamp", "a1").code == 2
    assert two.cli("stamp", "--purge", "a1").code == 0
    assert version(file) == ["a1"]


def test_sql(two: Project) -> None:
    ran = two.cli("stamp", "--sql", "a1")
    assert ran.code == 0
    assert "INSERT INTO alembic_version" in ran.stdout
    assert not (two.path / "database.db").exists()


def test_ensure_version(two: Project, file: Database) -> None:
    assert two.cli("ensure-version").code == 0
    assert tables(file) == ["alembic_version"]
    assert two.cli("ensure_version").code == 0
    assert version(file) == []


def test_ensure_version_as_sql(two: Project) -> None:
    ran = two.cli("ensure-version", "--sql")
    assert "CREATE TABLE alembic_version" in ran.stdout
    assert not (two.path / "database.db").exists()


# Whether the database is what the revision makes.

WARNING = "warning: the database is not what revision b2 makes\n"


def test_another_schema_than_the_revisions_is_a_warning(two: Project) -> None:
    ran = two.cli("stamp", "-q")
    assert ran.code == 0
    assert ran.stderr.startswith(WARNING)
    ran = two.cli("stamp", "--json")
    answer = json.loads(ran.stdout)
    assert [each["text"] for each in answer["result"]["differences"]] == ["table 'hero' is missing"]
    assert [each["rule"] for each in answer["diagnostics"]] == ["recorded-other"]


def test_the_same_schema_is_none(two: Project) -> None:
    assert two.cli("upgrade").code == 0
    ran = two.cli("stamp", "a1", "--json")
    assert json.loads(ran.stdout)["result"]["differences"] == []
    assert "warning" not in two.cli("stamp", "b2").stderr


def test_nothing_is_compared_where_that_is_not_wanted_or_says_nothing(two: Project) -> None:
    for words in (["--no-compare"], ["base"], ["--sql"]):
        ran = two.cli("stamp", *words)
        assert ran.code == 0
        assert "warning" not in ran.output


def test_a_long_history_is_compared_only_where_its_replay_is_kept(two: Project) -> None:
    for number in range(CHEAP):
        add_revision(two, f"x{number + 1}", f"x{number}" if number else "b2", "more")
    ran = two.cli("stamp")
    assert ran.code == 0
    assert f"not compared with what the revision makes: it has {CHEAP + 2} revisions" in ran.stderr
    keeping = {"PYTHONDONTWRITEBYTECODE": ""}
    assert two.cli("drift", env=keeping).code == 1
    ran = two.cli("stamp", env=keeping)
    assert "warning: the database is not what" in ran.stderr


def test_a_history_that_cannot_be_replayed_is_no_reason_to_fail(two: Project) -> None:
    path = two.path / "migrations" / "versions" / "b2.py"
    path.write_text(path.read_text().replace("pass", "op.drop_table('nothing')", 1))
    ran = two.cli("stamp")
    assert ran.code == 0
    assert "the schema was not compared with what the revision makes: the history" in ran.stderr
    assert ran.stderr.endswith("database is at b2 (head)\n")

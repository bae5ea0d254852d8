"""`stamp` and `ensure-version`: the version table and nothing else."""

from __future__ import annotations

from databases import Database
from project import Project


def version(file: Database) -> list[str]:
    return [row[0] for row in file.query("SELECT version_num FROM alembic_version ORDER BY 1")]


def tables(file: Database) -> list[str]:
    return [row[0] for row in file.query("SELECT name FROM sqlite_master WHERE type = 'table'")]


def test_the_head_by_default_and_no_revision_is_run(two: Project, file: Database) -> None:
    ran = two.cli("stamp")
    assert ran.code == 0
    assert ran.stderr.endswith("database is at b2 (head)\n")
    assert version(file) == ["b2"]
    assert tables(file) == ["alembic_version"]


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

"""Judged by the text alone: what is found without any database, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lint.conftest import ENV, REVISION
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.lint.review import Linted, Wanted
from sqlmodel_migrations.migrations import Migrations

on = pytest.mark.parametrize
URLS = {
    "postgresql": "postgresql+psycopg://nobody@127.0.0.1:1/none",
    "mysql": "mysql+pymysql://nobody@127.0.0.1:1/none",
    "sqlite": "sqlite:////nowhere/at/all.db",
}


class Project:
    """Revisions for a database that cannot be reached."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.last = folder, "a1"
        self.versions = folder / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        (folder / "migrations" / "env.py").write_text(ENV)
        self.add("a1", 'op.create_table("hero", sa.Column("id", sa.Integer))', down=None)

    def add(self, id: str, body: str, *, down: str | None = "a1") -> None:
        text = "\n".join(f"    {line}" for line in body.splitlines())
        (self.versions / f"{id}.py").write_text(
            REVISION.format(id=id, down=down, body=text, back="    op.get_bind()")
        )

    def lint(self, body: str, kind: str, **wanted: bool) -> Linted:
        ini = f"[alembic]\nscript_location = migrations\nsqlalchemy.url = {URLS[kind]}\n"
        (self.folder / "alembic.ini").write_text(ini)
        self.add("b2", body)
        return Migrations(self.folder).lint(Wanted("b2", is_static=True, **wanted))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def shown(linted: Linted) -> list[tuple[str, int]]:
    """Rules and lines of the body, in order."""
    return sorted((f.rule, (f.line or 0) - 10) for f in linted.findings)


@on(
    ("body", "rules"),
    [
        ('op.create_index("ix", "hero", ["id"])', {"create-index-blocking"}),
        ('op.execute("CREATE INDEX CONCURRENTLY ix ON hero (id)")', {"need-autocommit"}),
        ('op.add_column("hero", sa.Column("b", sa.Integer, nullable=False))',
         {"add-not-null-column"}),
        ('op.execute("ALTER TABLE hero ADD b uuid DEFAULT gen_random_uuid()")',
         {"volatile-default"}),
        ('op.alter_column("hero", "id", type_=sa.BigInteger)', {"change-column-type"}),
        ('op.alter_column("hero", "id", nullable=False)', {"set-not-null-scan", "fail-on-rows"}),
        ('op.create_check_constraint("ck", "hero", "id > 0")',
         {"add-check-validating", "fail-on-rows"}),
        ('op.create_foreign_key("fk", "hero", "org", ["id"], ["id"])',
         {"add-foreign-key-validating", "fail-on-rows"}),
        ('op.create_unique_constraint("uq", "hero", ["id"])',
         {"add-unique-blocking", "fail-on-rows"}),
        ('op.drop_column("hero", "id")', {"drop-column"}),
        ('op.drop_table("hero")', {"drop-table"}),
        ('op.rename_table("hero", "x")', {"rename-table"}),
        ('op.alter_column("hero", "id", new_column_name="b")', {"rename-column"}),
        ('op.get_bind().execute(sa.text("UPDATE hero SET id = 1"))', {"backfill-in-transaction"}),
        ('op.execute(sa.text("DELETE FROM hero"))', {"backfill-in-transaction", "delete-rows"}),
        ('op.execute("TRUNCATE hero")', {"delete-rows"}),
        ('op.execute("ALTER TABLE hero ADD b int; UPDATE hero SET b = 1")',
         {"backfill-in-transaction", "mixed-transaction"}),
    ],
)  # fmt: skip
def test_what_postgresql_would_do(project: Project, body: str, rules: set[str]) -> None:
    linted = project.lint(body, "postgresql")
    assert {f.rule for f in linted.findings} == rules
    assert {f.line for f in linted.findings} == {11}
    assert all(f.message.endswith(" (not measured)") for f in linted.findings)
    assert linted.is_static


@on(
    "body",
    [
        'op.create_table("note", sa.Column("id", sa.Integer))\n'
        'op.create_index("i", "note", ["id"])',
        'with op.get_context().autocommit_block():\n'
        '    op.create_index("i", "hero", ["id"], postgresql_concurrently=True)',
        'op.add_column("hero", sa.Column("b", sa.Integer, nullable=False, server_default="1"))',
        'op.create_check_constraint("ck", "hero", "id > 0", postgresql_not_valid=True)',
        'op.execute("UPDATE hero SET id = 1 WHERE id = 2")',
        'op.execute("COMMENT ON TABLE hero IS \'DROP TABLE hero; DELETE FROM hero\'")',
        'op.execute("SELECT 1 -- TRUNCATE hero")',
    ],
)  # fmt: skip
def test_what_is_left_alone(project: Project, body: str) -> None:
    assert shown(project.lint(body, "postgresql")) == []


def test_mariadb_commits_each_change(project: Project) -> None:
    body = 'op.add_column("hero", sa.Column("b", sa.Integer))\nop.drop_column("hero", "id")'
    assert shown(project.lint(body, "mysql")) == [
        ("drop-column", 2), ("drop-column", 2), ("not-rerunnable", 2),
    ]  # fmt: skip
    body = 'op.execute("ALTER TABLE hero MODIFY id BIGINT")'
    assert shown(project.lint(body, "mysql")) == [("change-column-type", 1)]


def test_a_batch_of_sqlite_is_judged_by_its_operations(project: Project) -> None:
    body = (
        'with op.batch_alter_table("hero") as batch_op:\n'
        '    batch_op.add_column(sa.Column("b", sa.Integer))\n'
        '    batch_op.alter_column("id", type_=sa.Text)\n'
        '    batch_op.drop_column("id")\n'
    )
    linted = project.lint(body, "sqlite")
    assert shown(linted) == [("drop-column", 4), ("drop-column", 4)]


@on(
    ("body", "reason"),
    [
        ("sa.inspect(op.get_bind())", "NoInspectionAvailable"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise RuntimeError('no')", "RuntimeError: no"),
    ],
)
def test_what_cannot_be_judged_is_said(project: Project, body: str, reason: str) -> None:
    (found,) = project.lint(body, "postgresql").findings
    assert found.rule == "not-measured"
    assert reason in found.message


def test_answers_are_empty(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    body = (
        "found = op.get_bind().execute(sa.text('SELECT id FROM hero')).fetchall()\n"
        "print(found, op.get_bind().scalar(sa.text('SELECT 1')))\n"
        "some = sa.text('DELETE FROM hero WHERE id = :x')\n"
        "while op.get_bind().execute(some, {'x': 1}).rowcount:\n"
        "    pass\n"
    )
    assert shown(project.lint(body, "postgresql")) == []
    assert capsys.readouterr().out == ""


def test_no_database_says_what_is_pending(project: Project) -> None:
    project.lint("pass", "sqlite")
    migrations = Migrations(project.folder)
    for wanted in (Wanted(is_static=True), Wanted("b2", is_live=True, is_static=True)):
        with pytest.raises(UsageError, match="--static uses no database"):
            migrations.lint(wanted)


def test_a_kind_of_database_that_is_not_known(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(URLS, "mssql", "mssql+pyodbc://x/y")
    with pytest.raises(UsageError, match="'mssql'"):
        project.lint("pass", "mssql")

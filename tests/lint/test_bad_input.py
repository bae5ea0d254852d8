"""What a revision may do that nobody wants, and databases that refuse: each is said."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa

from databases import KINDS, Database
from lint.conftest import FIRST_LINE, OURS, History
from run.others import reader
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.fingerprint import fingerprint
from sqlmodel_migrations.errors import DatabaseError
from sqlmodel_migrations.lint.review import Wanted
from sqlmodel_migrations.migrations import Migrations

on = pytest.mark.parametrize
SQLITE = on("database", ["sqlite"], indirect=True)
STATIC = "; `lint --static` judges by the text alone, without a database"
POSTGRESQL = on("database", ["postgresql"], indirect=True)


def rules(history: History, text: str) -> list[tuple[str | None, str]]:
    """The revision and the rule of each finding."""
    return [(f.revision, f.rule) for f in history.lint(text)]


@SQLITE
@on(
    ("body", "reason"),
    [
        ("import socket\nsocket.create_connection(('127.0.0.1', 1), 1)", "ConnectionRefusedError"),
        ("open('/nowhere/at/all.csv')", "FileNotFoundError"),
        ("import sys\nsys.exit('enough')", "SystemExit: enough"),
        ("exec('def broken(:')", "SyntaxError"),
    ],
    ids=["network", "file", "exit", "syntax"],
)
def test_what_ends_a_revision_is_said(history: History, body: str, reason: str) -> None:
    history.add("b2", body)
    (found,) = history.lint("a1:b2")
    assert found.rule == "not-measured"
    assert found.message.startswith(f"not measured: the revision ends here: {reason}")
    assert found.line == FIRST_LINE + body.count("\n")


@SQLITE
def test_an_exit_without_a_word(history: History) -> None:
    history.add("b2", "import sys\nsys.exit()")
    (found,) = history.lint("a1:b2")
    assert found.message == "not measured: the revision ends here: SystemExit"


@SQLITE
def test_a_revision_that_does_not_end_is_measured_once(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("take._LIMIT", "static.LIMIT"):
        monkeypatch.setattr(f"sqlmodel_migrations.lint.{limit}", 0.3)
    tried = history.folder / "tried"
    history.add(
        "b2",
        f"""
        op.drop_column("hero", "age")
        with open({str(tried)!r}, "a") as file:
            file.write("once ")
        while True:
            pass
        """,
    )
    found = history.lint("a1:b2")
    assert {f.rule for f in found} == {"drop-column", "not-measured"}
    (said,) = (f for f in found if f.rule == "not-measured")
    assert said.message.endswith("here: it does not come to an end within 0.3 s")
    assert said.line in (FIRST_LINE + 3, FIRST_LINE + 4)
    assert tried.read_text() == "once once "  # measured, and read


@on("database", KINDS, indirect=True)
@on("end", ["raise RuntimeError('no')", "op.execute('SELECT nothing')"])
def test_what_came_before_its_end_is_judged(history: History, end: str) -> None:
    history.add("b2", f"op.drop_column('hero', 'age')\nop.execute('DELETE FROM hero')\n{end}")
    assert {r for _, r in rules(history, "a1:b2")} >= {"drop-column", "delete-rows"}


@SQLITE
def test_who_interrupts_is_not_told_of_the_scratch_database(history: History) -> None:
    history.add("b2", "raise KeyboardInterrupt")
    history.env(OURS)
    with pytest.raises(KeyboardInterrupt) as raised:
        history.lint("a1:b2")
    assert not hasattr(raised.value, "__notes__")


@SQLITE
def test_a_file_that_is_there_is_read(history: History) -> None:
    (history.folder / "names.txt").write_text("hero\n")
    history.add(
        "b2",
        f"""
        with open({str(history.folder / "names.txt")!r}) as names:
            for name in names:
                op.drop_table(name.strip())
        """,
    )
    assert set(rules(history, "a1:b2")) == {("b2", "drop-table")}


@on("database", ["sqlite", "postgresql"], indirect=True)
def test_a_revision_that_commits_by_itself(history: History) -> None:
    history.add(
        "b2",
        """
        op.add_column("hero", sa.Column("b", sa.Integer))
        op.get_bind().exec_driver_sql("COMMIT")
        op.drop_column("hero", "age")
        """,
    )
    history.add("c3", 'op.drop_column("hero", "name")')
    found = rules(history, "a1:c3")
    assert ("b2", "drop-column") in found or ("b2", "not-measured") in found
    assert ("c3", "drop-column") in found


@POSTGRESQL
def test_several_statements_in_one_text(history: History) -> None:
    history.add(
        "b2",
        '''
        op.execute("""
            ALTER TABLE hero ADD COLUMN note text; -- ; DROP TABLE hero;
            UPDATE hero SET note = '; DELETE FROM hero;';
            ALTER TABLE hero DROP COLUMN age
        """)
        ''',
    )
    assert set(rules(history, "a1:b2")) == {
        ("b2", "backfill-in-transaction"),
        ("b2", "mixed-transaction"),
        ("b2", "drop-column"),
    }


@POSTGRESQL
def test_a_shadow_that_cannot_be_made(history: History) -> None:
    place = "postgresql+psycopg://postgres@127.0.0.1:1/nowhere"
    setting = f'[tool.sqlmodel.migrations]\nshadow_url = "{place}"\n'
    (history.folder / "pyproject.toml").write_text(setting)
    history.add("b2", "pass")
    with pytest.raises(DatabaseError) as raised:
        history.lint("a1:b2")
    assert raised.value.hint is not None
    assert raised.value.hint.endswith(
        "; `lint --static` judges by the text alone, without a database"
    )


@on("database", ["mariadb"], indirect=True)
def test_a_shadow_that_may_not_be_made(history: History, database: Database) -> None:
    history.add("b2", "pass")
    with reader(database) as url, pytest.raises(DatabaseError) as raised:
        Migrations(history.folder, url=url).lint(Wanted("a1:b2"))
    said = raised.value
    assert "MariaDB or MySQL server: Access denied for user" in said.message
    assert said.hint is not None
    assert said.hint.startswith("let this user CREATE DATABASE, or name another server with")


@POSTGRESQL
def test_a_database_that_refuses_its_statistics(history: History, database: Database) -> None:
    history.migrations.upgrade("a1")
    history.add("b2", 'op.create_index("ix", "hero", ["name"])')
    database.run("REVOKE EXECUTE ON FUNCTION pg_total_relation_size(regclass) FROM PUBLIC")
    with reader(database) as url:
        linted = Migrations(history.folder, url=url).lint(Wanted(is_live=True))
        command = [sys.executable, "-m", "sqlmodel_migrations", "lint", "--live", "--url", url]
        ran = subprocess.run(command, cwd=history.folder, capture_output=True, text=True)
    assert not linted.knows_sizes
    assert [f.rule for f in linted.findings] == ["create-index-blocking"]
    assert ran.returncode == 1
    assert "sizes unknown: the database refuses to tell them" in ran.stdout + ran.stderr


@POSTGRESQL
def test_the_live_database_is_only_read(history: History, database: Database) -> None:
    history.migrations.upgrade("a1")
    database.run("INSERT INTO hero (id, name) VALUES (1, 'x')")
    history.add("b2", 'op.execute("DELETE FROM hero")\nop.drop_table("hero")')
    before = _state(database)
    with reader(database) as url:
        linted = Migrations(history.folder, url=url).lint(Wanted(is_live=True))
    assert "drop-table" in {f.rule for f in linted.findings}
    assert _state(database) == before


def _state(database: Database) -> tuple[str, list[tuple[object, ...]]]:
    """The schema's fingerprint, and what stands in the tables."""
    engine = sa.create_engine(database.url)
    with engine.connect() as connection:
        schema = fingerprint(catalog.read(connection))
    engine.dispose()
    return schema, [
        *database.query("SELECT * FROM hero"), *database.query("SELECT * FROM alembic_version"),
    ]  # fmt: skip

"""The recorder: what pending revisions send, under whose transactions, and what stops them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from databases import Database
from lint.conftest import OURS, History
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.errors import StepFailed, UsageError
from sqlmodel_migrations.lint.recording import Recording, Rows, Runner

on = pytest.mark.parametrize
Said = Callable[[Recording], list[tuple[int, str]]]
POSTGRESQL = on("database", ["postgresql"], indirect=True)
SQLITE = on("database", ["sqlite"], indirect=True)


@on("database", ["sqlite", "postgresql"], indirect=True)
def test_every_way_of_sending_a_statement_is_seen(history: History, said: Said) -> None:
    history.add(
        "b2",
        """
        op.execute("UPDATE hero SET age = 1 WHERE id = 1")
        op.get_bind().execute(sa.text("UPDATE hero SET age = :age WHERE id = 2"), {"age": 2})
        op.get_bind().exec_driver_sql("UPDATE hero SET age = 3 WHERE id = 3")
        hero = sa.table("hero", sa.column("id"), sa.column("age"))
        op.bulk_insert(hero, [{"id": 9001, "age": 4}, {"id": 9002, "age": 5}])
        sa.Table("note", sa.MetaData(), sa.Column("id", sa.Integer)).create(op.get_bind())
        for number in (6, 7):
            eval(f"op.execute('UPDATE hero SET age = {number} WHERE id = {number}')")
        """,
    )
    recording = history.record("a1:b2")
    lines = [line for line, _ in said(recording)]
    assert lines == [1, 2, 3, 5, 6, 8, 8]
    assert [s.operation for s in recording.statements][:2] == ["execute", "execute"]
    assert recording.statements[3].operation == "bulk_insert"
    assert {s.revision for s in recording.statements} == {"b2"}


@POSTGRESQL
def test_operations_of_a_batch_have_their_own_lines(history: History, said: Said) -> None:
    history.add(
        "b2",
        """
        with op.batch_alter_table("hero") as batch_op:
            batch_op.add_column(sa.Column("note", sa.Text))
            batch_op.drop_column("age")
        """,
    )
    assert said(history.record("a1:b2")) == [
        (2, "ALTER TABLE hero ADD COLUMN note TEXT"),
        (3, "ALTER TABLE hero DROP COLUMN age"),
    ]


@POSTGRESQL
@on(
    ("options", "numbers"),
    [(", transaction_per_migration=True", {0, 1}), ("", {0})],
)
def test_transactions_are_those_of_env_py(
    history: History, options: str, numbers: set[int]
) -> None:
    history.env(options=options)
    history.add("b2", 'op.add_column("hero", sa.Column("b", sa.Integer))')
    history.add("c3", 'op.add_column("hero", sa.Column("c", sa.Integer))')
    recording = history.record("a1:c3")
    assert recording.runner is Runner.ALEMBIC
    first = min(s.transaction or 0 for s in recording.statements)
    assert {(s.transaction or 0) - first for s in recording.statements} == numbers
    assert (recording.statements[1].facts.held != {}) is (numbers == {0})


@POSTGRESQL
def test_an_env_py_of_ours_gives_each_revision_a_transaction(history: History) -> None:
    history.env(OURS)
    history.add("b2", 'op.add_column("hero", sa.Column("b", sa.Integer))')
    history.add("c3", 'op.add_column("hero", sa.Column("c", sa.Integer))')
    recording = history.record("a1:c3")
    assert recording.runner is Runner.SQLMODEL
    one, other = recording.statements
    assert one.transaction != other.transaction
    assert other.facts.held == {}


@SQLITE
def test_the_setting_says_whose_transactions_count(history: History) -> None:
    (history.folder / "pyproject.toml").write_text(
        '[tool.sqlmodel.migrations.lint]\nrunner = "sqlmodel"\n'
    )
    history.add("b2", 'op.add_column("hero", sa.Column("b", sa.Integer))')
    assert history.record("a1:b2").runner is Runner.SQLMODEL


@POSTGRESQL
def test_outside_of_a_transaction(history: History) -> None:
    history.add(
        "b2",
        """
        with op.get_context().autocommit_block():
            op.create_index("ix", "hero", ["name"])
            op.create_index("ix2", "hero", ["age"], postgresql_concurrently=True)
        """,
    )
    plain, concurrent = history.record("a1:b2").statements
    assert (plain.transaction, concurrent.transaction) == (None, None)
    lock = plain.facts.tables["hero"].taken
    assert lock is not None
    assert lock.name == "SHARE"
    assert concurrent.facts.tables["hero"].taken is None
    assert not concurrent.failures


@on("database", ["sqlite", "postgresql"], indirect=True)
def test_what_fails_is_left_out_and_the_rest_is_measured(history: History) -> None:
    history.add(
        "b2",
        """
        op.execute("UPDATE missing SET age = 1")
        op.execute("UPDATE hero SET age = 1")
        """,
    )
    recording = history.record("a1:b2")
    wrong, right = recording.statements
    assert set(wrong.failures) == {Rows.EMPTY, Rows.CLEAN, Rows.DIRTY}
    assert right.failures == {}
    assert recording.unmeasured == ()


@on("database", ["sqlite", "postgresql"], indirect=True)
def test_what_a_revision_catches_is_no_failure(history: History) -> None:
    history.add(
        "b2",
        """
        try:
            with op.get_bind().begin_nested():
                op.execute("UPDATE missing SET age = 1")
        except sa.exc.DBAPIError:
            op.execute("UPDATE hero SET age = 1")
        """,
    )
    recording = history.record("a1:b2")
    assert [bool(s.failures) for s in recording.statements] == [False]


@SQLITE
@on(
    ("body", "reason"),
    [
        ("raise RuntimeError('no')", "RuntimeError: no"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("op.get_bind().execute(sa.text('SELECT * FROM missing')).all()", "no such table: missing"),
    ],
)
def test_a_revision_that_ends_is_said_and_those_after_it(
    history: History, body: str, reason: str
) -> None:
    history.add("b2", body)
    history.add("c3", 'op.drop_table("hero")')
    recording = history.record("a1:c3")
    assert [(u.revision, u.reason) for u in recording.unmeasured] == [
        ("b2", f"the revision ends here: {reason}"),
        ("c3", "it comes after 'b2', which fails"),
    ]


@SQLITE
def test_a_revision_that_does_not_end(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlmodel_migrations.lint.take._LIMIT", 0.2)
    monkeypatch.setattr("sqlmodel_migrations.lint.static.LIMIT", 0.2)
    history.add("b2", "import time\ntime.sleep(60)")
    (found,) = history.record("a1:b2").unmeasured
    assert found.reason.endswith("it does not come to an end within 0.2 s")


@SQLITE
def test_what_a_revision_prints_is_not_the_answer(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    history.add("b2", "print('hello')")
    history.record("a1:b2")
    assert capsys.readouterr().out == ""


@SQLITE
def test_a_past_that_cannot_be_replayed(history: History) -> None:
    history.add("b2", 'op.drop_table("nothing")')
    history.add("c3", "pass")
    with pytest.raises(StepFailed, match="b2"):
        history.record("b2:c3")


@SQLITE
def test_a_database_that_env_py_opens_by_itself(history: History, database: Database) -> None:
    history.env(
        "import sqlite3\nimport sqlalchemy as sa\nfrom alembic import context\n"
        f"opened = lambda: sqlite3.connect({database.name!r})\n"
        "engine = sa.create_engine('sqlite://', creator=opened)\n"
        "with engine.connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    context.run_migrations()\n"
        "engine.dispose()\n"
    )
    history.add("b2", "pass")
    with pytest.raises(UsageError, match="makes its connections itself"):
        history.record("a1:b2")


@POSTGRESQL
def test_the_way_back_is_judged_when_it_is_asked_for(history: History) -> None:
    history.add(
        "b2",
        'op.add_column("hero", sa.Column("b", sa.Integer))',
        'op.drop_column("hero", "b")',
    )
    assert [f.rule for f in history.lint("a1:b2")] == []
    assert {f.rule for f in history.lint("a1:b2", also_downgrade=True)} == {"drop-column"}


@on("database", ["sqlite", "postgresql"], indirect=True)
def test_the_project_s_database_is_left_alone(history: History, database: Database) -> None:
    history.migrations.upgrade("a1")
    before = database.query("SELECT * FROM alembic_version")
    history.add("b2", 'op.drop_table("hero")')
    assert {f.rule for f in history.lint(is_live=True)} == {"drop-table"}
    assert database.query("SELECT * FROM alembic_version") == before
    assert database.query("SELECT * FROM hero") == []


@POSTGRESQL
def test_a_revision_that_spoils_its_transaction(history: History) -> None:
    history.add(
        "b2",
        """
        try:
            op.get_bind().connection.cursor().execute("SELECT no_such_column")
        except Exception:
            pass
        """,
    )
    history.add("c3", 'op.drop_table("hero")')
    reasons = [(u.revision, u.reason) for u in history.record("a1:c3").unmeasured]
    assert reasons[0][0] == "b2"
    assert "current transaction is aborted" in reasons[0][1]
    assert reasons[1] == ("c3", "it comes after 'b2', which fails")


def test_an_update_of_all_rows_is_counted(history: History) -> None:
    history.add("b2", 'op.execute("UPDATE hero SET age = 1")')
    assert [f.rule for f in history.lint("a1:b2")] == ["backfill-in-transaction"]


@on("database", ["mariadb"], indirect=True)
def test_an_update_that_joins_is_counted(history: History) -> None:
    history.add("b2", 'op.execute("UPDATE hero AS h JOIN hero AS o USING (id) SET h.age = o.id")')
    history.add("c3", 'op.rename_table("hero", "heroes")')
    history.add("d4", 'op.execute("TRUNCATE TABLE heroes")')
    assert [f.rule for f in history.lint("a1:d4")] == [
        "backfill-in-transaction", "rename-table", "delete-rows",
    ]  # fmt: skip


@POSTGRESQL
def test_a_value_that_could_be_left_out(history: History) -> None:
    history.add("b2", 'op.alter_column("hero", "name", nullable=False)')
    found = {f.rule: f for f in history.lint("a1:b2")}
    assert set(found) == {"set-not-null-scan", "fail-on-rows", "break-running-code"}
    assert found["break-running-code"].severity is Severity.WARNING
    assert "code that leaves out a value of 'hero' fails" in found["break-running-code"].message

"""Transactions: what is kept and what is not after a failure, and what env.py set beforehand."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import make_url

from databases import Database
from heroes import add_revision
from project import Project
from refusal import refused, tables, version
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.events import Event, Retrying, RevisionFinished

TRANSACTIONAL = ["sqlite", "postgresql"]
TABLE = "op.create_table({!r}, sa.Column('id', sa.Integer, primary_key=True))"
ENV = """
    import os
    from alembic import context
    from sqlalchemy import create_engine, event, pool

    engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
    {engine}
    with engine.connect() as connection:
        {connection}
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
        {afterwards}
    """


def write_env(
    project: Project, *, engine: str = "", connection: str = "", afterwards: str = ""
) -> None:
    text = ENV.format(engine=engine, connection=connection, afterwards=afterwards)
    project.write({"migrations/env.py": text})


def write_history(project: Project, *, third: str = TABLE.format("t3")) -> None:
    add_revision(project, "r1", None, "one", upgrade=TABLE.format("t1"))
    add_revision(project, "r2", "r1", "two", upgrade=TABLE.format("t2"))
    add_revision(project, "r3", "r2", "three", upgrade=third)


FAIL = TABLE.format("t3") + "; raise ValueError('no')"


@pytest.mark.parametrize("database", TRANSACTIONAL, indirect=True)
def test_each_keeps_what_came_before(placed: Project, database: Database) -> None:
    write_history(placed, third=FAIL)
    said = refused(placed.cli("upgrade"), 5)
    assert "applied before it: r1, r2" in said.details
    assert "not applied: r3" in said.details
    assert version(database) == ["r2"]
    assert tables(database) >= {"t1", "t2"}
    assert "t3" not in tables(database)


@pytest.mark.parametrize("database", TRANSACTIONAL, indirect=True)
def test_all_keeps_nothing_and_says_so(placed: Project, database: Database) -> None:
    write_history(placed, third=FAIL)
    said = refused(placed.cli("upgrade", "--transaction", "all"), 5)
    assert "applied before it: nothing" in said.details
    assert "not applied: r3, r1, r2" in said.details
    assert not tables(database) & {"t1", "t2", "t3", "alembic_version"}
    write_history(placed)
    assert placed.cli("upgrade", "--transaction", "all").code == 0
    assert version(database) == ["r3"]


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_all_is_refused_where_ddl_commits(placed: Project, database: Database) -> None:
    write_history(placed)
    said = refused(placed.cli("upgrade", "--transaction", "all"), 2)
    assert said.message.startswith("'all' revisions cannot be one transaction here")
    assert said.hint == "leave --transaction out"
    assert tables(database) == set()


OUTSIDE = (
    "c = op.get_context()\n"
    "    with c.autocommit_block():\n"
    "        op.create_index('ix', 't1', ['id'], postgresql_concurrently=True)"
)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_all_is_refused_where_a_step_needs_its_own(placed: Project, database: Database) -> None:
    write_history(placed, third=OUTSIDE)
    said = refused(placed.cli("upgrade", "--transaction", "all"), 2)
    assert said.message == (
        "revision r3 cannot run: this statement must be outside of a transaction, and all"
        " revisions are in one: autocommit_block()"
    )
    assert said.hint == "leave --transaction all out"
    assert not tables(database) & {"t1", "t2", "alembic_version"}
    assert placed.cli("upgrade").code == 0


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_all_is_tried_again_from_its_beginning(placed: Project, database: Database) -> None:
    database.run("CREATE TABLE busy (id INTEGER)")
    write_history(placed, third="op.add_column('busy', sa.Column('age', sa.Integer))")
    events: list[Event] = []
    with closing(database.connect()) as other:
        other.cursor().execute("LOCK TABLE busy")

        def tell(event: Event) -> None:
            events.append(event)
            if isinstance(event, Retrying):
                other.commit()

        outcome = Migrations().upgrade(transaction="all", lock_timeout=0.2, on_event=tell)
    assert [revision.id for revision in outcome.applied] == ["r1", "r2", "r3"]
    finished = [event.revision for event in events if isinstance(event, RevisionFinished)]
    assert finished == ["r1", "r2", "r1", "r2", "r3"]
    assert version(database) == ["r3"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_search_path_of_env_py_holds(placed: Project, database: Database) -> None:
    database.run("CREATE SCHEMA tenant")
    set_path = "connection.exec_driver_sql('SET search_path TO tenant')"
    write_env(placed, connection=set_path)
    write_history(placed, third=FAIL)
    refused(placed.cli("upgrade"), 5)
    write_history(placed)
    assert placed.cli("upgrade").code == 0
    made = "SELECT tablename FROM pg_tables WHERE schemaname = '{}' ORDER BY 1"
    there = {name for (name,) in database.query(made.format("tenant"))}
    assert there >= {"alembic_version", "t1", "t2", "t3"}
    assert database.query(made.format("public")) == []


@contextmanager
def owner(database: Database) -> Iterator[tuple[str, str]]:
    """A role that may do all in the database, and the URL of one that may do so only as it."""
    name = f"o{os.getpid()}_{time.time_ns() % 10**9}"
    login = f"l{name}"
    database.run(
        f"CREATE ROLE {name} NOLOGIN",
        f"CREATE ROLE {login} LOGIN NOINHERIT IN ROLE {name}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT ALL ON SCHEMA public TO {name}",
    )
    try:
        url = make_url(database.url).set(username=login)
        yield name, url.render_as_string(hide_password=False)
    finally:
        database.run(f"DROP OWNED BY {name}", f"DROP ROLE {login}", f"DROP ROLE {name}")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_role_of_env_py_holds(placed: Project, database: Database) -> None:
    write_history(placed)
    with owner(database) as (role, url):
        write_env(placed, connection=f"connection.exec_driver_sql('SET ROLE {role}')")
        ended = placed.cli("upgrade", env={"DATABASE_URL": url})
        assert ended.code == 0, ended.output
        owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        assert database.query(owners) == [(role,)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_pragmas_of_env_py_hold(placed: Project, database: Database) -> None:
    write_env(
        placed,
        connection="connection.exec_driver_sql('PRAGMA foreign_keys = ON');"
        " connection.exec_driver_sql('PRAGMA recursive_triggers = ON')",
        afterwards="print(connection.exec_driver_sql('PRAGMA foreign_keys').scalar(),"
        " connection.exec_driver_sql('PRAGMA recursive_triggers').scalar())",
    )
    inside = "print(op.get_bind().exec_driver_sql('PRAGMA recursive_triggers').scalar())"
    add_revision(placed, "r1", None, "one", upgrade=inside)
    assert placed.cli("upgrade").stdout.split()[:3] == ["1", "1", "1"]


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_the_variables_of_env_py_hold(placed: Project, database: Database) -> None:
    write_env(placed, connection="connection.exec_driver_sql('SET sql_mode = ANSI_QUOTES')")
    add_revision(placed, "r1", None, "one", upgrade="op.execute('CREATE TABLE \"t1\" (id INT)')")
    ended = placed.cli("upgrade")
    assert ended.code == 0, ended.output
    assert "t1" in tables(database)


UNDO = "event.listen(engine, 'commit', lambda connection: connection.connection.rollback())"


def test_a_commit_that_is_undone_is_seen(placed: Project, database: Database) -> None:
    write_env(placed, engine=UNDO)
    add_revision(placed, "r1", None, "one", upgrade=TABLE.format("t1"))
    said = refused(placed.cli("upgrade"), 4)
    assert said.message == (
        "the database is not at r1, where it was just taken: a new connection reads nothing"
    )
    assert said.hint.startswith("look for what undoes commits")


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_version_table_that_nobody_else_sees_is_seen(placed: Project, database: Database) -> None:
    hide = (
        "connection.exec_driver_sql('CREATE TEMPORARY TABLE alembic_version"
        " (version_num VARCHAR(32) PRIMARY KEY)')"
    )
    write_env(placed, connection=hide)
    add_revision(placed, "r1", None, "one")
    said = refused(placed.cli("upgrade"), 4)
    assert said.message.startswith("the database is not at r1, where it was just taken")


KEEP = """\
with op.get_context().autocommit_block():
        op.execute("CREATE TABLE t1 (id INTEGER)")
        op.execute("CREATE TRIGGER keep AFTER DELETE ON sqlmodel_migrations_journal BEGIN INSERT"
            " INTO sqlmodel_migrations_journal SELECT old.version_table, old.revision,"
            " old.direction, old.position, 'intent', old.digest, old.statement, old.fingerprint,"
            " old.answer, old.format; END")"""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_statement_that_is_still_in_the_journal_is_seen(
    placed: Project, database: Database
) -> None:
    add_revision(placed, "r1", None, "one", upgrade=KEEP)
    said = refused(placed.cli("upgrade"), 4)
    assert said.message.startswith("every revision was applied, but r1 has statements in the journ")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_it_is_read_back_before_another_runner_begins(placed: Project, database: Database) -> None:
    write_env(
        placed,
        engine="event.listen(engine, 'connect', lambda *_: print(os.path.exists("
        "engine.url.database + '.migrating')))",
    )
    add_revision(placed, "r1", None, "one")
    assert placed.cli("upgrade").stdout.split()[:2] == ["False", "True"]

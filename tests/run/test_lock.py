"""One runner at a time: the migration lock, between real processes."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from databases import Database
from heroes import add_revision
from project import Project
from refusal import refused, tables, version
from run.others import locked, reader, wait_for
from zygote import Child

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

# Every run of a revision leaves a line.
RAN = "open('ran', 'a').write({id!r} + chr(10))"
TABLE = "op.create_table({table!r}, sa.Column('id', sa.Integer, primary_key=True))"
INDEX = (
    "c = op.get_context()\n"
    "    with c.autocommit_block():\n"
    "        op.create_index('ix_t1', 't1', ['id'], postgresql_concurrently=True)"
)
# It tells that it is here, and goes on when told to.
WAIT = (
    "import os, time\n"
    "    open('here', 'w').close()\n"
    "    while not os.path.exists('go'): time.sleep(0.01)"
)


def write_history(project: Project, length: int = 4) -> list[str]:
    """Write revisions that make a table each, and on PostgreSQL an index beside writers."""
    ids = [f"r{number}" for number in range(1, length + 1)]
    for position, id in enumerate(ids):
        does = TABLE.format(table=f"t{position + 1}") if position != 2 else INDEX
        ran = RAN.format(id=id)
        add_revision(project, id, ids[position - 1] if position else None, id,
                     upgrade=f"{does}\n    {ran}")  # fmt: skip
    return ids


def ran(project: Project) -> list[str]:
    file = project.path / "ran"
    return file.read_text().split() if file.exists() else []


def wait_for_words(child: Child, words: str) -> str:
    deadline = time.monotonic() + 30
    while words not in child.stderr():
        assert time.monotonic() < deadline, child.stderr()
        time.sleep(0.01)
    return child.stderr()


@contextmanager
def at_work(project: Project, *arguments: str) -> Iterator[Child]:
    """A runner in the middle of a revision; told to go on at the end, and seen to end well."""
    child = project.cli.start("upgrade", *arguments)
    wait_for(project.path / "here")
    try:
        yield child
    finally:
        (project.path / "go").touch()
        ended = child.wait()
    assert ended.code == 0, ended.output


@pytest.mark.parametrize("start", ["empty", "half-way"])
def test_several_runners_at_once_apply_each_revision_once(
    placed: Project, database: Database, start: str
) -> None:
    ids = write_history(placed)
    if start == "half-way":
        assert placed.cli("upgrade", "r2").code == 0
    for ended in placed.cli.together(5, "upgrade"):
        assert ended.code == 0, ended.output
    assert ran(placed) == ids
    assert version(database) == ["r4"]
    if database.kind == "postgresql":
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_t1'::regclass"
        assert database.query(valid) == [(True,)]


def test_who_holds_the_lock_is_named_while_others_wait(placed: Project, database: Database) -> None:
    add_revision(placed, "r1", None, "slow", upgrade=WAIT)
    with at_work(placed) as holder:
        waiting = placed.cli.start("upgrade")
        said = wait_for_words(waiting, "migration lock")
    assert waiting.wait().code == 0
    if database.kind == "mariadb":
        (line,) = (line for line in said.splitlines() if "migration lock" in line)
        assert "connection " in line
        assert "'root' from " in line
    else:
        assert f"pid {holder.pid} on {socket.gethostname()} since 20" in said


def test_the_wait_for_the_lock_has_an_end(placed: Project, database: Database) -> None:
    add_revision(placed, "r1", None, "slow", upgrade=WAIT)
    with at_work(placed) as holder:
        said = refused(placed.cli("upgrade", "--migration-lock-timeout", "300ms"), 4)
    assert said.message.startswith(
        "the migration lock was not had within 0.3 s: it is held by "
        + ("connection " if database.kind == "mariadb" else f"pid {holder.pid} on ")
    )
    assert said.details == ("nothing was run",)
    assert said.hint == "wait until that run has ended, or stop it; then type the command again"


def test_a_killed_holder_leaves_no_lock(placed: Project, database: Database) -> None:
    add_revision(placed, "r1", None, "slow", upgrade=WAIT)
    holder = placed.cli.start("upgrade")
    wait_for(placed.path / "here")
    os.kill(holder.pid, signal.SIGKILL)
    assert holder.wait().code == -signal.SIGKILL
    (placed.path / "go").touch()
    ended = placed.cli("upgrade", "--migration-lock-timeout", "10s")
    assert ended.code == 0, ended.output
    assert version(database) == ["r1"]


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_the_lock_stays_while_the_statement_of_a_killed_holder_runs(
    placed: Project, database: Database
) -> None:
    here = "open('here', 'w').close(); open('ran', 'a').write('x')"
    add_revision(placed, "r1", None, "slow", upgrade=f"{here}\n    op.execute('SELECT SLEEP(1.5)')")
    holder = placed.cli.start("upgrade")
    wait_for(placed.path / "here")
    wait_until_it_sleeps(database)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    refused(placed.cli("upgrade", "--migration-lock-timeout", "100ms"), 4)
    ended = placed.cli("upgrade")
    assert ended.code == 0, ended.output


def wait_until_it_sleeps(database: Database) -> None:
    asked = "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'"
    deadline = time.monotonic() + 10
    while not database.query(asked):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_at_head_no_lock_is_wanted(placed: Project, database: Database) -> None:
    write_history(placed, 2)
    assert placed.cli("upgrade").code == 0
    with locked(database):
        ended = placed.cli("upgrade", "--migration-lock-timeout", "1ms")
    assert ended.code == 0, ended.output


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_at_head_a_read_only_file_is_enough(placed: Project, database: Database) -> None:
    write_history(placed, 2)
    assert placed.cli("upgrade").code == 0
    folder = Path(database.name).parent
    before = sorted(folder.iterdir())
    url = f"sqlite:///file:{database.name}?mode=ro&uri=true"
    ended = placed.cli("upgrade", env={"DATABASE_URL": url})
    assert ended.code == 0, ended.output
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_at_head_a_role_that_may_only_read_is_enough(placed: Project, database: Database) -> None:
    write_history(placed, 2)
    assert placed.cli("upgrade").code == 0
    with reader(database) as url:
        ended = placed.cli("upgrade", env={"DATABASE_URL": url})
    assert ended.code == 0, ended.output


def test_histories_of_one_database_do_not_wait_for_each_other(
    placed: Project, database: Database
) -> None:
    env = "from sqlmodel_migrations import environment\nenvironment.run(version_table='other')"
    write_history(placed, 2)
    placed.write({"migrations/env.py": env})
    with locked(database):
        ended = placed.cli("upgrade", "--migration-lock-timeout", "1ms")
    assert ended.code == 0, ended.output
    assert "other" in tables(database)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_who_gives_up_leaves_the_file_that_another_runner_fills(
    placed: Project, database: Database
) -> None:
    placed.write({"migrations/env.py": CONNECTS_FIRST})
    add_revision(placed, "r1", None, "slow", upgrade=f"{TABLE.format(table='t1')}\n    {WAIT}")
    second = placed.cli.start("upgrade", "--migration-lock-timeout", "100ms", env={"SECOND": "1"})
    wait_for(placed.path / "connected")
    with at_work(placed):
        (placed.path / "second").touch()
        refused(second.wait(), 4)
    assert version(database) == ["r1"]


CONNECTS_FIRST = """
    import os, time
    from alembic import context
    from sqlalchemy import create_engine, pool

    engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        if "SECOND" in os.environ:
            open("connected", "w").close()
            while not os.path.exists("second"):
                time.sleep(0.01)
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
    """


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_that_is_replaced_meanwhile_is_not_written(
    placed: Project, database: Database
) -> None:
    placed.write({"migrations/env.py": CONNECTS_FIRST})
    add_revision(placed, "r1", None, "one", upgrade=RAN.format(id="r1"))
    child = placed.cli.start("upgrade", env={"SECOND": "1"})
    wait_for(placed.path / "connected")
    with locked(database):
        (placed.path / "second").touch()
        wait_for_words(child, "migration lock")
        Path(database.name).rename(f"{database.name}.old")
    said = refused(child.wait(), 4)
    assert said.message == f"'{database.name}' is not the file any more that was opened"
    assert ran(placed) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_lock_file_is_gone_afterwards(placed: Project, database: Database) -> None:
    write_history(placed, 2)
    assert placed.cli("upgrade").code == 0
    assert [path.name for path in Path(database.name).parent.iterdir()] == ["database.db"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_user_with_one_connection_is_told_that_the_lock_needs_another(
    placed: Project, database: Database
) -> None:
    write_history(placed, 1)
    with reader(database) as url:
        database.run(f"ALTER ROLE {make_url(url).username} CONNECTION LIMIT 1")
        said = refused(placed.cli("upgrade", env={"DATABASE_URL": url}), 4)
    assert said.message.startswith("a second connection to the database is not had: ")
    assert "too many connections for role" in said.message
    assert said.hint.startswith("allow the user one connection more than the first")
    assert ran(placed) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_lock_that_is_lost_stops_the_run(placed: Project, database: Database) -> None:
    kill = (
        'op.get_bind().exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_locks'
        " WHERE locktype = 'advisory' AND database ="
        ' (SELECT oid FROM pg_database WHERE datname = current_database())")'
    )
    add_revision(placed, "r1", None, "one", upgrade=kill)
    add_revision(placed, "r2", "r1", "two", upgrade=TABLE.format(table="t2"))
    said = refused(placed.cli("upgrade"), 4)
    assert said.message == "the connection that held the migration lock is gone"
    assert said.hint == "look at the server's log, then type the command again"
    assert "t2" not in tables(database)

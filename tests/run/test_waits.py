"""Waiting for what others hold: how long, how often, and who they are said to be."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from databases import Connection, Database
from heroes import add_revision
from project import Project
from refusal import refused, version
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.errors import LockNotHad, StepFailed
from sqlmodel_migrations.events import Blocked, Event, Retrying

SERVERS = ["postgresql", "mariadb"]
CREATE = "op.create_table('hero', sa.Column('id', sa.Integer, primary_key=True))"
ALTER = "op.add_column('hero', sa.Column('age', sa.Integer))"

# What stops an ALTER TABLE of `hero`; on SQLite, every write.
HOLD = {
    "sqlite": ("BEGIN IMMEDIATE", "INSERT INTO hero VALUES (1)"),
    "postgresql": ("INSERT INTO hero VALUES (1)",),
    "mariadb": ("INSERT INTO hero VALUES (1)",),
}
OWN_ID = {"postgresql": "SELECT pg_backend_pid()", "mariadb": "SELECT connection_id()"}

# How the revision and env.py see the timeouts.
SHOW = {
    "sqlite": "PRAGMA busy_timeout",
    "postgresql": "SHOW lock_timeout",
    "mariadb": "SELECT @@lock_wait_timeout",
}
SEE = (
    "with open('seen', 'a') as file:"
    " print(op.get_bind().exec_driver_sql({sql!r}).scalar(), file=file)"
)


@pytest.fixture
def two(placed: Project) -> Project:
    """r1, applied, makes a table; r2 adds a column to it."""
    add_revision(placed, "r1", None, "heroes", upgrade=CREATE)
    Migrations().upgrade()
    add_revision(placed, "r2", "r1", "age", upgrade=ALTER)
    return placed


@contextmanager
def holding(database: Database, *sql: str) -> Iterator[Connection]:
    """A session in whose open transaction these statements were run."""
    connection = database.connect()
    with contextlib.closing(connection):
        for statement in sql or HOLD[database.kind]:
            connection.cursor().execute(statement)
        yield connection


def id_of(database: Database, connection: Connection) -> int:
    cursor = connection.cursor()
    cursor.execute(OWN_ID[database.kind])
    return int(cursor.fetchall()[0][0])


def test_giving_up_says_for_whom_and_how_often(two: Project, database: Database) -> None:
    with holding(database) as other:
        pid = None if database.kind == "sqlite" else id_of(database, other)
        ran = two.cli("upgrade", "--lock-timeout", "200ms", "--lock-retries", "1")
    said = refused(ran, 4)
    assert said.message.startswith("revision r2 was not run: ")
    assert said.details[0] == "tried 2 times"
    assert "not applied: r2" in said.details
    assert said.hint == (
        "end the transactions that stand in the way, or give more time: --lock-timeout 1m"
    )
    if pid is not None:
        assert any("ALTER TABLE hero ADD" in line for line in said.details)
        (blocked,) = (line for line in said.details if line.startswith("blocked by "))
        assert blocked.startswith(f"blocked by pid {pid}, ")
    assert version(database) == ["r1"]


def test_a_lock_that_is_given_back_meanwhile_is_had(two: Project, database: Database) -> None:
    events: list[Event] = []

    with holding(database) as other:

        def tell(event: Event) -> None:
            events.append(event)
            if isinstance(event, Retrying):
                other.commit()

        Migrations().upgrade(lock_timeout=0.2, on_event=tell)
    (retrying,) = (event for event in events if isinstance(event, Retrying))
    assert (retrying.revision, retrying.attempt, retrying.attempts) == ("r2", 1, 11)
    assert 0.25 <= retrying.delay <= 0.5
    assert version(database) == ["r2"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_attempts_have_a_deadline(two: Project, database: Database) -> None:
    started = time.monotonic()
    with holding(database), pytest.raises(LockNotHad):
        Migrations().upgrade(lock_timeout=0.1, lock_retries=1000, lock_deadline=1)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_retries_one_attempt_is_made(two: Project, database: Database) -> None:
    with holding(database), pytest.raises(LockNotHad) as raised:
        Migrations().upgrade(lock_timeout=0.1, lock_retries=0)
    assert raised.value.details[0] == "tried once"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_what_a_failed_attempt_did_is_not_done_twice(two: Project, database: Database) -> None:
    change = "op.execute('UPDATE other SET id = id + 1')"
    add_revision(two, "r2", "r1", "age", upgrade=f"{change}\n    {ALTER}")
    database.run("CREATE TABLE other (id INTEGER)", "INSERT INTO other VALUES (1)")
    with holding(database) as other:

        def tell(event: Event) -> None:
            if isinstance(event, Retrying):
                other.commit()

        Migrations().upgrade(lock_timeout=0.2, on_event=tell)
    assert database.query("SELECT id FROM other") == [(2,)]


@pytest.mark.parametrize("database", SERVERS, indirect=True)
def test_while_waiting_the_blockers_are_told(two: Project, database: Database) -> None:
    events: list[Event] = []
    with holding(database) as other:
        pid = id_of(database, other)

        def tell(event: Event) -> None:
            events.append(event)
            if isinstance(event, Blocked):
                other.commit()

        Migrations().upgrade(lock_timeout=20, on_event=tell)
    blocked = next(event for event in events if isinstance(event, Blocked))
    assert blocked.revision == "r2"
    assert blocked.statement.startswith("ALTER TABLE hero ADD")
    assert blocked.elapsed >= 0.4
    (blocker,) = blocked.blockers
    assert blocker.pid == pid
    assert 0 <= blocker.age < 20
    if database.kind == "postgresql":
        assert (blocker.state, blocker.query) == ("idle in transaction", OWN_ID["postgresql"])
    else:
        assert blocker.state == "sleep"
    assert version(database) == ["r2"]


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_who_holds_a_row_is_told(two: Project, database: Database) -> None:
    database.run("INSERT INTO hero VALUES (7)")
    add_revision(two, "r2", "r1", "row", upgrade="op.execute('UPDATE hero SET id = 8')")
    with holding(database, "UPDATE hero SET id = 9 WHERE id = 7") as other:
        pid = id_of(database, other)
        with pytest.raises(LockNotHad) as raised:
            Migrations().upgrade(lock_timeout=1, lock_retries=0)
    assert any(line.startswith(f"blocked by pid {pid}, ") for line in raised.value.details)


ENV = """
    import os
    from alembic import context
    from sqlalchemy import create_engine, pool, text

    engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text({set!r}))
        connection.commit()
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
        with open("seen", "a") as file:
            print(connection.execute(text({show!r})).scalar(), file=file)
    """
SET = {
    "sqlite": "PRAGMA busy_timeout = 3000",
    "postgresql": "SET lock_timeout = '3s'",
    "mariadb": "SET SESSION lock_wait_timeout = 3",
}
THREE = {"sqlite": "3000", "postgresql": "3s", "mariadb": "3"}
FIVE = {"sqlite": "5000", "postgresql": "5s", "mariadb": "5"}
ENDLESS = {"sqlite": str(2**31 - 1), "postgresql": "0", "mariadb": "31536000"}


def seen(project: Project) -> list[str]:
    return project.read("seen").split()


@pytest.mark.parametrize(
    ("is_set", "option", "inside", "outside"),
    [
        (False, None, FIVE, None),
        (True, None, THREE, THREE),
        (True, 5, FIVE, THREE),
        (False, 0, ENDLESS, None),
    ],
    ids=["the default", "env.py's", "asked for", "none"],
)
def test_the_lock_timeout(
    placed: Project,
    database: Database,
    is_set: bool,
    option: float | None,
    inside: dict[str, str],
    outside: dict[str, str] | None,
) -> None:
    nothing = "SELECT 1"
    show = SHOW[database.kind]
    placed.write({
        "migrations/env.py": ENV.format(set=SET[database.kind] if is_set else nothing, show=show)
    })  # fmt: skip
    add_revision(placed, "r1", None, "see", upgrade=SEE.format(sql=show))
    before = FIVE if database.kind == "sqlite" else {"postgresql": "0", "mariadb": "86400"}
    Migrations().upgrade(lock_timeout=option)
    assert seen(placed) == [inside[database.kind], (outside or before)[database.kind]]


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_rows_are_waited_for_as_long_as_tables(placed: Project, database: Database) -> None:
    add_revision(
        placed, "r1", None, "see", upgrade=SEE.format(sql="SELECT @@innodb_lock_wait_timeout")
    )
    Migrations().upgrade()
    assert seen(placed) == ["5"]


SLOW = {
    "sqlite": "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 50000000)"
    " SELECT count(*) FROM c",
    "postgresql": "SELECT pg_sleep(10)",
    "mariadb": "UPDATE hero SET id = id + sleep(10)",
}


def test_a_statement_has_its_time(two: Project, database: Database) -> None:
    database.run("INSERT INTO hero VALUES (1)")
    add_revision(two, "r2", "r1", "slow", upgrade=f"op.execute({SLOW[database.kind]!r})")
    started = time.monotonic()
    with pytest.raises(StepFailed) as raised:
        Migrations().upgrade(statement_timeout=0.3)
    assert time.monotonic() - started < 8
    assert raised.value.failed == "r2"
    assert version(database) == ["r1"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_concurrently_waits_without_an_end(two: Project, database: Database) -> None:
    index = (
        "c = op.get_context()\n"
        "    with c.autocommit_block():\n"
        "        op.create_index('ix', 'hero', ['id'], postgresql_concurrently=True)"
    )
    add_revision(two, "r2", "r1", "index", upgrade=index)
    with holding(database) as other:
        timer = threading.Timer(1.0, other.commit)
        timer.start()
        Migrations().upgrade(lock_timeout=0.2, statement_timeout=0.2, lock_retries=0)
        timer.join()
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix'::regclass"
    assert database.query(valid) == [(True,)]


VALIDATE = (
    "op.execute('CREATE FUNCTION slow(integer) RETURNS boolean LANGUAGE plpgsql AS'"
    " ' $$ BEGIN PERFORM pg_sleep(0.6); RETURN true; END $$')\n"
    "    op.execute('ALTER TABLE hero ADD CONSTRAINT c CHECK (slow(id)) NOT VALID')\n"
    "    op.execute('ALTER TABLE hero VALIDATE CONSTRAINT c')\n"
    "    " + SEE.format(sql="SHOW statement_timeout")
)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_validate_takes_its_time(two: Project, database: Database) -> None:
    database.run("INSERT INTO hero VALUES (1)")
    add_revision(two, "r2", "r1", "check", upgrade=VALIDATE)
    Migrations().upgrade(statement_timeout=0.3)
    assert version(database) == ["r2"]
    assert seen(two) == ["300ms"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_deadlock_is_tried_again(two: Project, database: Database) -> None:
    database.run("CREATE TABLE other (id INTEGER)", "INSERT INTO hero VALUES (1)")
    update = (
        "op.execute(\"SET LOCAL deadlock_timeout = '50ms'\")\n"
        "    op.execute('LOCK TABLE other')\n"
        "    import threading\n"
        "    open('here', 'w').close()\n"
        "    op.execute('UPDATE hero SET id = 2')"
    )
    add_revision(two, "r2", "r1", "both", upgrade=update)
    events: list[Event] = []
    with holding(database, "UPDATE hero SET id = 3") as other:

        def meet() -> None:
            while not (two.path / "here").exists():
                time.sleep(0.01)
            other.cursor().execute("INSERT INTO other VALUES (1)")
            other.commit()

        thread = threading.Thread(target=meet)
        thread.start()
        Migrations().upgrade(on_event=events.append, lock_timeout=20)
        thread.join()
    assert [e.attempt for e in events if isinstance(e, Retrying)] == [1]
    assert version(database) == ["r2"]


FILL_SLOWLY = "op.execute('UPDATE hero SET id = 2'); import time; time.sleep(0.3)"
FILL_IN_PARTS = """\
with op.get_context().autocommit_block():
        for number in range(3):
            op.execute(f"UPDATE hero SET id = {number}")
            import time; time.sleep(0.3)"""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("script", "gaps"), [(FILL_SLOWLY, 1), (FILL_IN_PARTS, 5)])
def test_a_waiting_writer_gets_its_turn(
    two: Project, database: Database, script: str, gaps: int
) -> None:
    """SQLite has no queue: between two transactions there is time for who looks now and then."""
    add_revision(two, "r2", "r1", "fill", upgrade=script)
    add_revision(two, "r3", "r2", "fill", upgrade=script)
    slept: list[float] = []
    Migrations.find().upgrade(sleep=slept.append)
    assert len(slept) >= gaps
    assert min(slept) > 0.1  # so often looks sqliteDefaultBusyCallback


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_new_database_has_no_writers_to_wait_for(placed: Project, database: Database) -> None:
    slowly = CREATE + "; import time; time.sleep(0.3)"
    add_revision(placed, "r1", None, "heroes", upgrade=slowly)
    add_revision(placed, "r2", "r1", "age", upgrade=ALTER)
    slept: list[float] = []
    Migrations.find().upgrade(sleep=slept.append)
    assert slept == []

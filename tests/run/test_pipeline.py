"""A pipeline: answers are left unread on an empty database, and nothing else is different."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import NullPool, create_engine

from databases import Database
from heroes import add_revision
from project import Project
from proxy import Proxy
from refusal import refused, tables, version
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.errors import Interrupted, StepFailed
from sqlmodel_migrations.events import Event, MoveStarted, RevisionFinished, RevisionStarted

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

TABLE = "op.create_table({!r}, sa.Column('id', sa.Integer, primary_key=True))"
AGAIN = TABLE.format("t1")
EXISTS = 'relation "t1" already exists'


def write_history(project: Project, size: int, **scripts: str) -> None:
    """Write revisions r1, r2, … that each make a table, or do what is given by their id."""
    for number in range(1, size + 1):
        down = f"r{number - 1}" if number > 1 else None
        upgrade = scripts.get(f"r{number}", TABLE.format(f"t{number}"))
        add_revision(project, f"r{number}", down, "table", upgrade=upgrade)


def trips(project: Project, database: Database, *options: str) -> int:
    """Upgrade to the head, and return how many round trips that took."""
    with Proxy(database.url) as proxy:
        through = proxy.url.render_as_string(hide_password=False)
        done = project.cli("--url", through, "upgrade", *options)
    assert done.code == 0, done.output
    return proxy.turns


def told(events: list[Event], kind: type[RevisionStarted | RevisionFinished]) -> list[str]:
    return [event.revision for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("transaction", ["each", "all"])
def test_a_revision_costs_no_round_trip(
    placed: Project, database: Database, transaction: str
) -> None:
    counts = []
    for size in (4, 24):
        write_history(placed, size)
        counts.append(trips(placed, database, "--transaction", transaction))
        database.run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    # Now and then an answer is waited for, so that what was done can be told.
    assert counts[1] - counts[0] <= 20


def test_what_fails_is_told_of_its_statement(placed: Project, database: Database) -> None:
    write_history(placed, 6, r4=f"{TABLE.format('x')}\n    {AGAIN}\n    {TABLE.format('y')}")
    ran = placed.cli("upgrade")
    said = refused(ran, 5)
    assert said.message == f"revision r4 failed: {EXISTS}"
    assert "applied before it: r1, r2, r3" in said.details
    assert "not applied: r4, r5, r6" in said.details
    assert any("CREATE TABLE t1" in line for line in said.details)
    lines = [line for line in ran.stderr.splitlines() if "Running upgrade" in line]
    assert [line.split(", ")[0].split()[-1] for line in lines] == ["r1", "r2", "r3", "r4"]
    assert version(database) == ["r3"]
    assert tables(database) & {"t3", "x", "y", "t5"} == {"t3"}
    write_history(placed, 6)
    assert placed.cli("upgrade").code == 0
    assert version(database) == ["r6"]


def test_of_many_revisions_some_are_named(placed: Project, database: Database) -> None:
    write_history(placed, 40, r20=AGAIN)
    said = refused(placed.cli("upgrade"), 5)
    first = ", ".join(f"r{number}" for number in range(1, 10))
    assert f"applied before it: {first}, … 9 more …, r19" in said.details
    pending = ", ".join(f"r{number}" for number in range(20, 29))
    assert f"not applied: {pending}, … 11 more …, r40" in said.details


@pytest.mark.parametrize("transaction", ["each", "all"])
def test_each_thing_is_told_once(placed: Project, database: Database, transaction: str) -> None:
    write_history(placed, 6, r4=AGAIN)
    events: list[Event] = []
    with pytest.raises(StepFailed) as raised:
        Migrations().upgrade(transaction=transaction, on_event=events.append)
    is_each = transaction == "each"
    assert raised.value.applied == (("r1", "r2", "r3") if is_each else ())
    assert told(events, RevisionFinished) == ["r1", "r2", "r3"]
    assert Counter(told(events, RevisionStarted)) == dict.fromkeys(["r1", "r2", "r3", "r4"], 1)
    assert sum(isinstance(event, MoveStarted) for event in events) == 1
    assert not is_each or version(database) == ["r3"]


SWALLOWED = f"""{AGAIN}
    try:
        op.get_bind().scalar(sa.text("SELECT 1"))
    except Exception:
        pass
    {TABLE.format("t9")}"""


def test_an_error_that_the_script_takes_for_another_is_not_lost(
    placed: Project, database: Database
) -> None:
    write_history(placed, 4, r3=SWALLOWED)
    assert refused(placed.cli("upgrade"), 5).message == f"revision r3 failed: {EXISTS}"
    assert version(database) == ["r2"]
    assert "t9" not in tables(database)


CAUGHT = """bind = op.get_bind()
    try:
        with bind.begin_nested():
            op.execute("SELECT 1 / 0")
    except sa.exc.DBAPIError:
        op.execute("INSERT INTO t1 VALUES (7)")
    assert bind.execute(sa.text("UPDATE t1 SET id = id + 1")).rowcount == 1
    op.alter_column("t1", "id", new_column_name="number")
    assert bind.scalars(sa.text("SELECT number FROM t1")).all() == [8]"""


def test_a_script_reads_what_it_did(placed: Project, database: Database) -> None:
    write_history(placed, 3, r2=CAUGHT)
    done = placed.cli("upgrade")
    assert done.code == 0, done.output
    assert database.query("SELECT number FROM t1") == [(8,)]


OUTSIDE = """with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY ix ON t1 (id)")"""
BY_ITSELF = "op.create_index('ix2', 't1', ['id'], postgresql_concurrently=True)"
ENUM = "op.execute(\"CREATE TYPE mood AS ENUM ('glad')\")"
VALUE = """op.execute("ALTER TYPE mood ADD VALUE 'sad'")
    op.execute("CREATE TABLE moods (mood mood DEFAULT 'sad')")"""


def test_what_must_be_outside_of_a_transaction_is(placed: Project, database: Database) -> None:
    write_history(placed, 9, r2=OUTSIDE, r4=BY_ITSELF, r5=ENUM, r7=VALUE)
    done = placed.cli("upgrade")
    assert done.code == 0, done.output
    assert version(database) == ["r9"]
    indexes = database.query("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'ix%'")
    assert sorted(indexes) == [("ix",), ("ix2",)]
    assert {"t3", "moods", "t9"} <= tables(database)


SEVERAL = """op.execute("CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER);")"""
COPIED = """raw = op.get_bind().connection.dbapi_connection
    with raw.cursor() as cursor, cursor.copy("COPY t1 FROM STDIN") as copy:
        copy.write_row((3,))"""


def test_what_a_pipeline_cannot_do_is_done_without(placed: Project, database: Database) -> None:
    write_history(placed, 30, r3=SEVERAL, r4=COPIED)
    assert trips(placed, database) < 4 * 30
    assert {"a", "b", "t30"} <= tables(database)
    assert database.query("SELECT id FROM t1") == [(3,)]


DEFERRED = """op.create_table("child", sa.Column("t", sa.Integer, sa.ForeignKey(
        "t1.id", deferrable=True, initially="DEFERRED")))
    op.execute("INSERT INTO child VALUES (1)")"""


def test_what_fails_at_its_commit(placed: Project, database: Database) -> None:
    write_history(placed, 4, r3=DEFERRED)
    said = refused(placed.cli("upgrade"), 5)
    assert said.message.startswith("revision r3 failed: insert or update on table")
    assert "not applied: r3, r4" in said.details
    assert version(database) == ["r2"]


def test_a_stop_is_between_two_revisions(placed: Project, database: Database) -> None:
    write_history(placed, 30)
    asked: list[None] = []

    def stop() -> bool:
        asked.append(None)
        return len(asked) > 20

    with pytest.raises(Interrupted) as raised:
        Migrations().upgrade(stop=stop)
    applied = raised.value.applied
    assert applied
    assert version(database) == [applied[-1]]
    assert Migrations().upgrade().after == ("r30",)


def test_a_database_with_tables_is_waited_for(placed: Project, database: Database) -> None:
    """Somebody may hold a lock on them, and it is to be seen which statement waits."""
    database.run("CREATE TABLE other (id INTEGER)")
    write_history(placed, 8)
    assert trips(placed, database) > 4 * 8


ELSEWHERE = """import os
    with sa.create_engine(os.environ["DATABASE_URL"]).begin() as other:
        other.execute(sa.text("INSERT INTO t{0} VALUES ({0})"))"""


def test_a_script_with_a_connection_of_its_own_sees_what_came_before(
    placed: Project, database: Database
) -> None:
    scripts = {f"r{number}": ELSEWHERE.format(number - 1) for number in range(2, 30, 2)}
    write_history(placed, 30, **scripts)
    done = placed.cli("upgrade")
    assert done.code == 0, done.output
    assert database.query("SELECT id FROM t29") == []
    assert database.query("SELECT id FROM t27") == [(27,)]


def test_env_py_is_told_of_what_is_committed(placed: Project, database: Database) -> None:
    env = placed.read("migrations/env.py")
    assert "environment.run()" in env
    placed.write({"migrations/env.py": env.replace("environment.run()", TELLS)})
    write_history(placed, 20)
    done = placed.cli("upgrade")
    assert done.code == 0, done.output
    assert placed.read("told").split() == [f"r{number}" for number in range(1, 20)]


TELLS = """
import os
import sqlalchemy as sa

engine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.NullPool)


def look(*, step, **_):
    if not step.down_revision_ids:
        return
    with engine.connect() as other, open("told", "a") as file:
        print(other.scalar(sa.text("SELECT version_num FROM alembic_version")), file=file)


environment.run(on_version_apply=look)
"""


MOVE = """import os
    with sa.create_engine(os.environ["DATABASE_URL"]).begin() as other:
        other.exec_driver_sql("UPDATE alembic_version SET version_num = 'elsewhere'")"""


def test_a_version_that_somebody_else_moved_meanwhile(placed: Project, database: Database) -> None:
    write_history(placed, 4, r2=MOVE)
    said = refused(placed.cli("upgrade"), 2)
    assert said.message.startswith("the database is at revision 'elsewhere'")
    assert version(database) == ["elsewhere"]
    assert not tables(database) & {"t2", "t3", "t4"}


KILL = """import os
    with sa.create_engine(os.environ["DATABASE_URL"]).begin() as other:
        if not os.path.exists("once"):
            open("once", "w").close()
            other.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND application_name NOT LIKE 'sqlmodel migrations%%'"
            )
    op.create_table("t3", sa.Column("id", sa.Integer))"""


@pytest.mark.parametrize("transaction", ["each", "all"])
def test_a_connection_that_is_lost(placed: Project, database: Database, transaction: str) -> None:
    write_history(placed, 5, r3=KILL)
    said = refused(placed.cli("upgrade", "--transaction", transaction), 4)
    assert "the connection was lost" in said.message
    assert said.hint == (
        "look at the server's log, then type the command again: it goes on where this one ended"
    )
    if transaction == "each":
        assert said.message.startswith("revision r3")
        assert "applied before it: r1, r2" in said.details
        assert version(database) == ["r2"]
    else:
        assert "alembic_version" not in tables(database)
    assert placed.cli("upgrade", "--transaction", transaction).code == 0
    assert version(database) == ["r5"]


BATCHES = """with op.get_context().autocommit_block():
        bind = op.get_bind()
        for number in range({0}):
            assert bind.execute(sa.text("INSERT INTO t1 VALUES (:n)"), {{"n": number}}).rowcount"""


def test_a_statement_of_an_autocommit_block_costs_two(placed: Project, database: Database) -> None:
    """BEGIN goes with the statement, and COMMIT with its entry in the journal."""
    write_history(placed, 1)
    assert placed.cli("upgrade").code == 0
    counts, scripts = [], {}
    for number, size in ((2, 10), (3, 50)):
        database.run("TRUNCATE t1")
        scripts[f"r{number}"] = BATCHES.format(size)
        write_history(placed, number, **scripts)
        counts.append(trips(placed, database))
        assert database.query("SELECT count(*) FROM t1") == [(size,)]
    assert counts[1] - counts[0] <= 2 * 40 + 2


FAILS = """with op.get_context().autocommit_block():
        bind = op.get_bind()
        for value in ("1", "2", "1"):
            bind.execute(sa.text(f"INSERT INTO t1 VALUES ({value})"))"""


def test_what_fails_in_an_autocommit_block(placed: Project, database: Database) -> None:
    write_history(placed, 1)
    assert placed.cli("upgrade").code == 0
    write_history(placed, 2, r2=FAILS)
    said = refused(placed.cli("upgrade"), 5)
    assert said.message.startswith("revision r2 failed: duplicate key value")
    assert database.query("SELECT id FROM t1 ORDER BY id") == [(1,), (2,)]


def test_each_transaction_is_as_the_engine_says(placed: Project, database: Database) -> None:
    query = "SELECT current_setting($$transaction_isolation$$)"
    level = f"op.execute('CREATE TABLE level{{}} AS {query}')"
    scripts = {f"r{n}": f"{level.format(n)}\n    {TABLE.format(f't{n}')}" for n in (1, 2, 3)}
    write_history(placed, 3, **scripts)
    engine = create_engine(database.url, isolation_level="SERIALIZABLE", poolclass=NullPool)
    Migrations(bind=engine).upgrade()
    for number in (1, 2, 3):
        assert database.query(f"SELECT * FROM level{number}") == [("serializable",)]

"""A server that goes away: what is said, with which exit code, and that the next run goes on."""

from __future__ import annotations

import pytest

from databases import Database
from heroes import add_revision
from project import Project
from refusal import refused, tables, version

SERVERS = pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)

TABLE = "op.create_table({!r}, sa.Column('id', sa.Integer, primary_key=True))"
HINT = "look at the server's log, then type the command again: it goes on where this one ended"
OWN_ID = {"postgresql": "SELECT pg_backend_pid()", "mariadb": "SELECT connection_id()"}
KILL = {"postgresql": "SELECT pg_terminate_backend({}, 5000)", "mariadb": "KILL {}"}

# Once: the second run of the revision finds the file.
SCRIPT = """\
import os
    bind = op.get_bind()
    def kill(*_):
        with bind.engine.connect() as other:
            other.exec_driver_sql({kill!r}.format(id))
    id = bind.exec_driver_sql({id!r}).scalar()
    if not os.path.exists('once'):
        open('once', 'w').close()
        {when}
    op.execute('INSERT INTO hero VALUES (1)')"""
WHEN = {
    "in the middle of it": "kill()",
    "while it was committed": "sa.event.listen(bind, 'commit', kill, once=True)",
}


@SERVERS
@pytest.mark.parametrize("where", WHEN)
def test_in_a_revision(placed: Project, database: Database, where: str) -> None:
    script = SCRIPT.format(kill=KILL[database.kind], id=OWN_ID[database.kind], when=WHEN[where])
    add_revision(placed, "r1", None, "heroes", upgrade=TABLE.format("hero"))
    add_revision(placed, "r2", "r1", "killed", upgrade=script)
    add_revision(placed, "r3", "r2", "teams", upgrade=TABLE.format("team"))
    said = refused(placed.cli("upgrade"), 4)
    assert said.message.startswith(f"revision r2: the connection was lost {where}: ")
    assert said.hint == HINT
    assert "applied before it: r1" in said.details
    if where == "in the middle of it":
        assert "not applied: r2, r3" in said.details
    else:
        assert "applied or not: r2; see: sqlmodel migrations current" in said.details
        assert "not applied: r3" in said.details
    assert version(database) == ["r1"]
    ended = placed.cli("upgrade")
    assert ended.code == 0, ended.output
    assert database.query("SELECT id FROM hero") == [(1,)]
    assert {"hero", "team"} <= tables(database)


DIE = """
op.execute('''CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(5); RETURN NULL; END $$''')"""
DIES_AT_COMMIT = """
op.create_table('hero', sa.Column('id', sa.Integer, primary_key=True))
    op.execute('''CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON hero
    INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()''')
    op.execute('INSERT INTO hero VALUES (1)')"""


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_while_the_server_commits(placed: Project, database: Database) -> None:
    """Answers are not waited for: the loss is seen after the last revision."""
    add_revision(placed, "r1", None, "die", upgrade=DIE.strip())
    add_revision(placed, "r2", "r1", "heroes", upgrade=DIES_AT_COMMIT.strip())
    said = refused(placed.cli("upgrade"), 4)
    assert said.message.startswith("revision r2: the connection was lost while it was committed: ")
    assert "applied or not: r2; see: sqlmodel migrations current" in said.details
    assert "not applied: nothing else" in said.details
    assert version(database) == ["r1"]


@SERVERS
def test_no_other_connection_takes_its_place(placed: Project, database: Database) -> None:
    """SQLAlchemy would connect again, without the lock and without what env.py set."""
    script = SCRIPT.format(kill=KILL[database.kind], id=OWN_ID[database.kind], when="kill()")
    script = script.replace("op.execute", "try: op.execute") + GOES_ON
    add_revision(placed, "r1", None, "heroes", upgrade=TABLE.format("hero"))
    add_revision(placed, "r2", "r1", "killed", upgrade=script)
    said = refused(placed.cli("upgrade"), 4)
    assert said.message == "revision r2: the connection was lost in the middle of it"
    assert database.query("SELECT id FROM hero") == []


GOES_ON = """
    except Exception: pass
    op.execute('INSERT INTO hero VALUES (2)')"""


@SERVERS
def test_before_the_first_revision(placed: Project, database: Database) -> None:
    placed.write({
        "migrations/env.py": f"""
            import os
            from alembic import context
            from sqlalchemy import create_engine, pool

            engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
            with engine.connect() as connection, engine.connect() as other:
                id = connection.exec_driver_sql({OWN_ID[database.kind]!r}).scalar()
                connection.commit()
                other.exec_driver_sql({KILL[database.kind]!r}.format(id))
                context.configure(connection=connection)
                with context.begin_transaction():
                    context.run_migrations()
            """
    })  # fmt: skip
    add_revision(placed, "r1", None, "heroes", upgrade=TABLE.format("hero"))
    said = refused(placed.cli("upgrade"), 4)
    assert said.message.startswith("the connection to the database was lost: ")
    assert said.hint == "look at the server's log, then type the command again"

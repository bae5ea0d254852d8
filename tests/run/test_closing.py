"""The end of a revision: ledger and version together, and what is waited for when."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from databases import Database
from heroes import add_revision
from project import Project
from proxy import Proxy
from refusal import refused, tables, version
from sqlmodel_migrations.database import dialects

TABLE = "op.create_table({!r}, sa.Column('id', sa.Integer, primary_key=True))"
POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def write_history(project: Project, size: int) -> None:
    for number in range(1, size + 1):
        down = f"r{number - 1}" if number > 1 else None
        add_revision(project, f"r{number}", down, "table", upgrade=TABLE.format(f"t{number}"))


@POSTGRESQL
@pytest.mark.parametrize(("transaction", "expected"), [("each", 4), ("all", 1)])
def test_the_round_trips_of_a_revision(
    placed: Project, database: Database, transaction: str, expected: int
) -> None:
    """BEGIN, the statement of the script, ledger with version, COMMIT; in one transaction one."""
    write_history(placed, 9)
    placed.cli("upgrade", "r1")
    counts = []
    for target in ("r2", "r9"):
        with Proxy(database.url) as proxy:
            through = proxy.url.render_as_string(hide_password=False)
            done = placed.cli("--url", through, "upgrade", target, "--transaction", transaction)
            assert done.code == 0, done.output
        counts.append(proxy.turns)
    # Six revisions more. A driver that prepares what it sends often gives that back at the end.
    assert 6 * expected <= counts[1] - counts[0] <= 6 * expected + 2


MOVE = """\
import os
    with sa.create_engine(os.environ['DATABASE_URL']).connect() as other:
        other.exec_driver_sql("UPDATE alembic_version SET version_num = 'elsewhere'")
        other.commit()
    op.create_table('t2', sa.Column('id', sa.Integer, primary_key=True))"""


@POSTGRESQL
def test_a_version_that_somebody_else_moved_meanwhile(placed: Project, database: Database) -> None:
    add_revision(placed, "r1", None, "one", upgrade=TABLE.format("t1"))
    assert placed.cli("upgrade").code == 0
    add_revision(placed, "r2", "r1", "two", upgrade=MOVE)
    said = refused(placed.cli("upgrade"), 5)
    assert "expected to match one row when updating 'r1' to 'r2' in 'alembic_version'" in str(said)
    assert version(database) == ["elsewhere"]
    assert "t2" not in tables(database)


READ = """\
bind = op.get_bind()
    found = bind.exec_driver_sql('SELECT version_num FROM alembic_version').scalars().all()
    op.create_table('found_' + '_'.join(found), sa.Column('id', sa.Integer, primary_key=True))"""


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_script_reads_the_version_before_its_own(placed: Project, database: Database) -> None:
    write_history(placed, 2)
    add_revision(placed, "r3", "r2", "read", upgrade=READ)
    add_revision(placed, "r4", "r3", "more", upgrade=TABLE.format("t4"))
    assert placed.cli("upgrade", "--transaction", "all").code == 0
    assert "found_r2" in tables(database)
    assert version(database) == ["r4"]
    rows = database.query("SELECT revision FROM sqlmodel_migrations_history ORDER BY id")
    assert [revision for (revision,) in rows] == ["r1", "r2", "r3", "r4"]


@POSTGRESQL
def test_the_last_commit_waits_for_the_disk(database: Database) -> None:
    engine = create_engine(database.url, poolclass=NullPool)
    with engine.connect() as connection:
        module = dialects.of("postgresql")
        with module.flushed_once(connection):
            assert setting(connection) == "off"
        assert setting(connection) == "on"
        with pytest.raises(ValueError, match="no"), module.flushed_once(connection):
            raise ValueError("no")
        assert setting(connection) == "on"


@POSTGRESQL
def test_what_env_py_says_of_commits_comes_back(database: Database) -> None:
    engine = create_engine(database.url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET synchronous_commit = local")
        connection.commit()
        with dialects.of("postgresql").flushed_once(connection):
            assert setting(connection) == "off"
        assert setting(connection) == "local"


def setting(connection: Connection) -> str:
    found = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    connection.rollback()
    return str(found)

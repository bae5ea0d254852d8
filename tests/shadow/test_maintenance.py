"""The connection that a scratch database is dropped on: kept, and not relied on."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from databases import Database
from sqlmodel_migrations.shadow import scratch
from sqlmodel_migrations.shadow.scratch import Scratch, Target

CONNECTIONS = {
    "postgresql": "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mariadb": "SELECT id FROM information_schema.processlist"
    " WHERE db = database() AND id <> connection_id()",
}
END = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}
EXISTS = {
    "postgresql": "SELECT count(*) FROM pg_database WHERE datname = '{}'",
    "mariadb": "SELECT count(*) FROM information_schema.schemata WHERE schema_name = '{}'",
}


def made(database: Database) -> tuple[Scratch, str]:
    dialect = sa.create_engine(database.url).dialect
    arguments, parameters = dialect.create_connect_args(sa.make_url(database.url))
    module = scratch.of(dialect.name)
    assert module is not None
    found = module.make(Target(dialect, list(arguments), dict(parameters)), None)
    name = next(v for v in found.target.cparams.values() if str(v).startswith("sqlmodel_shadow"))
    return found, str(name)


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
@pytest.mark.parametrize("is_lost", [False, True])
def test_a_scratch_database_is_dropped(database: Database, is_lost: bool) -> None:
    found, name = made(database)
    exists = EXISTS[database.kind].format(name)
    ids = [row[0] for row in database.query(CONNECTIONS[database.kind])]
    assert len(ids) == 1
    assert [*database.query(exists)[0]] == [1]
    if is_lost:
        database.query(END[database.kind].format(ids[0]))
    found.drop()
    assert [*database.query(exists)[0]] == [0]
    assert not database.query(CONNECTIONS[database.kind])

"""A password that stands in a statement is shown nowhere, and written down nowhere."""

from __future__ import annotations

import pytest

from databases import Database
from project import Project
from revisions import Revisions

SERVERS = pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
CREATE = {
    "postgresql": "CREATE ROLE {user} PASSWORD 'hunter2'",
    "mariadb": "CREATE USER {user} IDENTIFIED BY 'hunter2'",
}
DROP = {"postgresql": "DROP ROLE {user}", "mariadb": "DROP USER {user}"}


@SERVERS
def test_of_a_statement(project: Project, database: Database) -> None:
    revisions = Revisions(project, database)
    user = f"u{abs(hash(database.name)) % 10**9}"
    make, drop = (texts[database.kind].format(user=user) for texts in (CREATE, DROP))
    revisions.add("a", "op.execute('CREATE TABLE hero (id int)')")
    revisions.add("b", f'op.execute("{make}")\nop.execute("{make}")\nop.execute("{drop}")')
    ran = revisions.upgrade("--events")
    assert ran.code == 5, ran.output
    shown = ran.output + revisions.run("repair").output + revisions.run("status").output
    rows = [database.query(f"SELECT * FROM {name}") for name in side_tables(database)]
    try:
        assert "'***'" in shown
        assert "hunter2" not in shown
        assert "hunter2" not in repr(rows)
    finally:
        if database.kind == "mariadb":
            database.run(drop)


def side_tables(database: Database) -> list[str]:
    where = "DATABASE()" if database.kind == "mariadb" else "'public'"
    found = database.query(
        f"SELECT table_name FROM information_schema.tables WHERE table_schema = {where}"
    )
    return [name for (name,) in found if name.startswith("sqlmodel_migrations")]

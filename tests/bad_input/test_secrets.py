"""Passwords, of the URL and of statements, are shown nowhere, and written down nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from databases import Database
from handles.test_json import SESSION
from heroes import MODELS, add_revision
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


PASSWORD = "hunter2"


@pytest.fixture
def url(database: Database) -> Iterator[str]:
    """The URL of `database` with a password in it; this PostgreSQL asks for none."""
    found = make_url(database.url).set(password=PASSWORD)
    if database.kind == "mariadb":
        user = "u" + database.name[-20:].replace("_", "")
        database.run(
            f"CREATE USER {user}@'%' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT ALL ON *.* TO {user}@'%'",
        )
        found = found.set(username=user)
    yield found.render_as_string(hide_password=False)
    if database.kind == "mariadb":
        database.run(f"DROP USER {user}@'%'")


def written(project: Project, database: Database) -> str:
    """All that stands in the project's files and in our tables."""
    rows = [database.query(f"SELECT * FROM {name}") for name in side_tables(database)]
    files = b"".join((project.path / name).read_bytes() for name in project.files())
    return files.decode(errors="replace") + repr(rows)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_of_the_url_in_every_command(project: Project, database: Database, url: str) -> None:
    project.write({"models.py": MODELS})
    env = {"DATABASE_URL": url, "EDITOR": "true", "SHELL": "/bin/bash"}
    extra = {"plan": ("-o", "plan.json"), "upgrade": ("--events",)}
    for words in SESSION:
        ran = project.cli(*words, *extra.get(words[0], ()), env=env)
        assert ran.code == 0, ran.output
        assert PASSWORD not in ran.output, words
    assert "sqlmodel_migrations_history" in side_tables(database)
    assert PASSWORD not in written(project, database)


# What goes wrong: the part of the URL that is another one, or the script.
COMMANDS = ("upgrade", "upgrade --events", "upgrade --raiseerr", "status", "plan")
FAIL = "op.create_table('team', sa.Column('id', sa.Integer)); raise ValueError('no')"


@SERVERS
@pytest.mark.parametrize("part", ["port", "database", "username", "script"])
def test_of_the_url_in_every_error(
    project: Project, database: Database, url: str, part: str
) -> None:
    project.write({"models.py": MODELS.replace("name: str", "name: str = Field(max_length=50)")})
    assert project.cli("init").code == 0
    add_revision(project, "a1", None, "fail", upgrade=FAIL)
    wrong = {"port": 9, "database": "there_is_none", "username": "nobody_at_all"}
    changes = {part: wrong[part]} if part in wrong else {}
    given = make_url(url).set(**changes).render_as_string(hide_password=False)  # type: ignore[arg-type]
    for number, command in enumerate(COMMANDS):
        place = ("--url", given) if number % 2 else ()
        env = {} if place else {"DATABASE_URL": given}
        ran = project.cli(*command.split(), *place, env=env)
        assert PASSWORD not in ran.output, ran.output
        assert part != "port" or ":***@" in ran.output, ran.output
    if part == "script":
        assert ("sqlmodel_migrations_journal" in side_tables(database)) == (
            database.kind == "mariadb"
        )
    assert PASSWORD not in written(project, database)

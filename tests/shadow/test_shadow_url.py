"""`shadow_url`: another server's database, which must be empty."""

from __future__ import annotations

import pytest

from databases import Database
from heroes import MODELS
from project import Project

SERVERS = ["postgresql", "mariadb"]


def set_up(project: Project, url: str) -> None:
    """A project whose own database is down, and whose shadows are made beside `url`."""
    project.write({"models.py": MODELS})
    project.cli("init", env={"DATABASE_URL": url})
    ini = project.read("alembic.ini")
    section = f"[alembic]\nsqlmodel.shadow_url = {url.replace('%', '%%')}"
    project.write({"alembic.ini": ini.replace("[alembic]", section, 1)})


@pytest.mark.parametrize("database", SERVERS, indirect=True)
def test_an_empty_database_is_taken(project: Project, database: Database) -> None:
    set_up(project, database.url)
    down = "@127.0.0.1:1/nowhere"
    url = database.url.partition("://")[0] + f"://nobody{down}"
    assert project.cli("revision", "first", "--no-verify", env={"DATABASE_URL": url}).code == 0


@pytest.mark.parametrize("database", SERVERS, indirect=True)
def test_one_with_tables_is_refused(project: Project, database: Database) -> None:
    database.run("CREATE TABLE precious (id INTEGER PRIMARY KEY)")
    set_up(project, database.url)
    ran = project.cli("revision", "first", env={"DATABASE_URL": database.url})
    assert ran.code == 2
    assert "'shadow_url' names a database that holds 1 table" in ran.stderr
    assert not list((project.path / "migrations" / "versions").glob("*first.py"))
    assert database.query("SELECT count(*) FROM precious") == [(0,)]

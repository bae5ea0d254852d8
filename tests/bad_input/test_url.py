"""URLs that name no database: the placeholder, what cannot be parsed, drivers that are missing."""

from __future__ import annotations

import importlib.util

import pytest

from project import Project
from refusal import refused, unchanged

PLACEHOLDER = "driver://user:pass@localhost/dbname"
TEMPLATES = ["generic", "async", "pyproject"]


def test_the_placeholder_in_our_configuration(two: Project) -> None:
    ini = two.read("alembic.ini").replace("sqlite:///database.db", PLACEHOLDER)
    two.write({"alembic.ini": ini})
    with unchanged(two):
        said = refused(two.cli("upgrade"), 2)
    assert said.message == f"'sqlalchemy.url' is still the placeholder '{PLACEHOLDER}'"
    assert said.hint == (
        f"write your database's URL into {two.path / 'alembic.ini'}, or set DATABASE_URL"
    )


def test_the_placeholder_in_the_environment(two: Project) -> None:
    with unchanged(two):
        said = refused(two.cli("upgrade", env={"DATABASE_URL": PLACEHOLDER}), 2)
    assert said.message == f"the database URL is still the placeholder '{PLACEHOLDER}'"


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("command", ["upgrade", "current", "revision", "check", "stamp"])
def test_the_placeholder_of_alembic_init(project: Project, template: str, command: str) -> None:
    project.cli.alembic("init", "-t", template, "alembic")
    with unchanged(project):
        said = refused(project.cli(command), 2)
    assert said.message == f"'sqlalchemy.url' is still the placeholder '{PLACEHOLDER}'"
    assert said.hint == "write your database's URL into alembic.ini"


def test_no_url(two: Project) -> None:
    ini = two.read("alembic.ini").replace("sqlalchemy.url = sqlite", "# sqlalchemy.url = sqlite")
    two.write({"alembic.ini": ini})
    with unchanged(two):
        said = refused(two.cli("upgrade"), 2)
    assert said.message == "the database 'alembic' has no URL"
    assert said.hint == "set DATABASE_URL, or give --url"


@pytest.mark.parametrize("url", ["heroes", "postgresql:/heroes", "://", "sqlite://host:port/x"])
def test_a_wrong_url(two: Project, url: str) -> None:
    with unchanged(two):
        said = refused(two.cli("upgrade", "--url", url), 2)
    assert said.message == "the database URL cannot be parsed"
    assert said.hint == "write it as dialect://user:password@host/name"


@pytest.mark.parametrize("url", ["postgress://localhost/heroes", "mongo://localhost/heroes"])
def test_a_wrong_dialect(two: Project, url: str) -> None:
    with unchanged(two):
        said = refused(two.cli("upgrade", "--url", url), 2)
    name = url.partition(":")[0]
    assert said.message == f"SQLAlchemy knows no dialect '{name}', which the database URL names"
    assert said.hint == "write postgresql://, mysql:// or sqlite:///"


@pytest.mark.parametrize(
    ("url", "module", "package"),
    [
        ("mysql+mysqldb://root@localhost/heroes", "MySQLdb", "mysqlclient"),
        ("postgresql+pg8000://postgres@localhost/heroes", "pg8000", "pg8000"),
        ("oracle+oracledb://system@localhost/heroes", "oracledb", "oracledb"),
    ],
)
@pytest.mark.parametrize("command", ["upgrade", "revision"])
def test_a_missing_driver(two: Project, url: str, module: str, package: str, command: str) -> None:
    if importlib.util.find_spec(module):
        pytest.skip(f"{module} is installed here")
    with unchanged(two):
        said = refused(two.cli(command, env={"DATABASE_URL": url}), 2)
    assert said.message == f"the driver '{module}' of the database URL is not installed"
    assert said.hint == f"type: pip install '{package}'"


def test_a_missing_driver_of_a_foreign_env_py(project: Project) -> None:
    project.cli.alembic("init", "alembic")
    ini = project.read("alembic.ini").replace(PLACEHOLDER, "mysql+mysqldb://root@localhost/heroes")
    project.write({"alembic.ini": ini})
    with unchanged(project):
        said = refused(project.cli("upgrade"), 2)
    assert said.hint == "type: pip install 'mysqlclient'"


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_password_is_never_shown(two: Project, scheme: str) -> None:
    url = f"{scheme}://hero:hunter2@127.0.0.1:9/heroes"
    ran = two.cli("upgrade", env={"DATABASE_URL": url})
    assert ran.code == 4
    assert "hero:***@" in ran.stderr
    assert "hunter2" not in ran.output

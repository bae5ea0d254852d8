"""DDL that waits for more of its kind: when it is sent, and what an error says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import DBAPIError

from databases import Database
from proxy import Proxy
from sqlmodel_migrations.run import bulk


@pytest.fixture
def proxy(database: Database) -> Iterator[Proxy | None]:
    """Leads to the server and counts the round trips; SQLite has none."""
    if database.kind == "sqlite":
        yield None
        return
    with Proxy(database.url) as proxy:
        yield proxy


@pytest.fixture
def connection(database: Database, proxy: Proxy | None) -> Iterator[Connection]:
    """A connection that takes several statements in one text."""
    flags = {"client_flag": bulk.MULTI_STATEMENTS} if database.kind == "mariadb" else {}
    engine = create_engine(proxy.url if proxy else database.url, connect_args=flags)
    with engine.connect() as made:
        yield made
    engine.dispose()


def create(connection: Connection, *names: str) -> None:
    for name in names:
        connection.exec_driver_sql(f"CREATE TABLE {name} (id INTEGER)")


def create_and_fail(connection: Connection) -> None:
    create(connection, "a")
    _ = 1 / 0


def test_everything_is_made(connection: Connection) -> None:
    with bulk.together(connection):
        create(connection, "a", "b", "c")
        connection.exec_driver_sql("CREATE INDEX i ON a (id);\n")
    connection.commit()
    assert inspect(connection).get_table_names() == ["a", "b", "c"]
    assert [index["name"] for index in inspect(connection).get_indexes("a")] == ["i"]


def test_it_is_there_when_it_is_asked_for(connection: Connection) -> None:
    with bulk.together(connection):
        create(connection, "a", "b")
        connection.exec_driver_sql("INSERT INTO a VALUES (1)")
        create(connection, "c")
        assert connection.exec_driver_sql("SELECT count(*) FROM a").scalar() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM c").scalar() == 0


def test_a_percent_sign_is_one(connection: Connection) -> None:
    with bulk.together(connection):
        connection.exec_driver_sql(
            "CREATE TABLE a (id INTEGER, name VARCHAR(9) DEFAULT '10%')",
            execution_options={"no_parameters": True},
        )
        create(connection, "b")
    connection.exec_driver_sql("INSERT INTO a (id) VALUES (1)")
    assert connection.exec_driver_sql("SELECT name FROM a").scalar() == "10%"


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_the_round_trips_do_not_depend_on_the_number(connection: Connection, proxy: Proxy) -> None:
    counts = []
    for names in (["a", "b"], [f"t{number}" for number in range(50)]):
        before = proxy.turns
        with bulk.together(connection):
            create(connection, *names)
        counts.append(proxy.turns - before)
    assert counts[0] == pytest.approx(counts[1], abs=1)  # the first begins the transaction
    assert counts[1] <= 2


def test_an_error_is_that_of_its_statement(connection: Connection) -> None:
    with pytest.raises(DBAPIError) as caught, bulk.together(connection):
        create(connection, "a", "a", "b")
    assert caught.value.statement == "CREATE TABLE a (id INTEGER)"
    assert "exists" in str(caught.value)


def test_what_waits_is_not_sent_after_an_error_of_python(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        pytest.skip("sends each at once")
    with pytest.raises(ZeroDivisionError), bulk.together(connection):
        create_and_fail(connection)
    assert not inspect(connection).has_table("a")


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_questions_that_are_foreseen(connection: Connection, proxy: Proxy) -> None:
    create(connection, "a", "b")
    questions = ["SHOW CREATE TABLE a", "SHOW CREATE TABLE b"]
    with bulk.foreseen(connection, questions):
        before = proxy.turns
        assert "`a`" in shown(connection, "a")
        assert proxy.turns == before
        connection.exec_driver_sql("ALTER TABLE b ADD COLUMN later INTEGER")
        assert "later" in shown(connection, "b")
        assert "`a`" in shown(connection, "a")  # asked again: each answer is given once


def shown(connection: Connection, table: str) -> str:
    return str(connection.exec_driver_sql(f"SHOW CREATE TABLE {table}").one()[1])


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_a_question_that_fails_does_so_when_it_is_asked(connection: Connection) -> None:
    create(connection, "a")
    questions = ["SHOW CREATE TABLE a", "SHOW CREATE TABLE missing"]
    with bulk.foreseen(connection, questions):
        assert "`a`" in shown(connection, "a")
        with pytest.raises(DBAPIError, match="missing"):
            shown(connection, "missing")

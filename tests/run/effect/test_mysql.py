"""MariaDB: what a statement does to its transaction, and whether it took effect."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, NullPool, create_engine

from databases import Database
from sqlmodel_migrations.database.statement import split
from sqlmodel_migrations.run.effect import Kind, Verdict, mysql

BEGIN = (
    "CREATE TABLE hero (id int PRIMARY KEY, name varchar(50), team_id int)",
    "CREATE TABLE `my-team` (id int PRIMARY KEY)",
    "CREATE TABLE event (id int) PARTITION BY RANGE (id)"
    " (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)",
    "CREATE TABLE archive (id int)",
    "CREATE INDEX hero_name ON hero (name)",
    "CREATE VIEW heroes AS SELECT * FROM hero",
    "CREATE TRIGGER calm BEFORE INSERT ON hero FOR EACH ROW SET @a = 1",
    "CREATE PROCEDURE nothing() SELECT 1",
    "CREATE SEQUENCE numbers",
    "INSERT INTO hero VALUES (1, 'Deadpond', NULL)",
    "INSERT INTO event VALUES (1), (20)",
)


@pytest.fixture
def connection(mariadb: Database) -> Iterator[Connection]:
    mariadb.run(*BEGIN)
    engine = create_engine(mariadb.url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def run(connection: Connection, sql: str) -> None:
    connection.exec_driver_sql(sql.replace("%", "%%"))
    connection.commit()


SEEN = [
    "CREATE TABLE team (id int PRIMARY KEY)",
    "CREATE TABLE copied AS SELECT * FROM hero",
    "CREATE TABLE IF NOT EXISTS team LIKE hero",
    "CREATE OR REPLACE TABLE hero (id int PRIMARY KEY, name varchar(50), team_id int)",
    "ALTER TABLE hero ADD COLUMN age int",
    "ALTER TABLE hero RENAME TO champion",
    "ALTER TABLE `my-team` ADD COLUMN a varchar(50) DEFAULT 'RENAME TO b'",
    "ALTER TABLE hero COMMENT = '100%'",
    "ALTER TABLE hero ADD CONSTRAINT f FOREIGN KEY (team_id) REFERENCES `my-team` (id)",
    "SET STATEMENT lock_wait_timeout = 3 FOR ALTER TABLE hero ADD COLUMN age int",
    "CREATE UNIQUE INDEX again ON hero (name)",
    "DROP INDEX hero_name ON hero",
    "DROP TABLE hero",
    "DROP TABLE IF EXISTS hero, `my-team`, missing",
    "RENAME TABLE hero TO champion, `my-team` TO team",
    "TRUNCATE TABLE hero",
    "TRUNCATE `my-team`",
    "ALTER TABLE event TRUNCATE PARTITION p0",
    "CREATE OR REPLACE VIEW heroes AS SELECT id FROM hero",
    "ALTER VIEW heroes AS SELECT id FROM hero",
    "DROP VIEW heroes",
    "CREATE DEFINER = CURRENT_USER TRIGGER other AFTER INSERT ON hero FOR EACH ROW SET @a = 1",
    "DROP TRIGGER calm",
    "CREATE PROCEDURE more() SELECT 2",
    "CREATE OR REPLACE PROCEDURE nothing() SELECT 2",
    "DROP PROCEDURE nothing",
    "CREATE FUNCTION one() RETURNS int RETURN 1",
    "CREATE SEQUENCE others",
    "ALTER SEQUENCE numbers INCREMENT BY 5",
    "DROP SEQUENCE numbers",
    "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
    "ALTER DATABASE CHARACTER SET latin1",
]


@pytest.mark.parametrize("sql", SEEN)
def test_sees_that_a_statement_took_effect_or_not(connection: Connection, sql: str) -> None:
    if sql.startswith("ALTER DATABASE"):
        name = connection.exec_driver_sql("SELECT database()").scalar_one()
        sql = sql.replace("DATABASE", f"DATABASE {name}")
    statements = split(sql, "mariadb")
    assert mysql.kind(statements[0]) is Kind.ALONE
    assert not mysql.is_lasting_doubt(connection, statements, mysql.look(connection, statements))
    before = mysql.look(connection, statements)
    assert mysql.verdict(connection, statements, before) is Verdict.NOT_DONE
    connection.commit()
    run(connection, sql)
    assert mysql.verdict(connection, statements, before) is Verdict.DONE


def test_a_new_row_is_no_change_of_a_table(connection: Connection) -> None:
    run(connection, "CREATE TABLE counted (id int PRIMARY KEY AUTO_INCREMENT)")
    statements = split("ALTER TABLE counted ADD COLUMN a int", "mariadb")
    before = mysql.look(connection, statements)
    run(connection, "INSERT INTO counted VALUES (NULL), (NULL)")
    assert mysql.verdict(connection, statements, before) is Verdict.NOT_DONE


def test_half_of_a_drop_is_in_doubt(connection: Connection) -> None:
    statements = split("DROP TABLE hero, `my-team`", "mariadb")
    before = mysql.look(connection, statements)
    run(connection, "DROP TABLE hero")
    assert mysql.verdict(connection, statements, before) is Verdict.DOUBT


def test_half_of_a_rename_is_in_doubt(connection: Connection) -> None:
    statements = split("RENAME TABLE hero TO champion, `my-team` TO team", "mariadb")
    before = mysql.look(connection, statements)
    run(connection, "RENAME TABLE hero TO champion")
    assert mysql.verdict(connection, statements, before) is Verdict.DOUBT


def test_two_tables_that_change_their_names_are_in_doubt(connection: Connection) -> None:
    statements = split("RENAME TABLE hero TO t, archive TO hero, t TO archive", "mariadb")
    before = mysql.look(connection, statements)
    assert mysql.verdict(connection, statements, before) is Verdict.DOUBT
    assert mysql.is_lasting_doubt(connection, statements, before)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE a (id int); DROP TABLE hero",
        "CREATE TABLE a (id int); CREATE TABLE b (id int)",
    ],
)
def test_half_of_a_text_of_several_is_in_doubt(connection: Connection, sql: str) -> None:
    statements = split(sql, "mariadb")
    before = mysql.look(connection, statements)
    assert mysql.verdict(connection, statements, before) is Verdict.NOT_DONE
    run(connection, "CREATE TABLE a (id int)")
    assert mysql.verdict(connection, statements, before) is Verdict.DOUBT


def test_rows_beside_a_definition_in_one_text_are_in_doubt(connection: Connection) -> None:
    statements = split("INSERT INTO archive VALUES (1); CREATE TABLE a (id int)", "mariadb")
    before = mysql.look(connection, statements)
    assert mysql.verdict(connection, statements, before) is Verdict.DOUBT


def test_truncate_without_the_right_to_see_the_numbers(
    mariadb: Database, connection: Connection
) -> None:
    user = f"u{mariadb.name[-20:]}".replace("-", "_")
    mariadb.run(
        f"CREATE USER {user}@'%' IDENTIFIED BY 'secret'", f"GRANT ALL ON {mariadb.name}.* TO {user}"
    )
    try:
        engine = create_engine(mariadb.url.replace("root@", f"{user}:secret@"), poolclass=NullPool)
        with engine.connect() as poor:
            full, empty = (split(f"TRUNCATE {name}", "mariadb") for name in ("hero", "archive"))
            assert mysql.verdict(poor, full, mysql.look(poor, full)) is Verdict.DOUBT
            assert mysql.verdict(poor, empty, mysql.look(poor, empty)) is Verdict.NOT_DONE
    finally:
        mariadb.run(f"DROP USER {user}")


@pytest.mark.parametrize(
    "sql",
    [
        "GRANT SELECT ON hero TO u",
        "FLUSH TABLES",
        "ANALYZE TABLE hero",
        "OPTIMIZE TABLE hero",
        "SET PASSWORD FOR u = PASSWORD('a')",
        "ALTER USER u IDENTIFIED BY 'a'",
        "CREATE USER IF NOT EXISTS u",
        "CREATE OR REPLACE ROLE r",
        "DROP USER IF EXISTS u",
        "UNLOCK TABLES",
    ],
)
def test_what_may_be_run_twice_is_run_again(connection: Connection, sql: str) -> None:
    statements = split(sql, "mariadb")
    assert mysql.kind(statements[0]) is Kind.ALONE
    assert not mysql.is_lasting_doubt(connection, statements, mysql.look(connection, statements))
    assert mysql.verdict(connection, statements, {}) is Verdict.NOT_DONE


@pytest.mark.parametrize(
    "sql",
    [
        "CALL nothing()",
        "EXECUTE made",
        "EXECUTE IMMEDIATE 'DROP TABLE hero'",
        "BEGIN NOT ATOMIC DELETE FROM hero; END",
        "CREATE USER u",
        "REVOKE SELECT ON hero FROM u",
        "INSTALL SONAME 'ha_spider'",
    ],
)
def test_what_no_definition_shows_is_in_doubt(connection: Connection, sql: str) -> None:
    statements = split(sql, "mariadb")
    assert mysql.kind(statements[0]) is Kind.ALONE
    assert mysql.is_lasting_doubt(connection, statements, mysql.look(connection, statements))
    assert mysql.verdict(connection, statements, {}) is Verdict.DOUBT


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "(SELECT 1) UNION (SELECT 2)",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "/* x */ insert into hero values (1)",
        "REPLACE INTO hero VALUES (1)",
        "LOAD DATA INFILE 'a' INTO TABLE hero",
        "SAVEPOINT a",
        "SHOW CREATE TABLE hero",
        "ANALYZE UPDATE hero SET name = 'a'",
        "SET STATEMENT max_statement_time = 1 FOR DELETE FROM hero",
        "ROLLBACK TO SAVEPOINT a",
    ],
)
def test_what_a_rollback_undoes(sql: str) -> None:
    assert mysql.kind(split(sql, "mariadb")[0]) is Kind.PLAIN


@pytest.mark.parametrize(
    "sql",
    [
        "SET foreign_key_checks = 0",
        "SET @a = 1",
        "SELECT count(*) INTO @a FROM hero",
        "SELECT @a := 1",
        "USE mysql",
        "PREPARE made FROM 'SELECT 1'",
        "CREATE TEMPORARY TABLE t (id int)",
        "DROP TEMPORARY TABLE t",
        "/*!40101 SET NAMES utf8mb4 */",
    ],
)
def test_what_the_next_session_does_not_know(sql: str) -> None:
    assert mysql.kind(split(sql, "mariadb")[0]) is Kind.SESSION


@pytest.mark.parametrize(
    "sql",
    [
        "COMMIT",
        "START TRANSACTION",
        "XA START 'a'",
        "LOCK TABLES hero WRITE",
        "SET autocommit = 1",
        "SET SESSION autocommit=0",
        "SET @@autocommit = 0",
    ],
)
def test_what_would_break_the_transaction_is_refused(sql: str) -> None:
    assert mysql.refusal(split(sql, "mariadb")[0])


@pytest.mark.parametrize("sql", ["UNLOCK TABLES", "SET @a = 'autocommit'", "SAVEPOINT commit"])
def test_what_would_not_is_not(sql: str) -> None:
    assert mysql.refusal(split(sql, "mariadb")[0]) is None

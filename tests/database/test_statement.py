"""A text of SQL is taken apart where its dialect ends a statement, and nowhere else."""

from __future__ import annotations

import pytest

from sqlmodel_migrations.database.statement import (
    Name,
    Reader,
    Statement,
    split,
    tokenize,
    transaction_control,
    verb,
    without_secrets,
)

KINDS = ("postgresql", "mysql", "mariadb", "sqlite")


def texts(sql: str, dialect: str) -> list[str]:
    return [statement.text for statement in split(sql, dialect)]


@pytest.mark.parametrize("dialect", KINDS)
def test_ends_at_a_semicolon(dialect: str) -> None:
    assert texts(" SELECT 1;\n\nSELECT 2 ; ;", dialect) == ["SELECT 1", "SELECT 2"]
    assert texts("SELECT 1", dialect) == ["SELECT 1"]
    assert texts(" -- nothing\n /* at all */ ; ", dialect) == []


@pytest.mark.parametrize("dialect", KINDS)
@pytest.mark.parametrize(
    "hidden", ["'a;b'", "'it''s; it'", '"a;b"', "/* a;b */ 1", "1 -- a;b\n", "'a\n;b'"]
)
def test_not_where_it_is_hidden(dialect: str, hidden: str) -> None:
    assert len(texts(f"SELECT {hidden}; SELECT 2", dialect)) == 2


@pytest.mark.parametrize(
    ("dialect", "hidden"),
    [
        ("postgresql", "$$ a; b $$"),
        ("postgresql", "$tag$ a; $$ b; $tag$"),
        ("postgresql", r"E'it\'s; it'"),
        ("postgresql", "/* a /* b; */ c; */ 1"),
        ("postgresql", "$1 + 'a;$1$;'"),
        ("mysql", r"'it\'s; it'"),
        ("mysql", "`a;b`"),
        ("mysql", "1 # a;b\n"),
        ("mysql", r'"it\"s; it"'),
        ("sqlite", "[a;b]"),
        ("sqlite", "`a;b`"),
    ],
)
def test_each_dialect_hides_in_its_own_way(dialect: str, hidden: str) -> None:
    assert len(texts(f"SELECT {hidden}; SELECT 2", dialect)) == 2


@pytest.mark.parametrize(
    ("dialect", "shown"),
    [
        ("postgresql", r"'a\'"),
        ("postgresql", "1 # 2"),
        ("sqlite", r"'a\'"),
        ("mysql", "5--1"),
        ("mysql", "2*/* a */3"),
    ],
)
def test_what_hides_elsewhere_hides_nothing(dialect: str, shown: str) -> None:
    assert texts(f"SELECT {shown}; SELECT 2", dialect)[-1] == "SELECT 2"


@pytest.mark.parametrize(
    ("dialect", "routine"),
    [
        (
            "sqlite",
            "CREATE TEMP TRIGGER t AFTER INSERT ON hero BEGIN"
            " UPDATE a SET b = CASE WHEN 1 THEN 2 END; DELETE FROM c; END",
        ),
        (
            "postgresql",
            "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
        ),
        ("postgresql", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$"),
    ],
)
def test_the_body_of_a_routine_is_one_statement(dialect: str, routine: str) -> None:
    assert texts(f"{routine}; SELECT 2", dialect) == [routine, "SELECT 2"]


@pytest.mark.parametrize(
    "routine",
    [
        "CREATE DEFINER=`root`@`localhost` PROCEDURE p() BEGIN SELECT 1; SELECT 2; END",
        "CREATE TRIGGER t BEFORE INSERT ON hero FOR EACH ROW IF 1 THEN SET @a = 1; END IF",
        "BEGIN NOT ATOMIC SELECT 1; SELECT 2; END",
        "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON h"
        " FOR EACH ROW BEGIN SET @a = 1; SET @b = 2; END */",
    ],
)
def test_a_routine_of_mariadb_takes_the_rest_of_the_text(routine: str) -> None:
    assert texts(routine, "mariadb") == [routine]


def test_a_table_called_like_a_routine_is_none() -> None:
    assert len(texts("CREATE TABLE event (id int); DROP TABLE event", "mariadb")) == 2


@pytest.mark.parametrize("dialect", KINDS)
@pytest.mark.parametrize(
    "sql", ["SELECT 'a", 'SELECT "a', "SELECT $$ a", "/* a", "SELECT \\", "ä $ é", "'", "\x00"]
)
def test_no_text_is_lost_however_broken(dialect: str, sql: str) -> None:
    assert "".join(token.text for token in tokenize(sql, dialect)) == sql


def test_reads_words_and_names() -> None:
    statement = Statement('CREATE UNIQUE INDEX "My Index" ON App.Hero (name)', "postgresql")
    reader = Reader(statement)
    assert statement.verb == "CREATE"
    assert reader.take("CREATE")
    assert not reader.take("TABLE")
    reader.skip("UNIQUE", "FULLTEXT")
    assert reader.take("INDEX")
    assert reader.name() == Name(None, "My Index")
    assert reader.take("ON")
    assert reader.name() == Name("app", "hero")


def test_names_keep_their_letters_but_on_postgresql() -> None:
    assert Reader(Statement("Hero", "mysql")).name() == Name(None, "Hero")
    assert Reader(Statement("a.b.`c.d`, E", "mysql")).names() == (
        Name("b", "c.d"),
        Name(None, "E"),
    )


def test_words_count_outside_quotes_only() -> None:
    statement = Statement("SELECT 'FOR UPDATE' /* FOR UPDATE */ FROM t for\nshare", "postgresql")
    assert statement.has("FOR", "SHARE")
    assert not statement.has("FOR", "UPDATE")


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [
        ("CREATE USER u IDENTIFIED BY 'hunter2'", "mysql"),
        ("CREATE USER u IDENTIFIED VIA ed25519 USING PASSWORD('hunter2')", "mariadb"),
        ('SET PASSWORD FOR u = PASSWORD("hunter2")', "mysql"),
        ("ALTER ROLE u ENCRYPTED PASSWORD 'hunter2'", "postgresql"),
        ("CREATE SUBSCRIPTION s CONNECTION 'host=h password=hunter2' PUBLICATION p", "postgresql"),
        ("SELECT dblink('host=h password=hunter2')", "postgresql"),
        ("SELECT dblink('postgresql://u:hunter2@h/d')", "postgresql"),
        ("INSERT INTO person (name, password) VALUES ('a', 'hunter2')", "sqlite"),
    ],
)
def test_a_password_is_taken_out(sql: str, dialect: str) -> None:
    shown = without_secrets(sql, dialect)
    assert "hunter2" not in shown
    assert "***" in shown


def test_other_texts_stay() -> None:
    sql = "INSERT INTO hero (name) VALUES ('Deadpond') -- it's"
    assert without_secrets(sql, "postgresql") == sql


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("begin", "BEGIN"),
        ("/* now */ COMMIT WORK", "COMMIT"),
        ("END TRANSACTION", "END"),
        ("ROLLBACK AND CHAIN", "ROLLBACK"),
        ("START TRANSACTION READ ONLY", "START TRANSACTION"),
        ("PREPARE TRANSACTION 'a'", "PREPARE TRANSACTION"),
        ("XA START 'a'", "XA"),
        ("BEGIN NOT ATOMIC SELECT 1; END", None),
        ("ROLLBACK TO SAVEPOINT a", None),
        ("ROLLBACK TRANSACTION TO a", None),
        ("RELEASE a", None),
        ("SAVEPOINT a", None),
        ("COMMIT PREPARED 'a'", None),
        ("PREPARE a AS SELECT 1", None),
        ("DO $$ BEGIN COMMIT; END $$", None),
        ("COMMENT ON TABLE hero IS 'COMMIT'", None),
    ],
)
def test_knows_what_begins_or_ends_a_transaction(sql: str, words: str | None) -> None:
    assert transaction_control(Statement(sql, "postgresql")) == words


@pytest.mark.parametrize(
    ("sql", "word"),
    [(" -- a\n/* b */ ; select 1", "SELECT"), ("VACUUM", "VACUUM"), ("", ""), ("(SELECT 1)", "")],
)
def test_reads_the_first_word(sql: str, word: str) -> None:
    assert verb(sql) == word

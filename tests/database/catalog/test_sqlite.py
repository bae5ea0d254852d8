"""Each attribute of an SQLite schema is seen, once; the cases differ in that attribute alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog.difference import differences
from sqlmodel_migrations.database.fingerprint import fingerprint

from .sides import execute, read_sqlite

HERO = "CREATE TABLE hero (a INTEGER{}, b TEXT)"
KEY = "CREATE TABLE team (id INTEGER PRIMARY KEY);\nCREATE TABLE hero (a INT REFERENCES team{})"
INDEX = "CREATE TABLE hero (a INT, b TEXT);\nCREATE {}"
TRIGGER = (
    "CREATE TABLE hero (a INT);\n"
    "CREATE TRIGGER t {} ON hero BEGIN UPDATE hero SET a = 'x  y'; DELETE FROM hero; END"
)

CASES = {
    "type": (HERO.format(""), "CREATE TABLE hero (a BIGINT, b TEXT)", "type INTEGER, not BIGINT"),
    "length": (
        "CREATE TABLE hero (a VARCHAR(50))",
        "CREATE TABLE hero (a VARCHAR(60))",
        "column 'hero.a': type VARCHAR(50), not VARCHAR(60)",
    ),
    "nullable": (HERO.format(""), HERO.format(" NOT NULL"), "column 'hero.a': NULL, not NOT NULL"),
    "default": (HERO.format(" DEFAULT 1"), HERO.format(" DEFAULT 2"), "default 1, not 2"),
    "no default": (HERO.format(""), HERO.format(" DEFAULT 2"), "default none, not 2"),
    "default's quotes": (
        "CREATE TABLE hero (a)",
        "CREATE TABLE hero (a DEFAULT 'NULL')",
        "default none, not 'NULL'",
    ),
    "computed": (
        "CREATE TABLE hero (a INT, b INT AS (a * 2) STORED)",
        "CREATE TABLE hero (a INT, b INT AS (a * 3) STORED)",
        "column 'hero.b': computed a * 2 stored, not a * 3 stored",
    ),
    "virtual": (
        "CREATE TABLE hero (a INT, b INT AS (a * 2) STORED)",
        "CREATE TABLE hero (a INT, b INT GENERATED ALWAYS AS (a * 2))",
        "computed a * 2 stored, not a * 2 virtual",
    ),
    "autoincrement": (
        HERO.format(" PRIMARY KEY"),
        HERO.format(" PRIMARY KEY AUTOINCREMENT"),
        "column 'hero.a': identity none, not autoincrement",
    ),
    "collation": (
        "CREATE TABLE hero (a TEXT)",
        "CREATE TABLE hero (a TEXT COLLATE NOCASE)",
        "column 'hero.a': collation none, not NOCASE",
    ),
    "on conflict": (
        HERO.format(" NOT NULL"),
        HERO.format(" NOT NULL ON CONFLICT IGNORE"),
        "column 'hero.a': none, not not null on conflict ignore",
    ),
    "primary key": (
        "CREATE TABLE hero (a INT, b INT, PRIMARY KEY (a))",
        "CREATE TABLE hero (a INT, b INT, PRIMARY KEY (a, b))",
        "PRIMARY KEY (a), not PRIMARY KEY (a, b)",
    ),
    "unique": (HERO.format(""), HERO.format(" UNIQUE"), "'UNIQUE (a)' of 'hero' is missing"),
    "unnamed check": (
        HERO.format(""),
        HERO.format(" CHECK (a > 0)"),
        "constraint 'CHECK (a > 0)' of 'hero' is missing",
    ),
    "check": (
        HERO.format(" CONSTRAINT ck CHECK (a > 0)"),
        HERO.format(" CONSTRAINT ck CHECK (a > 1)"),
        "constraint 'ck' of 'hero': CHECK (a > 0), not CHECK (a > 1)",
    ),
    "name of a constraint": (
        HERO.format(" CONSTRAINT x CHECK (a > 0)"),
        HERO.format(" CHECK (a > 0)"),
        "constraint CHECK (a > 0) of 'hero': named 'x', not unnamed",
    ),
    "foreign key": (HERO.format(""), HERO.format(" REFERENCES hero (b)"), "is missing"),
    "on delete": (KEY.format(""), KEY.format(" ON DELETE CASCADE"), "is missing"),
    "deferred": (KEY.format(""), KEY.format(" DEFERRABLE INITIALLY DEFERRED"), "is missing"),
    "index": (
        "CREATE TABLE hero (a INT, b TEXT)",
        INDEX.format("INDEX i ON hero (a)"),
        "index 'i' of 'hero' is missing",
    ),
    "unique index": (
        INDEX.format("INDEX i ON hero (a)"),
        INDEX.format("UNIQUE INDEX i ON hero (a)"),
        "index 'i' of 'hero': (a), not UNIQUE (a)",
    ),
    "index' expression": (
        INDEX.format("INDEX i ON hero (lower(b))"),
        INDEX.format("INDEX i ON hero (upper(b))"),
        "(lower(b)), not (upper(b))",
    ),
    "descending": (
        INDEX.format("INDEX i ON hero (a)"),
        INDEX.format("INDEX i ON hero (a DESC)"),
        "(a), not (a desc)",
    ),
    "condition": (
        INDEX.format("INDEX i ON hero (a) WHERE a > 1"),
        INDEX.format("INDEX i ON hero (a) WHERE a > 2"),
        "(a) WHERE a > 1, not (a) WHERE a > 2",
    ),
    "index' collation": (
        INDEX.format("INDEX i ON hero (b)"),
        INDEX.format("INDEX i ON hero (b COLLATE NOCASE)"),
        "(b), not (b collate nocase)",
    ),
    "trigger": (
        TRIGGER.format("AFTER INSERT"),
        TRIGGER.format("AFTER DELETE"),
        "trigger 't' of 'hero': create trigger t after insert on hero begin update hero set a = "
        "'x  y'; delete from hero; end, not",
    ),
    "view": ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 2", "view 'v': create view v"),
    "strict": (HERO.format(""), HERO.format("") + " STRICT", "options none, not strict"),
    "without rowid": (
        "CREATE TABLE hero (a INT NOT NULL PRIMARY KEY)",
        "CREATE TABLE hero (a INT NOT NULL PRIMARY KEY) WITHOUT ROWID",
        "table 'hero': options none, not without rowid",
    ),
    "virtual table": (
        "CREATE VIRTUAL TABLE v USING fts5(a)",
        "CREATE VIRTUAL TABLE v USING fts5(a, tokenize=porter)",
        "table 'v': options using fts5(a), not using fts5(a, tokenize = porter)",
    ),
    "table": ("SELECT 1", "CREATE TABLE hero (a)", "table 'hero' is missing"),
    "column": ("CREATE TABLE h (a, b)", "CREATE TABLE h (b)", "column 'h.a' should not be there"),
}


@pytest.mark.parametrize(("first", "second", "text"), CASES.values(), ids=CASES.keys())
def test_an_attribute_is_seen_once(first: str, second: str, text: str) -> None:
    before, again, after = (read_sqlite(script) for script in (first, first, second))

    assert differences(before, again) == ()
    assert fingerprint(before) == fingerprint(again)
    (found,) = [d for d in differences(before, after) if not _is_other_side(d.text, text)]
    assert text in found.text
    assert fingerprint(before) != fingerprint(after)


def _is_other_side(text: str, expected: str) -> bool:
    """A definition without a name that changes is one that goes and one that comes."""
    return expected == "is missing" and "should not be there" in text


SPELLINGS = {
    "case and quotes": (
        'create table "hero" ("a" varchar( 50 ) not null, constraint "ck" check ("a">\'x\'))',
        "CREATE TABLE hero (a VARCHAR(50) NOT NULL, CONSTRAINT ck CHECK (a > 'x'))",
    ),
    "comments and lines": (
        "CREATE TABLE hero (a INT, -- the first\n b INT /* , c */ CHECK (b\n<> /* ! */ 1))",
        "CREATE TABLE hero (a INT, b INT CHECK (b <> 1))",
    ),
    "in the column or behind": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT UNIQUE REFERENCES t CHECK (a > 1))",
        "CREATE TABLE t (id INTEGER NOT NULL, a INT, PRIMARY KEY (id), UNIQUE (a), CHECK (a > 1), "
        "FOREIGN KEY(a) REFERENCES t (id))",
    ),
    "what is done anyway": (
        KEY.format(" (id) ON DELETE NO ACTION ON UPDATE CASCADE NOT DEFERRABLE"),
        KEY.format(" ON UPDATE CASCADE"),
    ),
    "order of actions": (
        KEY.format(" ON DELETE CASCADE ON UPDATE SET NULL"),
        KEY.format(" ON UPDATE SET NULL ON DELETE CASCADE"),
    ),
    "an index": (
        INDEX.format('unique  index IF NOT EXISTS "i" on "hero"("a" asc,b  DESC) where a>1'),
        INDEX.format("UNIQUE INDEX i ON hero (a, b DESC) WHERE a > 1"),
    ),
    "a renamed table": (
        "CREATE TABLE x (a INT, CHECK (a > 1));\nCREATE INDEX i ON x (a);\n"
        "CREATE TRIGGER t AFTER INSERT ON x BEGIN DELETE FROM x; END;\n"
        "CREATE VIEW v AS SELECT a FROM x;\nALTER TABLE x RENAME TO hero",
        "CREATE TABLE hero (a INT, CHECK (a > 1));\nCREATE INDEX i ON hero (a);\n"
        "CREATE TRIGGER t AFTER INSERT ON hero BEGIN DELETE FROM hero; END;\n"
        "CREATE VIEW v AS SELECT a FROM hero",
    ),
    "a renamed column": (
        "CREATE TABLE hero (x INT CHECK (x > 1));\nCREATE INDEX i ON hero (x);\n"
        "ALTER TABLE hero RENAME COLUMN x TO a",
        "CREATE TABLE hero (a INT CHECK (a > 1));\nCREATE INDEX i ON hero (a)",
    ),
    "an added column": (
        "CREATE TABLE hero (a INT, UNIQUE (a));\nALTER TABLE hero ADD COLUMN b INT DEFAULT 1",
        "CREATE TABLE hero (a INT, b INT DEFAULT (1), UNIQUE (a))",
    ),
    "a default of nothing": ("CREATE TABLE h (a DEFAULT NULL)", "CREATE TABLE h (a)"),
    "sqlite_sequence": (
        "CREATE TABLE x (id INTEGER PRIMARY KEY AUTOINCREMENT);\nDROP TABLE x",
        "SELECT 1",
    ),
}


@pytest.mark.parametrize(("first", "second"), SPELLINGS.values(), ids=SPELLINGS.keys())
def test_spellings_of_one_schema_are_equal(first: str, second: str) -> None:
    before, after = read_sqlite(first), read_sqlite(second)

    assert differences(before, after) == ()
    assert fingerprint(before) == fingerprint(after)


def test_owners_of_tables() -> None:
    found = read_sqlite(
        "CREATE TABLE hero (id INTEGER PRIMARY KEY AUTOINCREMENT);\n"
        "CREATE VIRTUAL TABLE page USING fts5(a)"
    )

    owners = {name: table.owner for name, table in found.tables.items()}
    assert owners.pop("hero") is None
    assert owners.pop("sqlite_sequence") == "sqlite"
    assert owners
    assert set(owners.values()) == {"virtual"}


def test_attached_databases() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        execute(connection, "ATTACH ':memory:' AS shop;\nCREATE TABLE shop.item (id INT);\n")
        execute(connection, "CREATE TABLE item (id TEXT, x INT)")

        found = catalog.read(connection, schemas=[None, "shop"])
        alone = catalog.read(connection)
    engine.dispose()

    assert sorted(found.tables) == ["item", "shop.item"]
    assert found.tables["shop.item"].columns["id"].type == "INT"
    assert [*alone.tables] == ["item"]


def test_columns_of_constraints_and_indexes_are_as_the_table_spells_them() -> None:
    found = read_sqlite(
        'CREATE TABLE team ("Id" INT PRIMARY KEY);\n'
        'CREATE TABLE hero ("Team Id" INT, x INT, FOREIGN KEY ("team id") REFERENCES TEAM ("ID"));'
        '\nCREATE INDEX i ON hero ("TEAM ID", x + 1)'
    )

    (key,) = found.tables["hero"].constraints
    assert (key.columns, key.target, key.target_columns) == (("Team Id",), "team", ("Id",))
    assert found.tables["hero"].indexes[0].columns == ("Team Id", None)

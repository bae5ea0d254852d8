"""Each attribute of a MariaDB schema is seen, once; the cases differ in that attribute alone."""

from __future__ import annotations

import pytest

from databases import Database
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog.difference import differences
from sqlmodel_migrations.database.fingerprint import fingerprint

from .sides import Read, connected, execute

pytestmark = pytest.mark.server

HERO = "CREATE TABLE hero (a int{}, b varchar(300))"
INDEX = "CREATE TABLE hero (a int, b varchar(300), {})"
KEY = (
    "CREATE TABLE team (id int PRIMARY KEY);\n"
    "CREATE TABLE hero (a int, CONSTRAINT fk FOREIGN KEY (a) REFERENCES team (id){})"
)
TABLE = "CREATE TABLE hero (a int){}"
TRIGGER = "CREATE TABLE hero (a int);\nCREATE TRIGGER t {} ON hero FOR EACH ROW SET new.a = 1"

CASES = {
    "type": (HERO.format(""), HERO.format(" unsigned"), "type int(11), not int(10) unsigned"),
    "json": (
        "CREATE TABLE hero (a longtext) COLLATE utf8mb4_bin",
        "CREATE TABLE hero (a json) COLLATE utf8mb4_bin",
        "column 'hero.a': type longtext, not json",
    ),
    "enum": (
        "CREATE TABLE hero (a enum('x'))",
        "CREATE TABLE hero (a enum('x', 'y'))",
        "type enum('x'), not enum('x','y')",
    ),
    "nullable": (HERO.format(""), HERO.format(" NOT NULL"), "column 'hero.a': NULL, not NOT NULL"),
    "default": (HERO.format(" DEFAULT 1"), HERO.format(" DEFAULT 2"), "default 1, not 2"),
    "no default": (HERO.format(""), HERO.format(" DEFAULT 2"), "default none, not 2"),
    "text default": (
        "CREATE TABLE hero (a varchar(9))",
        "CREATE TABLE hero (a varchar(9) DEFAULT 'NULL')",
        "default none, not 'NULL'",
    ),
    "computed": (
        "CREATE TABLE hero (a int, b int AS (a * 2) STORED)",
        "CREATE TABLE hero (a int, b int AS (a * 3) STORED)",
        "column 'hero.b': computed `a` * 2 stored, not `a` * 3 stored",
    ),
    "virtual": (
        "CREATE TABLE hero (a int, b int AS (a * 2) STORED)",
        "CREATE TABLE hero (a int, b int AS (a * 2) VIRTUAL)",
        "column 'hero.b': computed `a` * 2 stored, not `a` * 2 virtual",
    ),
    "auto_increment": (
        "CREATE TABLE hero (a int PRIMARY KEY)",
        "CREATE TABLE hero (a int PRIMARY KEY AUTO_INCREMENT)",
        "column 'hero.a': identity none, not auto_increment",
    ),
    "on update": (
        "CREATE TABLE hero (a datetime)",
        "CREATE TABLE hero (a datetime ON UPDATE current_timestamp)",
        "column 'hero.a': none, not on update current_timestamp()",
    ),
    "invisible": (HERO.format(""), HERO.format(" INVISIBLE"), "none, not invisible"),
    "collation": (
        "CREATE TABLE hero (a text)",
        "CREATE TABLE hero (a text COLLATE utf8mb4_bin)",
        "column 'hero.a': collation none, not utf8mb4_bin",
    ),
    "charset": (
        "CREATE TABLE hero (a text)",
        "CREATE TABLE hero (a text CHARACTER SET latin1)",
        "column 'hero.a': collation none, not latin1_swedish_ci",
    ),
    "comment of a column": (
        HERO.format(""),
        HERO.format(" COMMENT 'it''s 100%'"),
        "column 'hero.a': comment none, not it's 100%",
    ),
    "comment of a table": (
        TABLE.format(""),
        TABLE.format(" COMMENT 'x'"),
        "table 'hero': comment none, not x",
    ),
    "engine": (TABLE.format(""), TABLE.format(" ENGINE MyISAM"), "options none, not engine=MyISAM"),
    "charset of a table": (
        TABLE.format(""),
        TABLE.format(" CHARACTER SET latin1"),
        "options none, not collation=latin1_swedish_ci",
    ),
    "row format": (
        TABLE.format(""),
        TABLE.format(" ROW_FORMAT COMPACT"),
        "options none, not row_format=compact",
    ),
    "system versioning": (
        TABLE.format(""),
        TABLE.format(" WITH SYSTEM VERSIONING"),
        "options none, not system versioned",
    ),
    "partitions": (
        TABLE.format(" PARTITION BY HASH (a) PARTITIONS 2"),
        TABLE.format(" PARTITION BY HASH (a) PARTITIONS 3"),
        "partition by hash (`a`): p0, p1, not partition by hash (`a`): p0, p1, p2",
    ),
    "primary key": (
        "CREATE TABLE hero (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a))",
        "CREATE TABLE hero (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a, b))",
        "PRIMARY KEY (`a`), not PRIMARY KEY (`a`, `b`)",
    ),
    "check": (
        HERO.format(", CONSTRAINT ck CHECK (a > 0)"),
        HERO.format(", CONSTRAINT ck CHECK (a > 1)"),
        "constraint 'ck' of 'hero': CHECK (`a` > 0), not CHECK (`a` > 1)",
    ),
    "check in a column": (
        HERO.format(""),
        HERO.format(" CHECK (a > 1)"),
        "constraint 'CHECK (`a` > 1)' of 'hero' is missing",
    ),
    "name of a constraint": (
        HERO.format(", CONSTRAINT x CHECK (a > 0)"),
        HERO.format(", CONSTRAINT y CHECK (a > 0)"),
        "constraint CHECK (`a` > 0) of 'hero': named 'x', not named 'y'",
    ),
    "on delete": (KEY.format(""), KEY.format(" ON DELETE CASCADE"), "not FOREIGN KEY"),
    "on update of a key": (KEY.format(""), KEY.format(" ON UPDATE SET NULL"), "not FOREIGN KEY"),
    "index": (HERO.format(""), INDEX.format("KEY i (a)"), "index 'i' of 'hero' is missing"),
    "unique index": (
        INDEX.format("KEY i (a)"),
        INDEX.format("UNIQUE KEY i (a)"),
        "index 'i' of 'hero': (`a`), not UNIQUE (`a`)",
    ),
    "prefix length": (
        INDEX.format("KEY i (b)"),
        INDEX.format("KEY i (b(10))"),
        "index 'i' of 'hero': (`b`), not (`b`(10))",
    ),
    "descending": (
        INDEX.format("KEY i (a)"),
        INDEX.format("KEY i (a DESC)"),
        "index 'i' of 'hero': (`a`), not (`a` DESC)",
    ),
    "fulltext": (
        INDEX.format("KEY i (b)"),
        INDEX.format("FULLTEXT KEY i (b)"),
        "index 'i' of 'hero': (`b`), not FULLTEXT (`b`)",
    ),
    "ignored": (
        INDEX.format("KEY i (a)"),
        INDEX.format("KEY i (a) IGNORED"),
        "index 'i' of 'hero': (`a`), not (`a`) IGNORED",
    ),
    "trigger": (
        TRIGGER.format("BEFORE INSERT"),
        TRIGGER.format("BEFORE UPDATE"),
        "trigger 't' of 'hero': BEFORE INSERT ON `hero` FOR EACH ROW SET new.a = 1, not",
    ),
    "view": (
        "CREATE VIEW v AS SELECT 1 AS a",
        "CREATE VIEW v AS SELECT 2 AS a",
        "view 'v': select 1 AS `a`, not select 2 AS `a`",
    ),
    "sequence": (
        "CREATE SEQUENCE s",
        "CREATE SEQUENCE s START 5",
        "sequence 's': start 1 increment 1",
    ),
    "table": ("SELECT 1", TABLE.format(""), "table 'hero' is missing"),
    "column": (HERO.format(", c int"), HERO.format(""), "column 'hero.c' should not be there"),
}


@pytest.mark.parametrize(("first", "second", "text"), CASES.values(), ids=CASES.keys())
def test_an_attribute_is_seen_once(read_mariadb: Read, first: str, second: str, text: str) -> None:
    before, again, after = (read_mariadb(script) for script in (first, first, second))

    assert differences(before, again) == ()
    assert fingerprint(before) == fingerprint(again)
    (found,) = differences(before, after)
    assert text in found.text
    assert fingerprint(before) != fingerprint(after)


def test_a_counter_is_no_difference(read_mariadb: Read) -> None:
    before = read_mariadb("CREATE TABLE hero (a int PRIMARY KEY AUTO_INCREMENT)")
    after = read_mariadb(
        "CREATE TABLE hero (a int PRIMARY KEY AUTO_INCREMENT);\nINSERT INTO hero VALUES (99)"
    )

    assert differences(before, after) == ()
    assert fingerprint(before) == fingerprint(after)


def test_json_is_one_type_however_it_was_made(read_mariadb: Read) -> None:
    before = read_mariadb("CREATE TABLE hero (a json)")
    after = read_mariadb("CREATE TABLE hero (a int);\nALTER TABLE hero MODIFY a json")

    assert before.tables["hero"].constraints == ()
    assert before.tables["hero"].columns["a"].type == "json"
    assert differences(before, after) == ()


def test_the_index_of_a_foreign_key_says_so(read_mariadb: Read) -> None:
    found = read_mariadb(
        "CREATE TABLE team (id int PRIMARY KEY, x int, KEY (id, x));\n"
        "CREATE TABLE hero (a int, b int, c int, d int, e int,\n"
        "CONSTRAINT fk FOREIGN KEY (a) REFERENCES team (id),\n"
        "FOREIGN KEY (b) REFERENCES team (id),\n"
        "KEY own (c), FOREIGN KEY (c) REFERENCES team (id),\n"
        "CONSTRAINT two FOREIGN KEY (d, e) REFERENCES team (id, x))"
    )

    made = {index.name: index.implements for index in found.tables["hero"].indexes}
    assert made == {"fk": "fk", "b": "hero_ibfk_1", "own": None, "two": "two"}


def test_restrict_and_no_action_are_one(read_mariadb: Read) -> None:
    before = read_mariadb(KEY.format(" ON DELETE NO ACTION"))
    after = read_mariadb(KEY.format(" ON DELETE RESTRICT"))

    assert differences(before, after) == differences(before, read_mariadb(KEY.format(""))) == ()


def test_a_view_does_not_name_its_database(read_mariadb: Read, mariadb: Database) -> None:
    script = "CREATE TABLE hero (a int);\nCREATE VIEW v AS SELECT a FROM hero WHERE a > 1"
    found = read_mariadb(script)
    with connected(mariadb) as connection:
        execute(connection, script)
        other = catalog.read(connection)

    assert found.views["v"] == "select `hero`.`a` AS `a` from `hero` where `hero`.`a` > 1"
    assert differences(found, other) == ()
    assert fingerprint(found) == fingerprint(other)


def test_another_database_of_the_server(read_mariadb: Read, mariadb: Database) -> None:
    with connected(mariadb) as connection:
        execute(connection, "CREATE TABLE hero (a int PRIMARY KEY)")
        connection.exec_driver_sql("USE information_schema")

        found = catalog.read(connection, schemas=[mariadb.name])

    key = f"{mariadb.name}.hero"
    assert [*found.tables] == [key]
    assert found.tables[key].schema == mariadb.name
    assert found.schemas == (mariadb.name,)

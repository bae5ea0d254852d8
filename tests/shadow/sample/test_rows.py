"""Sample rows on real databases: what is inserted satisfies the schema, and varies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from databases import Database
from sqlmodel_migrations.shadow import sample
from sqlmodel_migrations.shadow.sample import Filled


@contextmanager
def connected(database: Database, *statements: str) -> Iterator[sa.Connection]:
    """A connection to a database in which the statements were run and committed."""
    database.run(*statements)
    engine = sa.create_engine(database.url)
    if database.kind == "sqlite":
        sa.event.listen(engine, "connect", _foreign_keys_on)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _foreign_keys_on(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=ON")


def rows(connection: sa.Connection, query: str) -> list[tuple[Any, ...]]:
    options = {"no_parameters": True}
    return [tuple(row) for row in connection.exec_driver_sql(query, execution_options=options)]


def statements_of(connection: sa.Connection) -> list[str]:
    """The list that every statement from now on is added to."""
    seen: list[str] = []
    sa.event.listen(
        connection, "before_cursor_execute", lambda c, k, statement, *_: seen.append(statement)
    )
    return seen


def column(connection: sa.Connection, table: str, name: str) -> list[Any]:
    return [value for (value,) in rows(connection, f"SELECT {name} FROM {table}")]


def assert_full(filled: Filled, number: int = 3) -> None:
    assert filled.left_out == {}
    assert set(filled.counts.values()) == {number}


PLAIN = (
    "CREATE TABLE hero (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, nick VARCHAR(9),"
    " age INTEGER, score NUMERIC(6, 2), born DATE, met TIMESTAMP NULL)"
)


def test_rows_are_inserted_and_not_committed(database: Database) -> None:
    with connected(database, PLAIN) as connection:
        assert_full(sample.fill(connection))
        assert len(rows(connection, "SELECT * FROM hero")) == 3
        connection.rollback()
        assert rows(connection, "SELECT * FROM hero") == []


def test_every_nullable_column_is_null_in_a_row_and_has_a_value_in_another(
    database: Database,
) -> None:
    with connected(database, PLAIN) as connection:
        sample.fill(connection)
        for name in ("nick", "age", "score", "born", "met"):
            values = column(connection, "hero", name)
            assert None in values
            assert any(value is not None for value in values)


def test_the_same_seed_makes_the_same_rows_and_another_seed_others(database: Database) -> None:
    def made(connection: sa.Connection, seed: int) -> list[tuple[Any, ...]]:
        sample.fill(connection, seed=seed)
        found = rows(connection, "SELECT name, nick, age, score, born FROM hero")
        connection.rollback()
        return found

    with connected(database, PLAIN) as connection:
        assert made(connection, 1) == made(connection, 1)
        assert made(connection, 1) != made(connection, 2)


def test_odd_texts_are_among_the_values(database: Database) -> None:
    columns = ", ".join(f"c{n} VARCHAR(60) NOT NULL" for n in range(8))
    with connected(database, f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})") as connection:
        sample.fill(connection)
        values = {v for n in range(8) for v in column(connection, "t", f"c{n}")}
    assert "" in values
    assert any("'" in v and "%" in v and "ü" in v for v in values)
    assert any(len(v) == 60 for v in values)


POSTGRESQL_TYPES = """
smallint; integer; bigint; numeric; numeric(4,2); numeric(2,2); real; double precision; money;
text; varchar(3); char(5); "char"; name; bytea; boolean; date; time; timetz; timestamp;
timestamptz; timestamptz(0); interval; uuid; json; jsonb; jsonpath; xml; bit(5); varbit(5); bit
varying; inet; cidr; macaddr; macaddr8; point; line; lseg; box; path; polygon; circle; pg_lsn;
tsvector; tsquery; oid; int4range; int8range; numrange; daterange; tsrange; tstzrange;
int4multirange; datemultirange; text[]; integer[]; integer[][]; mood; mood[]; uuid[]; jsonb[];
bytea[]; positive; code; code[]; regclass; timestamp[]; boolean[]; inet[]; citext; hstore
"""
POSTGRESQL_OBJECTS = (
    "CREATE EXTENSION IF NOT EXISTS citext",
    "CREATE EXTENSION IF NOT EXISTS hstore",
    "CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy')",
    "CREATE DOMAIN positive AS integer CHECK (VALUE > 0) CHECK (VALUE < 9)",
    "CREATE DOMAIN code AS varchar(6) NOT NULL CHECK (VALUE ~ '^[A-Z]{2}[0-9]+$')",
)


def _types_table(types: str) -> str:
    columns = (f"c{n} {type_.strip()}" for n, type_ in enumerate(types.split(";")))
    return f"CREATE TABLE t (id integer PRIMARY KEY, {', '.join(columns)})"


def test_every_type_of_postgresql_has_values(postgresql: Database) -> None:
    _assert_types(postgresql, POSTGRESQL_TYPES, *POSTGRESQL_OBJECTS)


def test_every_type_of_mariadb_has_values(mariadb: Database) -> None:
    _assert_types(mariadb, MARIADB_TYPES)


def test_every_type_of_sqlite_has_values(sqlite: Database) -> None:
    _assert_types(sqlite, SQLITE_TYPES)


MARIADB_TYPES = """
tinyint; tinyint(1); tinyint unsigned; smallint; mediumint unsigned; int; int unsigned; bigint;
bigint unsigned; decimal(5,2); decimal(5,2) unsigned; float; double; bit(1); bit(7); boolean; year;
date; time; time(3); datetime; datetime(6); timestamp NULL; char(3); varchar(7); binary(16);
varbinary(4); tinytext; text; mediumtext; longtext; tinyblob; blob; longblob; json;
enum('a', 'it''s', 'c'); set('x', 'y', 'z'); inet6; inet4; uuid; varchar(5) CHARACTER SET latin1
"""
SQLITE_TYPES = """
; integer; int; text; varchar(4); real; blob; numeric; decimal(5, 2); boolean; date; datetime;
timestamp; json; uuid; float; char(3); bigint; whatever
"""


def _assert_types(database: Database, types: str, *objects: str) -> None:
    with connected(database, *objects, _types_table(types)) as connection:
        assert_full(sample.fill(connection))
        for number, type_ in enumerate(types.split(";")):
            values = column(connection, "t", f"c{number}")
            assert any(value is not None for value in values), type_.strip()


def test_a_type_that_nobody_knows_is_null_or_left_out(postgresql: Database) -> None:
    statements = (
        "CREATE TYPE pair AS (a int, b int)",
        "CREATE TABLE may (id integer PRIMARY KEY, p pair)",
        "CREATE TABLE own (id integer PRIMARY KEY, p pair NOT NULL DEFAULT '(1,2)')",
        "CREATE TABLE must (id integer PRIMARY KEY, p pair NOT NULL)",
    )
    with connected(postgresql, *statements) as connection:
        filled = sample.fill(connection)
        assert filled.counts == {"may": 3, "own": 3, "must": 0}
        assert filled.left_out == {
            "must": "of column 'p', the type is not known and NULL not allowed"
        }


def test_strict_tables_of_sqlite(sqlite: Database) -> None:
    made = (
        "CREATE TABLE t (i INT, n INTEGER, r REAL, x TEXT, b BLOB, a ANY,"
        " k TEXT PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID"
    )
    with connected(sqlite, made) as connection:
        assert_full(sample.fill(connection))


def test_the_server_fills_defaults_computed_and_identity_columns(database: Database) -> None:
    identity = {
        "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "postgresql": "INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "mariadb": "INTEGER AUTO_INCREMENT PRIMARY KEY",
    }[database.kind]
    made = (
        f"CREATE TABLE t (id {identity}, a INTEGER NOT NULL DEFAULT 17,"
        " b VARCHAR(9) DEFAULT 'it''s',"
        " c INTEGER GENERATED ALWAYS AS (a + 1) STORED,"
        " at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"
    )
    with connected(database, made) as connection:
        filled = sample.fill(connection)
        assert_full(filled)
        assert filled.skipped_columns == {"t": ("id", "c")}
        assert rows(connection, "SELECT id, a, c FROM t") == [(1, 17, 18), (2, 17, 18), (3, 17, 18)]
        assert sorted(column(connection, "t", "b"), key=str) == [None, "it's", "it's"]


def test_a_table_of_which_the_server_fills_every_column(database: Database) -> None:
    key = {
        "sqlite": "INTEGER PRIMARY KEY",
        "postgresql": "serial PRIMARY KEY",
        "mariadb": "INTEGER AUTO_INCREMENT PRIMARY KEY",
    }[database.kind]
    with connected(database, f"CREATE TABLE t (id {key})") as connection:
        assert_full(sample.fill(connection))


def test_parents_come_before_their_children(database: Database) -> None:
    statements = (
        "CREATE TABLE z_team (id INTEGER PRIMARY KEY, code VARCHAR(9) NOT NULL UNIQUE,"
        " a INTEGER NOT NULL, b VARCHAR(9) NOT NULL, UNIQUE (a, b))",
        "CREATE TABLE m_hero (id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL, code VARCHAR(9),"
        " a INTEGER NOT NULL, b VARCHAR(9) NOT NULL, FOREIGN KEY (team_id) REFERENCES z_team (id),"
        " FOREIGN KEY (code) REFERENCES z_team (code),"
        " FOREIGN KEY (a, b) REFERENCES z_team (a, b))",
        "CREATE TABLE a_link (team_id INTEGER NOT NULL, hero_id INTEGER NOT NULL,"
        " PRIMARY KEY (team_id, hero_id), FOREIGN KEY (team_id) REFERENCES z_team (id),"
        " FOREIGN KEY (hero_id) REFERENCES m_hero (id))",
    )
    with connected(database, *statements) as connection:
        assert_full(sample.fill(connection))
        assert len(set(rows(connection, "SELECT team_id, hero_id FROM a_link"))) == 3


def test_a_numbered_key_that_refers_to_a_parent(database: Database) -> None:
    """One to one: the number is the parent's, not the server's next one."""
    key = {
        "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "postgresql": "int GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "mariadb": "INTEGER AUTO_INCREMENT PRIMARY KEY",
    }[database.kind]
    override = " OVERRIDING SYSTEM VALUE" if "ALWAYS" in key else ""
    statements = (
        f"CREATE TABLE team (id {key})",
        f"INSERT INTO team (id){override} VALUES (70), (80), (90)",
        f"CREATE TABLE hero (id {key}, FOREIGN KEY (id) REFERENCES team (id))",
    )
    with connected(database, *statements) as connection:
        assert_full(sample.fill(connection))
        assert rows(connection, "SELECT id FROM hero WHERE id NOT IN (SELECT id FROM team)") == []


def test_a_link_of_one_parent_and_two_has_two_rows(database: Database) -> None:
    statements = (
        "CREATE TABLE a (id VARCHAR(3) NOT NULL PRIMARY KEY, CHECK (id = 'abc'))",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, x INTEGER NOT NULL UNIQUE, CHECK (x IN (4, 5)))",
        "CREATE TABLE l (a VARCHAR(3) NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b),"
        " FOREIGN KEY (a) REFERENCES a (id), FOREIGN KEY (b) REFERENCES b (id))",
    )
    with connected(database, *statements) as connection:
        filled = sample.fill(connection)
        assert filled.left_out == {}
        assert filled.counts == {"a": 1, "b": 2, "l": 2}


def test_two_composite_keys_that_share_a_column(database: Database) -> None:
    statements = (
        "CREATE TABLE a (tenant INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (tenant, id))",
        "CREATE TABLE b (tenant INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (tenant, id),"
        " CHECK (tenant = 2))",
        "CREATE TABLE c (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, a INTEGER NOT NULL,"
        " b INTEGER NOT NULL, FOREIGN KEY (tenant, a) REFERENCES a (tenant, id),"
        " FOREIGN KEY (tenant, b) REFERENCES b (tenant, id))",
    )
    with connected(database, *statements) as connection:
        assert_full(sample.fill(connection))
        assert set(column(connection, "c", "tenant")) == {2}


def test_a_self_reference_is_null_first_and_filled_afterwards(database: Database) -> None:
    made = (
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, boss INTEGER, CHECK (boss <> id),"
        " FOREIGN KEY (boss) REFERENCES t (id))"
    )
    with connected(database, made) as connection:
        assert_full(sample.fill(connection))
        bosses = column(connection, "t", "boss")
        assert None in bosses
        assert any(boss is not None for boss in bosses)


def test_a_self_reference_without_null(database: Database) -> None:
    made = (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, root INTEGER NOT NULL,"
        " FOREIGN KEY (root) REFERENCES t (id))"
    )
    with connected(database, made) as connection:
        assert_full(sample.fill(connection))


def test_a_cycle_with_a_nullable_side(database: Database) -> None:
    with connected(database, *_cycle(database, "")) as connection:
        assert_full(sample.fill(connection))
        assert any(value is not None for value in column(connection, "b", "a_id"))


def _cycle(database: Database, null: str, deferrable: str = "") -> tuple[str, ...]:
    to_b = f"FOREIGN KEY (b_id) REFERENCES b (id){deferrable}"
    to_a = f"FOREIGN KEY (a_id) REFERENCES a (id){deferrable}"
    b = f"CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER {null}"
    a = "CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER NOT NULL"
    if database.kind == "sqlite":
        return f"{a}, {to_b})", f"{b}, {to_a})"
    return f"{b})", f"{a}, {to_b})", f"ALTER TABLE b ADD CONSTRAINT b_a {to_a}"


def test_a_cycle_without_null(database: Database) -> None:
    deferrable = "" if database.kind == "mariadb" else " DEFERRABLE"
    with connected(database, *_cycle(database, "NOT NULL", deferrable)) as connection:
        assert_full(sample.fill(connection))
        joined = "SELECT COUNT(*) FROM a JOIN b ON b.id = a.b_id JOIN a a2 ON a2.id = b.a_id"
        assert rows(connection, joined) == [(3,)]


def test_a_cycle_that_cannot_be_entered_is_left_out(postgresql: Database) -> None:
    with connected(postgresql, *_cycle(postgresql, "NOT NULL")) as connection:
        filled = sample.fill(connection)
        assert filled.counts == {"a": 0, "b": 0}
        assert "violates foreign key" in filled.left_out["a"]


CHECKS = (
    "age BETWEEN 18 AND 99",
    "age > 1000 AND age < 1003",
    "age % 7 = 3",
    "kind IN ('red', 'it''s green')",
    "kind LIKE 'AB%'",
    "LENGTH(kind) = 12",
    "LENGTH(kind) >= 3 AND kind = UPPER(kind)",
    "age < top",
    "price > 0 AND price <= 0.05",
    "price * top = 100",
    "born > '2030-01-01' AND born < '2030-01-05'",
    "(age IS NULL) <> (top IS NULL)",
    "age IS NOT NULL OR kind IS NOT NULL",
    "100 / age > 3",
    "kind = 'a' AND age = 5 AND top > 77",
)


@pytest.mark.parametrize("check", CHECKS)
def test_checks_are_satisfied(database: Database, check: str) -> None:
    made = (
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, age INTEGER, top INTEGER,"
        f" kind VARCHAR(20), price NUMERIC(8, 3), born DATE, CONSTRAINT c CHECK ({check}))"
    )
    with connected(database, made) as connection:
        assert_full(sample.fill(connection))
        satisfied = rows(connection, f"SELECT COUNT(*) FROM t WHERE {check}")
        assert satisfied[0][0] > 0


@pytest.mark.parametrize(
    "check",
    [
        "kind ~ '^[A-Z]{3}-[0-9]{4}$'",
        r"kind ~ '^\d{5}(-\d{4})?$'",
        "kind ~* '^[a-z0-9._]+@[a-z]+\\.(com|org)$'",
        "tags <@ ARRAY['x', 'y'] AND cardinality(tags) = 1",
        "jsonb_typeof(data) = 'array'",
        "jsonb_typeof(data) = 'object' AND data ? 'a'",
        "upper(period) - lower(period) < 10",
        "kind = ANY (ARRAY['p', 'q']::text[])",
        "(kind)::text ~~ 'x_z%'",
        "num_nonnulls(kind, tags) = 1",
    ],
)
def test_checks_of_postgresql_are_satisfied(postgresql: Database, check: str) -> None:
    made = (
        "CREATE TABLE t (id integer PRIMARY KEY, kind text, tags text[], data jsonb,"
        f" period daterange, CHECK ({check}))"
    )
    with connected(postgresql, made) as connection:
        assert_full(sample.fill(connection))
        assert rows(connection, f"SELECT COUNT(*) FROM t WHERE {check}")[0][0] > 0


def test_a_check_that_nothing_satisfies_is_a_reason(database: Database) -> None:
    made = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, CHECK (a > 3 AND a < 2))"
    with connected(database, made) as connection:
        filled = sample.fill(connection)
        assert filled.counts == {"t": 0}
        assert "CHECK" in filled.left_out["t"]


def test_unique_values_where_few_are_possible_make_fewer_rows(database: Database) -> None:
    made = (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, flag BOOLEAN NOT NULL UNIQUE,"
        " mail VARCHAR(40) NOT NULL UNIQUE)"
    )
    with connected(database, made) as connection:
        seen = statements_of(connection)
        filled = sample.fill(connection, rows=5)
        assert filled.counts == {"t": 2}
        # Known beforehand, not found out by refusals.
        assert len([s for s in seen if s.startswith("INSERT")]) == 1


def test_unique_indexes_partial_and_of_expressions(database: Database) -> None:
    if database.kind == "mariadb":
        indexes = ["CREATE UNIQUE INDEX u ON t (mail(1))"]
    else:
        indexes = [
            "CREATE UNIQUE INDEX u ON t (lower(mail))",
            "CREATE UNIQUE INDEX v ON t (state) WHERE state = 'open'",
            "CREATE UNIQUE INDEX w ON t (length(state)) WHERE state = 'open'",
        ]
    made = (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, mail VARCHAR(40) NOT NULL,"
        " state VARCHAR(6) NOT NULL, CHECK (state IN ('open', 'shut')))"
    )
    with connected(database, made, *indexes) as connection:
        filled = sample.fill(connection)
        assert filled.left_out == {}
        assert filled.counts["t"] >= 2


def test_an_exclusion_constraint_is_satisfied(postgresql: Database) -> None:
    made = (
        "CREATE TABLE t (id integer PRIMARY KEY, during tsrange NOT NULL,"
        " EXCLUDE USING gist (during WITH &&))"
    )
    with connected(postgresql, made) as connection:
        assert_full(sample.fill(connection))


def test_an_exclusion_constraint_that_lets_one_row_in(postgresql: Database) -> None:
    made = (
        "CREATE TABLE t (id integer PRIMARY KEY, at box NOT NULL, EXCLUDE USING gist (at WITH &&),"
        " CHECK (id > 0))",
        "CREATE FUNCTION one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF (SELECT count(*) FROM t) > 0 THEN RAISE 'only one'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION one()",
    )
    with connected(postgresql, *made) as connection:
        filled = sample.fill(connection)
        assert filled.counts == {"t": 1}


def test_a_trigger_that_refuses_everything_is_a_reason(database: Database) -> None:
    trigger = {
        "sqlite": [
            "CREATE TRIGGER n BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'not today'); END"
        ],
        "mariadb": [
            "CREATE TRIGGER n BEFORE INSERT ON t FOR EACH ROW"
            " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not today'"
        ],
        "postgresql": [
            "CREATE FUNCTION n() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE 'not today'; END $$",
            "CREATE TRIGGER n BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION n()",
        ],
    }[database.kind]
    made = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a INTEGER)"
    child = (
        "CREATE TABLE u (id INTEGER NOT NULL PRIMARY KEY, t_id INTEGER NOT NULL,"
        " FOREIGN KEY (t_id) REFERENCES t (id))"
    )
    with connected(database, made, *trigger, child) as connection:
        filled = sample.fill(connection)
        assert filled.counts == {"t": 0, "u": 0}
        assert "not today" in filled.left_out["t"]
        assert filled.left_out["u"] == "no row of 't' is there to refer to"


def test_a_trigger_that_refuses_some_rows_lets_the_others_in(sqlite: Database) -> None:
    made = (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT)",
        "CREATE TRIGGER n BEFORE INSERT ON t WHEN NEW.a IS NULL"
        " BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    with connected(sqlite, *made) as connection:
        assert sample.fill(connection).counts["t"] >= 2
        assert None not in column(connection, "t", "a")


def test_rows_that_are_there_already_are_kept_clear_of(database: Database) -> None:
    made = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, code SMALLINT NOT NULL UNIQUE)"
    there = "INSERT INTO t VALUES (1, 1), (2, 2)"
    with connected(database, made, there) as connection:
        assert sample.fill(connection).counts["t"] >= 1
        assert rows(connection, "SELECT COUNT(*) FROM t")[0][0] >= 3


def test_partitions(postgresql: Database) -> None:
    made = (
        "CREATE TABLE p (id integer NOT NULL, at date NOT NULL, PRIMARY KEY (id, at))"
        " PARTITION BY RANGE (at)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2031-01-01') TO ('2031-02-01')",
    )
    with connected(postgresql, *made) as connection:
        filled = sample.fill(connection)
        assert filled.left_out == {}
        assert filled.counts["p"] > 0


def test_other_schemas_and_odd_names(postgresql: Database) -> None:
    made = (
        'CREATE SCHEMA "Other 100%"',
        "CREATE TYPE \"Other 100%\".\"Kind\" AS ENUM ('a', 'b:c')",
        'CREATE TABLE "Other 100%"."select" ("order %s" integer PRIMARY KEY,'
        ' "K:x" "Other 100%"."Kind"'
        " NOT NULL CHECK (\"K:x\" <> 'a'))",
        'CREATE TABLE child (id integer PRIMARY KEY, "p%" integer NOT NULL'
        ' REFERENCES "Other 100%"."select")',
    )
    with connected(postgresql, *made) as connection:
        filled = sample.fill(connection)
        assert_full(filled)
        assert set(filled.counts) == {"Other 100%.select", "child"}


def test_tables_of_alembic_and_of_this_package_get_no_rows(database: Database) -> None:
    made = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
    with connected(database, made) as connection:
        assert sample.fill(connection).counts == {}


def test_only_the_tables_that_are_named_get_rows(database: Database) -> None:
    with connected(database, PLAIN, "CREATE TABLE other (id INTEGER PRIMARY KEY)") as connection:
        tables = [table for table in sample.reflect(connection) if table.name == "other"]
        assert sample.fill(connection, tables).counts == {"other": 3}


def test_an_autocommit_connection(postgresql: Database) -> None:
    made = "CREATE TABLE t (id integer PRIMARY KEY, a integer CHECK (100 / a > 3))"
    with connected(postgresql, made) as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        assert_full(sample.fill(autocommit))


def test_statements_are_few(database: Database) -> None:
    made = [
        f"CREATE TABLE t{n} (id INTEGER NOT NULL PRIMARY KEY, a INTEGER, b VARCHAR(9) NOT NULL)"
        for n in range(20)
    ]
    with connected(database, *made) as connection:
        tables = sample.reflect(connection)
        seen = statements_of(connection)
        assert_full(sample.fill(connection, tables))
    assert len([s for s in seen if s.startswith("INSERT")]) == 20
    assert len([s for s in seen if "SAVEPOINT" not in s]) <= 20 + 5

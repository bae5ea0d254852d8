"""Random schemas, drawn from a seed: rows are inserted, and every constraint holds."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
import sqlalchemy as sa

from databases import Database
from shadow.sample.test_rows import connected, rows
from sqlmodel_migrations.shadow import sample

COLUMNS = (
    ("INTEGER", ("{} > 10", "{} BETWEEN -5 AND 5", "{} IN (3, 4, 5)", "{} <> 0")),
    ("SMALLINT", ("{} >= 0",)),
    ("BIGINT", ("{} > 5000000000",)),
    ("NUMERIC(7, 2)", ("{} > 0.5", "{} < 1")),
    ("VARCHAR(12)", ("LENGTH({}) > 2", "{} LIKE 'ab%'", "{} IN ('x', 'y''s', 'z')", "{} <> ''")),
    ("DATE", ("{} > '2020-01-01'",)),
    ("TIMESTAMP", ()),
    ("BOOLEAN", ()),
)


def schema(random: Random, kind: str) -> Iterator[str]:
    """CREATE TABLEs: keys, CHECKs, uniques, references (to itself as well), link tables."""
    names: list[str] = []
    for number in range(random.randrange(3, 7)):
        parts = [*_columns(random, kind), *_references(random, names, f"t{number}")]
        names.append(f"t{number}")
        yield f"CREATE TABLE t{number} (id INTEGER NOT NULL PRIMARY KEY, {', '.join(parts)})"
    one, other = random.choice(names), random.choice(names)
    yield (
        "CREATE TABLE link (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b),"
        f" FOREIGN KEY (a) REFERENCES {one} (id), FOREIGN KEY (b) REFERENCES {other} (id))"
    )


def _columns(random: Random, kind: str) -> Iterator[str]:
    numbers: list[str] = []
    for number in range(random.randrange(1, 8)):
        type_, checks = random.choice(COLUMNS)
        default = " DEFAULT 12" if type_ == "INTEGER" and random.random() < 0.2 else ""
        unique = " UNIQUE" if random.random() < 0.3 else ""
        null = random.choice((" NOT NULL", " NULL" if kind != "sqlite" else ""))
        check = random.choice(("", *checks))
        text = f" CHECK ({check.format(f'c{number}')})" if check and not default else ""
        numbers += [f"c{number}"] if type_ == "INTEGER" else []
        yield f"c{number} {type_}{default}{null}{unique}{text}"
    if len(numbers) > 1 and random.random() < 0.5:
        yield f"g INTEGER GENERATED ALWAYS AS ({numbers[0]} + 1) STORED"


def _references(random: Random, parents: list[str], own: str) -> Iterator[str]:
    keys: list[str] = []
    for number in range(random.randrange(0, 3)):
        parent = random.choice([*parents, own])
        null = " NOT NULL" if parent != own and random.random() < 0.5 else ""
        unique = " UNIQUE" if random.random() < 0.3 else ""
        keys.append(f"FOREIGN KEY (r{number}) REFERENCES {parent} (id)")
        yield f"r{number} INTEGER{null}{unique}"
    yield from keys


@pytest.mark.parametrize("seed", range(40))
def test_random_schemas_of_sqlite(sqlite: Database, seed: int) -> None:
    statements = list(schema(Random(seed), "sqlite"))
    with connected(sqlite, *statements) as connection:
        filled = sample.fill(connection, seed=seed)
        assert filled.left_out == {}, statements
        assert all(filled.counts.values())
        assert rows(connection, "PRAGMA foreign_key_check") == []
        assert rows(connection, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("seed", range(100, 108))
@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_random_schemas_of_servers(database: Database, seed: int) -> None:
    statements = list(schema(Random(seed), database.kind))
    with connected(database, *statements) as connection:
        filled = sample.fill(connection, seed=seed)
        assert filled.left_out == {}, statements
        for table, count in filled.counts.items():
            assert count > 0
            assert rows(connection, f"SELECT COUNT(*) FROM {table}") == [(count,)]


def test_a_refused_row_would_be_seen(sqlite: Database) -> None:
    made = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER NOT NULL CHECK (a > 3))"
    with connected(sqlite, made) as connection, pytest.raises(sa.exc.IntegrityError):
        connection.exec_driver_sql("INSERT INTO t (a) VALUES (1)")

"""Random tables and random batches: what SQLite reports afterwards is what a model expects.

The model knows nothing of texts: it keeps columns, keys and rows as Python values, and a second
database is made from it, plainly spelled, to compare with. `SEEDS=1000 pytest …` draws more.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import Operations

from sqlite_file import SQLiteFile, rebuilds
from sqlmodel_migrations.database.sqlite_token import significant

NAMES = [
    "a",
    "Bee",
    "two words",
    "select",
    "日本",
    'q"uote',
    "per%cent",
    "co:lon",
    "x",
    "y_1",
    "né",
]
TYPES = {"INTEGER": sa.Integer(), "TEXT": sa.Text(), "VARCHAR(10)": sa.String(10)}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@dataclass
class Column:
    type: str
    nullable: bool = True
    default: str | None = None
    collation: str | None = None
    of: str | None = None  # a generated column: the one that it repeats


@dataclass
class Model:
    columns: dict[str, Column]
    rows: list[dict[str, Any]]
    tail: str
    autoincrement: bool
    checks: dict[str | None, str] = field(default_factory=dict)
    uniques: dict[str, tuple[str, ...]] = field(default_factory=dict)
    keys: dict[str | None, str] = field(default_factory=dict)
    indexes: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def used(self) -> set[str]:
        """Columns that something else than a key of their own needs."""
        of = {c.of for c in self.columns.values() if c.of}
        several = {c for columns in self.uniques.values() for c in columns}
        return {*of, *self.checks.values(), *several, *self.keys.values()} | {
            column for column, _ in self.indexes.values()
        }


def spell(rng: random.Random, model: Model) -> str:
    """A CREATE TABLE text of the model, spelled as people do."""
    key = "INTEGER PRIMARY KEY" + (" AUTOINCREMENT" if model.autoincrement else "")
    parts = [f"id {key}"]
    inline = rng.random() < 0.5
    for name, column in model.columns.items():
        # SQLite takes a comment before GENERATED for a part of the type.
        separator = " " if column.of or rng.random() < 0.5 else "\n  /* , */ "
        clauses = [f"{spelled(rng, name)} {column.type}"]
        clauses += [f"COLLATE {column.collation}"] if column.collation else []
        clauses += [f"DEFAULT {column.default}"] if column.default is not None else []
        clauses += ["NOT NULL"] if not column.nullable else []
        clauses += [f"GENERATED ALWAYS AS ({quoted(column.of)}) STORED"] if column.of else []
        if inline:
            clauses += [f"{named(n)}{check(c)}" for n, c in model.checks.items() if c == name]
            clauses += [f"{named(n)}{refer()}" for n, c in model.keys.items() if c == name]
        parts.append(separator.join(clauses))
    if not inline:
        parts += [f"{named(n)}{check(c)}" for n, c in model.checks.items()]
        parts += [f"{named(n)}FOREIGN KEY ({quoted(c)}) {refer()}" for n, c in model.keys.items()]
    parts += [
        f"{named(n)}UNIQUE ({', '.join(map(quoted, columns))})"
        for n, columns in model.uniques.items()
    ]
    separator = rng.choice([", ", ",\n\t", ", -- (comment, with ' signs\n"])
    return f"CREATE TABLE Thing ({separator.join(parts)}\n) {model.tail}"


def spelled(rng: random.Random, name: str) -> str:
    ways = [quoted(name)]
    if name in ("a", "Bee", "x", "y_1", "né", "日本"):
        ways.append(name)
    if '"' not in name:
        ways += [f"[{name}]", f"`{name}`"]
    return rng.choice(ways)


def named(name: str | None) -> str:
    return f"CONSTRAINT {quoted(name)} " if name else ""


def check(column: str) -> str:
    return f"CHECK ({quoted(column)} <> 'bad, (')"


def refer() -> str:
    return "REFERENCES parent (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"


def index(name: str, column: str, is_partial: bool) -> str:
    where = f" WHERE {quoted(column)} IS NOT NULL" if is_partial else ""
    columns = f"{quoted(column)} DESC, lower({quoted(column)})"
    return f"CREATE INDEX {quoted(name)} ON Thing ({columns}){where}"


def draw(rng: random.Random) -> Model:
    names = rng.sample(NAMES, rng.randint(2, 6))
    columns = {
        name: Column(
            rng.choice(list(TYPES)),
            rng.random() < 0.6,
            rng.choice([None, "'5'", "(1 + 1)", "-3"]),
            rng.choice([None, None, "NOCASE"]),
        )
        for name in names
    }
    model = Model(columns, [], rng.choice(["", "STRICT"]), rng.random() < 0.5)
    if model.tail:
        for column in columns.values():
            column.type = column.type.replace("VARCHAR(10)", "TEXT")
    if rng.random() < 0.5:
        model.checks[rng.choice([None, "ck_1"])] = rng.choice(names)
    if rng.random() < 0.5:
        model.uniques["uq_1"] = tuple(rng.sample(names, rng.randint(1, 2)))
    if rng.random() < 0.5:
        name = rng.choice([n for n in names if columns[n].type == "INTEGER"] or [""])
        if name:
            model.keys[rng.choice([None, "fk 1"])] = name
    if rng.random() < 0.6:
        model.indexes["ix 1"] = (rng.choice(names), rng.random() < 0.5)
    if rng.random() < 0.4:
        of = rng.choice(names)
        model.columns["made"] = Column(columns[of].type, of=of)
    for number in range(1, rng.randint(2, 6)):
        model.rows.append({"id": number, **{n: value(columns[n], n, number) for n in names}})
    return model


def value(column: Column, name: str, number: int) -> Any:
    if column.nullable and number == 3:
        return None
    return number if column.type in ("INTEGER", "BIGINT") else f"{number}{name}"[:9]


def make(path: Path, model: Model, rng: random.Random) -> SQLiteFile:
    file = SQLiteFile(path, "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE log (n);")
    file.run("INSERT INTO parent VALUES (1), (2), (3), (4), (5), (6);" + spell(rng, model))
    for row in model.rows:
        names = [n for n in row if not (n in model.columns and model.columns[n].of)]
        file.run(
            f"INSERT INTO Thing ({', '.join(map(quoted, names))})"
            f" VALUES ({', '.join(literal(row[n]) for n in names)})"
        )
    for name, (column, is_partial) in model.indexes.items():
        file.run(index(name, column, is_partial))
    file.run(
        "CREATE TABLE kid (id INTEGER REFERENCES thing (id) ON DELETE CASCADE);"
        "INSERT INTO kid SELECT id FROM Thing ORDER BY id;"
        "CREATE TRIGGER own AFTER UPDATE ON Thing BEGIN INSERT INTO log VALUES (new.id); END;"
        "CREATE TRIGGER other AFTER INSERT ON kid BEGIN UPDATE Thing SET id = id; END;"
        "CREATE VIEW look AS SELECT id FROM thing;"
    )
    return file


def literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


# One random change: what is asked of the batch, and what becomes of the model.

Change = Callable[[random.Random, Model, Operations], None]


def plain(model: Model) -> list[str]:
    return [name for name, column in model.columns.items() if column.of is None]


def rename(rng: random.Random, model: Model, batch: Operations) -> None:
    old = rng.choice(list(model.columns))
    new = rng.choice([n for n in [*NAMES, "fresh", "Other"] if n not in model.columns])
    batch.alter_column(old, new_column_name=new)
    model.columns = {new if n == old else n: c for n, c in model.columns.items()}
    for column in model.columns.values():
        column.of = new if column.of == old else column.of
    model.checks = {n: new if c == old else c for n, c in model.checks.items()}
    model.keys = {n: new if c == old else c for n, c in model.keys.items()}
    model.uniques = {
        n: tuple(new if c == old else c for c in columns) for n, columns in model.uniques.items()
    }
    model.indexes = {n: (new if c == old else c, p) for n, (c, p) in model.indexes.items()}
    for row in model.rows:
        if old in row:
            row[new] = row.pop(old)


def retype(rng: random.Random, model: Model, batch: Operations) -> None:
    name = rng.choice(plain(model))
    column = model.columns[name]
    new = rng.choice(["TEXT"] if model.tail else ["TEXT", "VARCHAR(10)"])
    if name in model.keys.values() or any(c.of == name for c in model.columns.values()):
        return
    batch.alter_column(name, type_=TYPES[new])
    column.type = new
    for row in model.rows:
        row[name] = None if row[name] is None else str(row[name])


def renull(rng: random.Random, model: Model, batch: Operations) -> None:
    name = rng.choice(plain(model))
    column = model.columns[name]
    if any(row[name] is None for row in model.rows):
        return
    column.nullable = not column.nullable
    batch.alter_column(name, nullable=column.nullable)


def redefault(rng: random.Random, model: Model, batch: Operations) -> None:
    column = model.columns[name := rng.choice(plain(model))]
    if column.default is None and all(row[name] is None for row in model.rows):
        return  # a new column without a value would take a default that comes in the same batch
    column.default = rng.choice([None, "'it''s 5%'", "(2 * 3)", "7"])
    default = None if column.default is None else sa.text(column.default)
    if model.tail and column.type == "INTEGER" and column.default == "'it''s 5%'":
        default = sa.text("7")
        column.default = "7"
    batch.alter_column(name, server_default=default)


def add(rng: random.Random, model: Model, batch: Operations) -> None:
    name = rng.choice([n for n in [*NAMES, "new"] if n not in model.columns])
    default = rng.choice([None, "9", "(1 + 8)"])
    type_ = rng.choice(["INTEGER", "TEXT"])
    column = Column(type_, nullable=default is None or rng.random() < 0.5, default=default)
    batch.add_column(
        sa.Column(
            name,
            TYPES[type_],
            nullable=column.nullable,
            server_default=sa.text(default) if default else None,
        )
    )
    model.columns[name] = column
    filled = None if default is None else 9 if type_ == "INTEGER" else "9"
    for row in model.rows:
        row[name] = filled


def drop(rng: random.Random, model: Model, batch: Operations) -> None:
    names = [n for n in model.columns if n not in model.used()]
    if not names or len(plain(model)) < 2:
        return
    name = rng.choice(names)
    batch.drop_column(name)
    del model.columns[name]
    for row in model.rows:
        row.pop(name, None)


def unique(rng: random.Random, model: Model, batch: Operations) -> None:
    if model.uniques and rng.random() < 0.6:
        name = rng.choice(list(model.uniques))
        batch.drop_constraint(name, type_="unique")
        del model.uniques[name]
        return
    columns = tuple(rng.sample(plain(model), 1))
    name = f"uq {rng.random()}"
    values = [tuple(row[c] for c in columns) for row in model.rows]
    if len(set(values)) == len(values) and columns not in model.uniques.values():
        batch.create_unique_constraint(name, list(columns))
        model.uniques[name] = columns


def recheck(rng: random.Random, model: Model, batch: Operations) -> None:
    names = [name for name in model.checks if name is not None]
    if names and rng.random() < 0.6:
        batch.drop_constraint(names[0], type_="check")
        del model.checks[names[0]]
        return
    name, column = f"ck {rng.random()}", rng.choice(plain(model))
    batch.create_check_constraint(name, sa.text(check(column)[7:-1].replace(":", "\\:")))
    if column in model.checks.values() and None in model.checks:
        unnamed = model.checks[None]
        if unnamed == column:  # the same in other words: the named one takes its place
            del model.checks[None]
    model.checks[name] = column


def rekey(rng: random.Random, model: Model, batch: Operations) -> None:
    names = [name for name in model.keys if name is not None]
    if names and rng.random() < 0.6:
        batch.drop_constraint(names[0], type_="foreignkey")
        del model.keys[names[0]]
        return
    name = f"fk {rng.random()}"
    for column in plain(model):
        values = {row[column] for row in model.rows}
        is_free = column not in model.keys.values() and model.columns[column].type == "INTEGER"
        if is_free and values <= {1, 2, 3, 4, 5, 6, None}:
            options = {"ondelete": "CASCADE", "deferrable": True, "initially": "DEFERRED"}
            batch.create_foreign_key(name, "parent", [column], ["id"], **options)
            model.keys[name] = column
            return


def reindex(rng: random.Random, model: Model, batch: Operations) -> None:
    if model.indexes:
        name = rng.choice(list(model.indexes))
        batch.drop_index(name)
        del model.indexes[name]
        return
    column, name = rng.choice(plain(model)), f"ix {rng.random()}"
    where = {"sqlite_where": sa.column(column).is_not(None)}
    target = sa.column(column)
    batch.create_index(name, [sa.desc(target), sa.func.lower(target)], **where)
    model.indexes[name] = (column, True)


CHANGES: list[Change] = [
    *(rename, retype, renull, redefault, add, drop, unique, recheck, rekey, reindex)
]


def described(file: SQLiteFile) -> dict[str, object]:
    """What SQLite says of the table, without any text of it."""
    table = file.query("PRAGMA table_xinfo(thing)")
    indexes = []
    for _, name, is_unique, origin, is_partial in file.query("PRAGMA index_list(thing)"):
        parts = file.query(f"PRAGMA index_xinfo({quoted(name)})")
        columns = tuple((p[2], p[3], p[4]) for p in parts if p[5])
        indexes.append((is_unique, origin, is_partial, columns, origin == "c" and name))
    sql = file.schema().get("Thing") or file.schema()["thing"]
    checks = sum(token.is_word("CHECK") for token in significant(sql))
    return {
        "columns": [row[1:] for row in table],
        "keys": sorted(row[2:] for row in file.query("PRAGMA foreign_key_list(thing)")),
        "indexes": sorted(indexes, key=repr),
        "checks": checks,
        "rows": file.query("SELECT * FROM thing ORDER BY id"),
        "kids": file.query("SELECT * FROM kid"),
        "sequence": file.query("SELECT seq FROM sqlite_sequence WHERE name = 'Thing'")
        if "AUTOINCREMENT" in sql
        else None,
        "options": file.query("SELECT wr, strict FROM pragma_table_list('thing')"),
        "others": {n: s for n, s in file.schema().items() if n in ("kid", "own", "other", "look")},
    }


@pytest.mark.parametrize("seed", range(int(os.environ.get("SEEDS", "60"))))
def test_random_batches(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    model = draw(rng)
    file = make(tmp_path / "random.db", model, rng)
    for round_ in range(3):

        def revision(op: Operations) -> None:
            recreate = rng.choice(["auto", "always"])
            with op.batch_alter_table("Thing", recreate=recreate) as batch:  # type: ignore[arg-type]
                for change in rng.sample(CHANGES, rng.randint(1, 4)):
                    change(rng, model, batch)  # type: ignore[arg-type]

        assert rebuilds(file.migrate(revision)) <= 1
        expected = make(tmp_path / f"expected{round_}.db", model, rng)
        assert described(file) == described(expected)
    file.run("DELETE FROM log; INSERT INTO kid VALUES (1)")
    assert file.query("SELECT count(*) FROM log") == [(len(model.rows),)]

"""A rename that takes the name of something else: of what goes away, or of each other."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import Database
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.errors import AnswerNeeded
from sqlmodel_migrations.generate import answers
from sqlmodel_migrations.generate.answers import Answers


def _models(**tables: tuple[str, ...]) -> sa.MetaData:
    metadata = sa.MetaData()
    for name, columns in tables.items():
        texts = [sa.Column(column, sa.String(20)) for column in columns]
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *texts)
    return metadata


def _changed(
    root: Path,
    database: Database,
    before: sa.MetaData,
    after: sa.MetaData,
    renames: dict[str, str],
    values: str | None = None,
) -> Migrations:
    Migrations.init(root=root, models=["none"], url="sqlite://")
    first = Migrations(root, url=database.url, metadata=before)
    first.revision("before")
    first.upgrade()
    for table in before.tables.values():
        named = [f"'{table.name}.{column.name}'" for column in table.columns if column.name != "id"]
        database.run(f"INSERT INTO {table.name} VALUES ({values or ', '.join(['1', *named])})")
    second = Migrations(root, url=database.url, metadata=after)
    second.revision("after", answers=Answers(renames=renames))
    second.upgrade()
    assert second.check() == ()
    return second


def test_column_takes_the_name_of_one_that_goes(tmp_path: Path, database: Database) -> None:
    before, after = _models(hero=("name", "full_name")), _models(hero=("name",))
    migrations = _changed(tmp_path, database, before, after, {"hero.full_name": "name"})
    assert database.query("SELECT name FROM hero") == [("hero.full_name",)]
    migrations.downgrade(confirm=lambda _: True)
    assert database.query("SELECT name, full_name FROM hero") == [(None, "hero.full_name")]


def test_so_do_its_keys_and_indexes(tmp_path: Path, database: Database) -> None:
    """PostgreSQL has the names of indexes but once in a schema."""
    convention = {
        "ix": "ix_%(column_0_label)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }

    def models(*tables: str) -> sa.MetaData:
        metadata = sa.MetaData(naming_convention=convention)
        for table in tables:
            key = sa.Column("id", sa.Integer, primary_key=True)
            name = sa.Column("name", sa.String(20), index=True)
            sa.Table(table, metadata, key, name, sa.Column("code", sa.String(20), unique=True))
        return metadata

    before, after = models("hero", "person"), models("hero")
    migrations = _changed(tmp_path, database, before, after, {"person": "hero"})
    assert database.query("SELECT code FROM hero") == [("person.code",)]
    migrations.downgrade(confirm=lambda _: True)
    assert database.query("SELECT code FROM person") == [("person.code",)]
    assert migrations.upgrade().after


def test_table_takes_the_name_of_one_that_goes(tmp_path: Path, database: Database) -> None:
    before, after = _models(hero=("a",), person=("b",)), _models(hero=("b",))
    migrations = _changed(tmp_path, database, before, after, {"person": "hero"})
    assert database.query("SELECT b FROM hero") == [("person.b",)]
    migrations.downgrade(confirm=lambda _: True)
    assert database.query("SELECT b FROM person") == [("person.b",)]


def test_tables_swap_their_names(tmp_path: Path, database: Database) -> None:
    before, after = _models(hero=("a",), team=("b",)), _models(hero=("b",), team=("a",))
    renames = {"hero": "team", "team": "hero"}
    migrations = _changed(tmp_path, database, before, after, renames)
    assert database.query("SELECT a FROM team") == [("hero.a",)]
    migrations.downgrade(confirm=lambda _: True)
    assert database.query("SELECT b FROM team") == [("team.b",)]


def test_names_with_the_sign_between_names(tmp_path: Path, database: Database) -> None:
    """What is there says where the old name ends: `--rename hero.a:b:c:d`."""
    before, after = _models(hero=("a:b", "x.y")), _models(hero=("c:d", "z = z"))
    told = answers.parse(rename=["hero.a:b:c:d", "hero.x.y:z = z"]).renames
    migrations = _changed(tmp_path, database, before, after, dict(told))
    (row,) = _rows(database, after)
    assert row == (1, "hero.a:b", "hero.x.y")
    migrations.downgrade(confirm=lambda _: True)
    assert _rows(database, before) == [row]


def test_a_question_about_odd_names_shows_flags_that_a_shell_takes(
    tmp_path: Path, database: Database
) -> None:
    before, after = _models(hero=('the "a" $1',)), _models(hero=("the b",))
    with pytest.raises(AnswerNeeded) as caught:
        _changed(tmp_path, database, before, after, {})
    option, value, *_ = shlex.split(caught.value.flags[0])
    assert (option, value) == ("--rename", 'hero.the "a" $1:the b')


TYPES = {"a": sa.Integer(), "b": sa.String(10), "c": sa.Float(), "d": sa.Date()}


def _typed(**columns: str) -> sa.MetaData:
    """A table whose columns have the types of others."""
    metadata = sa.MetaData()
    typed = [sa.Column(name, TYPES[type_]) for name, type_ in columns.items()]
    sa.Table("hero", metadata, sa.Column("id", sa.Integer, primary_key=True), *typed)
    return metadata


def test_swaps_and_chains_take_their_types_along(tmp_path: Path, database: Database) -> None:
    before, after = _typed(a="a", b="b", c="c", d="d"), _typed(b="a", a="b", d="c", e="d")
    values = "1, 7, 'seven', 7.5, '2026-07-07'"
    renames = {"hero.a": "b", "hero.b": "a", "hero.c": "d", "hero.d": "e"}
    migrations = _changed(tmp_path, database, before, after, renames, values)
    (row,) = _rows(database, after)
    assert row[1:4] == (7, "seven", 7.5)
    migrations.downgrade(confirm=lambda _: True)
    assert _rows(database, before) == [row]


def _rows(database: Database, metadata: sa.MetaData) -> list[tuple[Any, ...]]:
    """The rows by the columns in the models' order."""
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    (table,) = metadata.tables.values()
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.select(table))]
    engine.dispose()
    return found

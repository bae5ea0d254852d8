"""A rename that takes the name of something else: of what goes away, or of each other."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from databases import Database
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.generate.answers import Answers


def _models(**tables: tuple[str, ...]) -> sa.MetaData:
    metadata = sa.MetaData()
    for name, columns in tables.items():
        texts = [sa.Column(column, sa.String(20)) for column in columns]
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *texts)
    return metadata


def _changed(
    root: Path, database: Database, before: sa.MetaData, after: sa.MetaData, renames: dict[str, str]
) -> Migrations:
    Migrations.init(root=root, models=["none"], url="sqlite://")
    first = Migrations(root, url=database.url, metadata=before)
    first.revision("before")
    first.upgrade()
    for table in before.tables.values():
        named = [f"'{table.name}.{column.name}'" for column in table.columns if column.name != "id"]
        database.run(f"INSERT INTO {table.name} VALUES ({', '.join(['1', *named])})")
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

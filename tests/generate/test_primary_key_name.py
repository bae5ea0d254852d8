"""The name that a naming convention gives a primary key goes along with its table's."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import Database
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.generate.answers import Answers


def _models(table: str) -> sa.MetaData:
    metadata = sa.MetaData(naming_convention={"pk": "pk_%(table_name)s"})
    sa.Table(table, metadata, sa.Column("id", sa.Integer, primary_key=True))
    return metadata


def _name(database: Database, table: str) -> str | None:
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        (key,) = catalog.read(connection).tables[table].constraints
    return key.name


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_named_key_of_a_renamed_table(tmp_path: Path, database: Database) -> None:
    Migrations.init(root=tmp_path, models=["none"], url="sqlite://")
    first = Migrations(tmp_path, url=database.url, metadata=_models("hero"))
    first.revision("before")
    first.upgrade()
    second = Migrations(tmp_path, url=database.url, metadata=_models("champion"))
    second.revision("after", answers=Answers(renames={"hero": "champion"}))
    second.upgrade()
    assert _name(database, "champion") == "pk_champion"
    assert second.check() == ()
    second.downgrade(confirm=lambda _: True)
    assert _name(database, "hero") == "pk_hero"

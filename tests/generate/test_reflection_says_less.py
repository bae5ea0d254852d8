"""What SQLAlchemy's reflection does not tell of a table must not be lost by a script."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import Database
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog import Catalog


def _models(extra: sa.Column[object], **options: object) -> sa.MetaData:
    metadata = sa.MetaData()
    key = sa.Column("id", sa.Integer, primary_key=True)
    sa.Table("kept", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("hero", metadata, key, extra, **options)
    return metadata


def _migrated(root: Path, database: Database, metadata: sa.MetaData) -> Migrations:
    if not (root / "alembic.ini").exists():
        Migrations.init(root=root, models=["none"], url="sqlite://")
    migrations = Migrations(root, url=database.url, metadata=metadata)
    migrations.revision()
    migrations.upgrade()
    return migrations


def _read(database: Database) -> Catalog:
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return catalog.read(connection)


def test_json_that_becomes_nullable_stays_json(tmp_path: Path, mariadb: Database) -> None:
    _migrated(tmp_path, mariadb, _models(sa.Column("extra", sa.JSON, nullable=False)))
    after = _migrated(tmp_path, mariadb, _models(sa.Column("extra", sa.JSON)))
    assert _read(mariadb).tables["hero"].columns["extra"].type == "json"
    after.downgrade(confirm=lambda _: True)
    assert _read(mariadb).tables["hero"].columns["extra"].type == "json"


@pytest.mark.parametrize("option", ["autoincrement", "with_rowid", "strict"])
def test_a_table_that_comes_back_has_its_options(
    tmp_path: Path, sqlite: Database, option: str
) -> None:
    options = {f"sqlite_{option}": option != "with_rowid"}
    metadata = _models(sa.Column("name", sa.Text), **options)
    _migrated(tmp_path, sqlite, metadata)
    before = _read(sqlite).tables["hero"]
    metadata.remove(metadata.tables["hero"])
    after = _migrated(tmp_path, sqlite, metadata)
    assert "hero" not in _read(sqlite).tables
    after.downgrade(confirm=lambda _: True)
    assert _read(sqlite).tables["hero"] == before

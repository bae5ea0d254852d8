"""Guards run before the renames of their script: they must find things by their old names."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import Database
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.errors import StepFailed
from sqlmodel_migrations.generate.answers import Answers


def _models(table: str, column: str, type_: sa.types.TypeEngine[str]) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [sa.Column("id", sa.Integer, primary_key=True), sa.Column(column, type_)]
    sa.Table(table, metadata, *columns)
    return metadata


@pytest.fixture
def root(tmp_path: Path, database: Database) -> Path:
    """A project whose table `item` has two rows."""
    Migrations.init(root=tmp_path, models=["none"], url="sqlite://")
    first = Migrations(tmp_path, url=database.url, metadata=_models("item", "note", sa.String(50)))
    first.revision("before", rev_id="before")
    first.upgrade()
    database.run("INSERT INTO item VALUES (1, 'one'), (2, 'one')")
    return tmp_path


def _renamed(root: Path, database: Database) -> Migrations:
    metadata = _models("thing", "text", sa.String(5))
    (table,) = metadata.tables.values()
    table.append_constraint(sa.UniqueConstraint("text", name="uq_text"))
    table.append_constraint(sa.CheckConstraint("length(text) < 4", name="ck_text"))
    renames = {"item": "thing", "item.note": "text"}
    migrations = Migrations(root, url=database.url, metadata=metadata)
    migrations.revision("after", rev_id="after", answers=Answers(renames=renames), verify=False)
    return migrations


def test_rows_are_refused_by_their_old_names(root: Path, database: Database) -> None:
    migrations = _renamed(root, database)
    with pytest.raises(StepFailed, match="'text' in 'thing' are there more than once"):
        migrations.upgrade()
    assert database.query("SELECT note FROM item") == [("one",), ("one",)]


def test_rows_that_fit_are_renamed(root: Path, database: Database) -> None:
    migrations = _renamed(root, database)
    database.run("UPDATE item SET note = 'two' WHERE id = 2")
    migrations.upgrade()
    assert database.query("SELECT text FROM thing ORDER BY id") == [("one",), ("two",)]


def test_new_required_column_of_a_renamed_table(root: Path, database: Database) -> None:
    metadata = _models("thing", "note", sa.String(50))
    (table,) = metadata.tables.values()
    table.append_column(sa.Column("at", sa.Date, nullable=False))
    migrations = Migrations(root, url=database.url, metadata=metadata)
    migrations.revision(
        "after", rev_id="after", answers=Answers(renames={"item": "thing"}), verify=False
    )
    with pytest.raises(StepFailed, match="2 rows of 'thing' would have no value in"):
        migrations.upgrade()
    assert database.query("SELECT count(*) FROM item") == [(2,)]

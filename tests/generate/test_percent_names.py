"""Percent signs in names: drivers that take `%s` for a parameter must not double them."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from databases import Database
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.generate.answers import Answers


def _models(table: str, column: str) -> sa.MetaData:
    metadata = sa.MetaData()
    named = sa.Column(column, sa.String(9), nullable=False)
    sa.Table(table, metadata, sa.Column("id", sa.Integer, primary_key=True), named)
    return metadata


def test_rename_to_a_percent_sign_keeps_the_rows(tmp_path: Path, database: Database) -> None:
    Migrations.init(root=tmp_path, models=["none"], url="sqlite://")
    first = Migrations(tmp_path, url=database.url, metadata=_models("share", "part"))
    first.revision("before")
    first.upgrade()
    database.run("INSERT INTO share VALUES (1, 'half')")
    second = Migrations(tmp_path, url=database.url, metadata=_models("100%", "per%cent"))
    renames = {"share": "100%", "share.part": "per%cent"}
    second.revision("after", answers=Answers(renames=renames))
    second.upgrade()
    mark = "`" if database.kind == "mariadb" else '"'
    query = f"SELECT {mark}per%cent{mark} FROM {mark}100%{mark}"
    assert database.query(query) == [("half",)]
    assert second.check() == ()
    second.downgrade(confirm=lambda _: True)
    assert database.query("SELECT part FROM share") == [("half",)]

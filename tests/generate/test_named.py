"""The models' copy, in which every constraint has the name that the server will know it by."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sqlmodel_migrations.generate import named

from .rendering import DIALECTS


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
def test_percent_sign_in_a_name_is_not_doubled(dialect: str) -> None:
    metadata = sa.MetaData(naming_convention={"pk": "pk_%(table_name)s"})
    table = sa.Table("100%", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Index("ix 'of' 50%", table.c.id)
    (copy,) = named.copied([metadata], DIALECTS[dialect]).metadata
    assert copy.tables["100%"].primary_key.name == "pk_100%"
    assert [str(index.name) for index in copy.tables["100%"].indexes] == ["ix 'of' 50%"]


def test_enum_of_a_table_in_another_schema_stays_in_its_own() -> None:
    metadata = sa.MetaData()
    columns = [
        sa.Column("a", sa.Enum("x", name="kind")),
        sa.Column("b", sa.Enum("x", name="mood", schema="public")),
        sa.Column("c", sa.ARRAY(sa.Enum("x", name="kind"))),
        sa.Column("d", sa.Boolean),
    ]
    sa.Table("hero", metadata, *columns, schema="other")
    (copy,) = named.copied([metadata], DIALECTS["postgresql"]).metadata
    (table,) = copy.tables.values()
    assert table.schema == "other"
    assert [table.c.a.type.schema, table.c.b.type.schema] == [None, "public"]
    assert table.c.c.type.item_type.schema is None

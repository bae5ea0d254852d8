"""Names: mixed case, reserved words, quotes, percent signs, colons, unicode, too long ones."""

from __future__ import annotations

import pytest

from story import Story

MODELS = """
class Odd(SQLModel, table=True):
    __tablename__ = "Order"
    __table_args__ = (
        Index("Ix 100%", "Grüße"),
        UniqueConstraint("select", name="uq:it's"),
        CheckConstraint('"Grüße" <> \\'x:y 50%\\'', name='ck "q"'),
    )

    id: int | None = Field(default=None, primary_key=True)
    select: str = Field(max_length=20)
    greeting: str = Field(sa_column=Column("Grüße", String({}), nullable=False))
    half: int | None = Field(default=None, sa_column=Column("50% : it's", sa.Integer))
"""
LONG = "x" * 70


def test_odd_names_are_changed_and_changed_back(story: Story) -> None:
    models = MODELS
    if story.database.kind == "mariadb":  # whose quotes are others
        models = MODELS.replace('\'"Grüße" <>', "'`Grüße` <>")
    q = "`" if story.database.kind == "mariadb" else '"'
    insert = f"INSERT INTO {q}Order{q} (id, {q}select{q}, {q}Grüße{q}) VALUES (1, 'a', 'b')"
    story.begin(models.format(20), insert)
    story.succeed("check")
    after = models.format(40).replace("50% : it's", "50% : so")
    story.revise(after, "--accept", "Order.50% : it's")
    story.upgrade()
    story.downgrade()
    story.upgrade()
    assert story.query(f"SELECT {q}Grüße{q} FROM {q}Order{q}") == [("b",)]


QUOTED = """
class Jar(SQLModel, table=True):
    __tablename__ = "it's a jar"

    id: int | None = Field(default=None, primary_key=True)
    own: int | None = Field(default=None, foreign_key="it's a jar.id")
    other: int | None = Field(default=None, sa_column=Column("a`b", sa.{}, unique=True))
    third: int | None = Field(default=None, sa_column=Column('c""d``', sa.Integer, index=True))
"""


def test_quotes_of_the_server_stand_in_names(story: Story) -> None:
    story.begin(QUOTED.format("Integer"))
    story.succeed("check")
    story.revise(QUOTED.format("BigInteger"))
    story.upgrade()
    story.downgrade()
    story.revise("class Jar(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n")
    story.upgrade()
    story.downgrade()
    story.upgrade()


LONG_MODELS = f"""
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    a{"a" * 40}: str = Field(max_length=10)
    b{"b" * 40}: str = Field(max_length=10)

    __table_args__ = (UniqueConstraint("a{"a" * 40}", "b{"b" * 40}"),)
"""


def test_a_name_that_is_made_is_short_enough_and_stays(story: Story) -> None:
    story.begin("class Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n")
    story.revise(LONG_MODELS)
    story.upgrade()
    story.downgrade()
    story.upgrade()


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_name_that_is_too_long_is_refused_with_the_limit(story: Story) -> None:
    story.begin("class Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n")
    long = f"    {LONG}: int | None = Field(default=None, index=True)\n"
    ran = story.refused(
        "class Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n" + long
    )
    assert LONG in ran.stderr
    assert any(limit in ran.stderr for limit in ("63", "64", "too long"))
    assert "Traceback" not in ran.output


CONVENTION = """
SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_x",
    "uq": "uq_%(table_name)s_%(column_0_name)s_x",
}
"""
CONVENTIONAL = """
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50, unique=True)
    chief_id: int | None = Field(default=None, foreign_key="hero.id")
"""


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_naming_convention_comes_and_goes(story: Story) -> None:
    story.begin(CONVENTIONAL, "INSERT INTO hero (id, name, chief_id) VALUES (1, 'x', 1)")
    script = story.revise(CONVENTION + CONVENTIONAL)
    assert all(name in script for name in ("pk_hero", "fk_hero_chief_id_x", "uq_hero_name_x"))
    story.upgrade()
    story.models(CONVENTIONAL)
    story.succeed("check")
    story.succeed("verify")
    story.downgrade()
    assert story.query("SELECT chief_id FROM hero") == [(1,)]

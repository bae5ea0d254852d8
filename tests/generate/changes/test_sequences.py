"""Sequences of the models: made, changed, and numbering keys; SQLite has none."""

from __future__ import annotations

import pytest

from story import Story

pytestmark = pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)

HERO = """
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True{})
    name: str = Field(max_length=50)
"""
NUMBERED = ", sa_column_args=[sa.Sequence('hero_numbers', start=100)]"
FREE = 'sa.Sequence("Order No", metadata=SQLModel.metadata, start=5{})\n'
NEXT = {
    "postgresql": "SELECT nextval('\"Order No\"')",
    "mariadb": "SELECT nextval(`Order No`)",
}


def test_a_table_whose_key_a_sequence_numbers(story: Story) -> None:
    story.begin(HERO.format(NUMBERED))
    story.succeed("check")
    story.succeed("verify")
    script = story.revise(HERO.format(NUMBERED).replace("start=100", "start=100, increment=5"))
    assert "ALTER SEQUENCE hero_numbers INCREMENT 5" in script
    story.upgrade()
    story.downgrade()


def test_a_sequence_of_its_own(story: Story) -> None:
    story.begin(HERO.format(""))
    story.revise(FREE.format("") + HERO.format(""))
    story.upgrade()
    assert story.query(NEXT[story.database.kind]) == [(5,)]
    story.revise(FREE.format(", cycle=True, maxvalue=50") + HERO.format(""))
    story.upgrade()
    story.downgrade()
    ((number,),) = story.query(NEXT[story.database.kind])
    assert isinstance(number, int)
    assert number > 5
    story.downgrade()
    with pytest.raises(Exception, match=r"(?i)order no"):
        story.query(NEXT[story.database.kind])


def test_one_that_no_model_has_any_more_stays(story: Story) -> None:
    story.begin(FREE.format("") + HERO.format(""))
    story.models(HERO.format(""))
    story.succeed("check")


def test_keys_go_on_behind_the_rows(story: Story) -> None:
    story.begin(HERO.format(""), "INSERT INTO hero (id, name) VALUES (500, 'Loki')")
    story.revise(HERO.format(NUMBERED))
    story.upgrade()
    if story.database.kind == "postgresql":
        assert story.query("SELECT nextval('hero_numbers')") == [(501,)]
    story.downgrade()
    story.upgrade()

"""Stray answers: a typo in a flag is said, and not taken for a wish to lose what it named."""

from __future__ import annotations

import pytest

from story import Story

BEFORE = """
class Mood(enum.Enum):
    GLAD = 1
    SAD = 2


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    alias: str | None = Field(default=None, max_length=50)
    mood: Mood | None = Field(default=None, sa_column=Column(Enum(Mood, name="mood")))
"""
AFTER = BEFORE.replace("alias", "nick")
ROWS = "INSERT INTO hero (id, alias) VALUES (1, 'Loki')"
HISTORY = "the history"
EITHER = "the models or the history"


@pytest.mark.parametrize(
    ("flag", "what", "where", "hint"),
    [
        ("--rename hero.alias:nik", "column 'nik' in 'hero'", "the models", "'nick'"),
        ("--rename hero.alia:nick", "'hero.alia'", HISTORY, "'hero.alias'"),
        ("--rename alias:nick", "'alias'", HISTORY, "'hero.alias'"),
        ("--rename hiro.alias:nick", "'hiro.alias'", HISTORY, "'hero.alias'"),
        ("--rename hero:champion", "table 'champion'", "the models", None),
        ("--accept hero.alia", "'hero.alia'", EITHER, "'hero.alias'"),
        ("--fill nick=1", "'nick'", EITHER, "'hero.nick'"),
        ("--using hero.nik=1", "'hero.nik'", EITHER, "'hero.nick'"),
        ("--using-down hero.nik=1", "'hero.nik'", EITHER, "'hero.nick'"),
        ("--rename-type mood:mod", "type 'mod'", "the models", "'mood'"),
        ("--rename-value mod.SAD:LOW", "enum type 'mod'", EITHER, "'mood'"),
        ("--accept mod.SAD", "'mod.SAD'", EITHER, "'mood.SAD'"),
    ],
)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_answer_about_nothing(
    story: Story, flag: str, what: str, where: str, hint: str | None
) -> None:
    story.begin(BEFORE, ROWS)

    ran = story.refused(AFTER, *flag.split())

    assert ran.code == 2
    assert f"error: '{flag}': there is no {what} in {where}\n" in ran.stderr
    assert hint is None or f"hint: did you mean {hint}?" in ran.stderr


def test_a_column_that_the_models_do_not_have_is_not_dropped(story: Story) -> None:
    """It was renamed to the typo, dropped as a column of no model, and its values were lost."""
    story.begin(BEFORE, ROWS)

    ran = story.refused(AFTER, "--rename", "hero.alias:nik")

    assert "there is no column 'nik' in 'hero' in the models" in ran.stderr


@pytest.mark.parametrize("flag", ["hero.alias:nick", "hero.alias:hero.nick"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_new_name_may_be_said_with_its_table(story: Story, flag: str) -> None:
    story.begin(BEFORE, ROWS)
    story.revise(AFTER, "--rename", flag)
    story.upgrade()
    assert story.query("SELECT nick FROM hero") == [("Loki",)]


@pytest.mark.parametrize("table", ["hero", "champion"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_column_of_a_renamed_table_by_either_name(story: Story, table: str) -> None:
    story.begin(BEFORE, ROWS)
    after = AFTER.replace("class Hero", "class Champion")
    story.revise(after, "--rename", "hero:champion", "--rename", f"{table}.alias:nick")
    story.upgrade()
    assert story.query("SELECT nick FROM champion") == [("Loki",)]

"""A table that goes to another schema keeps its rows, and takes with it what belongs to it."""

from __future__ import annotations

import pytest

from story import Story

TEAM = """
class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50)
"""
MOVED = TEAM.replace("table=True):\n", 'table=True):\n    __table_args__ = {"schema": "archive"}\n')
PLAYER = """
class Player(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    team_id: int | None = Field(default=None, foreign_key="team.id")
"""
ROWS = (
    "INSERT INTO team (id, name) VALUES (1, 'x')",
    "INSERT INTO player (team_id) VALUES (1)",
)

postgresql_only = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@postgresql_only
@pytest.mark.parametrize("name", ["Team", "Squad"])
@pytest.mark.parametrize("is_declared", [False, True], ids=["told", "declared"])
def test_rows_and_foreign_keys_stay(story: Story, name: str, is_declared: bool) -> None:
    story.begin(TEAM + PLAYER, *ROWS)
    key = f"archive.{name.lower()}"
    models = MOVED.replace("Team", name) + PLAYER.replace('"team.id"', f'"{key}.id"')
    if is_declared:
        info = '{"schema": "archive", "info": {"renamed_from": "team"}}'
        models = models.replace('{"schema": "archive"}', info)

    script = story.revise(models, *(() if is_declared else ("--rename", f"team:{key}")))

    assert "drop_table" not in script
    story.upgrade()
    assert story.query(f"SELECT id FROM {key}") == [(1,)]
    story.downgrade()
    assert story.query("SELECT id FROM team") == [(1,)]
    story.upgrade()


@postgresql_only
def test_back_to_the_default_schema(story: Story) -> None:
    story.begin(MOVED, "INSERT INTO archive.team (id, name) VALUES (1, 'x')")
    story.revise(TEAM, "--rename", "archive.team:team")
    story.upgrade()
    assert story.query("SELECT id FROM public.team") == [(1,)]


@postgresql_only
def test_it_is_asked_about(story: Story) -> None:
    """It was dropped with its rows, and made anew."""
    story.begin(TEAM)

    ran = story.refused(MOVED)

    assert "table 'team' is gone from the models, and 'archive.team' is new" in ran.stderr
    assert "--rename team:archive.team" in ran.stderr


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_a_table_stays_in_its_database(story: Story) -> None:
    schema = f"{story.database.name}_archive"
    story.begin(TEAM)

    ran = story.refused(MOVED.replace("archive", schema), "--rename", f"team:{schema}.team")

    assert ran.code == 2
    assert f"'--rename team:{schema}.team': mysql moves no table to another" in ran.stderr

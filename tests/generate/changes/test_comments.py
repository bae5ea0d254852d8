"""Comments of tables and columns."""

from __future__ import annotations

import pytest

from story import Story

MODELS = """
class Room(SQLModel, table=True):
    __table_args__ = {{"comment": {!r}}}

    id: int | None = Field(default=None, primary_key=True)
    area: int = Field(sa_column_kwargs={{"comment": {!r}, "server_default": text("1")}})
"""
QUERIES = {
    "postgresql": "SELECT obj_description('room'::regclass), col_description('room'::regclass, 2)",
    "mariadb": "SELECT nullif(table_comment, ''), nullif(column_comment, '')"
    " FROM information_schema.tables t JOIN information_schema.columns c"
    " USING (table_schema, table_name)"
    " WHERE table_schema = database() AND table_name = 'room' AND column_name = 'area'",
}


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_comments_come_change_and_go(story: Story) -> None:
    query = QUERIES[story.database.kind]
    said = ("it's 100%: \\ rooms", 'square "metres"')
    story.begin(MODELS.format(None, None), "INSERT INTO room (id) VALUES (1)")
    story.revise(MODELS.format(*said))
    story.upgrade()
    assert story.query(query) == [said]
    story.revise(MODELS.format("rooms", None))
    story.upgrade()
    assert story.query(query) == [("rooms", None)]
    story.downgrade()
    assert story.query(query) == [said]
    story.downgrade()
    assert story.query(query) == [(None, None)]
    story.database.run("INSERT INTO room (id) VALUES (2)")  # the default is still there
    assert story.query("SELECT area FROM room") == [(1,), (1,)]

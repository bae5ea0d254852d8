"""Computed columns: another expression, a plain column, and back."""

from __future__ import annotations

import pytest

from story import Story

MODELS = """
class Box(SQLModel, table=True):
    __table_args__ = (Index("ix_size", "size"),)

    id: int | None = Field(default=None, primary_key=True)
    width: int
    height: int
    size: int | None = {}
"""
SUM = MODELS.format(
    'Field(sa_column=Column(sa.Integer, Computed("width + height", persisted=True)))'
)
AREA = MODELS.format(
    'Field(sa_column=Column(sa.Integer, Computed("width * height", persisted=True)))'
)
PLAIN = MODELS.format("None")
QUERY = "SELECT size FROM box"


def test_another_expression_then_none(story: Story) -> None:
    story.begin(SUM, "INSERT INTO box (id, width, height) VALUES (1, 3, 4)")
    assert story.query(QUERY) == [(7,)]
    story.revise(AREA)
    story.upgrade()
    assert story.query(QUERY) == [(12,)]
    story.downgrade()
    assert story.query(QUERY) == [(7,)]
    story.upgrade()

    story.revise(PLAIN)
    story.upgrade()
    assert story.query(QUERY) == [(12,)]
    story.downgrade()
    assert story.query(QUERY) == [(12,)]
    story.upgrade()
    story.database.run("UPDATE box SET size = 5")


def test_a_plain_column_becomes_a_computed_one_and_is_required_again(story: Story) -> None:
    required = PLAIN.replace("size: int | None = None", "size: int")
    story.begin(required, "INSERT INTO box (id, width, height, size) VALUES (1, 3, 4, 12)")
    story.revise(AREA)
    story.upgrade()
    story.downgrade()
    assert story.query(QUERY) == [(12,)]
    with pytest.raises(Exception, match=r"(?i)null|default"):
        story.database.run("INSERT INTO box (id, width, height) VALUES (2, 3, 4)")

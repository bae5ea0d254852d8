"""Indexes: unique, partial, expression, DESC, method, include, operator classes; changed ones."""

from __future__ import annotations

import pytest

from story import Story

MODELS = """
class Post(SQLModel, table=True):
    __table_args__ = ({})

    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=50)
    slug: str = Field(max_length=50)
    written: date
    is_open: bool
"""
ROWS = (
    "INSERT INTO post (id, title, slug, written, is_open)"
    " VALUES (1, 'A', 'a', '2026-01-01', true), (2, 'A', 'b', '2026-01-01', false)",
)
PLAIN = 'Index("ix_slug", "slug"), Index("ix_written", "written"), Index("ix_old", "title"),'
CHANGED = 'Index("ix_slug", "slug", unique=True), Index("ix_written", text("written DESC")),'
WHERE = 'postgresql_where=text("is_open"), sqlite_where=text("is_open")'
MORE = CHANGED + (
    f' Index("ix_part", "title", unique=True, {WHERE}), Index("ix_lower", text("lower(title)")),'
)
DEFINITIONS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix_%'",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'ix_%'",
    "mariadb": "SELECT index_name, concat(min(non_unique), group_concat(column_name),"
    " group_concat(collation)) FROM information_schema.statistics"
    " WHERE table_schema = database() AND index_name LIKE 'ix_%' GROUP BY index_name",
}


def definitions(story: Story) -> list[tuple[object, ...]]:
    return sorted(story.query(DEFINITIONS[story.database.kind]))


def test_indexes_come_go_and_change(story: Story) -> None:
    after = CHANGED if story.database.kind == "mariadb" else MORE
    story.begin(MODELS.format(PLAIN), *ROWS)
    before = definitions(story)

    story.revise(MODELS.format(after))

    story.upgrade()
    changed = definitions(story)
    assert [name for name, _ in changed if name == "ix_old"] == []
    story.downgrade()
    assert definitions(story) == before
    story.upgrade()
    assert definitions(story) == changed
    assert story.query("SELECT count(*) FROM post") == [(2,)]


def test_a_unique_index_over_values_that_are_there_twice(story: Story) -> None:
    story.begin(MODELS.format(PLAIN), *ROWS)
    ran = story.refused(MODELS.format(f'{PLAIN} Index("ix_title", "title", unique=True)'))
    assert ran.code == 1
    assert "1 values of 'title' in 'post' are there more than once" in ran.stderr


SPECIAL = """
class Page(SQLModel, table=True):
    __table_args__ = ({})

    id: int | None = Field(default=None, primary_key=True)
    title: str
    tags: list[str] = Field(sa_type=postgresql.ARRAY(sa.String))
"""
OPS = (
    'Index("ix_title", "title", postgresql_ops={"title": "text_pattern_ops"},'
    ' postgresql_include=["id"]), Index("ix_tags", "tags", postgresql_using="gin"),'
)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_methods_operator_classes_and_included_columns(story: Story) -> None:
    story.begin(SPECIAL.format('Index("ix_title", "title"),'))
    story.revise(SPECIAL.format(OPS))
    story.upgrade()
    found = dict(definitions(story))
    assert "text_pattern_ops) INCLUDE (id)" in str(found["ix_title"])
    assert "USING gin" in str(found["ix_tags"])
    story.revise(SPECIAL.format('Index("ix_title", "title"),'))
    story.upgrade()
    story.downgrade()
    assert dict(definitions(story)) == found

"""Defaults of the server: changed ones are seen, the same in other words are not."""

from __future__ import annotations

from story import Story

MODELS = """
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    level: int = Field(sa_column_kwargs={{"server_default": text("{}")}})
    motto: str = Field(max_length=20, sa_column_kwargs={{"server_default": "{}"}})
    is_active: bool = Field(sa_column_kwargs={{"server_default": sa.true()}})
    made: datetime = Field(
        sa_column=Column(DateTime, server_default=sa.func.now(), nullable=False)
    )
    options: dict = Field(sa_column=Column(JSON, {}nullable=False))
"""
BEFORE = MODELS.format("1", "it's", "server_default=text(\"'{}'\"), ")
AFTER = MODELS.format("2", "100%: a\\\\b", "server_default=text(\"'[]'\"), ")
NONE = MODELS.format("2", "100%: a\\\\b", "")


def test_defaults_change_and_come_back(story: Story) -> None:
    story.begin(BEFORE, "INSERT INTO hero (id) VALUES (1)")
    story.succeed("check")
    story.revise(AFTER)

    story.upgrade()
    story.database.run("INSERT INTO hero (id) VALUES (2)")
    story.downgrade()
    story.database.run("INSERT INTO hero (id) VALUES (3)")

    rows = story.query("SELECT level, motto, options FROM hero ORDER BY id")
    plain = [(level, motto, str(options)) for level, motto, options in rows]
    assert plain == [(1, "it's", "{}"), (2, "100%: a\\b", "[]"), (1, "it's", "{}")]
    assert story.query("SELECT count(*) FROM hero WHERE made IS NOT NULL AND is_active") == [(3,)]


def test_a_default_that_goes_away(story: Story) -> None:
    story.begin(AFTER, "INSERT INTO hero (id) VALUES (1)")
    story.revise(NONE)
    story.upgrade()
    story.downgrade()
    story.database.run("INSERT INTO hero (id) VALUES (2)")
    assert story.query("SELECT count(*) FROM hero") == [(2,)]
    story.upgrade()

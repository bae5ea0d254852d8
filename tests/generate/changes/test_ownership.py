"""Ownership: what no revision made and no model declares is left alone, and named."""

from __future__ import annotations

import pytest

from story import Story

MODELS = """
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50)
"""
MORE = MODELS + "    age: int | None = None\n"
FOREIGN = (
    "CREATE TABLE legacy (id INTEGER PRIMARY KEY, note VARCHAR(20))",
    "CREATE INDEX ix_note ON legacy (note)",
    "CREATE VIEW names AS SELECT name FROM hero",
    "CREATE TABLE other_version (version_num VARCHAR(32) NOT NULL)",
)


def test_a_foreign_table_is_left_alone_and_named_from_the_database(story: Story) -> None:
    story.begin(MODELS, *FOREIGN)
    story.succeed("check")

    script = story.revise(MORE, "--from-database")

    assert "legacy" not in script
    assert "names" not in script
    assert "other_version" not in script
    story.upgrade()
    said = story.succeed("check", "--from-database").output
    assert "table 'legacy' is left alone: no revision made it and no model declares it" in said
    story.downgrade()
    assert story.query("SELECT count(*) FROM legacy") == [(0,)]


def test_a_table_of_this_history_goes_when_its_model_goes(story: Story) -> None:
    gone = "\n\nclass Team(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n"
    story.begin(MODELS + gone, *FOREIGN)
    script = story.revise(MODELS, "--from-database")
    assert 'op.drop_table("team")' in script
    assert "legacy" not in script


PARTITIONS = (
    "CREATE SCHEMA elsewhere",
    "CREATE TABLE elsewhere.thing (id int PRIMARY KEY)",
    "CREATE TABLE part (id int, at date) PARTITION BY RANGE (at)",
    "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "CREATE TABLE child () INHERITS (hero)",
    "CREATE MATERIALIZED VIEW kept AS SELECT name FROM hero",
)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("flags", [(), ("--from-database",)])
def test_schemas_partitions_children_and_views(story: Story, flags: tuple[str, ...]) -> None:
    story.begin(MODELS, *PARTITIONS)
    script = story.revise(MORE, *flags)
    assert "drop_" not in script.partition("def downgrade")[0]
    story.upgrade()
    for name in ("elsewhere.thing", "part", "part_1", "child", "kept"):
        story.query(f"SELECT * FROM {name}")


FILTERS = """
def include_object(object, name, type_, reflected, compare_to):
    return name not in ("ix_mine", "uq_mine", "ck_mine", "secret")


environment.run("models", include_object=include_object)
"""
OWN = """
class Hero(SQLModel, table=True):
    __table_args__ = (
        Index("ix_mine", "name"),
        UniqueConstraint("name", name="uq_mine"),
        CheckConstraint("name <> ''", name="ck_mine"),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50)
    secret: str | None = Field(default=None, max_length=50)
"""


def test_include_object_is_honoured_by_every_comparator(story: Story) -> None:
    story.begin(MODELS)
    env = story.project.read("migrations/env.py").partition("environment.run")[0]
    story.project.write({"migrations/env.py": env + FILTERS})
    story.models(OWN)
    story.succeed("check")

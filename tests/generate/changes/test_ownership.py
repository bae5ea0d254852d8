"""Ownership: what no revision made and no model declares is left alone, and named."""

from __future__ import annotations

from collections.abc import Sequence

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


HIDDEN = """
def include_object(object, name, type_, reflected, compare_to):
    return not name or not name.endswith("_hidden")


environment.run("models", include_object=include_object)
"""
UNSEEN = """
def include_name(name, type_, parent_names):
    return not name or not name.endswith("_hidden")


environment.run("models", include_name=include_name)
"""
BY_HAND = (
    "CREATE TABLE owner_hidden (id INTEGER PRIMARY KEY)",
    "CREATE INDEX ix_hidden ON hero (name)",
    "CREATE UNIQUE INDEX uq_hidden ON hero (name, id)",
)
BY_HAND_ON_SERVERS = (
    "ALTER TABLE hero ADD CONSTRAINT ck_hidden CHECK (name <> '')",
    "ALTER TABLE hero ADD COLUMN owner_hidden INTEGER",
    "ALTER TABLE hero ADD CONSTRAINT fk_hidden FOREIGN KEY (id) REFERENCES owner_hidden (id)",
)
BY_HAND_ON_POSTGRESQL = (
    "CREATE INDEX expr_hidden ON hero (lower(name)) WHERE id > 0",
    "ALTER TABLE hero ADD CONSTRAINT ex_hidden EXCLUDE USING btree (name WITH =)",
    "CREATE TYPE color AS ENUM ('red')",
    "CREATE TABLE paint_hidden (id int PRIMARY KEY, color color)",
)


@pytest.mark.parametrize("filters", [HIDDEN, UNSEEN], ids=["include_object", "include_name"])
def test_what_a_revision_made_by_hand_is_left_out_as_env_py_says(
    story: Story, filters: str
) -> None:
    """Every comparator asks before it takes away what no model has."""
    story.begin(MODELS)
    made = BY_HAND + (() if story.database.kind == "sqlite" else BY_HAND_ON_SERVERS)
    made += BY_HAND_ON_POSTGRESQL if story.database.kind == "postgresql" else ()
    by_hand(story, made)
    assert story.project.cli("check").code == 1
    env = story.project.read("migrations/env.py").partition("environment.run")[0]
    story.project.write({"migrations/env.py": env + filters})

    story.succeed("check")
    script = story.revise(MORE)

    assert "hidden" not in script
    assert "color" not in script
    story.upgrade()
    story.succeed("check", "--from-database")


def by_hand(story: Story, statements: Sequence[str]) -> None:
    """A revision that makes what no model says."""
    there = story.scripts()
    story.succeed("revision", "by hand", "--empty")
    (path,) = story.scripts() - there
    lines = "".join(f"    op.execute({statement!r})\n" for statement in statements)
    head, _, tail = path.read_text(encoding="utf-8").partition("    pass\n")
    path.write_text(head + lines + tail, encoding="utf-8")
    story.succeed("upgrade")


EXTENSION = (
    "CREATE TYPE shape AS ENUM ('point', 'line')",
    "CREATE TABLE spatial (id int PRIMARY KEY, name varchar(20), shape shape)",
    "CREATE INDEX ix_spatial ON spatial (name)",
    "CREATE SEQUENCE spatial_numbers",
    # An extension without tables of its own gets some, as PostGIS has.
    "CREATE EXTENSION IF NOT EXISTS plpgsql",
    "ALTER EXTENSION plpgsql ADD TABLE spatial",
    "ALTER EXTENSION plpgsql ADD TYPE shape",
    "ALTER EXTENSION plpgsql ADD SEQUENCE spatial_numbers",
)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("flags", [(), ("--from-database",)], ids=["history", "database"])
def test_what_an_extension_owns_is_left_alone(story: Story, flags: tuple[str, ...]) -> None:
    story.begin(MODELS)
    by_hand(story, EXTENSION)
    story.succeed("check", *flags)
    script = story.revise(MORE, *flags)
    assert "spatial" not in script
    assert "shape" not in script
    story.upgrade()
    story.downgrade()
    assert story.query("SELECT count(*) FROM spatial") == [(0,)]


PARTS = """
class Hero(SQLModel, table=True):
    __table_args__ = {"postgresql_partition_by": "RANGE (born)"}

    id: int = Field(primary_key=True)
    born: date = Field(primary_key=True)
    name: str = Field(max_length=50)
"""
PARTS_AFTER = PARTS.replace("name: str = Field(max_length=50)", "name: str = Field(max_length=80)")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_partitions_of_a_table_of_the_models_go_along(story: Story) -> None:
    """Made by a revision as well: no partition is dropped, and each has what the whole has."""
    story.begin(PARTS)
    bounds = "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
    by_hand(story, [f"CREATE TABLE hero_2026 PARTITION OF hero {bounds}"])
    story.database.run("INSERT INTO hero VALUES (1, '2026-05-01', 'Loki')")
    story.succeed("check")
    script = story.revise(PARTS_AFTER)
    assert "hero_2026" not in script
    story.upgrade()
    story.downgrade()
    assert story.query("SELECT name FROM hero_2026") == [("Loki",)]

    other = "\n\nclass Team(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n"
    story.succeed("upgrade")
    story.revise(other)
    story.upgrade()
    story.downgrade()
    story.database.run("INSERT INTO hero VALUES (2, '2026-05-01', 'Thor')")
    assert story.query("SELECT name FROM hero_2026") == [("Thor",)]


def test_other_histories_are_left_alone(story: Story) -> None:
    """By the columns of their version tables, whatever these are called."""
    story.begin(MODELS)
    by_hand(
        story,
        [
            "CREATE TABLE versions_of_billing (version_num VARCHAR(32) PRIMARY KEY)",
            "INSERT INTO versions_of_billing VALUES ('abc')",
        ],
    )
    story.succeed("check")
    assert "versions_of_billing" not in story.revise(MORE)
    story.upgrade()
    assert story.query("SELECT version_num FROM versions_of_billing") == [("abc",)]


VIRTUAL = (
    "CREATE VIRTUAL TABLE hero_text USING fts5(name)",
    "CREATE TRIGGER hero_added AFTER INSERT ON hero BEGIN"
    " INSERT INTO hero_text (name) VALUES (new.name); END",
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_virtual_table_of_a_revision_is_left_alone(story: Story) -> None:
    story.begin(MODELS)
    by_hand(story, VIRTUAL)
    story.database.run("INSERT INTO hero (name) VALUES ('Loki')")
    story.succeed("check")
    assert "hero_text" not in story.revise(MORE.replace("max_length=50", "max_length=60"))
    story.upgrade()
    assert story.query("SELECT name FROM hero_text") == [("Loki",)]


WHOLE = "CREATE TABLE hero_of_old (rank int) INHERITS (hero)"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_child_of_a_revision_is_left_alone_as_long_as_its_parent_is_there(story: Story) -> None:
    other = "\n\nclass Team(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n"
    story.begin(MODELS + other)
    by_hand(story, [WHOLE])
    story.succeed("check")
    assert "hero_of_old" not in story.revise(MORE + other)
    story.upgrade()
    story.revise(other)
    story.upgrade()
    story.downgrade()
    story.database.run("INSERT INTO hero_of_old (name, rank) VALUES ('Loki', 1)")
    assert story.query("SELECT name FROM hero") == [("Loki",)]
    story.upgrade()

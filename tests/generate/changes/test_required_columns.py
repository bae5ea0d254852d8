"""Columns that must have a value: the model's, one that is told, or a refusal; never a silent 0."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from story import Story

BEFORE = """
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    motto: str | None = Field(default=None, max_length=20)
    size: int | None = None
"""
ROWS = "INSERT INTO hero (id, motto, size) VALUES (1, NULL, NULL), (2, 'Onward', 7)"
AFTER = """
class Kind(enum.Enum):
    HUMAN = "human"
    ALIEN = "alien"


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    motto: str = Field(default="it's 100%: \\\\o/", max_length=20)
    size: int
    is_active: bool = Field(default=True)
    title: str = Field(default="it's 100%: \\\\o/", max_length=20)
    kind: Kind = Field(default=Kind.ALIEN)
    options: dict = Field(default={"a": ["it's", 1]}, sa_type=JSON)
    tags: list = Field(default_factory=list, sa_type=JSON)
    price: Decimal = Field(default=Decimal("1.50"), max_digits=8, decimal_places=2)
    since: datetime = Field(default=datetime(2026, 1, 2, 3, 4, 5), sa_type=DateTime)
    token: uuid.UUID = Field(default_factory=uuid.uuid4, unique=True)
    level: int
    code: str = Field(max_length=10)
"""
FLAGS = (
    *("--fill", "hero.size=3", "--fill", "hero.level=9"),
    *("--fill", "hero.code=CASE WHEN id = 1 THEN 'one' ELSE 'more' END"),
)


def test_values_of_the_model_and_of_flags(story: Story) -> None:
    story.begin(BEFORE, ROWS)
    script = story.revise(AFTER, *FLAGS)
    assert "Rows without 'hero.motto' get 'it''s 100%: " in script
    assert "server_default=None" in script

    story.upgrade()

    said = "it's 100%: \\o/"
    query = "SELECT motto, size, title, kind, level, code FROM hero ORDER BY id"
    assert story.query(query) == [
        (said, 3, said, "ALIEN", 9, "one"),
        ("Onward", 7, said, "ALIEN", 9, "more"),
    ]
    active, options, tags, price, since = story.query(
        "SELECT is_active, options, tags, price, since FROM hero WHERE id = 1"
    )[0]
    assert bool(active) is True
    assert Decimal(str(price)) == Decimal("1.50")
    assert str(since).startswith("2026-01-02 03:04:05")
    read = [json.loads(v) if isinstance(v, str) else v for v in (options, tags)]
    assert read == [{"a": ["it's", 1]}, []]
    assert story.query("SELECT count(DISTINCT token) FROM hero") == [(2,)]

    story.downgrade()
    assert story.query("SELECT motto, size FROM hero WHERE id = 2") == [("Onward", 7)]
    story.upgrade()


NEW = "    level: int\n    code: str = Field(max_length=10)\n"


def test_without_a_value_rows_are_refused_and_an_empty_table_is_not(story: Story) -> None:
    """MariaDB would write 0 and '' into the rows, and say nothing."""
    story.begin(BEFORE)
    story.revise(BEFORE + NEW)
    story.database.run(ROWS)

    ran = story.project.cli("upgrade")

    assert ran.code == 5
    assert "2 rows of 'hero' would have no value in the required column 'level'" in ran.stderr
    assert "--fill hero.level=VALUE" in ran.stderr
    assert story.query("SELECT id, motto, size FROM hero ORDER BY id") == [
        (1, None, None),
        (2, "Onward", 7),
    ]
    story.database.run("DELETE FROM hero")
    story.upgrade()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_rebuild_for_all_of_a_table(story: Story) -> None:
    story.begin(BEFORE, ROWS)
    script = story.revise(AFTER, *FLAGS)
    up = script.partition("def upgrade")[2].partition("def downgrade")[0]
    assert up.count("with op.batch_alter_table(") == 1

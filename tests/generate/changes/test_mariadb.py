"""MariaDB: what an ALTER does not mention stays; indexes of foreign keys; nothing for ever."""

from __future__ import annotations

import pytest

from story import Story

pytestmark = pytest.mark.parametrize("database", ["mariadb"], indirect=True)

MODELS = """
class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(
        sa_column=Column(
            mysql.VARCHAR({}, charset="latin1", collation="latin1_bin"),
            nullable=False,
            server_default="it's",
            comment="what they are called",
        )
    )
    is_open: bool = Field(sa_column_kwargs={{"server_default": sa.true()}})
    changed: datetime = Field(
        sa_column=Column(
            mysql.TIMESTAMP,
            nullable=False,
            server_default=text("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"),
        )
    )
    team_id: int | None = Field(default=None{})
"""
KEY = ', foreign_key="team.id"'
COLUMN = (
    "SELECT column_type, is_nullable, column_default, column_comment, collation_name"
    " FROM information_schema.columns"
    " WHERE table_schema = database() AND table_name = 'hero' AND column_name = 'name'"
)
INDEXES = (
    "SELECT DISTINCT index_name FROM information_schema.statistics"
    " WHERE table_schema = database() AND table_name = 'hero' ORDER BY 1"
)


def test_what_a_change_does_not_mention_stays(story: Story) -> None:
    story.begin(MODELS.format(20, KEY), "INSERT INTO hero (id) VALUES (1)")
    story.succeed("check")
    before = story.query(COLUMN)
    story.revise(MODELS.format(40, KEY))
    story.upgrade()
    assert story.query(COLUMN) == [("varchar(40)", *before[0][1:])]
    story.downgrade()
    assert story.query(COLUMN) == before


def test_the_index_of_a_foreign_key(story: Story) -> None:
    story.begin(MODELS.format(20, ""), "INSERT INTO hero (id) VALUES (1)")
    before = story.query(INDEXES)
    story.revise(MODELS.format(20, KEY))
    story.upgrade()
    assert len(story.query(INDEXES)) == len(before) + 1
    story.downgrade()
    assert story.query(INDEXES) == before
    story.upgrade()
    story.revise(MODELS.format(20, ""))
    story.upgrade()
    assert story.query(INDEXES) == before


def test_a_change_of_the_type_that_a_foreign_key_refers_to(story: Story) -> None:
    story.begin(MODELS.format(20, KEY), "INSERT INTO team (id) VALUES (1)")
    story.database.run("INSERT INTO hero (id, team_id) VALUES (1, 1)")
    key = "id: int | None = Field(default=None, primary_key=True{})"
    models = MODELS.format(20, KEY + ", sa_type=sa.BigInteger")
    story.revise(models.replace(key.format(""), key.format(", sa_type=sa.BigInteger"), 1))
    story.upgrade()
    story.downgrade()
    assert story.query("SELECT team_id FROM hero") == [(1,)]
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        story.database.run("INSERT INTO hero (id, team_id) VALUES (2, 9)")


LONG = """
class Text(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length={0}, index=True)
    code: str = Field(max_length={0}, unique=True)
"""


def test_keys_beyond_3072_bytes_of_utf8mb4(story: Story) -> None:
    """768 characters: MariaDB cuts an index, and keeps a unique one by its hash; so do we."""
    story.begin(LONG.format(700), "INSERT INTO text (id, title, code) VALUES (1, 'a', 'b')")
    story.revise(LONG.format(900))
    story.upgrade()
    with pytest.raises(Exception, match="Duplicate"):
        story.database.run("INSERT INTO text (id, title, code) VALUES (2, 'a', 'b')")
    story.downgrade()
    story.succeed("upgrade")
    assert story.query("SELECT title, code FROM text") == [("a", "b")]


def test_a_primary_key_beyond_the_limit_is_refused_with_it(story: Story) -> None:
    field = "code: str = Field(max_length={}, primary_key=True)"
    models = f"class Text(SQLModel, table=True):\n    {field}\n"
    story.begin(models.format(768))
    ran = story.refused(models.format(769))
    assert "max key length is 3072 bytes" in ran.stderr

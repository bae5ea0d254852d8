"""Tables in a schema of their own: on MariaDB another database, on SQLite there are none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from story import Story

TEAM = """
class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50)
"""
REPORT = """
class Report(SQLModel, table=True):
    __table_args__ = {"schema": "SCHEMA"}

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50)
"""

pytestmark = pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)


@pytest.fixture
def schema(story: Story) -> Iterator[str]:
    name = f"{story.database.name}_archive"
    yield name
    if story.database.kind == "mariadb":
        story.database.run(f"DROP DATABASE IF EXISTS {name}")


@pytest.mark.parametrize("flags", [(), ("--from-database",)], ids=["history", "database"])
def test_tables_of_a_schema_change_and_the_last_one_goes(
    story: Story, schema: str, flags: tuple[str, ...]
) -> None:
    report = REPORT.replace("SCHEMA", schema)
    story.begin(TEAM + report, f"INSERT INTO {schema}.report (id, name) VALUES (1, 'x')")
    more = report + "    size: int | None = Field(default=None, index=True)\n"
    assert "add_column" in story.revise(TEAM + more, *flags)
    story.upgrade()

    script = story.revise(TEAM, *flags)
    assert f'op.drop_table("report", schema="{schema}")' in script
    story.upgrade()
    story.succeed("check", *flags)
    story.downgrade()
    assert story.query(f"SELECT size FROM {schema}.report") == []

"""What models need and do not say themselves: revisions make it by hand."""

from __future__ import annotations

import re

import pytest

from story import Story

HERO = """
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
"""
NEEDY = """    label: str = Field(
        sa_column=Column(String(20), server_default=text("label(3)"), nullable=False)
    )
    mail: str | None = Field(default=None, sa_type=postgresql.CITEXT)
"""
BY_HAND = """
def upgrade() -> None:
    op.execute("CREATE EXTENSION citext")
    op.execute("CREATE FUNCTION label(x int) RETURNS text LANGUAGE sql AS 'SELECT x::text'")


def downgrade() -> None:
    op.execute("DROP FUNCTION label")
    op.execute("DROP EXTENSION citext")
"""


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("flags", [(), ("--from-database",)], ids=["history", "database"])
def test_a_function_and_an_extension_that_a_revision_made(
    story: Story, flags: tuple[str, ...]
) -> None:
    story.begin(HERO)
    there = story.scripts()
    story.succeed("revision", "by hand", "--empty")
    (script,) = story.scripts() - there
    head = re.split(r"^def ", script.read_text(), maxsplit=1, flags=re.MULTILINE)[0]
    script.write_text(head + BY_HAND.lstrip())
    story.succeed("upgrade")

    assert "label(3)" in story.revise(HERO + NEEDY, *flags)
    story.upgrade()
    story.succeed("check", *flags)
    story.downgrade()

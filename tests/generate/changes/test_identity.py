"""Identity columns, sequences, AUTO_INCREMENT: the next number follows the rows."""

from __future__ import annotations

import pytest

from story import Story

SERIAL = """
class Invoice(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    total: int = 0
"""
IDENTITY = """
class Invoice(SQLModel, table=True):
    id: int | None = Field(
        default=None, sa_column=Column(sa.Integer, Identity(always={}, start=5), primary_key=True)
    )
    total: int = 0
"""
NUMBERLESS = """
class Invoice(SQLModel, table=True):
    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    total: int = 0
"""
INSERT = "INSERT INTO invoice (total) VALUES (0)"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_serial_key_becomes_an_identity_column_and_changes(story: Story) -> None:
    story.begin(SERIAL, "INSERT INTO invoice (id, total) VALUES (40, 0)")
    story.revise(IDENTITY.format("True"))
    story.upgrade()
    story.database.run(INSERT)
    assert story.query("SELECT max(id) FROM invoice") == [(41,)]
    story.downgrade()
    story.database.run(INSERT)
    assert story.query("SELECT max(id) FROM invoice") == [(42,)]
    story.upgrade()

    story.revise(IDENTITY.format("False"))
    story.upgrade()
    story.database.run(INSERT)
    story.downgrade()
    story.database.run(INSERT)
    assert story.query("SELECT max(id) FROM invoice") == [(44,)]


@pytest.mark.parametrize("database", ["mariadb", "postgresql"], indirect=True)
def test_a_key_that_counts_from_now_on(story: Story) -> None:
    story.begin(NUMBERLESS, "INSERT INTO invoice (id, total) VALUES (7, 0)")
    story.revise(SERIAL)
    story.upgrade()
    story.database.run(INSERT)
    assert story.query("SELECT max(id) FROM invoice") == [(8,)]
    story.downgrade()
    with pytest.raises(Exception, match=r"(?i)null|default"):
        story.database.run(INSERT)

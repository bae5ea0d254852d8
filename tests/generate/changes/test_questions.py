"""Questions: asked on a terminal, named as flags elsewhere, with the rows that are at stake."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time

import pytest

from story import Story
from zygote import command

HERO = """
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    {}: str | None = Field(default=None, max_length=50)
"""
ROWS = "INSERT INTO hero (id, name) VALUES (1, 'Deadpond'), (2, 'Rusty-Man'), (3, NULL)"
LIGHT = """
class Shade(enum.Enum):
    {} = 1
    WHITE = 2


class Light(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    shade: Shade
"""
TABLE = """
class {}(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    pages: int
"""

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
no_terminals = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")


def answered(answer: str, *arguments: str) -> tuple[int, str]:
    """Run a command on a pseudo-terminal, and answer its first question; a line for each time."""
    import pty

    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "CI"} | {"TERM": "dumb"}
    process = subprocess.Popen(
        command(["sqlmodel", "migrations", *arguments]),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        said = read(ours, "your answer")
        os.write(ours, f"{answer}\n".encode())
        said += read(ours, None)
        return process.wait(timeout=30), said
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read(terminal: int, until: str | None) -> str:
    """Read what is said, up to a word or to the end."""
    said, deadline = "", time.monotonic() + 30
    while time.monotonic() < deadline and (until is None or until not in said):
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # Linux: the other side is closed
            break
        if not chunk:
            break
        said += chunk.decode()
    return said


def answered_for_a_column(story: Story, answer: str) -> str:
    """Write the revision for one column that is gone and one that is new; returns what is said."""
    story.begin(HERO.format("name"), ROWS)
    story.models(HERO.format("full_name"))
    code, said = answered(answer, "revision", "names")
    assert code == 0, said
    return said


@sqlite_only
@no_terminals
def test_a_column_that_was_renamed(story: Story) -> None:
    said = answered_for_a_column(story, "1")

    assert "column 'hero.name' is gone from the models, and 'full_name' is new" in said
    assert "it goes away with its values (2 rows)" in said
    story.upgrade()
    assert story.query("SELECT full_name FROM hero ORDER BY id")[0] == ("Deadpond",)


@sqlite_only
@no_terminals
def test_what_is_no_number_is_asked_again(story: Story) -> None:
    said = answered_for_a_column(story, "yes\n9\n1")

    assert said.count("type a number from 1 to 2") == 2


@sqlite_only
@no_terminals
def test_a_column_that_goes_away_with_its_values(story: Story) -> None:
    said = answered_for_a_column(story, "2")

    assert "Data loss: column 'hero.name' with its values." in said
    story.upgrade()
    assert story.query("SELECT id, full_name FROM hero ORDER BY id")[0] == (1, None)


@no_terminals
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_enum_value_that_was_renamed(story: Story) -> None:
    story.begin(LIGHT.format("GRAY"), "INSERT INTO light (id, shade) VALUES (1, 'GRAY')")
    story.models(LIGHT.format("GREY"))

    code, said = answered("1", "revision", "grey is British")

    assert code == 0, said
    assert "(--rename-value shade.GRAY:GREY)" in said
    story.upgrade()
    assert story.query("SELECT shade::text FROM light") == [("GREY",)]


@sqlite_only
def test_a_table_where_nobody_may_be_asked(story: Story) -> None:
    story.begin(TABLE.format("Book"), "INSERT INTO book (id, pages) VALUES (1, 300)")

    ran = story.refused(TABLE.format("Volume"))

    assert ran.code == 3
    assert "--rename book:volume" in ran.stderr
    assert "--accept book" in ran.stderr
    assert "it goes away with its rows (1 row)" in ran.stderr


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_rows_are_counted_while_the_shadow_is_in_the_database_s_place(story: Story) -> None:
    story.begin(HERO.format("name"), ROWS)

    ran = story.refused(HERO.format("full_name"))

    assert ran.code == 3
    assert "it goes away with its values (2 rows)" in ran.stderr


@sqlite_only
def test_nothing_is_counted_in_a_database_that_is_behind(story: Story) -> None:
    story.begin(HERO.format("name"), ROWS)
    story.revise(HERO.format("name") + "    age: int | None = None\n")

    ran = story.refused(HERO.format("full_name") + "    age: int | None = None\n")

    assert ran.code == 3
    assert "it goes away with its values\n" in ran.stderr


@sqlite_only
def test_a_question_needs_no_database(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.begin(HERO.format("name"), ROWS)
    monkeypatch.setenv("DATABASE_URL", "sqlite:////no/such/folder/database.db")

    ran = story.refused(HERO.format("full_name"))

    assert ran.code == 3
    assert "--rename hero.name:full_name" in ran.stderr

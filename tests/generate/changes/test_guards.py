"""Guards: rows that do not fit are refused with their number, at `revision` and at `upgrade`."""

from __future__ import annotations

import socket

import pytest

from databases import Server
from story import Story

BEFORE = """
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str | None = Field(default=None, max_length=50)
    email: str | None = Field(default=None, max_length=50)
    team_id: int | None = None
    weight: int | None = None


class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
"""
REQUIRED = BEFORE.replace("name: str | None = Field(default=None, ", "name: str = Field(")
UNIQUE = BEFORE.replace("email: str | None = Field(", "email: str | None = Field(unique=True, ")
ORPHAN = BEFORE.replace(
    "team_id: int | None = None", "team_id: int | None = Field(foreign_key='team.id')"
)
CHECKED = BEFORE.replace(
    "class Hero(SQLModel, table=True):\n",
    "class Hero(SQLModel, table=True):\n"
    "    __table_args__ = (CheckConstraint('weight < 100', name='ck_light'),)\n",
)
NARROW = BEFORE.replace(
    "email: str | None = Field(default=None, max_length=50)",
    "email: str | None = Field(default=None, max_length=5)",
)
NEW = BEFORE.replace(
    "    weight: int | None = None\n", "    weight: int | None = None\n    age: int\n"
)
BAD = (
    "INSERT INTO hero (id, name, email, team_id, weight) VALUES (1, NULL, 'a@a.org', 7, 500)",
    "INSERT INTO hero (id, name, email, team_id, weight) VALUES (2, 'Loki', 'a@a.org', NULL, 5)",
)
CASES = {
    "required": (REQUIRED, "1 rows of 'hero' have no value in 'name'"),
    "unique": (UNIQUE, "1 values of 'email' in 'hero' are there more than once"),
    "orphan": (ORPHAN, "1 rows of 'hero' refer by 'team_id' to a row of 'team'"),
    "checked": (CHECKED, "1 rows of 'hero' do not satisfy the check 'ck_light': "),
    "new": (NEW, "2 rows of 'hero' would have no value in the required column 'age'"),
}
NARROWED = (NARROW, "2 rows of 'hero' have a value in 'email' that does not fit")


def test_rows_that_do_not_fit_are_refused(story: Story) -> None:
    """One project for all cases: what is refused leaves nothing behind."""
    story.begin(BEFORE, *BAD)
    cases = dict(CASES)
    if story.database.kind != "sqlite":  # which keeps texts of any length
        cases["narrow"] = NARROWED
    for models, reason in cases.values():
        refused_at_revision(story, models, reason)
    for name in ("required", "new"):  # The messages are the same: two stand for all.
        refused_at_upgrade(story, *cases[name])


def refused_at_revision(story: Story, models: str, reason: str) -> None:
    ran = story.refused(models)
    assert ran.code == 1, ran.output
    assert reason in ran.stderr


def refused_at_upgrade(story: Story, models: str, reason: str) -> None:
    rows = story.query("SELECT * FROM hero ORDER BY id")
    there = story.scripts()
    story.models(models)
    story.succeed("revision", "change", "--no-verify")
    (script,) = story.scripts() - there

    for run in (story.project.cli, lambda *a: story.project.cli.run("alembic", *a)):
        ran = run("upgrade", "head")
        assert ran.code != 0
        assert reason in ran.output
        assert story.query("SELECT * FROM hero ORDER BY id") == rows
    assert story.project.cli("upgrade").code == 5

    script.unlink()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_guard_lets_rows_pass_that_fit(story: Story) -> None:
    story.begin(BEFORE, BAD[1])
    story.revise(REQUIRED)
    story.upgrade()
    story.downgrade()
    story.upgrade()
    assert story.query("SELECT name FROM hero") == [("Loki",)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_revision_that_is_not_verified_is_written_whatever_the_rows_are(story: Story) -> None:
    story.begin(BEFORE, *BAD)
    assert "IS NULL" in story.revise(REQUIRED, "--no-verify")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_that_does_not_answer_is_not_waited_for(
    story: Story, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    story.begin(BEFORE)
    server: Server = request.getfixturevalue("_postgresql_server")
    # A server that accepts a connection and says nothing.
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        server.database() as empty,
    ):
        port = silent.getsockname()[1]
        url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/nothing"
        monkeypatch.setenv("DATABASE_URL", url)
        ini = story.project.read("alembic.ini")
        setting = f"[alembic]\nsqlmodel.shadow_url = {empty.url}"
        story.project.write({"alembic.ini": ini.replace("[alembic]", setting, 1)})
        story.revise(REQUIRED)

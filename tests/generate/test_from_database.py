"""Compared with the live database at head, a revision is the one that the history gives."""

from __future__ import annotations

from pathlib import Path

import pytest

import autogenerate_page
from autogenerate_page import Group
from databases import KINDS, Database
from project import Project
from test_autogenerate_page import GROUPS, begin, succeed

PLAYS = [
    pytest.param(group, kind, id=f"{group.title}-{kind}")
    for group in GROUPS
    for kind in KINDS
    if group.on(kind)
]
# What is asked when all changes are made at once.
QUESTIONS = {"Tables and columns": ("--accept", "vehicle")}


@pytest.mark.parametrize(("group", "database"), PLAYS, indirect=["database"])
def test_the_same_is_written(
    group: Group, database: Database, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All changes of a group of docs/autogenerate.md at once; afterwards nothing is found."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    begin(project, database, group)
    project.write({"models.py": group.models(database.kind, len(group.on(database.kind)))})

    live = written(project, group, database, "--from-database")
    assert written(project, group, database) == live

    succeed(project, "upgrade")
    succeed(project, "check", "--from-database")


def written(project: Project, group: Group, database: Database, *flags: str) -> str:
    """Write the revision; one from the database is taken away again."""
    answers = [flag for change in group.on(database.kind) for flag in change.command[2:]]
    answers += QUESTIONS.get(group.title, ())
    there = scripts(project)
    succeed(project, "revision", "all", "--no-verify", *answers, *flags)
    (new,) = scripts(project) - there
    text = autogenerate_page.shown(new.read_text(encoding="utf-8"))
    if flags:
        new.unlink()
    return text


def scripts(project: Project) -> set[Path]:
    return set((project.path / "migrations" / "versions").glob("*.py"))

"""Projects that the tests of the commands start from; the database is `database.db` beside them."""

from __future__ import annotations

import pytest

from databases import Database
from heroes import CREATE, DROP, MODELS, add_revision
from project import Project


@pytest.fixture
def hero(project: Project) -> Project:
    """A project with one model and no revision."""
    project.write({"models.py": MODELS})
    project.init()
    return project


@pytest.fixture
def two(hero: Project) -> Project:
    """The same with two revisions: a1 makes the table, b2 does nothing."""
    add_revision(hero, "a1", None, "add heroes", upgrade=CREATE, downgrade=DROP)
    add_revision(hero, "b2", "a1", "do nothing")
    return hero


@pytest.fixture
def branches(two: Project) -> Project:
    """The same with two heads after a1: b2, and c3 with a label."""
    add_revision(two, "c3", "a1", "another branch", labels=["other"])
    return two


@pytest.fixture
def file(project: Project) -> Database:
    """The project's database, past every tool."""
    return Database("sqlite", f"sqlite:///{(project.path / 'database.db').as_posix()}")

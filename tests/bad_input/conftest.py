"""Projects to be broken: a hero and its revisions, on each of the databases."""

from __future__ import annotations

import pytest

from databases import Database
from heroes import CREATE, DROP, MODELS, add_revision
from project import Project

# MariaDB wants a length.
CREATE_50 = CREATE.replace("sa.String,", "sa.String(50),")


@pytest.fixture
def hero(project: Project) -> Project:
    """A project with one model and no revision; its database is SQLite's, beside it."""
    project.write({"models.py": MODELS.replace("name: str", "name: str = Field(max_length=50)")})
    project.init()
    return project


@pytest.fixture
def two(hero: Project) -> Project:
    """The same with two revisions: aa01 makes the table, bb02 does nothing."""
    add_revision(hero, "aa01", None, "add heroes", upgrade=CREATE_50, downgrade=DROP)
    add_revision(hero, "bb02", "aa01", "do nothing")
    return hero


@pytest.fixture
def placed(two: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The same on the test's `database`."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    return two

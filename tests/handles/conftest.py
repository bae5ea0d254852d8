"""A project whose database is each of the servers in turn."""

from __future__ import annotations

import pytest

from databases import Database
from project import Project


@pytest.fixture
def placed(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The empty project with `DATABASE_URL` naming the test's `database`."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    return project

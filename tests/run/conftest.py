"""Projects whose revisions are run: an env.py of ours and nothing else, on the test's database."""

from __future__ import annotations

import pytest

from databases import Database
from project import Project

CONFIGURATION = """
    [alembic]
    script_location = %(here)s/migrations
    prepend_sys_path = .
    path_separator = os
    """
ENV = """
    from sqlmodel_migrations import environment

    environment.run()
    """


@pytest.fixture
def placed(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project without revisions."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    project.write({"alembic.ini": CONFIGURATION, "migrations/env.py": ENV})
    (project.path / "migrations" / "versions").mkdir()
    return project

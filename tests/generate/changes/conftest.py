"""The fixture of these tests: a story on each database."""

from __future__ import annotations

import pytest

from databases import Database
from project import Project
from story import Story


@pytest.fixture
def story(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setenv("DATABASE_URL", database.url)
    return Story(project, database)

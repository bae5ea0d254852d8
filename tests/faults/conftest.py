"""The harness of one test."""

from __future__ import annotations

import pytest

from databases import Database, Spares
from faults.harness import Harness
from project import Project


@pytest.fixture
def harness(request: pytest.FixtureRequest, project: Project, database: Database) -> Harness:
    """The bank in the current folder, to be upgraded on databases of the kind of `database`."""
    spares = None
    if database.kind == "postgresql":
        spares = request.getfixturevalue("_postgresql_spares")
    elif database.kind == "mariadb":
        spares = Spares(request.getfixturevalue("_mariadb_server"))
    made = Harness(project.cli, database.kind, spares)
    made.write()
    return made

"""The log lines are ours, also where env.py has its own idea of logging."""

from __future__ import annotations

import pytest

from heroes import CREATE, MODELS, add_revision
from project import Project


@pytest.fixture
def foreign(project: Project) -> Project:
    """A project of `alembic init`, whose env.py calls `fileConfig`."""
    project.write({"models.py": MODELS})
    assert project.cli.alembic("init", "migrations").code == 0
    url = "sqlite:///database.db"
    ini = project.read("alembic.ini").replace("driver://user:pass@localhost/dbname", url)
    project.write({"alembic.ini": ini})
    assert "fileConfig" in project.read("migrations/env.py")
    add_revision(project, "a1", None, "add heroes", upgrade=CREATE)
    return project


def test_of_a_foreign_env_py(foreign: Project) -> None:
    ran = foreign.cli("upgrade")
    assert ran.stderr.splitlines() == [
        "INFO  [alembic.runtime.migration] Context impl SQLiteImpl.",
        "INFO  [alembic.runtime.migration] Running upgrade  -> a1, add heroes",
        "this env.py is your own, so no history of runs is kept, and an edited script is not"
        " noticed; the setting 'history' changes that",
        "database is at a1 (head)",
    ]


def test_quiet(foreign: Project) -> None:
    assert foreign.cli("upgrade", "-q").output == ""
    assert foreign.cli("current", "-q").output == "a1 (head)\n"

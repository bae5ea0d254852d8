"""`--all`: every section in turn, each under its name."""

from __future__ import annotations

import json

import pytest

from databases import Database
from heroes import CREATE, MODELS
from project import Project

EVENTS = MODELS.replace("Hero", "Event").replace("name: str", "kind: str")
SECTION = """
[analytics]
script_location = %(here)s/migrations_analytics
sqlalchemy.url = sqlite:///analytics.db
prepend_sys_path = .
path_separator = os
"""


@pytest.fixture
def several(two: Project) -> Project:
    """The project with a second database, that has one revision."""
    two.write({
        "alembic.ini": two.read("alembic.ini") + SECTION,
        "migrations_analytics/env.py": two.read("migrations/env.py"),
        "migrations_analytics/script.py.mako": two.read("migrations/script.py.mako"),
        "migrations_analytics/versions/e1.py": "\n".join([
            '"""add events"""',
            "from alembic import op",
            "import sqlalchemy as sa",
            'revision = "e1"',
            "down_revision = None",
            f"def upgrade(): {CREATE}",
            "def downgrade(): op.drop_table('hero')",
        ]),
    })  # fmt: skip
    return two


def version(project: Project, name: str) -> list[str]:
    file = Database("sqlite", f"sqlite:///{(project.path / name).as_posix()}")
    return [row[0] for row in file.query("SELECT version_num FROM alembic_version")]


def test_upgrade(several: Project) -> None:
    ran = several.cli("upgrade", "--all", merged=True)
    assert ran.code == 0
    lines = [line for line in ran.stdout.splitlines() if not line.startswith("INFO")]
    assert lines == [
        "[alembic]", "database is at b2 (head)", "[analytics]", "database is at e1 (head)",
    ]  # fmt: skip
    assert version(several, "database.db") == ["b2"]
    assert version(several, "analytics.db") == ["e1"]


def test_one_by_name(several: Project) -> None:
    assert several.cli("upgrade", "-n", "analytics").code == 0
    assert version(several, "analytics.db") == ["e1"]
    assert not (several.path / "database.db").exists()


def test_json_is_one_envelope(several: Project) -> None:
    told = json.loads(several.cli("heads", "--all", "--json").stdout)
    found = told["result"]["databases"]
    assert list(found) == ["alembic", "analytics"]
    assert [revision["id"] for revision in found["analytics"]["revisions"]] == ["e1"]


def test_the_exit_code_is_that_of_the_worst(several: Project) -> None:
    several.cli("upgrade")
    assert several.cli("check", "--database").code == 0
    ran = several.cli("check", "--database", "--all")
    assert ran.code == 1
    assert "e1, add events" in ran.stdout
    assert ran.stderr.endswith("next: sqlmodel migrations upgrade -n analytics\n")


def test_the_first_failure_ends_it_and_what_was_done_is_told(several: Project) -> None:
    broken = several.read("migrations_analytics/versions/e1.py").replace("op.create", "op.no")
    several.write({"migrations_analytics/versions/e1.py": broken})
    ran = several.cli("upgrade", "--all")
    assert ran.code == 5
    assert "database is at b2 (head)" in ran.stderr
    assert "error: revision e1 failed" in ran.stderr

    told = json.loads(several.cli("upgrade", "--all", "--json").stdout)
    assert told["error"]["exit_code"] == 5
    assert told["result"]["databases"]["alembic"]["after"] == ["b2"]
    assert told["result"]["databases"]["analytics"] is None


def test_nothing_is_run_after_a_failure(several: Project) -> None:
    broken = several.read("migrations/versions/a1.py").replace("op.create", "op.no")
    several.write({"migrations/versions/a1.py": broken})
    ran = several.cli("upgrade", "--all")
    assert ran.code == 5
    assert "[analytics]" not in ran.stdout
    assert not (several.path / "analytics.db").exists()


@pytest.mark.parametrize("command", ["current", "history", "stamp", "status", "ensure-version"])
def test_it_is_taken_by(several: Project, command: str) -> None:
    ran = several.cli(command, "--all")
    assert ran.code == 0
    assert "[alembic]\n" in ran.stdout
    assert "[analytics]\n" in ran.stdout

"""`status`: one screen, and an exit code for those who ask for one."""

from __future__ import annotations

import json

from heroes import MODELS
from project import Project


def test_one_screen(two: Project) -> None:
    two.cli("upgrade", "a1")
    ran = two.cli("status")
    assert ran.code == 0
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    assert lines[0] == f"project   {two.path}"
    assert lines[2].startswith("database  sqlite:///")
    assert lines[2].endswith(")")
    assert lines[3:] == [
        "current   a1",
        "heads     b2, do nothing",
        "pending   1",
        "  b2, do nothing",
        "models    as the revisions make them",
    ]


def test_exit_code(two: Project) -> None:
    assert two.cli("status").code == 0
    assert two.cli("status", "--exit-code").code == 1
    two.cli("upgrade")
    assert two.cli("status", "--exit-code").code == 0
    two.write({"models.py": MODELS + "    age: int | None = None\n"})
    ran = two.cli("status", "--exit-code")
    assert ran.code == 1
    assert "1 change that no revision makes\n  add column 'hero.age'" in ran.stdout


def test_a_database_that_cannot_be_reached_is_a_problem_of_several(two: Project) -> None:
    url = "postgresql+psycopg://nobody:secret@127.0.0.1:1/x"
    ran = two.cli("status", "--url", url)
    assert ran.code == 0
    assert "problem   " in ran.stdout
    assert "heads     b2, do nothing" in ran.stdout
    assert "secret" not in ran.output
    assert two.cli("status", "--exit-code", "--url", url).code == 1


def test_json(two: Project) -> None:
    two.cli("upgrade", "a1")
    result = json.loads(two.cli("status", "--json").stdout)["result"]
    assert result["current"] == ["a1"]
    assert [revision["id"] for revision in result["pending"]] == ["b2"]
    assert result["differences"] == []
    assert result["problems"] == []
    assert result["name"] == "alembic"

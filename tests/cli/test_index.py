"""`index` stores what is read for commands that cannot store it themselves."""

from __future__ import annotations

import json
from pathlib import Path

from project import Project

UNWRITTEN = {"PYTHONDONTWRITEBYTECODE": "1"}


def stored(project: Project) -> list[Path]:
    return sorted(project.path.rglob("revisions.*.index"))


def test_it_is_written_where_python_writes_nothing(two: Project) -> None:
    assert two.cli("heads", env=UNWRITTEN).code == 0
    assert stored(two) == []
    ran = two.cli("index", env=UNWRITTEN)
    assert (ran.code, ran.stderr) == (0, "2 revisions stored in __pycache__\n")
    (path,) = stored(two)
    assert path.parent == two.path / "migrations/versions/__pycache__"


def test_a_folder_that_cannot_be_written_is_named(two: Project) -> None:
    (two.path / "migrations/versions/__pycache__").write_text("a file")
    ran = two.cli("index")
    assert ran.code == 2
    assert "__pycache__" in ran.stderr
    assert "hint:" in ran.stderr
    assert two.cli("heads").code == 0


def test_a_broken_file_is_told_and_the_others_are_stored(two: Project) -> None:
    two.write({"migrations/versions/c3.py": "revision = (\n"})
    ran = two.cli("index", "--json")
    told = json.loads(ran.stdout)
    assert ran.code == 2
    assert told["result"] == {"stored": 2}
    assert [found["rule"] for found in told["diagnostics"]] == ["broken-revision"]
    assert len(stored(two)) == 1

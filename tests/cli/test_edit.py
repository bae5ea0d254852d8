"""`edit`: the file in the person's editor."""

from __future__ import annotations

import sys

import pytest

from project import Project


@pytest.fixture
def editor(project: Project) -> dict[str, str]:
    """An editor that writes down what it was given."""
    project.write(
        {"editor.py": "import sys; open('edited', 'a').write(' '.join(sys.argv[1:]) + '\\n')"}
    )
    return {"EDITOR": f"{sys.executable} {project.path / 'editor.py'}"}


def edited(project: Project) -> list[str]:
    return [line.rpartition("/")[2] for line in project.read("edited").splitlines()]


def test_the_head_by_default(two: Project, editor: dict[str, str]) -> None:
    assert two.cli("edit", env=editor).code == 0
    assert edited(two) == ["b2.py"]


def test_an_id_and_the_current_one(two: Project, editor: dict[str, str]) -> None:
    two.cli("upgrade", "a1")
    assert two.cli("edit", "b2", env=editor).code == 0
    assert two.cli("edit", "current", env=editor).code == 0
    assert edited(two) == ["b2.py", "a1.py"]


def test_every_head(branches: Project, editor: dict[str, str]) -> None:
    assert branches.cli("edit", "heads", env=editor).code == 0
    assert sorted(edited(branches)) == ["b2.py", "c3.py"]


def test_base_names_none(two: Project, editor: dict[str, str]) -> None:
    ran = two.cli("edit", "base", env=editor)
    assert ran.code == 2
    assert "'base' names no revision" in ran.stderr


def test_an_editor_that_does_not_exist(two: Project) -> None:
    ran = two.cli("edit", env={"EDITOR": "no-such-editor-here"})
    assert ran.code in (1, 2)
    assert "Traceback" not in ran.stderr
    assert "error:" in ran.stderr

"""Folders that cannot be written. Root may write anywhere, so a file stands in a folder's place."""

from __future__ import annotations

import pytest

import rights
from heroes import MODELS, add_revision
from project import Project
from refusal import refused, unchanged


@pytest.mark.parametrize("directory", ["taken", "taken/migrations"])
@pytest.mark.parametrize("template", ["default", "generic"])
def test_init_where_a_file_stands(project: Project, directory: str, template: str) -> None:
    project.write({"taken": "a file\n"})
    with unchanged(project):
        said = refused(project.cli("init", directory, "-t", template), 2)
    assert "taken" in said.message
    assert said.hint


@pytest.mark.parametrize("template", ["default", "generic"])
def test_init_where_the_configuration_cannot_be_written(project: Project, template: str) -> None:
    project.write({"models.py": MODELS})
    (project.path / "alembic.ini").mkdir()
    with unchanged(project):
        refused(project.cli("init", "-t", template), 2)
    assert not (project.path / "migrations").exists()


def test_a_revision_where_a_file_stands(hero: Project) -> None:
    versions = hero.path / "migrations" / "versions"
    (versions / "__init__.py").unlink()
    versions.rmdir()
    versions.write_text("a file")
    for command in (["revision", "add heroes"], ["revision", "--empty", "x"]):
        with unchanged(hero):
            said = refused(hero.cli(*command), 2)
        assert str(versions) in said.message
        assert said.hint


def test_a_merge_where_a_folder_stands(two: Project) -> None:
    add_revision(two, "cc03", "aa01", "another branch")
    (two.path / "migrations" / "versions" / "dd04_merge_bb02_and_cc03.py").mkdir()
    with unchanged(two):
        said = refused(two.cli("merge", "--rev-id", "dd04"), 2)
    assert "dd04_merge_bb02_and_cc03.py" in said.message


@rights.hold
@pytest.mark.parametrize("command", ["init again", "init again -t generic", "revision", "upgrade"])
def test_a_read_only_folder(hero: Project, command: str) -> None:
    hero.cli("revision", "add heroes")
    hero.write({"models.py": MODELS.replace("name: str", "name: str\n        age: int | None = 3")})
    if command.startswith("init"):
        (hero.path / "alembic.ini").unlink()
    folders = [hero.path, *(path for path in hero.path.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        with unchanged(hero):
            ran = rights.without_override(*command.split())
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert ran.returncode == (4 if command == "upgrade" else 2), ran.stderr
    assert "error: " in ran.stderr
    assert "hint: " in ran.stderr
    assert "Traceback" not in ran.stderr

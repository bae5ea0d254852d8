"""No configuration, and configurations that do not hold."""

from __future__ import annotations

import pytest

from heroes import MODELS
from project import Project
from refusal import refused, unchanged

COMMANDS = [
    "branches", "check", "current", "downgrade", "edit", "ensure-version", "heads", "history",
    "merge", "revision", "show", "stamp", "status", "upgrade",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_no_configuration(project: Project, command: str) -> None:
    project.write({"models.py": MODELS})
    with unchanged(project):
        said = refused(project.cli(command), 2)
    assert said.message == f"no migrations are set up in '{project.path}'"
    assert said.hint == "type: sqlmodel migrations init"


def test_no_configuration_here_but_above(hero: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (hero.path / "app").mkdir()
    monkeypatch.chdir(hero.path / "app")
    with unchanged(hero):
        said = refused(hero.cli("upgrade"), 2)
    assert said.hint == f"change to the folder '{hero.path}', which holds an alembic.ini"


def test_no_configuration_where_it_was_said_to_be(hero: Project) -> None:
    with unchanged(hero):
        said = refused(hero.cli("upgrade", "-c", "alembik.ini"), 2)
    assert "alembik.ini" in said.message
    assert said.hint == "correct what follows -c"


def test_no_section_of_this_name(hero: Project) -> None:
    with unchanged(hero):
        said = refused(hero.cli("upgrade", "-n", "alembik"), 2)
    assert said.message == "there is no database 'alembik' in this project"
    assert said.hint == "did you mean 'alembic'?"


def test_a_configuration_that_cannot_be_read(hero: Project) -> None:
    hero.write({"alembic.ini": "script_location = migrations\n"})
    with unchanged(hero):
        said = refused(hero.cli("upgrade"), 2)
    assert said.message.startswith(f"'{hero.path / 'alembic.ini'}' cannot be read")
    assert said.hint == "correct the file"


def test_no_env_py_where_the_configuration_says(hero: Project) -> None:
    (hero.path / "migrations" / "env.py").unlink()
    with unchanged(hero):
        said = refused(hero.cli("upgrade"), 2)
    assert said.message == f"there is no env.py in '{hero.path / 'migrations'}'"
    assert said.hint == "bring it back, or correct 'script_location' in the configuration"


def test_no_folder_where_the_configuration_says(hero: Project) -> None:
    (hero.path / "migrations").rename(hero.path / "elsewhere")
    with unchanged(hero):
        said = refused(hero.cli("upgrade"), 2)
    assert said.message == f"there is no folder '{hero.path / 'migrations'}'"
    assert said.hint == "bring it back, or correct 'script_location' in the configuration"

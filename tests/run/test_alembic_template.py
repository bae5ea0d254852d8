"""Alembic's own templates, written by our `init`."""

from __future__ import annotations

import json

import pytest

from project import Project
from sqlmodel_migrations.run import alembic_template

TEMPLATES = alembic_template.names()


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_configuration_may_be_moved(project: Project, template: str) -> None:
    assert project.cli("init", "-t", template, "db/steps").code == 0
    file = "pyproject.toml" if template.startswith("pyproject") else "alembic.ini"
    assert "%(here)s/db/steps" in project.read(file)
    assert str(project.path) not in project.read(file)


@pytest.mark.parametrize("template", TEMPLATES)
def test_it_says_what_alembic_says(project: Project, template: str) -> None:
    said = project.cli("init", "-t", template, "--no-package").stdout
    for name in project.files():
        (project.path / name).unlink()
    (project.path / "migrations" / "versions").rmdir()
    (project.path / "migrations").rmdir()
    assert project.cli.alembic("init", "-t", template, "migrations").stdout == said


@pytest.mark.parametrize("template", TEMPLATES)
def test_it_is_quiet(project: Project, template: str) -> None:
    ran = project.cli("init", "-q", "-t", template)
    assert (ran.code, ran.output) == (0, "")
    assert "migrations/env.py" in project.files()


def test_json(project: Project) -> None:
    ran = project.cli("init", "-t", "generic", "--json")
    assert json.loads(ran.stdout)["result"]["directory"] == str(project.path / "migrations")


def test_what_fails_on_the_way_is_taken_back(project: Project) -> None:
    project.write({"pyproject.toml": "[tool.other]\nkey = 1\n"})
    ran = project.cli("init", "db/steps", "-t", "pyproject", "-c", "nowhere/alembic.ini")
    assert ran.code == 2
    assert "nowhere/alembic.ini" in ran.stderr
    assert project.files() == ["pyproject.toml"]
    assert not (project.path / "db").exists()
    assert project.read("pyproject.toml") == "[tool.other]\nkey = 1\n"

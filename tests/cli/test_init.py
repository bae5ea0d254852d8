"""`init`: what it writes is tested with the scaffold; here, what is said and accepted."""

from __future__ import annotations

import json

import pytest

from heroes import MODELS
from project import Project

FILES = {
    "alembic.ini",
    "migrations/README",
    "migrations/__init__.py",
    "migrations/env.py",
    "migrations/script.py.mako",
    "migrations/versions/__init__.py",
    "models.py",
}


@pytest.fixture
def models(project: Project) -> Project:
    project.write({"models.py": MODELS})
    return project


def test_says_what_it_writes_what_it_found_and_what_to_type_next(models: Project) -> None:
    ran = models.cli("init")
    assert ran.code == 0
    assert f"Generating {models.path / 'migrations' / 'env.py'} ...  done\n" in ran.stdout
    assert ran.stderr == "Found 1 table in models.\nnext: sqlmodel migrations revision\n"
    assert set(models.files()) == FILES


def test_a_second_time_changes_nothing(models: Project) -> None:
    models.cli("init")
    before = {name: models.read(name) for name in models.files()}
    ran = models.cli("init")
    assert (ran.code, ran.stdout) == (0, "")
    assert "nothing to do" in ran.stderr
    assert ran.stderr.endswith("next: sqlmodel migrations revision\n")
    assert {name: models.read(name) for name in models.files()} == before


def test_quiet(models: Project) -> None:
    ran = models.cli("init", "-q")
    assert (ran.code, ran.output) == (0, "")
    assert set(models.files()) == FILES


def test_json(models: Project) -> None:
    ran = models.cli("init", "--json")
    result = json.loads(ran.stdout)["result"]
    assert result["models"] == ["models"]
    assert result["found"] == "1 table in models"
    assert result["already"] is False
    assert json.loads(models.cli("init", "--json").stdout)["result"]["already"] is True


def test_directory_models_and_no_package(models: Project) -> None:
    assert models.cli("init", "db/steps", "--models", "models", "--no-package").code == 0
    assert "db/steps/env.py" in models.files()
    assert "db/steps/__init__.py" not in models.files()
    assert '"models"' in models.read("db/steps/env.py")


def test_package_is_accepted(models: Project) -> None:
    assert models.cli("init", "--package").code == 0
    assert set(models.files()) == FILES


def test_pyproject(models: Project) -> None:
    models.write({"pyproject.toml": '[project]\nname = "app"\nversion = "1"\n'})
    assert models.cli("init", "--pyproject").code == 0
    assert "alembic.ini" not in models.files()
    assert "[tool.alembic]" in models.read("pyproject.toml")


def test_a_template_of_alembic(models: Project) -> None:
    assert models.cli("init", "-t", "async").code == 0
    assert "async_engine_from_config" in models.read("migrations/env.py")


def test_our_template_by_name(models: Project) -> None:
    assert models.cli("init", "-t", "default").code == 0
    assert "environment.run(target_metadata)" in models.read("migrations/env.py")


def test_an_unknown_template_writes_nothing(models: Project) -> None:
    ran = models.cli("init", "-t", "asinc")
    assert ran.code == 2
    assert "there is no template 'asinc'" in ran.stderr
    assert models.files() == ["models.py"]


def test_list_templates_names_ours_first_and_all_of_alembic(project: Project) -> None:
    ran = project.cli("list-templates")
    stock = project.cli.alembic("list_templates")
    names = [line.partition(" - ")[0] for line in ran.stdout.splitlines()]
    assert names[0] == "default"
    assert set(names[1:]) == {
        line.partition(" - ")[0] for line in stock.stdout.splitlines() if " - " in line
    }
    assert project.cli("list_templates").stdout == ran.stdout

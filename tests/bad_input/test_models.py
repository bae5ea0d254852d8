"""No models, models that cannot be imported, and a model that the database cannot have."""

from __future__ import annotations

import pytest

from databases import Database
from project import Project
from refusal import refused, tables, unchanged, version

BROKEN = """
    import json

    HEROES = json.loads("[")
    """
UNBOUNDED = """
    from sqlalchemy import Column, String
    from sqlmodel import Field, SQLModel


    class Hero(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(sa_column=Column(String, nullable=False))
    """


def test_no_models(project: Project) -> None:
    assert project.cli("init").code == 0
    with unchanged(project):
        said = refused(project.cli("revision", "add heroes"), 2)
    assert said.message == "there is nothing to compare: no module with models is named"
    assert 'target_metadata = ["app.models"] in env.py' in said.hint


def test_no_models_any_more_never_drops_every_table(placed: Project, database: Database) -> None:
    assert placed.cli("upgrade").code == 0
    placed.write({"models.py": "HEROES = []\n"})
    with unchanged(placed, database):
        said = refused(placed.cli("revision", "drop heroes"), 2)
    assert "no table" in said.message
    assert "'models'" in said.message


def test_no_models_in_a_foreign_env_py(project: Project) -> None:
    assert project.cli.alembic("init", "alembic").code == 0
    url = {"DATABASE_URL": "sqlite:///database.db"}
    ini = project.read("alembic.ini").replace("driver://user:pass@localhost/dbname", *url.values())
    project.write({"alembic.ini": ini})
    with unchanged(project):
        said = refused(project.cli("revision", "add heroes"), 2)
    assert said.message == "env.py gives no table to compare: its 'target_metadata' is empty"
    assert "import the modules with your models" in said.hint


def test_a_models_module_that_fails_to_import(placed: Project, database: Database) -> None:
    placed.write({"models.py": BROKEN})
    with unchanged(placed, database):
        said = refused(placed.cli("revision", "more heroes"), 2)
    assert said.message.startswith(
        "the models cannot be read: importing 'models' raises JSONDecodeError: Expecting value"
    )
    assert f'File "{placed.path / "models.py"}", line 3, in <module>' in said.details
    assert 'HEROES = json.loads("[")' in said.details
    assert said.details[-1].startswith("json.decoder.JSONDecodeError: Expecting value")
    assert said.hint == "correct the module; `upgrade` does not need it and still works"


def test_upgrade_does_not_need_the_models(placed: Project, database: Database) -> None:
    placed.write({"models.py": BROKEN})
    assert placed.cli("upgrade").code == 0
    assert version(database) == ["bb02"]
    assert "hero" in tables(database)
    for command in ("current", "history", "heads", "show", "stamp"):
        assert placed.cli(command).code == 0, command


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_a_string_without_a_length_on_mariadb(
    hero: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    hero.write({"models.py": UNBOUNDED})
    with unchanged(hero, database):
        said = refused(hero.cli("revision", "add heroes"), 2)
    assert said.message.startswith("column 'hero.name' cannot be made on ")
    assert "VARCHAR requires a length" in said.message
    assert said.hint == ("give it a length: name: str = Field(max_length=255), or String(255)")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_string_without_a_length_elsewhere(
    hero: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    hero.write({"models.py": UNBOUNDED})
    assert hero.cli("revision", "add heroes").code == 0

"""Issue row "Models": however they are written and wherever they stand."""

from __future__ import annotations

import json

import pytest

from databases import Database
from heroes import MODELS
from project import Project

OURS = ("alembic_version", "sqlmodel_migrations")
TEAM = """
    from sqlmodel import Field, SQLModel


    class Team(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str
    """
BASE = """
    from sqlalchemy.orm import DeclarativeBase


    class Base(DeclarativeBase):
        pass
    """


def declared(base: str, name: str = "Hero", *, first: str = "") -> str:
    """The source of a plain SQLAlchemy model; `base` is the import of its Base."""
    return "\n".join([
        base,
        "from sqlalchemy import String",
        "from sqlalchemy.orm import Mapped, mapped_column",
        first,
        f"class {name}(Base):",
        f"    __tablename__ = {name.lower()!r}",
        "    id: Mapped[int] = mapped_column(primary_key=True)",
        "    name: Mapped[str] = mapped_column(String(50))",
        "",
    ])  # fmt: skip


OWN_BASE = "from sqlalchemy.orm import DeclarativeBase"
CLASS_BASE = "class Base(DeclarativeBase): pass"

# what it is: (files, what init says it found)
LAYOUTS: dict[str, tuple[dict[str, str], str]] = {
    "sqlmodel": ({"models.py": MODELS}, "1 table in models"),
    "declarative_base_class_in_the_models_module": (
        {"models.py": declared(OWN_BASE, first=CLASS_BASE)},
        "1 table in models",
    ),
    "declarative_base_class_in_a_module_of_its_own": (
        {"app/base.py": BASE, "app/models.py": declared("from app.base import Base")},
        "1 table in app.models",
    ),
    "declarative_base_function": (
        {
            "models.py": declared(
                "from sqlalchemy.orm import declarative_base", first="Base = declarative_base()"
            )
        },
        "1 table in models",
    ),
    "declarative_base_function_in_a_module_of_its_own": (
        {
            "app/__init__.py": "",
            "app/db.py": "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n",
            "app/models.py": declared("from .db import Base"),
        },
        "1 table in app.models",
    ),
    "package_called_src": (
        {
            "src/__init__.py": "",
            "src/models/__init__.py": "",
            "src/models/base.py": BASE,
            "src/models/hero.py": declared("from src.models.base import Base"),
        },
        "1 table in src.models",
    ),
    "folder_called_src_without_init": (
        {
            "src/models/base.py": BASE,
            "src/models/hero.py": declared("from src.models.base import Base"),
        },
        "1 table in src.models.hero",
    ),
    "src_layout": (
        {
            "src/app/__init__.py": "",
            "src/app/base.py": BASE,
            "src/app/models.py": declared("from app.base import Base"),
        },
        "1 table in app.models",
    ),
    "imperative_table": (
        {
            "tables.py": """
                from sqlalchemy import Column, Integer, MetaData, String, Table

                metadata = MetaData()
                hero = Table(
                    "hero", metadata, Column("id", Integer, primary_key=True),
                    Column("name", String(50), nullable=False),
                )
                """
        },
        "1 table in tables",
    ),
    "imperatively_mapped_class": (
        {
            "models.py": """
                from sqlalchemy import Column, Integer, String, Table
                from sqlalchemy.orm import registry

                mapper_registry = registry()
                hero_table = Table(
                    "hero", mapper_registry.metadata, Column("id", Integer, primary_key=True),
                    Column("name", String(50), nullable=False),
                )

                class Hero: pass

                mapper_registry.map_imperatively(Hero, hero_table)
                """
        },
        "1 table in models",
    ),
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(placed: Project, database: Database, layout: str) -> None:
    files, summary = LAYOUTS[layout]
    placed.write(files)
    migrate(placed, summary)
    assert tables(database) == ["hero"]


def migrate(project: Project, summary: str) -> None:
    """From `init` to a database that has what the models say."""
    ran = project.cli("init")
    assert ran.code == 0, ran.output
    assert f"Found {summary}." in ran.stderr
    for command in ("revision", "upgrade", "check"):
        ran = project.cli(command)
        assert ran.code == 0, ran.output
        assert "not compared" not in ran.stderr


def tables(database: Database) -> list[str]:
    """The names of the tables, but for the version table."""
    return sorted(name for name in _names(database) if not name.startswith(OURS))


def _names(database: Database) -> list[str]:
    listed = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        "mariadb": "SHOW TABLES",
    }
    return [row[0] for row in database.query(listed[database.kind])]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_init_names_what_it_found(placed: Project) -> None:
    placed.write({"app/models.py": MODELS, "app/teams.py": TEAM})
    ran = placed.cli("init")
    assert "Found 2 tables in app.models, app.teams." in ran.stderr
    assert 'target_metadata = ["app.models", "app.teams"]' in placed.read("migrations/env.py")


def test_several_modules_packages_and_metadata(placed: Project, database: Database) -> None:
    placed.write({
        "app/__init__.py": "",
        "app/models/__init__.py": "from app.models.hero import Hero",
        "app/models/hero.py": MODELS.replace("name: str", "name: str = Field(max_length=50)"),
        "app/models/team.py": TEAM.replace("name: str", "name: str = Field(max_length=50)"),
        "billing/base.py": BASE,
        "billing/models.py": declared("from billing.base import Base", "Bill"),
        "stock.py": LAYOUTS["imperative_table"][0]["tables.py"].replace('"hero"', '"item"'),
    })  # fmt: skip
    migrate(placed, "4 tables in app.models, billing.models, stock")
    assert tables(database) == ["bill", "hero", "item", "team"]


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_schema_is_compared_without_any_option(placed: Project, database: Database) -> None:
    schema = f"{database.name}_x"
    placed.write({"models.py": MODELS.replace(
        "        id:", f"        __table_args__ = {{'schema': {schema!r}}}\n        id:"
    ).replace("name: str", "name: str = Field(max_length=50)")})  # fmt: skip
    try:
        migrate(placed, "1 table in models")
        assert database.query(f"SELECT * FROM {schema}.hero") == []
        other = f"{schema}_of_others"
        database.run(f"CREATE SCHEMA {other}", f"CREATE TABLE {other}.theirs (id INT PRIMARY KEY)")
        ran = placed.cli("check", "--from-database")
        assert ran.code == 0, ran.output
        differs = placed.read("models.py") + "    age: int | None = None\n"
        placed.write({"models.py": differs})
        ran = placed.cli("check", "--json")
        assert ran.code == 1, ran.output
        found = json.loads(ran.stdout)["result"]["differences"]
        assert len(found) == 1
        assert "age" in json.dumps(found)
        for command in (["revision"], ["upgrade"], ["check"], ["downgrade", "base", "--yes"]):
            ran = placed.cli(*command)
            assert ran.code == 0, ran.output
    finally:
        cascade = " CASCADE" if database.kind == "postgresql" else ""
        for name in (schema, f"{schema}_of_others"):
            database.run(f"DROP SCHEMA IF EXISTS {name}{cascade}")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_models_named_in_pyproject(placed: Project, database: Database) -> None:
    placed.write({
        "pyproject.toml": '[tool.sqlmodel]\nmodels = "app.models"\n',
        "app/models.py": MODELS,
        "other/models.py": TEAM,
    })  # fmt: skip
    assert placed.cli("init").code == 0
    ran = placed.cli("revision")
    assert ran.code == 0, ran.output
    assert placed.cli("upgrade").code == 0
    assert tables(database) == ["hero"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", ["revision", "check"])
def test_class_that_was_not_imported_is_named_with_its_place(placed: Project, command: str) -> None:
    placed.write({"app/models.py": MODELS})
    assert placed.cli("init").code == 0
    placed.write({"app/later.py": TEAM})
    ran = placed.cli(command)
    place = placed.path / "app" / "later.py"
    assert f"table class 'Team' in {place}, line 4 is not compared" in ran.stderr
    assert "add \"app.later\" to 'target_metadata'" in ran.stderr


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_classes_that_were_not_imported_are_named_once_a_file(placed: Project) -> None:
    placed.write({"app/models.py": MODELS})
    assert placed.cli("init").code == 0
    teams = "".join(
        f"""

    class Team{number}(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
    """
        for number in range(20)
    )
    placed.write({"app/later.py": TEAM + teams})
    ran = placed.cli("check")
    place = placed.path / "app" / "later.py"
    named = f"table class 'Team' in {place}, line 4 and 20 more of that file are not compared: add"
    assert [line for line in ran.stderr.splitlines() if "not compared" in line] == [
        f"{named} \"app.later\" to 'target_metadata' in env.py"
    ]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_class_of_another_database_is_not_missed(placed: Project) -> None:
    event = declared(OWN_BASE, "Event", first=CLASS_BASE)
    placed.write({"app/models.py": MODELS, "analytics/models.py": event})
    assert placed.cli("init", "--models", "app.models").code == 0
    assert placed.cli("init", "-n", "analytics", "--models", "analytics.models").code == 0
    ran = placed.cli("revision")
    assert ran.code == 0, ran.output
    assert "not compared" not in ran.stderr


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nothing_found_stops(placed: Project, database: Database) -> None:
    placed.write({"models.py": MODELS})
    migrate(placed, "1 table in models")
    before = placed.files()
    placed.write({"models.py": "", "migrations/env.py": placed.read("migrations/env.py")})
    ran = placed.cli("revision")
    assert ran.code == 2, ran.output
    assert "error: there is nothing to compare" in ran.stderr
    assert placed.files() == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_empty_metadata_of_the_manual_way_stops(placed: Project) -> None:
    placed.write({"models.py": MODELS})
    migrate(placed, "1 table in models")
    placed.write({
        "migrations/env.py": """
            from sqlmodel import SQLModel
            from sqlmodel_migrations import environment

            target_metadata = SQLModel.metadata

            environment.run(target_metadata)
            """
    })  # fmt: skip
    before = placed.files()
    ran = placed.cli("revision")
    assert ran.code == 2, ran.output
    assert "holds no table" in ran.stderr
    assert placed.files() == before

"""Issue row "Several databases": sections, `--all`, histories side by side in one database."""

from __future__ import annotations

import json

import pytest

from databases import Database
from project import Project

HERO = """
    from sqlalchemy import MetaData, String
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        metadata = MetaData()


    class Hero(Base):
        __tablename__ = "hero"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(50))
    """
EVENT = HERO.replace("Hero", "Event").replace('"hero"', '"event"')


def succeed(project: Project, *commands: str, plain: bool = False) -> str:
    """Run commands that must end well; returns all that they said."""
    run = project.cli.alembic if plain else project.cli
    said = ""
    for command in commands:
        ran = run(*command.split())
        assert ran.code == 0, f"{command}: {ran.output}"
        said += ran.output
    return said


def file(project: Project, name: str) -> Database:
    return Database("sqlite", f"sqlite:///{(project.path / name).as_posix()}")


def sqlite_tables(project: Project, name: str) -> list[str]:
    rows = file(project, name).query("SELECT name FROM sqlite_master WHERE type = 'table'")
    return sorted(row[0] for row in rows if not row[0].startswith("sqlmodel_migrations"))


@pytest.fixture(params=["ini", "pyproject"])
def several(request: pytest.FixtureRequest, project: Project, database: Database) -> Project:
    """Two databases of one project: heroes on each server, events in a file."""
    project.write({
        "app/models.py": HERO, "analytics/models.py": EVENT,
        ".env": f"DATABASE_URL={database.url}\nANALYTICS_DATABASE_URL=sqlite:///events.db\n",
    })  # fmt: skip
    where = " --pyproject" if request.param == "pyproject" else ""
    succeed(project, f"init --models app.models{where}")
    succeed(project, f"init -n analytics --models analytics.models{where}")
    return project


def test_each_by_its_name(several: Project, database: Database) -> None:
    succeed(several, "revision heroes", "upgrade", "check", "check --database")
    said = succeed(several, "revision events -n analytics", "upgrade -n analytics")
    assert "not compared" not in said
    succeed(several, "-n analytics check", "-n analytics check --database")
    assert sqlite_tables(several, "events.db") == ["alembic_version", "event"]
    assert database.query("SELECT * FROM hero") == []
    assert len(list((several.path / "migrations/versions").glob("*_heroes.py"))) == 1
    assert len(list((several.path / "migrations_analytics/versions").glob("*_events.py"))) == 1


def test_all_in_turn(several: Project, database: Database) -> None:
    succeed(several, "revision heroes", "revision events -n analytics", "upgrade --all")
    assert sqlite_tables(several, "events.db") == ["alembic_version", "event"]
    assert database.query("SELECT * FROM hero") == []
    for command in ("check", "current", "history", "status", "stamp"):
        said = succeed(several, f"{command} --all")
        assert "[alembic]" in said
        assert "[analytics]" in said
    found = json.loads(several.cli("current", "--all", "--json").stdout)["result"]["databases"]
    assert list(found) == ["alembic", "analytics"]
    assert all(one["is_at_head"] for one in found.values())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_unknown_name(several: Project) -> None:
    ran = several.cli("upgrade", "-n", "analitics")
    assert ran.code == 2
    assert "there is no database 'analitics' in this project" in ran.stderr
    assert "did you mean 'analytics'?" in ran.stderr


def test_pyproject_table_by_hand(project: Project) -> None:
    project.write({
        "app/models.py": HERO, "analytics/models.py": EVENT,
        "pyproject.toml": """
            [tool.sqlmodel.migrations]
            models = ["app.models"]
            url = "sqlite:///heroes.db"

            [tool.sqlmodel.migrations.databases.analytics]
            directory = "stats"
            version_locations = ["stats/revisions"]
            models = ["analytics.models"]
            url = "sqlite:///events.db"
            version_table = "stats_version"
            """,
    })  # fmt: skip
    succeed(project, "init --pyproject", "revision heroes", "upgrade")
    environment = "from sqlmodel_migrations import environment\n\nenvironment.run()\n"
    mako = project.read("migrations/script.py.mako")
    project.write({"stats/env.py": environment, "stats/script.py.mako": mako})
    (project.path / "stats/revisions").mkdir()
    succeed(project, "revision events -n analytics", "upgrade --all", "check --all")
    assert len(list((project.path / "stats/revisions").glob("*_events.py"))) == 1
    assert sqlite_tables(project, "events.db") == ["event", "stats_version"]
    assert sqlite_tables(project, "heroes.db") == ["alembic_version", "hero"]


def test_ini_section_works_under_plain_alembic(project: Project) -> None:
    project.write({"app/models.py": HERO, "analytics/models.py": EVENT})
    succeed(project, "init --models app.models")
    succeed(project, "init -n analytics --models analytics.models --url sqlite:///events.db")
    succeed(
        project,
        "-n analytics revision --autogenerate -m events",
        "-n analytics upgrade head",
        "-n analytics check",
        plain=True,
    )
    assert sqlite_tables(project, "events.db") == ["alembic_version", "event"]


@pytest.fixture
def side_by_side(placed: Project, database: Database) -> Project:
    """Two histories in one database, told apart by `version_table`."""
    placed.write({
        "app/models.py": HERO, "analytics/models.py": EVENT,
        ".env": f"ANALYTICS_DATABASE_URL={database.url}\n",
    })  # fmt: skip
    succeed(placed, "init --models app.models")
    succeed(placed, "init -n analytics --models analytics.models")
    ini = placed.read("alembic.ini")
    section = "[analytics]\nsqlmodel.version_table = analytics_version\n"
    placed.write({"alembic.ini": ini.replace("[analytics]\n", section)})
    return placed


def test_histories_side_by_side(side_by_side: Project, database: Database) -> None:
    project = side_by_side
    succeed(project, "revision heroes", "revision events -n analytics", "upgrade --all")
    assert len(database.query("SELECT * FROM alembic_version")) == 1
    assert len(database.query("SELECT * FROM analytics_version")) == 1
    succeed(project, "check --all", "check --all --database")
    succeed(project, "check", plain=False)
    succeed(project, "downgrade base --yes -n analytics", "current", "check")
    assert len(database.query("SELECT * FROM alembic_version")) == 1
    assert database.query("SELECT * FROM hero") == []


@pytest.mark.parametrize("plain", [False, True])
def test_no_history_drops_the_version_table_of_another(side_by_side: Project, plain: bool) -> None:
    project = side_by_side
    succeed(project, "revision heroes", "revision events -n analytics", "upgrade --all")
    words = "check" if plain else "check --from-database"
    run = project.cli.alembic if plain else project.cli
    ran = run(*words.split())
    assert "analytics_version" not in ran.output, ran.output
    ran = run("-n", "analytics", *words.split())
    assert "alembic_version" not in ran.output, ran.output


def test_all_refuses_an_explicit_url(project: Project) -> None:
    project.write({"models.py": HERO})
    succeed(project, "init")
    ran = project.cli("upgrade", "--all", "--url", "sqlite:///x.db")
    assert ran.code == 2
    assert "--url means one database, --all means every one" in ran.stderr

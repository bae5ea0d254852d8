"""The Python API: what its methods take, beyond what the commands show."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from databases import Database
from heroes import CREATE, DROP, MODELS, add_revision
from project import Project
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.migrations import Migrations

DOWN = "postgresql+psycopg://hero@127.0.0.1:9/heroes"


@pytest.fixture
def two(project: Project) -> Project:
    """A project with the revisions a1 and b2."""
    project.write({"models.py": MODELS})
    assert project.cli("init").code == 0
    add_revision(project, "a1", None, "add heroes", upgrade=CREATE, downgrade=DROP)
    add_revision(project, "b2", "a1", "do nothing")
    return project


def ids(revisions: object) -> list[str]:
    assert isinstance(revisions, tuple)
    return [revision.id for revision in revisions]


def test_history_of_a_range_that_starts_where_the_database_is(two: Project) -> None:
    migrations = Migrations.find()
    migrations.upgrade("a1")
    assert ids(migrations.history("current")) == ["b2", "a1"]
    assert ids(migrations.history("current", "current")) == ["a1"]
    assert ids(migrations.history("base", "current")) == ["a1"]
    assert ids(migrations.history()) == ["b2", "a1"]


def test_history_asks_no_database_for_a_range_of_files(two: Project) -> None:
    two.write({"migrations/env.py": "raise RuntimeError\n"})
    assert ids(Migrations.find().history("a1", "b2")) == ["b2", "a1"]


def test_an_empty_revision_runs_env_py_offline_where_the_project_says_so(two: Project) -> None:
    ini = two.read("alembic.ini").replace(
        "# revision_environment = false", "revision_environment = true"
    )
    two.write({"alembic.ini": ini})
    said = io.StringIO()
    migrations = Migrations.find(url=DOWN)
    (made,) = migrations.revision("by hand", empty=True, sql=said, rev_id="c3").revisions
    assert made.path.is_file()
    assert said.getvalue() == "BEGIN;\n\nCOMMIT;\n\n"
    ran = two.cli("revision", "--empty", "--sql", "x", "--rev-id", "d4", "--url", DOWN)
    assert ran.code == 0, ran.stderr
    assert "BEGIN;\n\nCOMMIT;\n" in ran.stdout
    assert two.cli("revision", "--empty", "x", "--url", DOWN).code == 4


def test_an_empty_revision_takes_no_sql_elsewhere(two: Project) -> None:
    with pytest.raises(UsageError, match="an empty revision does not run it") as refused:
        Migrations.find().revision("by hand", empty=True, sql=io.StringIO())
    assert refused.value.hint is not None
    assert "revision_environment = true" in refused.value.hint
    with pytest.raises(UsageError, match="a comparison needs a database"):
        Migrations.find().revision("compared", sql=io.StringIO())
    assert not list((two.path / "migrations" / "versions").glob("*hand*"))


@pytest.mark.parametrize("has_configuration", [True, False])
def test_the_migrations_folder_itself(two: Project, has_configuration: bool) -> None:
    if not has_configuration:
        (two.path / "alembic.ini").unlink()
    migrations = Migrations("migrations", url="sqlite:///other.db")
    migrations.upgrade()
    assert ids(migrations.current()) == ["b2"]
    assert (two.path / "other.db").is_file()
    assert migrations.settings.root == two.path
    assert (migrations.settings.ini is not None) == has_configuration


@pytest.mark.parametrize("has_configuration", [True, False])
def test_commands_in_the_migrations_folder(
    two: Project, monkeypatch: pytest.MonkeyPatch, has_configuration: bool
) -> None:
    if not has_configuration:
        (two.path / "alembic.ini").unlink()
    monkeypatch.chdir(two.path / "migrations")
    url = f"sqlite:///{(two.path / 'other.db').as_posix()}"
    assert two.cli("heads").stdout == "b2 (head)\n"
    assert "b2 (head), do nothing" in two.cli("history").stdout
    assert two.cli("upgrade", "--url", url).code == 0
    assert two.cli("current", "--url", url).stdout == "b2 (head)\n"


def test_the_migrations_folder_of_a_named_section(two: Project) -> None:
    two.write({
        "alembic.ini": two.read("alembic.ini") + SECTION,
        "events/env.py": two.read("migrations/env.py"),
        "events/versions/e1.py": two.read("migrations/versions/a1.py").replace("'a1'", "'e1'"),
    })  # fmt: skip
    migrations = Migrations("events")
    assert migrations.settings.name == "analytics"
    assert ids(migrations.heads()) == ["e1"]


SECTION = """
[analytics]
script_location = %(here)s/events
sqlalchemy.url = sqlite:///analytics.db
"""


def test_every_section_where_none_is_the_default(two: Project) -> None:
    ini = two.read("alembic.ini").replace("[alembic]", "[main]")
    two.write({
        "alembic.ini": ini + SECTION,
        "events/env.py": two.read("migrations/env.py"),
        "events/versions/e1.py": two.read("migrations/versions/a1.py").replace("'a1'", "'e1'"),
    })  # fmt: skip
    ran = two.cli("upgrade", "--all")
    assert ran.code == 0, ran.stderr
    assert "[main]\n" in ran.stdout
    assert "[analytics]\n" in ran.stdout
    assert "[alembic]\n" not in ran.stdout
    for name, last in (("database.db", "b2"), ("analytics.db", "e1")):
        database = Database("sqlite", f"sqlite:///{Path(name).absolute().as_posix()}")
        assert database.query("SELECT version_num FROM alembic_version") == [(last,)]
    refused = two.cli("upgrade")
    assert refused.code == 2
    assert "there is no database 'alembic' in this project" in refused.stderr


def test_all_without_a_configuration(project: Project) -> None:
    ran = project.cli("upgrade", "--all")
    assert ran.code == 2
    assert "hint: type: sqlmodel migrations init\n" in ran.stderr

"""Issue row "Somebody else's project": unedited under our command, and ours under `alembic`."""

from __future__ import annotations

import py_compile
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from databases import Database
from project import OURS, Project

MODELS = """
    from sqlmodel import Field, SQLModel


    class Hero(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(max_length=50)
    """
AGE = "    age: int | None = None\n"
ASYNC = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "mariadb": "mysql+asyncmy",
}
PLACEHOLDER = "driver://user:pass@localhost/dbname"


def succeed(project: Project, *commands: tuple[str, ...], plain: bool = False) -> str:
    """Run commands that must end well; returns all that they said."""
    ran = project.cli.each(*commands, program=("alembic",) if plain else OURS)
    assert ran.code == 0, f"{commands}: {ran.output}"
    return ran.output


def edit(project: Project, name: str, **changes: str) -> None:
    """Replace texts of a file; the keyword arguments are only there to be told apart."""
    text = project.read(name)
    for change in changes.values():
        old, _, new = change.partition(" => ")
        assert old in text
        text = text.replace(old, new)
    project.write({name: text})


def columns(database: Database, table: str) -> list[str]:
    with closing(database.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT * FROM {table}")
        return [column[0] for column in cursor.description]


def set_up(project: Project, template: str, url: str) -> None:
    """Do what the template's own comments tell a person to do."""
    project.write({"models.py": MODELS})
    succeed(project, ("init", "-t", template, "migrations"), plain=True)
    edit(project, "alembic.ini", url=f"{PLACEHOLDER} => {url}")
    edit(
        project,
        "migrations/env.py",
        models="target_metadata = None => from models import SQLModel\n"
        "target_metadata = SQLModel.metadata",
    )


TEMPLATES = ["generic", "async", "pyproject", "pyproject_async"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_template(project: Project, database: Database, template: str) -> None:
    is_async = template.endswith("async")
    drivername = ASYNC[database.kind] if is_async else make_url(database.url).drivername
    set_up(project, template, str(make_url(database.url).set(drivername=drivername)))
    succeed(project, ("revision", "add heroes"), ("upgrade",), ("check",))
    project.write({"models.py": project.read("models.py") + AGE})
    assert project.cli("check").code == 1
    succeed(project, ("revision", "add age"), ("upgrade",), ("check",), ("check", "--database"))
    assert columns(database, "hero") == ["id", "name", "age"]
    assert "(head)" in succeed(project, ("current",))
    assert "CREATE TABLE" in succeed(project, ("upgrade", "base:head", "--sql"))
    succeed(project, ("downgrade", "-1", "--yes"))
    assert columns(database, "hero") == ["id", "name"]
    succeed(project, ("upgrade", "head"), ("check",), ("downgrade", "base"), plain=True)
    assert database.query("SELECT * FROM alembic_version") == []


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_placeholder_is_said(project: Project, database: Database, template: str) -> None:
    succeed(project, ("init", "-t", template, "migrations"), plain=True)
    ran = project.cli("upgrade")
    assert ran.code == 2, ran.output


def test_multidb(project: Project, database: Database) -> None:
    other = Database("sqlite", f"sqlite:///{(project.path / 'other.db').as_posix()}")
    project.write({
        "models.py": """
            from sqlalchemy import Column, Integer, MetaData, String, Table

            one, two = MetaData(), MetaData()
            Table("hero", one, Column("id", Integer, primary_key=True))
            Table("event", two, Column("id", Integer, primary_key=True))
            """
    })  # fmt: skip
    succeed(project, ("init", "-t", "multidb", "migrations"), plain=True)
    edit(
        project,
        "alembic.ini",
        two=f"{PLACEHOLDER}2 => {other.url}",
        one=f"{PLACEHOLDER} => {database.url}",
    )
    edit(
        project,
        "migrations/env.py",
        models="target_metadata = {} => import models\n"
        "target_metadata = {'engine1': models.one, 'engine2': models.two}",
    )
    succeed(project, ("revision", "both"), ("upgrade",), ("check",))
    assert database.query("SELECT * FROM hero") == []
    assert other.query("SELECT * FROM event") == []
    script = next((project.path / "migrations/versions").glob("*_both.py")).read_text()
    one, two = script.split("def upgrade_engine1")[1].split("def upgrade_engine2")
    assert "hero" in one
    assert "event" not in one
    assert "event" in two
    succeed(project, ("check",), plain=True)
    succeed(project, ("downgrade", "base", "--yes"))
    assert other.query("SELECT name FROM sqlite_master WHERE name = 'event'") == []
    succeed(project, ("upgrade", "head"), plain=True)


def test_ours_under_alembic(placed: Project, database: Database) -> None:
    placed.write({"models.py": MODELS})
    succeed(placed, ("init",))
    succeed(placed, ("revision", "--autogenerate", "-m", "add heroes"), plain=True)
    ran = placed.cli.alembic("check")
    assert ran.code != 0
    assert "not up to date" in ran.output
    succeed(placed, ("upgrade", "head"), ("check",), plain=True)
    placed.write({"models.py": placed.read("models.py") + AGE})
    assert placed.cli.alembic("check").code != 0
    succeed(placed, ("revision", "--autogenerate", "-m", "add age"), plain=True)
    succeed(placed, ("upgrade", "head"), ("check",), ("downgrade", "-1"), plain=True)
    assert columns(database, "hero") == ["id", "name"]
    sql = succeed(placed, ("upgrade", "head", "--sql"), plain=True)
    assert "CREATE TABLE" in sql
    script = next((placed.path / "migrations/versions").glob("*_add_heroes.py")).read_text()
    assert "sqlmodel" not in script
    assert "sa.String(length=50)" in script
    succeed(placed, ("upgrade",), ("check",), ("check", "--database"))


GUIDE_ENV = """
    import os
    import sys
    from logging.config import fileConfig

    from alembic import context
    from sqlalchemy import create_engine
    from sqlmodel import SQLModel

    sys.path.insert(0, ".")
    from app.models import *  # noqa

    config = context.config
    fileConfig(config.config_file_name)
    target_metadata = SQLModel.metadata
    url = os.getenv("DATABASE_URL") or config.get_main_option("sqlalchemy.url")


    def run_migrations_offline():
        context.configure(
            url=url, target_metadata=target_metadata, literal_binds=True,
            user_module_prefix="sqlmodel.sql.sqltypes.", render_as_batch=True,
        )
        with context.begin_transaction():
            context.run_migrations()


    def run_migrations_online():
        connectable = create_engine(url)
        with connectable.connect() as connection:
            context.configure(
                connection=connection, target_metadata=target_metadata, render_as_batch=True,
                user_module_prefix="sqlmodel.sql.sqltypes.", compare_type=True,
            )
            with context.begin_transaction():
                context.run_migrations()


    if context.is_offline_mode():
        run_migrations_offline()
    else:
        run_migrations_online()
    """


def test_common_sqlmodel_guide(placed: Project, database: Database) -> None:
    placed.write({"app/__init__.py": "", "app/models.py": MODELS})
    succeed(placed, ("init", "migrations"), plain=True)
    edit(
        placed,
        "migrations/script.py.mako",
        mako="import sqlalchemy as sa => import sqlalchemy as sa\nimport sqlmodel",
    )
    placed.write({"migrations/env.py": GUIDE_ENV})
    succeed(placed, ("revision", "add heroes"), ("upgrade",), ("check",))
    placed.write({"app/models.py": placed.read("app/models.py") + AGE})
    succeed(placed, ("revision", "-m", "add age"), ("upgrade",), ("check",), ("history",))
    assert columns(database, "hero") == ["id", "name", "age"]
    succeed(placed, ("downgrade", "-1", "--yes"), ("upgrade", "--sql"), ("upgrade",))
    script = next((placed.path / "migrations/versions").glob("*_add_heroes.py")).read_text()
    assert "sqlmodel.sql.sqltypes" not in script
    assert "import sqlmodel\n" in script
    succeed(placed, ("check",), ("downgrade", "base"), ("upgrade", "head"), plain=True)


# -- options of the configuration ------------------------------------------------------------------


@pytest.fixture
def generic(project: Project) -> Project:
    """A project of Alembic's generic template on SQLite, without a revision."""
    set_up(project, "generic", "sqlite:///database.db")
    return project


def option(project: Project, line: str) -> None:
    """Add a line to section [alembic], in the place of one of the same name."""
    name = line.partition(" = ")[0]
    lines = project.read("alembic.ini").splitlines(keepends=True)
    kept = [old for old in lines if not old.startswith(f"{name} =")]
    place = kept.index("[alembic]\n") + 1
    project.write({"alembic.ini": "".join([*kept[:place], f"{line}\n", *kept[place:]])})


def revision_file(project: Project, pattern: str = "*.py") -> Path:
    found = [p for p in project.path.rglob(pattern) if p.parent.name != "__pycache__"]
    assert len(found) == 1, found
    return found[0]


SEPARATORS = {
    "os": ":" if sys.platform != "win32" else ";",
    "space": " ",
    ";": ";",
    "newline": "\n   ",
}


@pytest.mark.parametrize("separator", SEPARATORS)
def test_version_locations_and_path_separator(generic: Project, separator: str) -> None:
    option(generic, f"path_separator = {separator}")
    paths = ["%(here)s/one/versions", "%(here)s/two"]
    option(generic, f"version_locations = {SEPARATORS[separator].join(paths)}")
    for folder in ("one/versions", "two"):
        (generic.path / folder).mkdir(parents=True)
    first = ("revision", "first", "--version-path", str(generic.path / "two"), "--rev-id", "a1")
    succeed(generic, first)
    assert revision_file(generic, "a1_*").parent == generic.path / "two"
    new = ("revision", "--empty", "-m", "second", "--head", "base", "--branch-label", "other")
    succeed(generic, (*new, "--version-path", str(generic.path / "one/versions"), "--rev-id", "b1"))
    succeed(generic, ("revision", "--empty", "third", "--head", "other@head", "--rev-id", "b2"))
    assert revision_file(generic, "b2_*").parent == generic.path / "one/versions"
    succeed(generic, ("upgrade", "heads"), ("current", "--check-heads"))
    history = succeed(generic, ("history",))
    assert all(f"{id} " in history for id in ("a1", "b1", "b2")), history
    succeed(generic, ("downgrade", "other@base", "--yes"), ("upgrade", "other@head"))
    assert "(other) (head)" in succeed(generic, ("heads",))
    succeed(generic, ("current", "--check-heads"), plain=True)


def test_legacy_separators_without_path_separator(generic: Project) -> None:
    ini = generic.read("alembic.ini").replace("path_separator = os\n", "")
    generic.write({"alembic.ini": ini})
    option(generic, "version_locations = %(here)s/one, %(here)s/two")
    (generic.path / "one").mkdir()
    (generic.path / "two").mkdir()
    succeed(generic, ("revision", "--empty", "x", "--version-path", str(generic.path / "two")))
    assert revision_file(generic, "*_x.py").parent == generic.path / "two"
    succeed(generic, ("upgrade",))


def test_recursive_version_locations(generic: Project) -> None:
    option(generic, "recursive_version_locations = true")
    option(generic, "file_template = %%(year)d/%%(rev)s_%%(slug)s")
    succeed(generic, ("revision", "deep", "--rev-id", "a1"))
    assert revision_file(generic, "a1_deep.py").parent.name.isdigit()
    succeed(generic, ("upgrade",), ("check",), ("history",))
    assert "a1" in succeed(generic, ("current",), plain=True)


def test_prepend_sys_path(generic: Project) -> None:
    (generic.path / "lib").mkdir()
    (generic.path / "models.py").rename(generic.path / "lib/models.py")
    option(generic, "prepend_sys_path = lib")
    succeed(generic, ("revision", "x"), ("upgrade",), ("check",))
    succeed(generic, ("check",), plain=True)


def test_post_write_hooks(generic: Project) -> None:
    generic.write({"mark.py": "import sys; open(sys.argv[1], 'a').write('# marked\\n')\n"})
    ini = generic.read("alembic.ini")
    hook = (
        "[post_write_hooks]\nhooks = mark\nmark.type = exec\n"
        f"mark.executable = {sys.executable}\nmark.options = mark.py REVISION_SCRIPT_FILENAME\n"
    )
    generic.write({"alembic.ini": ini.replace("[post_write_hooks]\n", hook)})
    succeed(generic, ("revision", "x"))
    assert revision_file(generic, "*_x.py").read_text().endswith("# marked\n")
    succeed(generic, ("upgrade",))


def test_timezone(generic: Project) -> None:
    option(generic, "timezone = UTC")
    option(generic, "file_template = %%(rev)s_%%(slug)s")
    succeed(generic, ("revision", "x"))
    assert "+00:00" in revision_file(generic, "*_x.py").read_text()


def test_truncate_slug_length(generic: Project) -> None:
    option(generic, "truncate_slug_length = 8")
    succeed(generic, ("revision", "a message of many words", "--rev-id", "a1"))
    assert revision_file(generic, "a1_*.py").stem == "a1_a_"


def test_sourceless(generic: Project) -> None:
    succeed(generic, ("revision", "x", "--rev-id", "a1"))
    source = revision_file(generic, "a1_x.py")
    py_compile.compile(str(source), cfile=str(source.with_suffix(".pyc")), doraise=True)
    source.unlink()
    assert generic.cli("heads").stdout == ""
    option(generic, "sourceless = true")
    assert "a1" in succeed(generic, ("heads",), ("history",))
    succeed(generic, ("upgrade",), ("check",))
    assert "a1 (head)" in succeed(generic, ("current",))


def test_output_encoding(generic: Project) -> None:
    option(generic, "output_encoding = latin-1")
    # Mako takes a plain comment for the encoding of the template itself.
    mako = "${'# -*- coding: latin-1 -*-'}\n" + generic.read("migrations/script.py.mako")
    generic.write({"migrations/script.py.mako": mako})
    succeed(generic, ("revision", "für Händler", "--rev-id", "a1"))
    assert "für Händler".encode("latin-1") in revision_file(generic, "a1_*.py").read_bytes()
    succeed(generic, ("upgrade",), ("check",))
    assert "für Händler" in succeed(generic, ("history",))


def test_branch_labels_and_depends_on(generic: Project) -> None:
    succeed(
        generic,
        ("revision", "heroes", "--rev-id", "a1", "--branch-label", "heroes"),
        ("revision", "--empty", "-m", "other", "--head", "base", "--rev-id", "b1",
         "--branch-label", "other", "--depends-on", "a1"),
        ("upgrade", "other@head"),
    )  # fmt: skip
    # Alembic's version table leaves out what a row depends on.
    assert "b1" in succeed(generic, ("current",))
    database = Database("sqlite", f"sqlite:///{(generic.path / 'database.db').as_posix()}")
    assert database.query("SELECT * FROM hero") == []
    succeed(generic, ("upgrade", "heads"), ("check",), ("branches",), ("heads", "-v"))
    new = ("revision", "--empty", "-m", "more", "--head", "heroes@head", "--rev-id", "a2")
    succeed(generic, new, ("upgrade", "heads"), ("merge", "-m", "together"), ("upgrade",))
    succeed(generic, ("check",), ("check", "--database"))
    succeed(generic, ("current", "--check-heads"), plain=True)

"""Issue row "Python": the verbs as methods that return values, in and out of an event loop."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import (
    ARRAY,
    Column,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    make_url,
    text,
)
from sqlalchemy import inspect as look
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

import sqlmodel_migrations
from databases import Database
from project import Project
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.errors import AnswerNeeded, StepFailed, UsageError
from sqlmodel_migrations.generate.answers import Answers

MODELS = """
    from sqlalchemy import MetaData, String
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        metadata = MetaData()


    class Hero(Base):
        __tablename__ = "hero"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(50))
    """
CREATE = """
    from alembic import op
    import sqlalchemy as sa

    revision = "a1"
    down_revision = None

    def upgrade():
        op.create_table("hero", sa.Column("id", sa.Integer, primary_key=True),
                        sa.Column("name", sa.String(50), nullable=False))

    def downgrade():
        op.drop_table("hero")
    """
TEAM = """
    from alembic import op
    import sqlalchemy as sa

    revision = "b2"
    down_revision = "a1"

    def upgrade():
        op.create_table("team", sa.Column("id", sa.Integer, primary_key=True))

    def downgrade():
        op.drop_table("team")
    """
ASYNC = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "mariadb": "mysql+asyncmy",
}


@pytest.fixture
def hero(placed: Project) -> Project:
    """A project with one model and the revision a1 for it, on each database."""
    placed.write({"app/__init__.py": "", "app/models.py": MODELS})
    Migrations.init(models=["app.models"])
    placed.write({"migrations/versions/a1.py": CREATE})
    return placed


@pytest.fixture(autouse=True)
def _modules() -> Iterator[None]:
    """Forget what a test imported of its application: the next one has another."""
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]


def tables(database: Database) -> set[str]:
    with closing_engine(database) as engine:
        ours = {"alembic_version", "sqlmodel_migrations_history", "sqlmodel_migrations_journal"}
        return set(look(engine).get_table_names()) - ours


@contextmanager
def closing_engine(database: Database) -> Iterator[Engine]:
    """An engine that leaves no connection behind."""
    engine = create_engine(database.url, poolclass=NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


def test_every_method_returns_a_value(placed: Project, database: Database) -> None:
    placed.write({"app/__init__.py": "", "app/models.py": MODELS})
    scaffold = Migrations.init(models=["app.models"])
    assert scaffold.directory == placed.path / "migrations"
    assert scaffold.config == placed.path / "alembic.ini"
    assert scaffold.models == ("app.models",)

    migrations = Migrations.find()
    assert migrations.heads() == ()
    assert [found.description for found in migrations.check()] == ["add table 'hero'"]
    made = migrations.revision("add heroes")
    (revision,) = made.revisions
    assert revision.message == "add heroes"
    assert revision.path.is_file()
    assert len(made.differences) == 1
    assert migrations.revision("nothing").revisions == ()
    assert migrations.heads() == (revision,)
    assert migrations.pending() == (revision,)
    assert migrations.current() == ()

    upgraded = migrations.upgrade()
    assert (upgraded.before, upgraded.after) == ((), (revision.id,))
    assert upgraded.applied == (revision,)
    assert migrations.upgrade().applied == ()
    assert migrations.current() == (revision,)
    assert migrations.pending() == ()
    assert migrations.check() == ()
    assert migrations.check(from_database=True) == ()
    assert migrations.history() == (revision,)
    assert migrations.status().current == (revision.id,)

    downgraded = migrations.downgrade("base")
    assert downgraded.after == ()
    assert tables(database) == set()
    assert migrations.stamp().after == (revision.id,)
    assert tables(database) == set()
    assert migrations.stamp(["base"]).after == ()


def test_find_without_configuration(project: Project) -> None:
    with pytest.raises(UsageError, match="no migrations are set up"):
        Migrations.find()


@pytest.mark.parametrize("folder", [".", "migrations"])
def test_directory_url_and_metadata(project: Project, database: Database, folder: str) -> None:
    project.write({"app/models.py": MODELS})
    Migrations.init()
    metadata = MetaData()
    Table("team", metadata, Column("id", Integer, primary_key=True))
    migrations = Migrations(folder, url=database.url, metadata=metadata)
    made = migrations.revision("teams")
    assert [found.description for found in made.differences] == ["add table 'team'"]
    migrations.upgrade()
    assert migrations.check() == ()
    assert tables(database) == {"team"}


def test_from_another_working_folder(
    hero: Project, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hero.write({
        "alembic.ini": "[alembic]\nscript_location = migrations\npath_separator = os\n"
        "version_locations = migrations/versions\nprepend_sys_path = .\n"
        "sqlalchemy.url = ${DATABASE_URL}\n"
    })  # fmt: skip
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    migrations = Migrations(hero.path)
    assert [found.id for found in migrations.upgrade().applied] == ["a1"]
    assert migrations.check() == ()
    assert migrations.current() == migrations.heads()
    assert list(elsewhere.iterdir()) == []


def test_relative_sqlite_file_is_that_of_the_working_folder(project: Project) -> None:
    project.write({"app/models.py": MODELS})
    Migrations.init()
    Migrations.find().upgrade()
    assert (project.path / "database.db").exists()


def test_rows_going_away_are_asked_about(hero: Project, database: Database) -> None:
    migrations = Migrations.find()
    migrations.upgrade()
    database.run("INSERT INTO hero (id, name) VALUES (1, 'Deadpond')")
    with pytest.raises(AnswerNeeded):
        migrations.downgrade()
    asked: list[str] = []

    def confirm(losses: object) -> bool:
        asked.append(str(losses))
        return True

    assert migrations.downgrade(confirm=confirm).after == ()
    assert len(asked) == 1


def test_engine_passed_in(hero: Project, database: Database) -> None:
    with closing_engine(database) as engine:
        migrations = Migrations(bind=engine, url=None)
        migrations.upgrade()
        assert [found.id for found in migrations.current()] == ["a1"]
        assert migrations.check() == ()
        migrations.downgrade()
    assert tables(database) == set()


def test_engine_says_of_which_kind_the_shadow_is(
    hero: Project, postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///other.db")
    metadata = MetaData()
    Table("event", metadata, Column("days", ARRAY(Integer)))
    with closing_engine(postgresql) as engine:
        found = Migrations(bind=engine, metadata=metadata).check()
    assert [str(difference.table) for difference in found] == ["event", "hero"]
    assert not (hero.path / "other.db").exists()


def test_connection_passed_in_commits_nothing(hero: Project, database: Database) -> None:
    hero.write({"migrations/versions/b2.py": TEAM})
    with closing_engine(database) as engine, engine.connect() as connection:
        outcome = Migrations(bind=connection).upgrade()
        assert [found.id for found in outcome.applied] == ["a1", "b2"]
        assert connection.in_transaction()
        connection.rollback()
    if database.kind == "postgresql":
        assert tables(database) == set()
        assert Migrations.find().current() == ()


def test_connection_passed_in_and_committed_by_its_owner(hero: Project, database: Database) -> None:
    with closing_engine(database) as engine, engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        Migrations(bind=connection).upgrade()
        connection.commit()
        assert [found.id for found in Migrations(bind=connection).current()] == ["a1"]
    assert tables(database) == {"hero"}
    assert [found.id for found in Migrations.find().current()] == ["a1"]


def test_docstring_says_what_a_connection_leaves_out() -> None:
    said = inspect.getdoc(Migrations) or ""
    assert "the caller\nowns the transaction" in said
    assert "nothing is committed here" in said


# -- event loops -----------------------------------------------------------------------------------


def async_engine(database: Database) -> AsyncEngine:
    url = make_url(database.url).set(drivername=ASYNC[database.kind])
    return create_async_engine(url, poolclass=NullPool)


def run(work: Callable[[AsyncEngine], Awaitable[None]], database: Database) -> None:
    """Run `work` in a loop whose other tasks must go on meanwhile."""

    async def main() -> None:
        engine = async_engine(database)
        try:
            await work(engine)
        finally:
            await engine.dispose()

    asyncio.run(main())


def test_async_engine_in_a_running_loop(hero: Project, database: Database) -> None:
    async def work(engine: AsyncEngine) -> None:
        migrations = Migrations.find()
        assert await migrations.acurrent(engine=engine) == ()
        assert [found.id for found in await migrations.apending(engine=engine)] == ["a1"]
        outcome = await migrations.aupgrade(engine=engine)
        assert [found.id for found in outcome.applied] == ["a1"]
        assert [found.id for found in await migrations.acurrent(engine=engine)] == ["a1"]
        assert await migrations.acheck() == ()
        assert (await migrations.adowngrade(engine=engine)).after == ()
        assert (await migrations.astamp(engine=engine)).after == ("a1",)
        assert (await migrations.arevision("nothing")).revisions == ()

    run(work, database)


def test_async_engine_of_the_constructor(hero: Project, database: Database) -> None:
    async def work(engine: AsyncEngine) -> None:
        migrations = Migrations(bind=engine)
        await migrations.aupgrade()
        assert [found.id for found in await migrations.acurrent()] == ["a1"]
        with pytest.raises(UsageError, match="outside its event loop"):
            migrations.upgrade()
        with pytest.raises(UsageError, match="would block the event loop"):
            migrations.check()

    run(work, database)
    assert tables(database) == {"hero"}


def test_comparing_in_a_running_loop(hero: Project, database: Database) -> None:
    metadata = MetaData()
    Table("team", metadata, Column("id", Integer, primary_key=True))

    async def work(engine: AsyncEngine) -> None:
        migrations = Migrations(bind=engine)
        await migrations.aupgrade()
        assert await migrations.acheck() == ()
        assert await migrations.acheck(from_database=True) == ()
        assert (await migrations.arevision("x", from_database=True)).revisions == ()
        meant = Answers(accepted=frozenset(["hero"]))
        changed = Migrations(metadata=metadata)
        written = await changed.arevision("y", engine=engine, answers=meant)
        assert [found.description for found in written.differences] == [
            "add table 'team'",
            "remove table 'hero'",
        ]
        written.revisions[0].path.unlink()
        changed = Migrations(metadata=metadata, bind=engine)
        again = await changed.arevision("z", from_database=True, answers=meant)
        assert again.differences == written.differences

    run(work, database)


def test_async_url_in_a_running_loop(
    hero: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(database.url).set(drivername=ASYNC[database.kind])
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))

    async def work(_: AsyncEngine) -> None:
        migrations = Migrations.find()
        await migrations.aupgrade()
        assert [found.id for found in await migrations.acurrent()] == ["a1"]

    run(work, database)
    assert tables(database) == {"hero"}


def test_the_loop_goes_on_meanwhile(hero: Project, database: Database) -> None:
    slow = CREATE.replace("def upgrade():", "def upgrade():\n        import time; time.sleep(0.3)")
    hero.write({"migrations/versions/a1.py": slow})

    async def work(_: AsyncEngine) -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.02)
                ticks += 1

        ticking = asyncio.create_task(tick())
        await Migrations.find().aupgrade()
        ticking.cancel()
        assert ticks >= 5

    run(work, database)


FAILING = CREATE.replace("def upgrade():", "def upgrade():\n        raise ValueError('no')")


def test_failure_in_a_running_loop(hero: Project, database: Database) -> None:
    hero.write({"migrations/versions/a1.py": FAILING})

    async def work(engine: AsyncEngine) -> None:
        for options in ({"engine": engine}, {}):
            with pytest.raises(StepFailed, match="a1"):
                await Migrations.find().aupgrade(**options)
        assert await Migrations.find().acurrent(engine=engine) == ()

    run(work, database)
    assert tables(database) == set()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_async_template_of_alembic_in_a_running_loop(project: Project, database: Database) -> None:
    url = make_url(database.url).set(drivername=ASYNC[database.kind])
    assert project.cli.alembic("init", "-t", "async", "migrations").code == 0
    ini = project.read("alembic.ini")
    project.write({
        "alembic.ini": ini.replace("driver://user:pass@localhost/dbname", str(url)),
        "migrations/versions/a1.py": CREATE,
    })  # fmt: skip

    async def work(engine: AsyncEngine) -> None:
        await Migrations.find().aupgrade(engine=engine)
        assert [found.id for found in await Migrations.find().acurrent()] == ["a1"]

    run(work, database)
    assert tables(database) == {"hero"}


# -- the public names ------------------------------------------------------------------------------


def test_the_package_is_lazy() -> None:
    source = (
        "import sys, sqlmodel_migrations; sqlmodel_migrations.Migrations; "
        "assert not {'alembic', 'sqlalchemy', 'sqlmodel', 'click', 'asyncio'} & set(sys.modules); "
        "sqlmodel_migrations.Losses; assert 'alembic' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", source], check=True)


def test_public_names() -> None:
    assert sqlmodel_migrations.Migrations is Migrations
    assert "Migrations" in dir(sqlmodel_migrations)
    for name in sqlmodel_migrations.__all__:
        assert getattr(sqlmodel_migrations, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Migration'"):
        sqlmodel_migrations.Migration  # noqa: B018


def test_public_methods_have_docstrings() -> None:
    members = [m for name, m in inspect.getmembers(Migrations) if not name.startswith("_")]
    assert len(members) > 20
    assert all(inspect.getdoc(member) for member in members)


def test_a_method_in_a_loop_for_every_method_that_works() -> None:
    names = {name for name, _ in inspect.getmembers(Migrations, inspect.iscoroutinefunction)}
    assert names >= {f"a{verb}" for verb in (
        "upgrade", "downgrade", "stamp", "current", "pending", "check", "revision"
    )}  # fmt: skip

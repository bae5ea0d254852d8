"""Issue row "Nothing global": the process is afterwards as it was, also after a failure."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import logging
import os
import shutil
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic import context, op
from alembic.autogenerate import renderers
from alembic.ddl.impl import _impls
from alembic.operations.base import AbstractOperations
from alembic.operations.batch import BatchOperationsImpl
from alembic.operations.ops import Operations
from sqlalchemy import MetaData, create_engine
from sqlalchemy.pool import NullPool

from databases import Database
from project import Project
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.errors import MigrationsError

MODELS = """
    import logging
    from sqlalchemy import MetaData, String
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        metadata = MetaData()


    class Hero(Base):
        __tablename__ = "hero"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(50))
    """
REVISION = """
    from alembic import op
    import sqlalchemy as sa

    revision = "a1"
    down_revision = None

    def upgrade():
        op.create_table("hero", sa.Column("id", sa.Integer, primary_key=True))
        with op.batch_alter_table("hero") as batch:
            batch.add_column(sa.Column("name", sa.String(50), nullable=True))
        {failure}

    def downgrade():
        op.drop_table("hero")
    """
# What env.py files do to the process that runs them.
RUDE = """
    import logging
    import os
    import sys
    import warnings
    from logging.config import fileConfig

    from alembic import context
    from sqlalchemy import create_engine, pool

    fileConfig(context.config.config_file_name)
    logging.getLogger().setLevel(logging.CRITICAL)
    logging.getLogger("application").handlers.clear()
    sys.path.insert(0, "/rude")
    warnings.simplefilter("ignore")
    os.environ["RUDE"] = "1"
    os.environ.pop("POLITE", None)
    os.chdir("/")

    from app.models import Base

    engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
    if context.is_offline_mode():
        context.configure(url=engine.url, literal_binds=True)
        context.run_migrations()
    else:
        with engine.connect() as connection:
            context.configure(connection=connection, target_metadata=Base.metadata)
            with context.begin_transaction():
                context.run_migrations()
    """


def state() -> dict[str, Any]:
    """Everything that a run could change in this process."""
    return {
        "loggers": {
            logger.name: (
                logger.level, list(logger.handlers), list(logger.filters),
                logger.disabled, logger.propagate,
            )
            for logger in (logging.getLogger(), *map(logging.getLogger, LOGGERS))
        },
        "disabled": logging.root.manager.disable,
        "path": list(sys.path),
        "filters": list(warnings.filters),
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109
        "op": vars(op).get("_proxy"),
        "context": vars(context).get("_proxy"),
        "operations": {name for name in dir(Operations) if not name.startswith("__")},
        "invoke": AbstractOperations.invoke,
        "flush": BatchOperationsImpl.flush,
        "implementations": dict(_impls),
        "renderers": {key: found for key, found in renderers._registry.items() if not is_ours(key)},
        "connecting": list(create_engine("sqlite://").dialect.dispatch.do_connect),
        "asyncio.run": asyncio.run,
        "hook": sys.excepthook,
        "threads": {thread.name for thread in threading.enumerate() if not thread.daemon},
        "collector": gc.isenabled(),
    }  # fmt: skip


def is_ours(key: Any) -> bool:
    """Tell what is registered once, when it is imported, for an operation of our own."""
    return bool(key[0].__module__.startswith("sqlmodel_migrations"))


LOGGERS = ("application", "application.part", "alembic", "alembic.runtime.migration", "sqlalchemy",
           "sqlalchemy.engine", "other")  # fmt: skip


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process with settings of its own."""
    logger = logging.getLogger("application")
    handler = logging.NullHandler()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logging.getLogger("application.part").setLevel(logging.INFO)
    monkeypatch.setenv("POLITE", "1")
    yield
    logger.removeHandler(handler)
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]


@pytest.fixture(params=["ours", "rude"])
def hero(request: pytest.FixtureRequest, placed: Project, application: None) -> Project:
    """A project with env.py of ours, and one whose env.py changes all it can."""
    placed.write({"app/__init__.py": "", "app/models.py": MODELS})
    Migrations.init(models=["app.models"])
    placed.write({"migrations/versions/a1.py": REVISION.format(failure="pass")})
    if request.param == "rude":
        placed.write({"migrations/env.py": RUDE})
    return placed


WORK: dict[str, Callable[[Migrations], object]] = {
    "upgrade": lambda m: m.upgrade(),
    "upgrade_sql": lambda m: m.upgrade(sql=io.StringIO()),
    "downgrade": lambda m: (m.upgrade(), m.downgrade("base", confirm=lambda _: True)),
    "stamp": lambda m: m.stamp(),
    "current": lambda m: m.current(),
    "pending": lambda m: m.pending(),
    "status": lambda m: m.status(),
    "history": lambda m: m.history(),
    "heads": lambda m: m.heads(),
    "check": lambda m: m.check(),
    "revision": lambda m: m.revision("more"),
    "empty_revision": lambda m: m.revision("more", empty=True),
    "ensure_version": lambda m: m.ensure_version(),
    "in_a_loop": lambda m: asyncio.run(m.aupgrade()),
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("verb", WORK)
def test_after(hero: Project, verb: str) -> None:
    Migrations.find().upgrade()
    before = state()
    WORK[verb](Migrations.find())
    assert state() == before


def test_after_on_every_database(hero: Project, database: Database) -> None:
    before = state()
    migrations = Migrations.find()
    migrations.upgrade()
    migrations.check()
    migrations.revision("more")
    migrations.downgrade("base", confirm=lambda _: True)
    assert state() == before


FAILURES = {
    "revision": {"migrations/versions/a1.py": REVISION.format(failure="raise ValueError('no')")},
    "syntax": {"migrations/versions/a1.py": "revision = 'a1'\ndown_revision = None\n]"},
    "environment": {
        "migrations/env.py": RUDE.replace("    engine =", "    raise ValueError\n    engine =")
    },
    "models": {"app/models.py": "raise ValueError('no models')"},
}


@pytest.mark.parametrize("failure", FAILURES)
def test_after_a_failure(hero: Project, failure: str) -> None:
    hero.write(FAILURES[failure])
    before = state()
    for work in (WORK["upgrade"], WORK["check"], WORK["in_a_loop"]):
        with contextlib.suppress(MigrationsError, ValueError):
            work(Migrations.find())
        assert state() == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_something_failed_in_that_test(hero: Project) -> None:
    hero.write(FAILURES["revision"])
    with pytest.raises(MigrationsError):
        Migrations.find().upgrade()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_inside_a_run_of_alembic(hero: Project, database: Database) -> None:
    """`alembic.op` of somebody's own run means the same afterwards."""
    from alembic.migration import MigrationContext

    engine = create_engine("sqlite://", poolclass=NullPool)
    with (
        engine.connect() as connection,
        Operations.context(
            MigrationContext.configure(connection, opts={"target_metadata": MetaData()})
        ),
    ):
        mine = vars(op)["_proxy"]
        Migrations.find().upgrade()
        assert vars(op)["_proxy"] is mine
        op.execute("SELECT 1")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_engines_of_other_threads_are_left_alone(hero: Project, tmp_path: Any) -> None:
    """While models and history are compared, the application connects to its own database."""
    other = f"sqlite:///{(tmp_path / 'application.db').as_posix()}"
    slow = REVISION.format(failure="import app.meeting as m; m.reached.set(); m.done.wait(5)")
    hero.write({
        "migrations/versions/a1.py": slow,
        "app/meeting.py": "from threading import Event\nreached, done = Event(), Event()\n",
    })  # fmt: skip
    sys.path.insert(0, str(hero.path))
    try:
        import app.meeting as meeting  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(hero.path))
    names: list[str] = []

    def application() -> None:
        meeting.reached.wait(5)
        with create_engine(other, poolclass=NullPool).connect() as connection:
            rows = connection.exec_driver_sql("PRAGMA database_list")
            names.extend(row[2] for row in rows)
        meeting.done.set()

    thread = threading.Thread(target=application)
    thread.start()
    Migrations.find().check()
    thread.join()
    assert names == [str(tmp_path / "application.db")]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("hero", ["rude"], indirect=True)
def test_two_projects_that_call_their_package_alike(hero: Project) -> None:
    """`prepend_sys_path = .` means each project's own folder, in one process."""
    Migrations.find().upgrade()
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]
    other = hero.path / "other"
    shutil.copytree(hero.path, other, ignore=shutil.ignore_patterns("other"))
    hero.write({"app/models.py": "raise ValueError('the models of the first')"})
    os.chdir(other)
    Migrations.find().upgrade()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_log_lines_of_the_application_are_heard(
    hero: Project, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        Migrations.find().upgrade()
        logging.getLogger("application").info("still here")
    assert "still here" in caplog.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("hero", ["ours"], indirect=True)
def test_loggers_keep_what_they_know(hero: Project) -> None:
    """To set one's level makes all of them forget: in proportion to their number, for each."""
    logger = logging.getLogger("application")
    assert logger.isEnabledFor(logging.DEBUG)
    Migrations.find().upgrade()
    assert logger._cache  # type: ignore[attr-defined]

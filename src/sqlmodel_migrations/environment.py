"""What env.py calls: `environment.run(target_metadata)`.

It serves our command and the plain `alembic` command, sync and async URLs, online and offline.
The application is imported only where it is compared; `upgrade` never imports it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import context
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, pool

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import dialects, failures
from sqlmodel_migrations.generate import options as comparison
from sqlmodel_migrations.project import settings as project_settings
from sqlmodel_migrations.project import url as project_url
from sqlmodel_migrations.project.settings import Settings
from sqlmodel_migrations.run import side_table
from sqlmodel_migrations.run.env_script import ATTRIBUTE, Request

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    Target = str | MetaData | Sequence[str | MetaData]


def run(target_metadata: Target = (), **options: Any) -> None:
    """Run the migrations that the command asks for; call it at the end of env.py.

    `target_metadata` is what the models are read from when they are compared: dotted names of
    modules (a package takes in its submodules), a MetaData, or a list of both. `options` are
    those of Alembic's `context.configure`.

    Raises `UsageError` when there is no database URL or no model, and what a driver raises as
    `DatabaseError`.
    """
    config = context.config
    asked: Request | None = config.attributes.get(ATTRIBUTE)
    request = asked or Request(_settings(config), bind=config.attributes.get("connection"))
    options = {**_version_table(request.settings), side_table.OPTION: True, **options}
    options["target_metadata"] = _metadata(target_metadata, request)
    if context.is_offline_mode():
        _run_offline(request, options)
    else:
        _run_online(request, options, complete=asked is None)


def _settings(config: Config) -> Settings:
    """The settings of the configuration that the plain `alembic` command was given."""
    files = [path for path in (config.config_file_name, config.toml_file_name) if path]
    existing = [str(Path(path).absolute()) for path in files if Path(path).is_file()]
    return project_settings.find(Path.cwd(), config=existing, name=config.config_ini_section)


def _version_table(settings: Settings) -> Mapping[str, str]:
    names = ("version_table", "version_table_schema")
    return {name: value for name in names if (value := getattr(settings, name))}


def _metadata(target: Target, request: Request) -> Sequence[MetaData] | None:
    """Import the models where they are compared; None where they are not."""
    if "revision_context" not in _alembic.current_options():
        return None
    if request.metadata:
        return request.metadata
    from sqlmodel_migrations.project import models

    targets = _targets(target) or request.settings.models
    return models.load(targets, request.settings.root)


def _targets(target: Target) -> Sequence[str | MetaData]:
    return [target] if isinstance(target, str) or not isinstance(target, Sequence) else target


def _run_offline(request: Request, options: dict[str, Any]) -> None:
    url = request.url or project_url.resolve(request.settings)
    offline = {"literal_binds": True, "dialect_opts": {"paramstyle": "named"}}
    context.configure(url=url, **{**offline, **options})
    with context.begin_transaction():
        context.run_migrations()


def _run_online(request: Request, options: dict[str, Any], *, complete: bool) -> None:
    if isinstance(request.bind, Connection):
        _run_on(request.bind, options, complete=complete)
        return
    if isinstance(request.bind, Engine):
        with failures.explained(request.bind.url), request.bind.connect() as connection:
            _run_on(connection, options, complete=complete)
        return
    url = request.url or request.bind_url or project_url.resolve(request.settings)
    with failures.explained(url):
        if url.get_dialect().is_async:
            asyncio.run(_run_async(url, options, complete=complete))
        else:
            _run_sync(url, options, complete=complete)


def _run_sync(url: URL, options: dict[str, Any], *, complete: bool) -> None:
    engine = create_engine(url, **_engine_options(url))
    try:
        with engine.connect() as connection:
            _run_on(connection, options, complete=complete)
    finally:
        engine.dispose()


def _engine_options(url: URL) -> dict[str, Any]:
    arguments = dialects.of(url.get_backend_name()).connect_arguments(url)
    return {"poolclass": pool.NullPool, "connect_args": arguments}


async def _run_async(url: URL, options: dict[str, Any], *, complete: bool) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(url, **_engine_options(url))
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run_on, options, complete=complete)
    finally:
        await engine.dispose()


def _run_on(connection: Connection, options: dict[str, Any], *, complete: bool) -> None:
    """Run on an open connection; `complete` where no command of ours completes the options."""
    options = {"connection": connection, **options}
    context.configure(**(comparison.completed(options) if complete else options))
    with context.begin_transaction():
        context.run_migrations()

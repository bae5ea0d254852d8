"""The database: one engine, and what happens to its tables when the application starts."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from sqlmodel_migrations import Migrations

ROOT = Path(__file__).parents[1]

engine = create_async_engine(os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///heroes.db"))


async def migrate() -> None:
    """Bring the database to head; with MIGRATE=check only refuse to start where it is not."""
    migrations = Migrations(ROOT)
    if os.environ.get("MIGRATE") != "check":
        await migrations.aupgrade(engine=engine)
        return
    if pending := await migrations.apending(engine=engine):
        messages = ", ".join(f"{revision.id} ({revision.message})" for revision in pending)
        raise RuntimeError(f"the database lacks {messages}: run sqlmodel migrations upgrade")


async def get_session() -> AsyncIterator[AsyncSession]:
    """A session for one request."""
    async with AsyncSession(engine) as session:
        yield session

"""The application: heroes to be listed and made."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.database import engine, get_session, migrate
from app.models import Hero

Session = Annotated[AsyncSession, Depends(get_session)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Migrate before the first request."""
    await migrate()
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.get("/heroes")
async def list_heroes(session: Session) -> Sequence[Hero]:
    """All heroes, in the order in which they came."""
    return (await session.exec(select(Hero).order_by(Hero.id))).all()


@app.post("/heroes", status_code=201)
async def make_hero(hero: Hero, session: Session) -> Hero:
    """Make a hero."""
    session.add(hero)
    await session.commit()
    await session.refresh(hero)
    return hero

"""The projects that are measured: the same revisions and models for Alembic and for us."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools import ALEMBIC, Tool

MODELS = """
from datetime import datetime
from decimal import Decimal

from sqlmodel import Field, SQLModel

"""
TABLE = """
class T{number}(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50, index=True)
    amount: Decimal
    created: datetime

"""
# An application that takes long to import: what FastAPI and pydantic make of many routes.
HEAVY = """
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()

"""
ROUTE = """
class M{number}(BaseModel):
    id: int
    name: str | None = None
    tags: list[str] = []


@app.get("/m{number}/{{key}}")
def get_m{number}(key: int) -> M{number}: ...

"""
REVISION = '''"""step {number}

Revision ID: {id}
Revises: {revises}
Create Date: 2026-01-01 00:00:00.000000

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
import sqlmodel


# revision identifiers, used by Alembic.
revision: str = {id!r}
down_revision: Union[str, Sequence[str], None] = {down!r}
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.create_table("s{number}", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("s{number}")
'''
TARGET = """
import os
import models
from sqlmodel import SQLModel

config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"].replace("%", "%%"))
target_metadata = SQLModel.metadata
"""


class Step(NamedTuple):
    """A revision and those that it follows."""

    id: str
    parents: tuple[str, ...]


class Shape(NamedTuple):
    """What a project is like; `merges` of its revisions join two branches."""

    revisions: int
    merges: int = 0
    is_heavy: bool = False

    @property
    def name(self) -> str:
        return f"{self.revisions}-{self.merges}{'-heavy' * self.is_heavy}"


def write(tool: Tool, shape: Shape, folder: Path) -> Path:
    """Write the project of a tool, as its `init` begins it."""
    project = folder / f"{tool.name}-{shape.name}"
    project.mkdir(parents=True)
    (project / "models.py").write_text(_models(shape))
    subprocess.run(tool.command("init"), cwd=project, check=True, capture_output=True)
    if tool is ALEMBIC:
        env = project / "migrations/env.py"
        env.write_text(env.read_text().replace("target_metadata = None", TARGET))
    for number, step in enumerate(_steps(shape)):
        path = project / "migrations/versions" / f"{step.id}_step_{number}.py"
        path.write_text(_revision(number, step))
    return project


def _models(shape: Shape) -> str:
    tables = "".join(TABLE.format(number=number) for number in range(10))
    routes = "".join(ROUTE.format(number=number) for number in range(1000))
    return MODELS + tables + (HEAVY + routes) * shape.is_heavy


def _steps(shape: Shape) -> Iterator[Step]:
    """Plain revisions with as many diamonds of four between them as there are merges."""
    made = 0
    tip: tuple[str, ...] = ()

    def step(parents: tuple[str, ...]) -> Step:
        nonlocal made
        made += 1
        return Step(f"{made * 0x9E3779B1 % 2**48:012x}", parents)

    for _ in range(shape.merges):
        left, right = step(tip), step(tip)
        yield from (left, right)
        merge = step((left.id, right.id))
        tip = (merge.id,)
        yield merge
    while made < shape.revisions:
        plain = step(tip)
        tip = (plain.id,)
        yield plain


def _revision(number: int, step: Step) -> str:
    down = step.parents if len(step.parents) > 1 else next(iter(step.parents), None)
    revises = ", ".join(step.parents)
    return REVISION.format(number=number, id=step.id, revises=revises, down=down)

"""The projects that are measured: the same revisions and models for Alembic and for us."""

from __future__ import annotations

import os
import subprocess
import sys
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
TABLES = """
from sqlalchemy import Column, Integer, Table
from sqlmodel import SQLModel

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
{upgrade}


def downgrade() -> None:
    pass
'''
TARGET = """
import os
import models
from sqlmodel import SQLModel

config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"].replace("%", "%%"))
target_metadata = SQLModel.metadata
"""


SMALL = """\
    op.create_table("s{number}", sa.Column("id", sa.Integer(), primary_key=True))"""
GOING = """
    op.drop_table("s{number}")"""
MADE = """
Table("s{number}", SQLModel.metadata, Column("id", Integer, primary_key=True))"""
CREATE_ALL = """
import os
import models
from sqlmodel import SQLModel, create_engine

SQLModel.metadata.create_all(create_engine(os.environ["DATABASE_URL"]))
"""
BIG = """\
    op.create_table(
        "big",
        sa.Column("id", sa.Integer(), primary_key=True),
        *(sa.Column(name, sa.Integer()) for name in "abc"),
        sa.Column("text", sa.String(50)),
    )"""
# What stock Alembic needs a batch for, which copies the table.
CHANGES = {
    "add": """\
    op.add_column("big", sa.Column("d", sa.Integer()))""",
    "rename": """\
    with op.batch_alter_table("big") as batch:
        batch.alter_column("a", new_column_name="d")""",
    "drop": """\
    with op.batch_alter_table("big") as batch:
        batch.drop_column("a")""",
    "five": """\
    with op.batch_alter_table("big") as batch:
        batch.alter_column("a", new_column_name="d")
        batch.alter_column("b", type_=sa.String(20))
        batch.drop_column("c")
    with op.batch_alter_table("big") as batch:
        batch.add_column(sa.Column("e", sa.Integer()))
        batch.create_check_constraint("ck_big_id", "id > 0")""",
}


class Step(NamedTuple):
    """A revision and those that it follows."""

    id: str
    parents: tuple[str, ...]


class Shape(NamedTuple):
    """What a project is like; `merges` of its revisions join two branches.

    With a `change`, a key of `CHANGES`, there are two revisions: the first makes a table. Where it
    `is_sound` its models are what the revisions make: each makes a table and drops the one that is
    `tables` older.
    """

    revisions: int
    merges: int = 0
    is_heavy: bool = False
    tables: int = 10
    change: str | None = None
    is_sound: bool = False

    @property
    def name(self) -> str:
        flags = (self.is_heavy, self.is_sound)
        parts = (self.revisions, self.merges, self.tables, self.change or "", *flags)
        return "-".join(map(str, parts))


def write(tool: Tool, shape: Shape, folder: Path) -> Path:
    """Write the project of a tool, as its `init` begins it."""
    project = folder / f"{tool.name}-{shape.name}"
    project.mkdir(parents=True)
    (project / "models.py").write_text(_models(shape))
    subprocess.run(tool.command("init"), cwd=project, check=True, capture_output=True)
    if tool is ALEMBIC:
        env = project / "migrations/env.py"
        env.write_text(env.read_text().replace("target_metadata = None", TARGET))
    versions = project / "migrations/versions"
    for number, step in enumerate(_steps(shape)):
        body = SMALL.format(number=number)
        if shape.is_sound and number >= shape.tables:
            body += GOING.format(number=number - shape.tables)
        (versions / f"{step.id}_step_{number}.py").write_text(_revision(number, step, body))
    if shape.change is not None:
        first, second = Step(f"{1:012x}", ()), Step(f"{2:012x}", (f"{1:012x}",))
        (versions / "1.py").write_text(_revision(1, first, BIG))
        (versions / "2.py").write_text(_revision(2, second, CHANGES[shape.change]))
    return project


def make_tables(project: Path, url: str) -> None:
    """Make in a database what the models of a project say."""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CREATE_ALL],
        cwd=project,
        env={**os.environ, "DATABASE_URL": url},
        check=True,
    )


def _models(shape: Shape) -> str:
    if shape.is_sound:
        left = range(shape.revisions - shape.tables, shape.revisions)
        return TABLES + "".join(MADE.format(number=number) for number in left) + "\n"
    tables = "".join(TABLE.format(number=number) for number in range(shape.tables))
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


def _revision(number: int, step: Step, body: str) -> str:
    down = step.parents if len(step.parents) > 1 else next(iter(step.parents), None)
    revises = ", ".join(step.parents)
    return REVISION.format(number=number, id=step.id, revises=revises, down=down, upgrade=body)

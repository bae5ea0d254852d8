"""A history in a folder, whose revisions are recorded and judged."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from databases import Database
from sqlmodel_migrations.lint import review, span
from sqlmodel_migrations.lint.finding import Finding
from sqlmodel_migrations.lint.recording import RecordedStatement, Recording
from sqlmodel_migrations.lint.review import Wanted
from sqlmodel_migrations.migrations import Migrations

ENV = """\
import sqlalchemy as sa
from alembic import context

engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection{options})
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""
OURS = "from sqlmodel_migrations import environment\n\nenvironment.run()\n"
REVISION = '''"""{id}"""

import sqlalchemy as sa
from alembic import op

revision = {id!r}
down_revision = {down!r}


def upgrade():
{body}


def downgrade():
{back}
'''
FIRST_LINE = 11
"""The line of a revision's file on which its body begins."""

HERO = """
op.create_table(
    "hero",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(50)),
    sa.Column("age", sa.Integer),
)
"""


class History:
    """Revisions, one after the other, and an env.py."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder, self.database = folder, database
        self.versions = folder / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        url = database.url.replace("%", "%%")
        ini = f"[alembic]\nscript_location = migrations\nsqlalchemy.url = {url}\n"
        (folder / "alembic.ini").write_text(ini)
        self.last: str | None = None
        self.env()

    def env(self, text: str = ENV, options: str = ", transaction_per_migration=True") -> None:
        """Write env.py."""
        (self.folder / "migrations" / "env.py").write_text(text.replace("{options}", options))

    def add(self, id: str, body: str, back: str = "op.get_bind()") -> Path:
        """Write a revision after the last one; returns its file."""
        file = self.versions / f"{id}.py"
        bodies = {
            name: textwrap.indent(textwrap.dedent(text).strip(), "    ")
            for name, text in (("body", body), ("back", back))
        }
        file.write_text(REVISION.format(id=id, down=self.last, **bodies))
        self.last = id
        return file

    @property
    def migrations(self) -> Migrations:
        return Migrations(self.folder)

    def record(self, text: str) -> Recording:
        """Record a range."""
        migrations = self.migrations
        return review.record(migrations._checkout, span.of_range(migrations.graph, text))

    def lint(self, text: str | None = None, **wanted: object) -> tuple[Finding, ...]:
        """Judge a range."""
        return self.migrations.lint(Wanted(text, **wanted)).findings  # type: ignore[arg-type]


@pytest.fixture
def history(tmp_path: Path, database: Database) -> History:
    """A history on each kind of database whose first revision `a1` makes the table `hero`."""
    made = History(tmp_path / "history", database)
    made.add("a1", HERO)
    return made


@pytest.fixture
def said() -> Callable[[Recording], list[tuple[int, str]]]:
    """Lines of the body, from 1, and the statements sent from there."""

    def of(recording: Recording) -> list[tuple[int, str]]:
        return [(line(statement), statement.sql.strip()) for statement in recording.statements]

    return of


def line(statement: RecordedStatement) -> int:
    return statement.line - FIRST_LINE + 1

"""A story: models, rows, other models, and the revision between them."""

from __future__ import annotations

from pathlib import Path

from databases import Database
from project import Project
from zygote import Ran

IMPORTS = """\
import enum
import uuid
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlmodel import JSON, CheckConstraint, Column, Computed, DateTime, Enum, Field, ForeignKey
from sqlmodel import ForeignKeyConstraint, Identity, Index, SQLModel, String, UniqueConstraint, text


"""


class Story:
    """A project whose models change; every command must succeed unless its name says else."""

    def __init__(self, project: Project, database: Database) -> None:
        self.project, self.database = project, database

    def begin(self, models: str, *rows: str) -> None:
        """Make the tables of `models`, and the rows."""
        self.models(models)
        self.project.init()
        self._play("revision begin --no-verify", "upgrade")
        self.database.run(*rows)

    def models(self, models: str) -> None:
        self.project.write({"models.py": IMPORTS + models})

    def revise(self, models: str, *flags: str) -> str:
        """Write the revision for other models, proven; returns the script."""
        self.models(models)
        there = self.scripts()
        self.succeed("revision", "change", *flags)
        (new,) = self.scripts() - there
        return new.read_text(encoding="utf-8")

    def refused(self, models: str, *flags: str) -> Ran:
        """Ask for a revision that is not written; returns what was said."""
        self.models(models)
        there = self.scripts()
        ran = self.project.cli("revision", "change", *flags)
        assert ran.code != 0, ran.output
        assert self.scripts() == there
        return ran

    def scripts(self) -> set[Path]:
        return set((self.project.path / "migrations" / "versions").glob("*_*.py")) - {
            self.project.path / "migrations" / "versions" / "__init__.py"
        }

    def upgrade(self) -> None:
        """Upgrade; nothing differs from the models afterwards."""
        self._play("upgrade", "check")

    def downgrade(self) -> None:
        self.succeed("downgrade", "-1", "--yes")

    def query(self, sql: str) -> list[tuple[object, ...]]:
        return self.database.query(sql)

    def succeed(self, *arguments: str) -> Ran:
        ran = self.project.cli(*arguments, merged=True)
        assert ran.code == 0, f"{' '.join(arguments)}: {ran.code}\n{ran.output}"
        return ran

    def _play(self, *commands: str) -> None:
        ran = self.project.cli.each(*(command.split() for command in commands))
        assert ran.code == 0, f"{', '.join(commands)}: {ran.code}\n{ran.output}"

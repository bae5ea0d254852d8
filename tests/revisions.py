"""A history of revisions written by hand, and runs of it that are killed at a statement."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from databases import Database
from project import Project
from zygote import Ran

_HEAD = '''\
"""{message}

Revision ID: {id}
"""

import os

import sqlalchemy as sa
from alembic import op

revision = {id!r}
down_revision = {parent!r}
branch_labels = None
depends_on = None


def die(place="here"):
    if os.environ.get("DIE_AT") == place and not op.get_context().as_sql:
        os._exit(137)


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''

# Ends the process, as a kill does, before or after the statement whose number it is given.
_DEATH = """
import os
from sqlalchemy import Engine, event

DEATH = os.environ.get("DIE_AT")
SEEN = [0]


def die(*_):
    SEEN[0] += 1
    if str(SEEN[0]) == DEATH:
        os._exit(137)


if DEATH:
    event.listen(Engine, "before_cursor_execute", lambda *_: die())
    event.listen(Engine, "after_cursor_execute", die)
"""


class Revisions:
    """A project with an env.py of ours and scripts given as the bodies of `upgrade`."""

    def __init__(self, project: Project, database: Database, models: str = "") -> None:
        self.project, self.database = project, database
        project.write({"models.py": f"from sqlmodel import Field, SQLModel\n\n\n{models}"})
        ran = project.cli("init", "--url", database.url)
        assert ran.code == 0, ran.output
        env = project.read("migrations/env.py")
        project.write({"migrations/env.py": _DEATH + env})
        self.ids: list[str] = []

    def add(self, id: str, upgrade: str, downgrade: str = "pass") -> str:
        """Write a revision behind the last; return its path."""
        parent = self.ids[-1] if self.ids else None
        self.ids.append(id)
        return self.write(id, upgrade, downgrade, parent)

    def write(self, id: str, upgrade: str, downgrade: str, parent: str | None) -> str:
        """Write the script of a revision, again if it is there."""
        path = f"migrations/versions/{id}.py"
        body = {"upgrade": _indented(upgrade), "downgrade": _indented(downgrade)}
        text = _HEAD.format(id=id, message=f"revision {id}", parent=parent, **body)
        self.project.write({path: text})
        return path

    def upgrade(self, *arguments: str, die_at: int | str | None = None) -> Ran:
        """Run `upgrade`; it ends as if killed, with the code 137, where `die_at` says.

        That is a number, of the moments before and after each statement, or the place that a
        script names: `die("here")`.
        """
        return self.run("upgrade", *arguments, die_at=die_at)

    def run(self, *arguments: str, die_at: int | str | None = None) -> Ran:
        """Run a command, as `upgrade` does."""
        env: Mapping[str, str | None] = {"DIE_AT": None if die_at is None else str(die_at)}
        return self.project.cli(*arguments, env=env)


def _indented(body: str) -> str:
    return textwrap.indent(textwrap.dedent(body).strip(), "    ")

"""What is applied, and what the ledger knows of it: when it ran, and from which script."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alembic.runtime.migration import MigrationContext

from sqlmodel_migrations.diagnostics import Diagnostic, Severity
from sqlmodel_migrations.history import checksum
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.run import ledger
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.run.ledger import Ledger, Line


class Script(enum.StrEnum):
    """A script compared with what it was when its revision ran."""

    SAME = "same"
    EDITED = "edited"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Applied:
    """A revision that the database has; `line` is None where plain `alembic` ran it."""

    revision: Revision
    line: Line | None
    script: Script

    def diagnostic(self) -> Diagnostic:
        """Return what is wrong where the script was edited."""
        return Diagnostic(
            "edited-script",
            Severity.ERROR,
            f"the script of revision {self.revision.id} was edited since it was applied: this"
            " database has what the old text made",
            "put the text back, and write a new revision for the change; if it changes nothing"
            " here, type: sqlmodel migrations upgrade --accept-edited",
            file=self.revision.path,
        )


@dataclass
class Reading:
    """The heads and the ledger of a database, to be read while a connection to it is open."""

    heads: set[str] = field(default_factory=set)
    lines: dict[str, Line] = field(default_factory=dict)

    def look(self, context: MigrationContext, _: Mapping[str, Any]) -> None:
        """Read both; raises `UsageError` for a ledger of a newer release."""
        self.heads.update(context.get_current_heads())
        self.lines.update(ledger.latest(Ledger(context, is_wanted=False).lines()))

    def applied(self, checkout: Checkout) -> tuple[Applied, ...]:
        """Return what is applied, newest first; revisions that no file has are left out."""
        graph = checkout.graph
        known = graph.ancestors(one for one in self.heads if one in graph.revisions)
        return tuple(self._of(found) for found in graph.walk() if found.id in known)

    def _of(self, revision: Revision) -> Applied:
        line = self.lines.get(revision.id)
        if line is None or line.checksum is None:
            return Applied(revision, line, Script.UNKNOWN)
        is_edited = checksum.is_edited(revision.path, line.checksum)
        return Applied(revision, line, Script.EDITED if is_edited else Script.SAME)


def read(checkout: Checkout) -> tuple[Applied, ...]:
    """Ask the database what is applied, newest first; it makes neither table nor file."""
    reading = Reading()
    checkout.read(reading.look)
    return reading.applied(checkout)

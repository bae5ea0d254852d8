"""A finding: a diagnostic of lint, with the hazard, the statement and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel_migrations.diagnostics import Diagnostic


@dataclass(frozen=True)
class Finding(Diagnostic):
    """One hazard of one statement; lines are those of the revision's file.

    `fix` is the safe form as code to paste. What is not measured is guessed from the text of the
    statement. `mitigated_by` is what removes the hazard where our executor runs the revision.
    """

    hazard: str | None = None
    revision: str | None = None
    end_line: int | None = None
    statement: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    fix: str | None = None
    is_measured: bool = True
    mitigated_by: str | None = None

    @property
    def last_line(self) -> int | None:
        return self.end_line or self.line

    @property
    def tag(self) -> str:
        return f"[{self.rule}]"

    @property
    def code(self) -> str | None:
        return self.fix

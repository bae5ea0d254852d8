"""A finding: a diagnostic of lint, with the hazard, the statement and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlmodel_migrations.diagnostics import Diagnostic

if TYPE_CHECKING:
    from sqlmodel_migrations.lint.rules.base import Match


@dataclass(frozen=True)
class Finding(Diagnostic):
    """One hazard of one statement; lines are those of the revision's file.

    `fix` is the safe form as code to paste; where `is_fixable`, it is what `--fix` would write.
    What is not measured is guessed from the text of the statement. `mitigated_by` is what removes
    the hazard where our executor runs the revision. `match` is what the rule found.
    """

    hazard: str | None = None
    revision: str | None = None
    end_line: int | None = None
    statement: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    fix: str | None = None
    is_measured: bool = True
    mitigated_by: str | None = None
    is_fixable: bool = False
    match: Match | None = field(default=None, compare=False, repr=False)

    @property
    def last_line(self) -> int | None:
        return self.end_line or self.line

    @property
    def tag(self) -> str:
        return f"[{self.rule}]"

    @property
    def code(self) -> str | None:
        return self.fix

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON-able values, without the recording behind it."""
        told = Diagnostic.as_json(replace(self, match=None) if self.match is not None else self)
        del told["match"]
        return told

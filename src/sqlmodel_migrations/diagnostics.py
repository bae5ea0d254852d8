"""Diagnostics: one finding at one place, as a frozen value that every reporter can show."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


class Severity(enum.StrEnum):
    """How much a finding matters; `note` never changes an exit code."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Diagnostic:
    """One finding: `message` says the effect, `help` the remedy in one imperative line."""

    rule: str
    severity: Severity
    message: str
    help: str | None = None
    file: Path | None = None
    line: int | None = None

    @property
    def last_line(self) -> int | None:
        """The line with which the place ends."""
        return self.line

    @property
    def tag(self) -> str | None:
        """What stands behind the message: the rule, where a person may have to name it."""
        return None

    @property
    def code(self) -> str | None:
        """The remedy as code to paste."""
        return None

    @property
    def advice(self) -> str:
        """The message, and the remedy below it, as lines."""
        said = [self.message, f"help: {self.help}" if self.help else None, self.code]
        return "\n".join(part.rstrip() for part in said if part)

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON-able values; paths become strings."""
        return {k: str(v) if isinstance(v, Path) else v for k, v in asdict(self).items()}

"""What every rule's module offers: its hazard, its words, and what it finds in a recording.

The module's docstring is the explanation: what happens, why, and where it was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import (
    RecordedStatement,
    Recording,
    Stops,
    TableFacts,
)


@dataclass(frozen=True)
class Match:
    """What a rule found: one statement, and what to say of it.

    `message` is the effect, `help` one imperative line, `fix` the safe form as Python to paste.
    `tables` are those that make it bad, by the keys they had before; their sizes matter.
    """

    statement: RecordedStatement
    message: str
    help: str
    fix: str | None = None
    tables: tuple[str, ...] = ()


class Rule(Protocol):
    """The shape of a module in this family."""

    __doc__: str | None

    @property
    def HAZARD(self) -> Hazard:  # noqa: N802
        """What may happen."""

    @property
    def SEVERITY(self) -> Severity:  # noqa: N802
        """How much it matters where the configuration says nothing."""

    @property
    def SUMMARY(self) -> str:  # noqa: N802
        """The hazard in one line."""

    def find(self, recording: Recording) -> Iterator[Match]:
        """Find the hazard."""


def touched(statement: RecordedStatement) -> Iterator[tuple[str, TableFacts]]:
    """The tables that a statement did something to, but for stored queries, which nobody writes."""
    for name, facts in statement.facts.tables.items():
        if not facts.is_stored_query:
            yield name, facts


def stops_writes(facts: TableFacts) -> bool:
    """Whether the statement itself took a lock that stops writes."""
    return facts.taken is not None and facts.taken.stops >= Stops.WRITES


def names(tables: Iterable[str]) -> str:
    """Write names for a message: `'account'`, `'account' and 'item'`."""
    quoted = [f"'{table}'" for table in tables]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def lock(facts: TableFacts) -> str:
    """Say which lock is taken and what it stops."""
    if facts.taken is None:
        return "no lock"
    stopped = "reads and writes" if facts.taken.stops is Stops.READS else "writes"
    return f"{facts.taken.name} lock, which stops {stopped}"

"""What every rule's module offers: its hazards, its words, and what it finds in a recording.

The module's docstring is the explanation: what happens, why, and where it was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sqlmodel_migrations.database.catalog.difference import CatalogDifference
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import (
    Failure,
    Lock,
    RecordedStatement,
    Recording,
    Rows,
    Stops,
    TableFacts,
)

EXECUTOR = "sqlmodel migrations upgrade"
"""What removes the hazards that plain Alembic has."""

ATTRIBUTES = frozenset(
    ("not null", "default", "comment", "collation", "on update", "invisible", "expression")
)
"""Kinds of losses that a column suffers when it is said anew, and not whole."""

# So many names at most stand in a message.
_MOST_NAMED = 6
_MODIFY = re.compile(r"\s*ALTER\s+TABLE\s.*\b(MODIFY|CHANGE)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Match:
    """What a rule found: one statement, and what to say of it.

    `message` is the effect, `help` one imperative line, `fix` the safe form as Python to paste.
    `tables` are those that make it bad, by the keys they had before; their sizes matter.
    `severity` replaces the rule's own. `hazard` is None for what harms no database.
    `mitigated_by` is what removes the hazard.
    """

    hazard: Hazard | None
    statement: RecordedStatement
    message: str
    help: str
    fix: str | None = None
    tables: tuple[str, ...] = ()
    severity: Severity | None = None
    mitigated_by: str | None = None


class Rule(Protocol):
    """The shape of a module in this family."""

    __doc__: str | None

    @property
    def HAZARDS(self) -> tuple[Hazard, ...]:  # noqa: N802
        """What may happen."""

    @property
    def SEVERITY(self) -> Severity:  # noqa: N802
        """How much it matters where the configuration says nothing."""

    @property
    def SUMMARY(self) -> str:  # noqa: N802
        """The hazard in one line."""

    def find(self, recording: Recording) -> Iterator[Match]:
        """Find the hazards."""


def at(revision: Revision, line: int) -> RecordedStatement:
    """Return what a match of a revision's text stands at, where no statement is meant."""
    return RecordedStatement(revision.id, -1, revision.path, line, line, "", "")


# What statements did.


def measured(recording: Recording) -> Iterator[RecordedStatement]:
    """Return the statements that may come to an end on tables with rows."""
    return (s for s in recording.statements if not _fails_on_any_row(s))


def _fails_on_any_row(statement: RecordedStatement) -> bool:
    """Whether no row can be right, because the values come from the statement itself."""
    return Rows.CLEAN in statement.failures and bool(added(statement, "column"))


def touched(statement: RecordedStatement) -> dict[str, TableFacts]:
    """Return what it did to tables; nobody writes to stored queries."""
    tables = statement.facts.tables.items()
    return {name: facts for name, facts in tables if not facts.is_stored_query}


def rewritten(statement: RecordedStatement) -> tuple[str, ...]:
    """Return the tables, and stored queries, that it wrote anew."""
    tables = statement.facts.tables.items()
    return tuple(name for name, facts in tables if facts.is_rewritten)


def built(statement: RecordedStatement) -> dict[str, tuple[str, ...]]:
    """Return the indexes that it built, by table, while writes waited."""
    return {
        name: facts.built
        for name, facts in touched(statement).items()
        if facts.built and stops_writes(facts.taken)
    }


def scanned(statement: RecordedStatement) -> tuple[str, ...]:
    """Return the tables that it read as a whole while writes waited, and neither wrote nor built.

    A table rewrite and an index read the table as well: that is part of them.
    """
    if rewritten(statement) or built(statement):
        return ()
    return tuple(
        name
        for name, facts in touched(statement).items()
        if facts.is_scanned and facts.rows and stops_writes(facts.taken)
    )


def stops_writes(lock: Lock | None) -> bool:
    """Whether a lock stops writes."""
    return lock is not None and lock.stops >= Stops.WRITES


def added(statement: RecordedStatement, kind: str) -> tuple[CatalogDifference, ...]:
    """Return the columns, constraints or indexes that it made on tables which were there."""
    return tuple(
        c
        for c in statement.facts.changes
        if c.kind == kind and c.before is None and c.after is not None
    )


def constraints(statement: RecordedStatement, *words: str) -> tuple[CatalogDifference, ...]:
    """Return the constraints that it made whose definition begins with one of these words."""
    return tuple(c for c in added(statement, "constraint") if c.after and c.after.startswith(words))


def inside(statement: RecordedStatement) -> Failure | None:
    """Return how it fails in the transaction that plain Alembic would send it in."""
    return statement.taken_out or statement.failures.get(Rows.CLEAN)


def in_transaction(statement: RecordedStatement, message: str, help_: str, fix: str) -> Match:
    """Return the match of a statement that fails in a transaction: ours sends it outside of one."""
    if statement.taken_out is None:
        return Match(Hazard.FAILS_IN_TRANSACTION, statement, message, help_, fix)
    return Match(
        Hazard.FAILS_IN_TRANSACTION,
        statement,
        f"with plain Alembic: {message}",
        help_,
        fix,
        severity=Severity.NOTE,
        mitigated_by=EXECUTOR,
    )


def is_modify(statement: RecordedStatement) -> bool:
    """Whether it says a column anew, as MariaDB's MODIFY and CHANGE do."""
    return _MODIFY.match(statement.sql) is not None


def is_cascaded(statement: RecordedStatement, table: str) -> bool:
    """Whether rows of a table that it does not name went, or lost their reference."""
    facts = statement.facts.tables.get(table)
    return facts is not None and facts.cascaded > 0


def changed(statement: RecordedStatement, kind: str) -> tuple[CatalogDifference, ...]:
    """Return what was one way before and is another way now: types, nullability."""
    return tuple(
        c
        for c in statement.facts.changes
        if c.kind == kind and c.before is not None and c.after is not None
    )


# Words.


def names(things: Iterable[str]) -> str:
    """Write names for a message, sorted, and of many the first: `'account'`, `'a' and 'b'`."""
    quoted = [f"'{thing}'" for thing in sorted(things)]
    if len(quoted) > _MOST_NAMED:
        quoted[_MOST_NAMED - 1 :] = [f"{len(quoted) - _MOST_NAMED + 1} more"]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def stopped(statement: RecordedStatement, tables: Iterable[str]) -> str:
    """Say what waits, and for which lock: `reads and writes of 'hero' wait (EXCLUSIVE lock)`."""
    found = {table: statement.facts.tables[table].taken for table in tables}
    strongest = max(found.values(), key=lambda lock: lock.stops if lock else Stops.NOTHING)
    assert strongest is not None
    what = "reads and writes" if strongest.stops is Stops.READS else "writes"
    return f"{what} of {names(found)} wait ({strongest.name} lock)"


NOT_VALID = """\
op.{operation}("{name}", "{table}", ..., postgresql_not_valid=True)

# in the next revision
op.execute("ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
"""
"""The safe form of what adds a constraint to a table with rows."""


def validated(
    recording: Recording, kind: str
) -> Iterator[tuple[RecordedStatement, tuple[str, ...], tuple[CatalogDifference, ...]]]:
    """Yield the statements that add constraints of a `kind` and read tables to check them.

    With each, the keys of the tables and the constraints.
    """
    for statement in measured(recording):
        tables = scanned(statement)
        found = constraints(statement, kind)
        if tables and found:
            yield statement, tables, found

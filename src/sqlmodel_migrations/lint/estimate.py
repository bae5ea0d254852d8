"""The estimate: what each statement of a text probably does, given those that came before it.

Neighbours: `guess` reads one statement by itself; `static` writes them down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sqlmodel_migrations.database.sqlite_token import Kind
from sqlmodel_migrations.database.statement import Reader, Statement, split
from sqlmodel_migrations.lint import guess
from sqlmodel_migrations.lint.guess import action
from sqlmodel_migrations.lint.guess.action import Act
from sqlmodel_migrations.lint.guess.made import Made
from sqlmodel_migrations.lint.recording import (
    NEW_ENUM_VALUE,
    Facts,
    Failure,
    FailureKind,
    Lock,
    RecordedStatement,
    Rows,
    Runner,
    Stops,
    Unmeasured,
)


class Estimate(NamedTuple):
    """The statements with what they probably do, in order, and what their texts do not tell."""

    statements: tuple[RecordedStatement, ...]
    unmeasured: tuple[Unmeasured, ...]


def of(statements: Sequence[RecordedStatement], dialect: str, runner: Runner) -> Estimate:
    """Estimate what statements do that are sent one after the other."""
    estimator = _Estimator(dialect, runner)
    estimated = [estimator.estimate(statement) for statement in statements]
    return Estimate(
        tuple(_mended(estimated, dialect)),
        (*estimator.unmeasured, *_copies(statements, dialect)),
    )


@dataclass
class _Estimator:
    """What is known before a statement: new tables, and what its transaction has done."""

    dialect: str
    runner: Runner
    unmeasured: list[Unmeasured] = field(default_factory=list)
    _made: Made = field(default_factory=Made)
    _held: dict[int | None, dict[str, Lock]] = field(default_factory=dict)
    _values: dict[int | None, set[str]] = field(default_factory=dict)

    def estimate(self, statement: RecordedStatement) -> RecordedStatement:
        """Give a statement what it probably does, and the locks that were taken before it."""
        is_inside = statement.transaction is not None
        text = Statement(statement.sql, self.dialect)
        guessed = guess.of(text, self._made, is_in_transaction=is_inside, was=statement.was)
        self.unmeasured += [_unread(statement, reason) for reason in guessed.unread]
        failures = self._using_new_value(statement) or guessed.failures
        failures, taken_out = self._taken_out(failures)
        held = self._held.get(statement.transaction, {}) if is_inside else {}
        facts = replace(guessed.facts, held=dict(held))
        self._note(statement, facts)
        return replace(
            statement,
            facts=replace(facts, losses=(), broken=()) if statement.is_undone else facts,
            failures=failures,
            again=None if statement.is_undone else _again(statement, self.dialect),
            taken_out=taken_out,
        )

    def _using_new_value(self, statement: RecordedStatement) -> Mapping[Rows, Failure]:
        """How it fails where it names a value that its transaction has added to an enum."""
        added = self._values.get(statement.transaction, set())
        if statement.transaction is None or not added & _texts(statement, self.dialect):
            return {}
        said = Failure(FailureKind.TRANSACTION, "the new value is not committed", NEW_ENUM_VALUE)
        return dict.fromkeys(Rows, said)

    def _taken_out(
        self, failures: Mapping[Rows, Failure]
    ) -> tuple[Mapping[Rows, Failure], Failure | None]:
        """Our executor sends outside of a transaction what is refused in one."""
        failure = failures.get(Rows.CLEAN)
        is_refused = failure is not None and failure.kind is FailureKind.TRANSACTION
        return ({}, failure) if is_refused and self.runner is Runner.SQLMODEL else (failures, None)

    def _note(self, statement: RecordedStatement, facts: Facts) -> None:
        """Keep what matters for the statements after it."""
        place, text = statement.transaction, Statement(statement.sql, self.dialect)
        if text.has("ADD", "VALUE"):
            self._values.setdefault(place, set()).update(_texts(statement, self.dialect))
        is_kept = not facts.commits or text.verb == "LOCK"  # LOCK TABLES outlasts commits
        if is_kept:
            for table, found in facts.tables.items():
                if found.taken is not None and found.taken.stops >= Stops.WRITES:
                    self._held.setdefault(place, {})[table] = found.taken
        if text.verb == "UNLOCK":
            self._held.pop(place, None)
        self._made.note(text)


def _unread(statement: RecordedStatement, reason: str) -> Unmeasured:
    return Unmeasured(statement.revision, reason, statement.file, statement.line)


def _texts(statement: RecordedStatement, dialect: str) -> set[str]:
    """The strings in a statement."""
    return {t.text for t in Statement(statement.sql, dialect).tokens if t.kind is Kind.STRING}


def _mended(statements: Sequence[RecordedStatement], dialect: str) -> list[RecordedStatement]:
    """Leave out the loss of what a later statement of its revision gives the name of again."""
    given: dict[str, set[str]] = defaultdict(set)
    found: list[RecordedStatement] = []
    for statement in reversed(statements):
        facts, back = statement.facts, given[statement.revision]
        losses = (x for x in facts.losses if x.kind != "table" or x.table not in back)
        broken = (x for x in facts.broken if x.table not in back)
        left = replace(facts, losses=tuple(losses), broken=tuple(broken))
        found.append(replace(statement, facts=left))
        back.update(_named(statement, dialect))
    return found[::-1]


def _copies(statements: Sequence[RecordedStatement], dialect: str) -> Iterator[Unmeasured]:
    """Say of which tables the rows are taken to others, which may leave some out."""
    gone: dict[tuple[str, str], RecordedStatement] = {}
    for statement in statements:
        for text in split(statement.sql, dialect):
            for each in action.parse(text):
                if each.act is Act.DROP_TABLE:
                    gone[statement.revision, each.table] = statement
                was = gone.get((statement.revision, each.name))
                if each.act is Act.RENAME_TABLE and was is not None:
                    reason = f"what the table in the place of '{each.name}' leaves out is not read"
                    yield _unread(was, reason)


def _named(statement: RecordedStatement, dialect: str) -> Iterator[str]:
    """The names that a statement gives to tables or views."""
    for text in split(statement.sql, dialect):
        yield from (a.name for a in action.parse(text) if a.act is Act.RENAME_TABLE)
        yield from (a.table for a in action.parse(text) if a.act is Act.CREATE_TABLE)
        reader = Reader(text)
        if reader.take("CREATE"):
            reader.take("OR", "REPLACE")
            view = reader.name() if reader.take("VIEW") else None
            yield from (view.name,) if view is not None else ()


def _again(statement: RecordedStatement, dialect: str) -> str | None:
    """How it would fail if it were run once more, as far as its text says."""
    text = Statement(statement.sql, dialect)
    if text.verb not in ("CREATE", "ALTER", "DROP", "RENAME"):
        return None
    if text.has("IF") or text.has("OR", "REPLACE"):
        return None
    if text.verb == "CREATE" or text.has("ADD"):
        return "what it makes is there already"
    return "what it drops is gone already" if _takes_away(text) else None


def _takes_away(text: Statement) -> bool:
    """Whether it drops or renames something; that a column loses NOT NULL can be said again."""
    drops = [at for at in range(len(text.tokens)) if text.word(at) == "DROP"]
    if any(text.word(at + 1) not in ("NOT", "DEFAULT") for at in drops):
        return True
    renaming = (Act.RENAME_TABLE, Act.RENAME_COLUMN)
    return text.has("RENAME") or any(each.act in renaming for each in action.parse(text))

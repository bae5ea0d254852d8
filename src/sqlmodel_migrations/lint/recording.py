"""The recording: what pending revisions send, and what each statement did to a scratch database.

It is made by `recorder` and judged by `linter`; a plan shows it as it is.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.difference import CatalogDifference
from sqlmodel_migrations.database.sizes import Size
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.lint.place import Place

NEW_ENUM_VALUE = "55P04"
"""PostgreSQL's code for a value of an enum that is used before it was committed."""


class Rows(enum.StrEnum):
    """What rows the scratch database has while the revisions run.

    Clean ones satisfy what a revision may demand later; dirty ones violate it wherever the schema
    before lets them: NULLs, duplicates, orphans, long and negative values.
    """

    EMPTY = "empty"
    CLEAN = "clean"
    DIRTY = "dirty"


class Runner(enum.StrEnum):
    """Whose transactions the revisions run in: plain Alembic's with this env.py, or ours."""

    ALEMBIC = "alembic"
    SQLMODEL = "sqlmodel"


class Stops(enum.IntEnum):
    """What a lock keeps others from, while it is held; more is worse."""

    NOTHING = 0
    WRITES = 1
    READS = 2


@dataclass(frozen=True)
class Lock:
    """A table lock, by the name that the server's manual gives it."""

    name: str
    stops: Stops


@dataclass(frozen=True)
class TableFacts:
    """What one statement did to one table that was there before the pending revisions.

    `rows` are the generated rows before the statement. `taken` is the strongest lock that the
    statement asked for. `built` are indexes whose file was written, in a table rewrite old ones
    that had to be made anew. A table `is_emptied` where its rows went without being touched one by
    one. A materialized view `is_stored_query`. `cascaded` are rows that went, or lost a reference,
    because another table was dropped.
    """

    rows: int = 0
    taken: Lock | None = None
    is_rewritten: bool = False
    is_scanned: bool = False
    is_emptied: bool = False
    built: tuple[str, ...] = ()
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    cascaded: int = 0
    is_stored_query: bool = False


@dataclass(frozen=True)
class Loss:
    """Something that was there before the pending revisions and is gone after this one.

    `kind` is "table", "column", "rows" or "values"; or that of an object: "index", "constraint",
    "view", "trigger", "default", "not null", "comment", "sequence", … Only objects that the
    statement does not name are losses of that second sort. `count` is that of rows.
    """

    kind: str
    table: str | None
    name: str | None = None
    count: int | None = None


@dataclass(frozen=True)
class Broken:
    """A statement of the code that runs before the upgrade, and why it fails afterwards.

    `is_there` says whether a table of that name is there in the end.
    """

    table: str
    statement: str
    reason: str
    is_there: bool = False


class FailureKind(enum.StrEnum):
    """What the server's error is about; a LACK is that of the scratch database, not of the script.

    It has no such extension, module or privilege; the live one may have it.
    """

    DATA = "data"
    TRANSACTION = "transaction"
    LACK = "lack"
    OTHER = "other"


@dataclass(frozen=True)
class Failure:
    """How the server refused a statement; `code` is its SQLSTATE or number."""

    kind: FailureKind
    message: str
    code: str | None = None


@dataclass(frozen=True)
class Facts:
    """What one statement did.

    `tables` speaks of those that it touched, by the keys they had before the pending revisions;
    `held` are locks that stop writes, which earlier statements of the transaction had taken.
    `changes` are the differences of the schema after it to the schema before it; `commits` says
    that it committed what went before it, as MariaDB's DDL does.
    """

    tables: Mapping[str, TableFacts] = field(default_factory=dict)
    held: Mapping[str, Lock] = field(default_factory=dict)
    changes: tuple[CatalogDifference, ...] = ()
    losses: tuple[Loss, ...] = ()
    broken: tuple[Broken, ...] = ()
    commits: bool = False


@dataclass(frozen=True)
class RecordedStatement:
    """One statement of one revision, with what it did on clean rows.

    `number` counts from 0 in the revision. `file` is the revision's; `line` and `end_line` are
    where it was sent from. `operation` is the method of `op` that sent it, or "execute".
    `transaction` is the number of the transaction it ran in, None where it ran in none.
    `failures` tells on which rows it failed, and how. `again` is how it would fail if the
    revision ran once more after it, None where it would not. What is not measured is guessed from
    the text. What the revision itself rolls back is undone: it locked and read while it ran, and
    nothing of it is left. `taken_out` is how it fails in a transaction, where our executor sends it
    outside of one by itself. `was` is the type that the script says a column has before.
    """

    revision: str
    number: int
    file: Path
    line: int
    end_line: int
    operation: str
    sql: str
    parameters: Any = None
    transaction: int | None = None
    facts: Facts = field(default_factory=Facts)
    failures: Mapping[Rows, Failure] = field(default_factory=dict)
    again: str | None = None
    is_measured: bool = True
    is_undone: bool = False
    taken_out: Failure | None = None
    was: str | None = None


def sent_from(
    revision: Revision,
    number: int,
    where: Place,
    sql: str,
    *,
    parameters: Any = None,
    transaction: int | None = None,
) -> RecordedStatement:
    """Return a statement of a revision, of which nothing is known yet but where it came from."""
    return RecordedStatement(
        revision=revision.id,
        number=number,
        file=revision.path,
        line=where.line,
        end_line=where.end_line,
        operation=where.operation,
        sql=sql,
        parameters=parameters,
        transaction=transaction,
    )


@dataclass(frozen=True)
class Unmeasured:
    """Something that could not be measured, and why; never to be taken for harmless."""

    revision: str | None
    reason: str
    file: Path | None = None
    line: int | None = None


@dataclass(frozen=True)
class Recording:
    """What the pending revisions do, in the order in which they run.

    `before` is the schema that the code in production was written for, `after` the one at the end:
    on clean rows, or on empty tables where clean rows made something fail. `sizes` are those of the
    live database, empty where it was not asked. `heads` are those of the whole history.
    """

    dialect: str
    runner: Runner
    revisions: tuple[Revision, ...]
    statements: tuple[RecordedStatement, ...]
    before: Catalog = field(default_factory=Catalog)
    after: Catalog = field(default_factory=Catalog)
    unmeasured: tuple[Unmeasured, ...] = ()
    sizes: Mapping[str, Size] = field(default_factory=dict)
    heads: tuple[Revision, ...] = ()
    is_downgrade: bool = False

    def of(self, revision: str) -> tuple[RecordedStatement, ...]:
        """Return the statements of one revision, in order."""
        return tuple(s for s in self.statements if s.revision == revision)


def is_committed(earlier: RecordedStatement, later: RecordedStatement) -> bool:
    """Whether what one statement of a revision did stays where a later one of it fails."""
    is_apart = earlier.transaction is None or earlier.transaction != later.transaction
    return is_apart or earlier.facts.commits or later.facts.commits


def may_stop_half_way(statements: Sequence[RecordedStatement], revision: str) -> bool:
    """Whether a failure of the revision may leave a part of it behind."""
    own = [statement for statement in statements if statement.revision == revision]
    return any(is_committed(one, other) for one, other in pairwise(own))

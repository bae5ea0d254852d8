"""The plan: the revisions between a database and a target, with what they send.

A plan is made for one state of one database and of the scripts, and holds no longer than these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlmodel_migrations.database.sizes import Size


@dataclass(frozen=True)
class PlannedStatement:
    """One statement as it is sent; `operation` is the method of `op`, or "execute".

    `transaction` is the number of the transaction that it runs in, None where it runs in none.
    `tables` are the keys of those that it touches.
    """

    operation: str
    line: int
    sql: str
    transaction: int | None
    tables: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True)
class PlannedRevision:
    """One revision: its file relative to the project, its checksum, and what it sends.

    `unknown` says why the statements are not known, or not all of them.
    """

    id: str
    message: str
    file: str
    checksum: str | None
    statements: tuple[PlannedStatement, ...] = ()
    unknown: str | None = None


@dataclass(frozen=True)
class Plan:
    """`fingerprint` is of the live schema before; `after` of each touched table, None where gone.

    `sizes` are those of the touched tables. `notes` are what a reader must know besides.
    """

    database: str
    server: str
    dialect: str
    current: tuple[str, ...]
    target: tuple[str, ...]
    revisions: tuple[PlannedRevision, ...]
    fingerprint: str
    after: Mapping[str, str | None] = field(default_factory=dict)
    sizes: Mapping[str, Size] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

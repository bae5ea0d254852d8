"""The outcome of a move of the database: what was done, and where it stands now."""

from __future__ import annotations

from typing import NamedTuple

from sqlmodel_migrations.history.index import Revision


class Outcome(NamedTuple):
    """What an upgrade, downgrade or stamp did; heads are revision ids.

    `missing` are revisions that could not be written as SQL.
    """

    applied: tuple[Revision, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

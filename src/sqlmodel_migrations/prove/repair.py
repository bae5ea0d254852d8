"""Repair of a revision that was interrupted: allowed only where the schema shows that it fits.

`run/repair.py` does what is asked; here a scratch database says whether it may.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sqlmodel_migrations.database import quoting
from sqlmodel_migrations.database.catalog.difference import differences
from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.errors import ChangeRefused, Drifted, UsageError
from sqlmodel_migrations.prove import contrast, live
from sqlmodel_migrations.prove.rehearsal import rehearse
from sqlmodel_migrations.prove.stage import Stage
from sqlmodel_migrations.run import effect, repair
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.run.effect import Kind
from sqlmodel_migrations.run.execution import Execution
from sqlmodel_migrations.run.outcome import Outcome
from sqlmodel_migrations.run.repair import Interrupted, State
from sqlmodel_migrations.run.reverse import Reversal
from sqlmodel_migrations.shadow.shadow import Shadow

_KNOW_BETTER = (
    "finish it: sqlmodel migrations repair --finish; where you know better, record where the"
    " database is: sqlmodel migrations stamp REVISION"
)


class Way(enum.StrEnum):
    """What is done about an interrupted revision."""

    FINISH = "finish"
    UNDO = "undo"
    MARK_DONE = "mark-done"
    MARK_UNDONE = "mark-undone"


@dataclass(frozen=True)
class Repaired:
    """What was done: `sent` are the statements that took others back."""

    way: Way
    revision: str
    outcome: Outcome
    sent: tuple[str, ...] = ()


def mend(
    checkout: Checkout,
    found: Interrupted,
    way: Way,
    execution: Execution,
    *,
    is_done: bool | None = None,
) -> Repaired:
    """Finish, undo or mark a revision; `is_done` is what a person says of the statement in doubt.

    Raises `Drifted` where the schema is not the one that a mark would say, `ChangeRefused` where
    nothing is known that takes back what ran, and what an upgrade raises.
    """
    if is_done is not None:
        found = _settled(checkout, found, is_done, execution)
    if way is Way.FINISH:
        return Repaired(way, found.key.revision, repair.finish(checkout, found, execution))
    if way is Way.UNDO:
        prove_undo(checkout, found)
        sent = repair.undo(checkout, found, execution)
        return Repaired(way, found.key.revision, _unmoved(found), sent)
    if way is Way.MARK_DONE:
        after = repair.after(checkout, found)
        _require_schema(checkout, found, after)
        return Repaired(way, found.key.revision, repair.stamp(checkout, after, execution))
    _require_no_rows(found)
    _require_schema(checkout, found, found.heads)
    repair.forget(checkout, found, execution)
    return Repaired(way, found.key.revision, _unmoved(found))


def prove_undo(checkout: Checkout, found: Interrupted) -> Reversal:
    """Try on a scratch database that what takes the statements back leaves the schema before.

    Raises `ChangeRefused` where it does not, or where nothing is known to take one back.
    """
    reversal = found.reversal()

    def work(number: int, stage: Stage, _: Shadow) -> None:
        stage.replay_to(found.heads, hint="correct it, so that this can be tried")
        before = stage.state().catalog
        for sql in [step.there for step in reversal.steps]:
            _send(stage, sql)
        for sql in [step.back for step in reversed(reversal.steps)]:
            _send(stage, sql)
        left = differences(stage.state().catalog, before, connection=stage.connection)
        if left:
            raise ChangeRefused(
                "the revision is not undone: on a scratch database that did not bring the schema"
                " back",
                hint=_KNOW_BETTER,
                details=tuple(one.text for one in left),
            )

    if reversal.steps:
        rehearse(checkout, work)
    return reversal


def _send(stage: Stage, sql: str) -> None:
    connection = stage.connection
    module = effect.of(connection.dialect.name)
    text = quoting.for_driver(sql, connection.dialect)
    if module.kind(Statement(sql, connection.dialect.name)) is Kind.ALONE:
        with module.apart(connection):
            connection.exec_driver_sql(text)
    else:
        connection.exec_driver_sql(text)


def _settled(
    checkout: Checkout, found: Interrupted, is_done: bool, execution: Execution
) -> Interrupted:
    """Write down what became of the statement in doubt, and look again."""
    if found.last.state is not State.DOUBT:
        raise UsageError(
            f"statement {found.last.position} is not in doubt: it is {found.last.state}",
            hint="leave --doubt out",
        )
    repair.settle(checkout, found, is_done=is_done, execution=execution)
    again = repair.read(checkout)
    return again or Interrupted(found.key, (), found.heads, found.dialect)


def _require_schema(checkout: Checkout, found: Interrupted, heads: tuple[str, ...]) -> None:
    """Raise `Drifted` where the database is not what the revisions up to `heads` make."""
    lives = live.read(checkout)
    wanted = [heads if each.heads == found.heads else each.heads for each in lives]
    drawn = contrast.draw(checkout, lives, wanted)
    texts = tuple(one.text for each in drawn for one in each.differences)
    if texts:
        raise Drifted(
            f"nothing was marked: the database is not what {' and '.join(heads) or 'base'} makes",
            hint=_KNOW_BETTER,
            details=texts,
        )


def _require_no_rows(found: Interrupted) -> None:
    ran = found.changes_rows()
    if ran is not None:
        raise ChangeRefused(
            f"nothing was marked: statement {ran.position} took effect, and may have changed rows",
            hint=_KNOW_BETTER,
            details=("statement:", f"    {ran.sql}"),
        )


def _unmoved(found: Interrupted) -> Outcome:
    return Outcome(before=found.heads, after=found.heads)

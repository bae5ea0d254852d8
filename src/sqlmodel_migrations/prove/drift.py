"""Drift: what stands in the live database and is not what its recorded revisions make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database import failures
from sqlmodel_migrations.diagnostics import Diagnostic, Severity
from sqlmodel_migrations.errors import Drifted, MigrationsError
from sqlmodel_migrations.project.acceptance import KEY, Acceptance
from sqlmodel_migrations.prove import contrast, live
from sqlmodel_migrations.prove.contrast import Contrast, Difference
from sqlmodel_migrations.run import log
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.shadow import replay

CHEAP = 25
"""How many revisions are run on a scratch database by the way, where nothing of them is kept."""


@dataclass(frozen=True)
class Drift:
    """What `drift` found. `revisions` are the recorded ids, () for none.

    `differences` count; `accepted` are known and do not count yet; `left_alone` are objects that
    no revision made: `table 'spatial_ref_sys'`. Where nothing was compared, `notes` say why.
    """

    revisions: tuple[str, ...]
    differences: tuple[Difference, ...]
    accepted: tuple[tuple[Difference, Acceptance], ...] = ()
    left_alone: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    is_compared: bool = True


def find(checkout: Checkout, *, today: date | None = None) -> Drift:
    """Compare the live database with what its recorded revisions make; changes nothing.

    Raises `UsageError` for a revision that no file has and where nothing may be tried,
    `DatabaseError`, and `StepFailed` where the revisions do not run on an empty database.
    """
    checkout.graph.require_sound()
    lives = live.read(checkout)
    for each in lives:
        checkout.require_known(each.heads)
    drawn = contrast.draw(checkout, lives, [each.heads for each in lives])
    heads = dict.fromkeys(head for each in lives for head in each.heads)
    accepted = checkout.settings.accept_drift
    return _judged(tuple(heads), drawn, accepted, today or date.today())


def find_if_cheap(checkout: Checkout) -> Drift:
    """Compare as `find` does, where that takes little and can be done; never raises for it.

    It takes little for `CHEAP` revisions, and where their replay was kept.
    """
    try:
        with log.muted():
            heads = checkout.current()
        number = len(checkout.graph.ancestors(heads))
        if number > CHEAP and not _is_kept(checkout, heads):
            return _uncompared(heads, f"it has {number} revisions, which takes a while")
        return find(checkout)
    except (MigrationsError, SQLAlchemyError, OSError) as error:
        return _uncompared((), failures.reason(error).strip().partition("\n")[0])


def _uncompared(heads: tuple[str, ...], reason: str) -> Drift:
    note = f"the schema was not compared with what the revision makes: {reason}"
    return Drift(heads, (), notes=(note,), is_compared=False)


def _is_kept(checkout: Checkout, heads: Sequence[str]) -> bool:
    """Whether a replay of the revisions up to `heads` was kept: beside env.py, on SQLite."""
    found: list[bool] = []

    def look(context: MigrationContext, arguments: Mapping[str, Any]) -> None:
        script = checkout.script(checkout.config("current"))
        found.append(replay.is_kept(context, script, arguments, heads))

    with log.muted():
        checkout.read(look)
    return bool(found) and all(found)


def require_none(checkout: Checkout) -> None:
    """Raise `Drifted` where there is drift; what `upgrade --check-drift` asks first."""
    found = find(checkout)
    if found.differences:
        raise Drifted(
            "nothing was run: the database is not what its revisions make",
            hint="type: sqlmodel migrations drift",
            details=tuple(each.text for each in found.differences),
        )


def _judged(
    heads: tuple[str, ...],
    drawn: Sequence[Contrast],
    acceptances: Sequence[Acceptance],
    today: date,
) -> Drift:
    """Tell apart what counts and what is accepted, and say which acceptances do nothing."""
    found = [each for one in drawn for each in one.differences]
    known = {each.difference: each for each in acceptances}
    accepted = [(d, known[d.text]) for d in found if d.text in known]
    valid = [(d, acceptance) for d, acceptance in accepted if today <= acceptance.until]
    excused = {d.text for d, _ in valid}
    return Drift(
        heads,
        tuple(d for d in found if d.text not in excused),
        tuple(valid),
        tuple(dict.fromkeys(name for one in drawn for name in one.left_alone)),
        tuple(dict.fromkeys(note for one in drawn for note in one.notes)),
        tuple(_void({d.text for d in found}, acceptances, today)),
    )


def _void(found: set[str], acceptances: Sequence[Acceptance], today: date) -> Iterator[Diagnostic]:
    """Say which acceptances excuse nothing: their day is over, or there is no such difference."""
    for each in acceptances:
        if each.difference not in found:
            yield Diagnostic(
                "acceptance-unused",
                Severity.WARNING,
                f"'{KEY}' names a difference that is not there: {each.difference}",
                f"take it out of '{KEY}'",
            )
        elif each.until < today:
            yield Diagnostic(
                "acceptance-expired",
                Severity.WARNING,
                f"this was accepted until {each.until} ({each.reason}): {each.difference}",
                "bring database and revisions together, or give a later day",
            )

"""Differences between a live database and its revisions, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlmodel_migrations.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from sqlmodel_migrations.cli.invocation import Invocation
    from sqlmodel_migrations.prove.contrast import Difference
    from sqlmodel_migrations.prove.drift import Drift
    from sqlmodel_migrations.report.report import Report

_SHOWN = 10
"""How many objects that are left alone are named."""


def revisions(ids: Sequence[str]) -> str:
    """Say what makes the other side: `revision a1 makes`."""
    many = "revisions" if len(ids) > 1 else "revision"
    return f"{many} {' and '.join(ids)} make{'' if len(ids) > 1 else 's'}"


def lines(differences: Iterable[Difference]) -> Iterator[str]:
    """Show each difference, and what its line does not say of either side."""
    for each in differences:
        yield f"  {each.text}"
        if each.is_cut or None in (each.database, each.revisions):
            yield from _side("the database has", each.database)
            yield from _side("the revisions make", each.revisions)


def _side(who: str, text: str | None) -> Iterator[str]:
    if text:
        first, *others = text.splitlines()
        yield f"      {who}: {first}"
        yield from (f"          {line}" for line in others)


def left_alone(names: Sequence[str]) -> Iterator[str]:
    """Name the objects that no revision made, up to ten."""
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield f"left alone, because no revision made it: {', '.join(names[:_SHOWN])}{more}"


def as_json(difference: Difference) -> dict[str, Any]:
    """Return what a difference says, with both sides whole."""
    return {key: value for key, value in asdict(difference).items() if key != "is_cut"}


def warned(report: Report, drift: Drift | None, invocation: Invocation) -> Report:
    """Add to a report of what was recorded that the database is something else, if it is."""
    if drift is None or not drift.is_compared:
        notes = drift.notes if drift is not None else ()
        return report._replace(
            result={**(report.result or {}), "differences": None}, notes=(*notes, *report.notes)
        )
    found = drift.differences
    return report._replace(
        result={**(report.result or {}), "differences": [as_json(one) for one in found]},
        notes=(*drift.notes, *lines(found), *report.notes),
        diagnostics=(_warning(drift, invocation),) if found else (),
    )


def _warning(drift: Drift, invocation: Invocation) -> Diagnostic:
    return Diagnostic(
        "recorded-other",
        Severity.WARNING,
        f"the database is not what {revisions(drift.revisions)}",
        f"to record another one, type: {invocation.typed('stamp')} REVISION",
    )

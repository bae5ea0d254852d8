"""`drift`: is the database what its revisions make?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlmodel_migrations.cli import contrast
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report.report import Report

if TYPE_CHECKING:
    from sqlmodel_migrations.prove.drift import Drift


@verb(
    "drift",
    examples=[
        ("drift", "compare the live database with a scratch one that the revisions make"),
        ("drift --json", "for a monitoring program: every difference, with both sides"),
    ],
    exits=usual(
        ExitCode.DATABASE,
        ExitCode.REVISION_FAILED,
        yes="no drift, or none but what is accepted",
        no="drift",
    ),
    every=True,
)
def command(invocation: Invocation) -> Report:
    """Compare, and show both sides of each difference."""
    drift = invocation.migrations().drift()
    return Report(
        "drift",
        _result(drift),
        tuple(_lines(drift)),
        (*_notes(drift), *_advice(invocation, drift)),
        drift.diagnostics,
        ExitCode.NO if drift.differences else ExitCode.YES,
    )


def _result(drift: Drift) -> dict[str, Any]:
    return {
        "current": list(drift.revisions),
        "has_drift": bool(drift.differences),
        "differences": [contrast.as_json(each) for each in drift.differences],
        "accepted": [
            {**contrast.as_json(each), "reason": said.reason, "until": said.until.isoformat()}
            for each, said in drift.accepted
        ],
        "left_alone": list(drift.left_alone),
        "notes": list(drift.notes),
    }


def _lines(drift: Drift) -> Iterator[str]:
    if not drift.differences:
        return
    if drift.revisions:
        yield f"the database is not what {contrast.revisions(drift.revisions)}:"
        yield from contrast.lines(drift.differences)
    else:
        yield "the database is at no revision, and has what revisions make:"
        yield from (f"  {each.text}" for each in drift.differences)


def _notes(drift: Drift) -> Iterator[str]:
    yield from drift.notes
    yield from contrast.left_alone(drift.left_alone)
    for each, said in drift.accepted:
        yield f"accepted until {said.until} ({said.reason}): {each.text}"
    if not drift.differences:
        yield f"no drift: {_place(drift)}"


def _place(drift: Drift) -> str:
    if not drift.revisions:
        return "the database is at no revision, and has nothing that one makes"
    return f"the database is what {contrast.revisions(drift.revisions)}"


def _advice(invocation: Invocation, drift: Drift) -> Iterator[str]:
    if not drift.differences:
        return
    if not drift.revisions:
        yield f"next: {invocation.typed('adopt')}, if create_all() or another tool made the tables"
        return
    yield "next, for each of them:"
    yield f"  to keep it, write a revision that makes it: {invocation.typed('revision')}"
    yield "  to undo it, put the database back to what the revisions make"
    yield "  to leave it for a while, accept it with a reason and a day: 'accept_drift'"

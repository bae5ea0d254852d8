"""Adoption: a database that other means made gets its place in the history.

Where there is no history yet its first revision, the baseline, is written; else the revision is
looked for whose schema the database has. Nothing of the database is changed but its version table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlmodel_migrations.diagnostics import Diagnostic
from sqlmodel_migrations.errors import AnswerNeeded, UsageError
from sqlmodel_migrations.generate import rejection
from sqlmodel_migrations.generate.autogenerate import Wanted
from sqlmodel_migrations.generate.questioner import Choice, Question, Questioner
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.prove import baseline, live, search
from sqlmodel_migrations.prove.contrast import Difference
from sqlmodel_migrations.prove.live import Live
from sqlmodel_migrations.prove.search import Place
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.run.outcome import Outcome

Record = Callable[[Sequence[str]], Outcome]
Say = Callable[[str], None]
_SHOWN = 5
"""How many revisions are offered where none fits."""


@dataclass(frozen=True)
class Request:
    """What is asked: `at` names the revisions; with `accepts` differences do not matter."""

    wanted: Wanted
    at: Sequence[str] = ()
    from_database: bool = False
    accepts: bool = False


@dataclass(frozen=True)
class Adopted:
    """What `adopt` did: the revisions that the database was compared with, and how it differs.

    `written` is the baseline, where there was no history; `is_recorded` whether the version table
    now names `revisions`.
    """

    revisions: tuple[Revision, ...]
    written: tuple[Revision, ...] = ()
    differences: tuple[Difference, ...] = ()
    left_alone: tuple[str, ...] = ()
    is_recorded: bool = False
    notes: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def adopt(
    checkout: Checkout, request: Request, *, record: Record, questioner: Questioner, say: Say
) -> Adopted:
    """Bring the database under migrations; `record` stamps it, where it is to be.

    Raises `UsageError` for one that is, or that has no table; `AnswerNeeded` where several
    revisions fit; `NotProven` for a baseline that is wrong, and leaves no file then.
    """
    checkout.graph.require_sound()
    lives = live.read(checkout)
    _require_foreign(lives)
    if not checkout.graph.revisions:
        return _begin(checkout, request, lives, record, say)
    if request.from_database:
        raise UsageError(
            "there are revisions already, and a baseline is the first one",
            hint="leave --from-database out, to find the revision that the database has",
        )
    if request.at:
        place = _named(checkout, lives, request.at)
    else:
        place = _found(checkout, lives, request, questioner)
    return _recorded(checkout, request, place, record)


def _require_foreign(lives: Sequence[Live]) -> None:
    """Refuse a database that is under migrations, and one without tables."""
    heads = [head for each in lives for head in each.heads]
    if heads:
        raise UsageError(
            f"the database is at revision '{heads[0]}' already",
            hint="type: sqlmodel migrations drift, to compare it; or stamp --purge REVISION,"
            " to record another one",
        )
    if not any(each.tables for each in lives):
        raise UsageError(
            "the database has no table: there is nothing to adopt",
            hint="type: sqlmodel migrations upgrade",
        )


# A database without a history.


def _begin(
    checkout: Checkout, request: Request, lives: Sequence[Live], record: Record, say: Say
) -> Adopted:
    """Write the baseline, and record it where the database is what it makes."""
    write = baseline.of_database if request.from_database else baseline.of_models
    generated, place = write(checkout, request.wanted, lives, say)
    try:
        adopted = _recorded(checkout, request, place, record)
    except BaseException:
        rejection.remove(generated.revisions)
        raise
    return replace(
        adopted,
        written=generated.revisions,
        notes=(*generated.notes, *adopted.notes),
        diagnostics=generated.diagnostics,
    )


# A database with a history.


def _named(checkout: Checkout, lives: Sequence[Live], symbols: Sequence[str]) -> Place:
    revisions = checkout.graph.resolve(symbols)
    return search.place(checkout, lives, tuple(each.id for each in revisions))


def _found(
    checkout: Checkout, lives: Sequence[Live], request: Request, questioner: Questioner
) -> Place:
    """Return the place that fits, of several the one that is chosen; else the nearest one."""
    places = search.places(checkout, lives)
    fitting = [place for place in places if not place.distance]
    if not fitting and request.accepts and len(places) > 1:
        raise _which(checkout, places)
    if not fitting:
        return search.nearest(places)
    choices = [_choice(checkout, place) for place in fitting]
    chosen = questioner.choose(Question(_question(fitting), choices))
    return fitting[choices.index(chosen)]


def _question(fitting: Sequence[Place]) -> str:
    if len(fitting) == 1:
        return f"the database has what {', '.join(fitting[0].heads)} makes: is it at that one?"
    return "the database has what each of these revisions makes: which one is it at?"


def _which(checkout: Checkout, places: Sequence[Place]) -> AnswerNeeded:
    """Several revisions could be meant, and the database has what none of them makes."""
    ranked = sorted(places, key=lambda place: place.distance)[:_SHOWN]
    choices = [_choice(checkout, place) for place in ranked]
    return AnswerNeeded(
        "the database has what no revision makes, so the one to record has to be named",
        flags=tuple(
            f"{choice.flag}  ({_differences(place.distance)}) {choice.words}"
            for choice, place in zip(choices, ranked, strict=True)
        ),
        hint="give one of these flags as well",
    )


def _differences(number: int) -> str:
    return "1 difference" if number == 1 else f"{number} differences"


def _choice(checkout: Checkout, place: Place) -> Choice:
    messages = (checkout.graph.revisions[head].message for head in place.heads)
    named = (f"--at {head}" for head in place.heads)
    return Choice(f"record {', '.join(place.heads)}, {', '.join(messages)}", " ".join(named))


# Both.


def _recorded(checkout: Checkout, request: Request, place: Place, record: Record) -> Adopted:
    """Record a place, where the database does not differ or that does not matter."""
    differs = tuple(each for one in place.contrasts for each in one.differences)
    is_recorded = request.accepts or not differs
    notes = tuple(dict.fromkeys(note for one in place.contrasts for note in one.notes))
    if is_recorded:
        notes = (*notes, *record(place.heads).notes)
    return Adopted(
        tuple(checkout.graph.revisions[head] for head in place.heads),
        differences=differs,
        left_alone=tuple(dict.fromkeys(n for one in place.contrasts for n in one.left_alone)),
        is_recorded=is_recorded,
        notes=notes,
    )

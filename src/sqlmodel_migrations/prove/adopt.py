"""Adoption: a database that other means made gets its place in the history.

Where there is no history yet its first revision, the baseline, is written; else the revision is
looked for whose schema the database has. Nothing of the database is changed but its version table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.diagnostics import Diagnostic
from sqlmodel_migrations.errors import AnswerNeeded, StepFailed, UsageError
from sqlmodel_migrations.generate import rejection, revision
from sqlmodel_migrations.generate.answers import Answers
from sqlmodel_migrations.generate.autogenerate import Wanted
from sqlmodel_migrations.generate.questioner import Choice, Question, Questioner, Unasked
from sqlmodel_migrations.generate.revision import Generated
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.prove import contrast, live, search, verifier
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
    write = _of_database if request.from_database else _of_models
    generated, place = write(checkout, request, lives, say)
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


def _of_models(
    checkout: Checkout, request: Request, lives: Sequence[Live], say: Say
) -> tuple[Generated, Place]:
    generated = revision.generate(
        checkout,
        request.wanted,
        from_database=False,
        answers=Answers(),
        questioner=Unasked(),
        prove=verifier.prove,
        say=say,
        found=[each.catalog for each in lives],
    )
    return generated, _compared(checkout, lives, generated.revisions)


def _of_database(
    checkout: Checkout, request: Request, lives: Sequence[Live], say: Say
) -> tuple[Generated, Place]:
    """Write what stands there; each table that operations make otherwise as statements."""
    if len(lives) > 1:
        raise UsageError(
            "env.py opens several databases, and a baseline can be written from one only",
            hint="leave --from-database out",
        )
    wanted, verbatim = request.wanted, frozenset[str]()
    while True:
        generated = revision.describe(checkout, wanted, verbatim=verbatim, say=_ignore)
        try:
            place = _compared(checkout, lives, generated.revisions)
            wrong = _wrong_tables(place) - verbatim
        except StepFailed as error:
            wrong = _failing_tables(error, lives[0].catalog) - verbatim
            if not wrong:
                raise
        if not wrong:
            break
        wanted = replace(wanted, rev_id=generated.revisions[0].id)
        verbatim |= wrong
        _take_away(checkout, generated.revisions)
    proof = _proof(checkout, generated.revisions)
    say(f"  Generating {generated.revisions[0].path} ...  done")
    return replace(generated, diagnostics=proof), place


def _wrong_tables(place: Place) -> frozenset[str]:
    """The tables that the script makes otherwise than they are; triggers are no part of it."""
    return frozenset(
        each.table
        for contrast in place.contrasts
        for each in contrast.differences
        if each.table is not None and each.kind != "trigger"
    )


def _failing_tables(error: BaseException, there: Catalog) -> frozenset[str]:
    """The first table that is named by the statement which the scratch database refused."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, DBAPIError):
        cause = cause.__cause__
    words = re.findall(r"\w+", str(cause.statement) if cause is not None else "")
    for word in words:
        if found := [key for key, table in there.tables.items() if word in _words(table.name)]:
            return frozenset(found[:1])
    return frozenset()


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", name)


def _compared(checkout: Checkout, lives: Sequence[Live], written: Sequence[Revision]) -> Place:
    """Compare with what was written; whatever comes between, nothing of it stays."""
    try:
        return _drawn(checkout, lives, tuple(each.id for each in written))
    except BaseException:
        _take_away(checkout, written)
        raise


def _proof(checkout: Checkout, written: Sequence[Revision]) -> tuple[Diagnostic, ...]:
    try:
        found = verifier.prove(checkout, written, (), with_models=False)
        rejection.raise_if_wrong(found, written)
    except BaseException:
        _take_away(checkout, written)
        raise
    return found


def _take_away(checkout: Checkout, written: Sequence[Revision]) -> None:
    rejection.remove(written)
    checkout.read_again()


def _ignore(_: str) -> None:
    """Say nothing of a file that may not stay."""


# A database with a history.


def _named(checkout: Checkout, lives: Sequence[Live], symbols: Sequence[str]) -> Place:
    revisions = checkout.graph.resolve(symbols)
    return _drawn(checkout, lives, tuple(each.id for each in revisions))


def _drawn(checkout: Checkout, lives: Sequence[Live], heads: tuple[str, ...]) -> Place:
    return Place(heads, contrast.draw(checkout, lives, [heads] * len(lives)))


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
            f"{choice.flag}  ({place.distance} differences) {choice.words}"
            for choice, place in zip(choices, ranked, strict=True)
        ),
        hint="give one of these flags as well",
    )


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

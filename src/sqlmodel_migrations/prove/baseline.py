"""The baseline of a database: the first revision, written, proven, and compared with it.

Raises `NotProven` where it is wrong; whatever is raised, no file of it stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.diagnostics import Diagnostic
from sqlmodel_migrations.errors import StepFailed, UsageError
from sqlmodel_migrations.generate import rejection, revision
from sqlmodel_migrations.generate.answers import Answers
from sqlmodel_migrations.generate.autogenerate import Wanted
from sqlmodel_migrations.generate.questioner import Unasked
from sqlmodel_migrations.generate.revision import Generated
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.prove import search, verifier
from sqlmodel_migrations.prove.live import Live
from sqlmodel_migrations.prove.search import Place
from sqlmodel_migrations.run.checkout import Checkout

Say = Callable[[str], None]


def of_models(
    checkout: Checkout, wanted: Wanted, lives: Sequence[Live], say: Say
) -> tuple[Generated, Place]:
    """Write what the models say, with the names that the databases have."""
    generated = revision.generate(
        checkout,
        wanted,
        from_database=False,
        answers=Answers(),
        questioner=Unasked(),
        prove=verifier.prove,
        say=say,
        found=[each.catalog for each in lives],
    )
    return generated, _compared(checkout, lives, generated.revisions)


def of_database(
    checkout: Checkout, wanted: Wanted, lives: Sequence[Live], say: Say
) -> tuple[Generated, Place]:
    """Write what stands there; each table that operations make otherwise as statements."""
    if len(lives) > 1:
        raise UsageError(
            "env.py opens several databases, and a baseline can be written from one only",
            hint="leave --from-database out",
        )
    verbatim = frozenset[str]()
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
        return search.place(checkout, lives, tuple(each.id for each in written))
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

"""The revision: compared on a shadow, written, merged."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TextIO

from alembic.autogenerate import RevisionContext
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.diagnostics import Diagnostic
from sqlmodel_migrations.errors import AnswerNeeded, UsageError
from sqlmodel_migrations.generate import (
    autogenerate,
    docstring,
    options,
    rejection,
    rows_at_stake,
    stray,
)
from sqlmodel_migrations.generate.answers import Answers
from sqlmodel_migrations.generate.autogenerate import Wanted
from sqlmodel_migrations.generate.baseline import Baseline
from sqlmodel_migrations.generate.comparison import Compared, Comparison, Promise
from sqlmodel_migrations.generate.difference import Difference
from sqlmodel_migrations.generate.ownership import Ownership
from sqlmodel_migrations.generate.questioner import Questioner, Unasked
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.project import env_source, models
from sqlmodel_migrations.project import url as project_url
from sqlmodel_migrations.project.settings import Settings
from sqlmodel_migrations.run.checkout import Checkout, commands
from sqlmodel_migrations.run.env_script import Session
from sqlmodel_migrations.shadow.shadow import Shadow, shadowed

Say = Callable[[str], None]


@dataclass(frozen=True)
class Generated:
    """What `revision` wrote; without revisions nothing had to be written."""

    revisions: tuple[Revision, ...] = ()
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


Prove = Callable[[Checkout, Sequence[Revision], Sequence[Promise]], tuple[Diagnostic, ...]]
"""Prove revisions that were just written; errors among what it finds mean that they are wrong."""


def generate(
    checkout: Checkout,
    wanted: Wanted,
    *,
    from_database: bool,
    answers: Answers,
    questioner: Questioner,
    prove: Prove | None,
    say: Say,
    found: Sequence[Catalog] = (),
) -> Generated:
    """Write a revision for what differs between the models and the history, and prove it.

    What the models leave without a name is named as in `found`, a catalog for each database.
    Raises `MigrationsError` where rows of a reachable database do not fit, with nothing written;
    `NotProven` where the proof fails: the file is then kept outside of the history.
    """
    work = _Work.begin(checkout, "revision", wanted, autogenerate=True)
    compared = work.compare(
        answers,
        rows_at_stake.Counting(questioner, checkout),
        from_database=from_database,
        found=found,
    )
    differences = tuple(compared.differences)
    if not differences:
        return Generated((), (), (*compared.losses, *compared.notes))
    if prove is not None:
        rows_at_stake.require_fitting(checkout, compared.promises)
    written, proof = work.write(say, compared, prove)
    return Generated(written, differences, (*compared.losses, *compared.notes), proof)


def generate_empty(
    checkout: Checkout, wanted: Wanted, *, sql: TextIO | None = None, say: Say
) -> Generated:
    """Write a revision to be filled by hand; with `sql` env.py is run offline and writes there.

    Raises `UsageError` for `sql` in a project that does not set `revision_environment`.
    """
    work = _Work.begin(checkout, "revision", wanted, autogenerate=False)
    work.prepare(sql)
    return Generated(work.write(say)[0])


def describe(
    checkout: Checkout, wanted: Wanted, *, verbatim: Collection[str], say: Say
) -> Generated:
    """Write a revision that makes the live database as it stands, for a history that is empty.

    The tables in `verbatim`, by key, are written as statements of the server. Not proven.
    """
    work = _Work.begin(checkout, "revision", wanted, autogenerate=True)
    notes = work.describe(verbatim)
    return Generated(work.write(say)[0], notes=notes)


def merge(checkout: Checkout, revisions: Sequence[str], wanted: Wanted, *, say: Say) -> Revision:
    """Write a revision that joins `revisions` into one; raises `UsageError` for a single one."""
    checkout.graph.require_sound()
    ids = tuple(dict.fromkeys(r.id for word in revisions for r in checkout.graph.resolve(word)))
    if len(ids) < 2:
        raise UsageError(
            "there is nothing to merge: only one head is named", hint="name two revisions"
        )
    message = wanted.message or f"merge {' and '.join(ids)}"
    wanted = replace(wanted, head=ids, message=message)
    work = _Work.begin(checkout, "merge", wanted, autogenerate=False)
    work.prepare()
    return work.write(say)[0][0]


def check(checkout: Checkout, *, from_database: bool) -> Generated:
    """Return what `generate` would write about and say, writing nothing."""
    work = _Work.begin(checkout, "check", Wanted(), autogenerate=True)
    compared = work.compare(Answers(), Unasked(), from_database=from_database, is_written=False)
    return Generated((), tuple(compared.differences), tuple(compared.notes))


@dataclass
class _Work:
    """One revision in the making."""

    checkout: Checkout
    config: Config
    script: ScriptDirectory
    revision: RevisionContext

    @classmethod
    def begin(cls, checkout: Checkout, verb: str, wanted: Wanted, *, autogenerate: bool) -> _Work:
        checkout.graph.require_sound()
        config = checkout.config(verb, autogenerate=autogenerate)
        script = checkout.script(config)
        return cls(checkout, config, script, _context(config, script, wanted, autogenerate))

    def compare(
        self,
        answers: Answers,
        questioner: Questioner,
        *,
        from_database: bool,
        is_written: bool = True,
        found: Sequence[Catalog] = (),
    ) -> Compared:
        """Compare models and history, or the live database."""
        comparison = Comparison(self.revision, self.script, answers, questioner, is_written, found)
        compared = comparison.compared
        with self._place(from_database) as shadow:

            def task(context: MigrationContext, arguments: Mapping[str, Any]) -> None:
                self._compare(comparison, context, arguments, shadow)

            session = Session(self._request(from_database), task, adjust=options.completed)
            with _no_strays(compared):
                self.checkout.run(self.config, self.script, session, self._options)
            compared.notes.extend(shadow.notes)
        compared.notes.extend(_not_imported(self.checkout.settings, compared.metadata))
        compared.notes.extend(session.notes)
        return compared

    def describe(self, verbatim: Collection[str]) -> tuple[str, ...]:
        """Fill the script with what makes the live database; return what is to be said."""
        baseline = Baseline(self.revision, verbatim)
        with self._place(True) as shadow:

            def task(context: MigrationContext, _: Mapping[str, Any]) -> None:
                baseline.describe(context, shadow)

            session = Session(self._request(True), task, adjust=options.completed)
            try:
                self.checkout.run(self.config, self.script, session, self._options)
            except models.NoTables:
                given = {**self._options}
                del given["revision_context"]  # our env.py does not ask for models then
                self.checkout.run(self.config, self.script, session, given)
            return (*baseline.notes, *shadow.notes, *session.notes)

    def _request(self, from_database: bool) -> Any:
        return self.checkout.request() if from_database else self.checkout.scratch_request()

    def _place(self, from_database: bool) -> contextlib.AbstractContextManager[Shadow]:
        """A shadow for every database of env.py, or beside every live one."""
        place = self.checkout.settings.shadow_url
        return shadowed(project_url.parse(place) if place else None, is_beside=from_database)

    def _compare(
        self,
        comparison: Comparison,
        context: MigrationContext,
        arguments: Mapping[str, Any],
        shadow: Shadow,
    ) -> None:
        """Compare with the history on the shadow, or with the database that env.py opened."""
        assert context.connection is not None
        if shadow.holds(context.connection):
            comparison.on_shadow(context, arguments, shadow)
            return
        if not shadow.is_beside:
            comparison.compared.notes.append(
                "env.py makes its connections itself: compared with its database"
            )
        revisions = self.checkout.graph.revisions.values()
        owned = Ownership.of(revision.path for revision in revisions)
        comparison.on_database(context, shadow, owned)

    @property
    def _options(self) -> dict[str, Any]:
        return {
            "as_sql": False,
            "template_args": self.revision.template_args,
            "revision_context": self.revision,
        }

    def prepare(self, sql: TextIO | None = None) -> None:
        """Run env.py for an empty revision where the project says `revision_environment`."""
        if not _is_true(self.config.get_alembic_option("revision_environment")):
            _refuse_sql(sql)
            return
        if sql is not None:
            self.config.output_buffer = sql

        def task(context: MigrationContext, _: Mapping[str, Any]) -> None:
            self.revision.run_no_autogenerate(context.get_current_heads(), context)

        session = Session(self.checkout.request(), task)
        options = {**self._options, "as_sql": sql is not None}
        self.checkout.run(self.config, self.script, session, options)

    def write(
        self, say: Say, compared: Compared | None = None, prove: Prove | None = None
    ) -> tuple[tuple[Revision, ...], tuple[Diagnostic, ...]]:
        """Write the files and return their revisions; what was decided stands in them."""
        decisions = (*compared.decisions, *compared.losses) if compared is not None else ()
        with commands(), docstring.written(self.script, decisions):
            paths = autogenerate.write(self.revision, self.script)
        self.checkout.read_again()
        by_path = {r.path.resolve(): r for r in self.checkout.graph.revisions.values()}
        written = tuple(by_path[path.resolve()] for path in paths)
        proof = self._proof(written, compared, prove)
        for path in paths:
            say(f"  Generating {path} ...  done")
        return written, proof

    def _proof(
        self, written: Sequence[Revision], compared: Compared | None, prove: Prove | None
    ) -> tuple[Diagnostic, ...]:
        """Prove what was written; whatever comes between, no unproven file stays."""
        if prove is None or compared is None:
            return ()
        try:
            found = prove(self.checkout, written, compared.promises)
            rejection.raise_if_wrong(found, written)
        except BaseException:
            rejection.remove(written)
            self.checkout.read_again()
            raise
        return found


@contextlib.contextmanager
def _no_strays(compared: Compared) -> Iterator[None]:
    """Raise `UsageError` for an answer about nothing, rather than ask what it was to answer."""
    try:
        yield
    except AnswerNeeded:
        stray.require_none(compared.strays)
        raise
    stray.require_none(compared.strays)


def _refuse_sql(sql: TextIO | None) -> None:
    if sql is not None:
        raise UsageError(
            "--sql says how env.py is run, and an empty revision does not run it",
            hint="leave --sql out, or set revision_environment = true in the configuration",
        )


def _context(
    config: Config, script: ScriptDirectory, wanted: Wanted, is_autogenerated: bool
) -> RevisionContext:
    with commands():
        return autogenerate.revision_context(config, script, wanted, autogenerate=is_autogenerated)


def _is_true(value: Any) -> bool:
    return str(value).strip().lower() in ("true", "yes", "on", "1", "y", "t")


def _not_imported(settings: Settings, compared: Sequence[MetaData]) -> Iterator[str]:
    """Say which classes of the source declare a table that was not compared, once a module."""
    elsewhere = [name for other in settings.others() for name in env_source.models(other)]
    missing = models.undeclared(settings.root, compared, elsewhere=elsewhere)
    for module, group in itertools.groupby(missing, key=lambda declared: declared.module):
        first, *others = group
        subject = f"table class '{first.class_name}' in {first.path}, line {first.line}"
        are = f" and {len(others)} more of that file are" if others else " is"
        yield f"{subject}{are} not compared: add \"{module}\" to 'target_metadata' in env.py"

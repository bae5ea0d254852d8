"""The planner: reads the database, plays what is pending on a scratch one, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from sqlmodel_migrations.database import catalog, dialects, sizes
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.fingerprint import fingerprint
from sqlmodel_migrations.database.sizes import Size
from sqlmodel_migrations.database.statement import READS, verb
from sqlmodel_migrations.errors import MigrationsError, PlanOutdated, UsageError
from sqlmodel_migrations.generate.comparison import unseen
from sqlmodel_migrations.history import checksum
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.lint import review
from sqlmodel_migrations.lint.recording import RecordedStatement, Recording, Rows
from sqlmodel_migrations.lint.span import Span
from sqlmodel_migrations.plan.plan import Plan, PlannedRevision, PlannedStatement
from sqlmodel_migrations.run import log
from sqlmodel_migrations.run.checkout import Checkout

_NOT_RUN = "it was not run on a scratch database"


@dataclass(frozen=True)
class _Seen:
    """What the live database says of itself; the URL is without its password."""

    url: str
    server: str
    dialect: str
    current: tuple[str, ...]
    catalog: Catalog
    sizes: Mapping[str, Size]


def make(checkout: Checkout, target: str = "heads", *, records: bool = True) -> Plan:
    """Return what `upgrade` to `target` would do; without `records`, its revisions alone.

    Where no scratch database is to be had, the revisions say why their statements are unknown.
    Raises `UsageError` for an unknown target and `DatabaseError` where the database is not read.
    """
    checkout.require_target(target)
    seen = _look(checkout)
    checkout.require_known(seen.current)
    pending = checkout.graph.pending(seen.current, target)
    span = Span(seen.current, tuple(pending))
    found = _record(checkout, span) if records and pending else None
    recording = found if isinstance(found, Recording) else None
    unknown = found.message if isinstance(found, MigrationsError) else _NOT_RUN
    revisions = tuple(_revision(checkout, one, recording, unknown) for one in pending)
    touched = _touched(recording)
    return Plan(
        database=seen.url,
        server=seen.server,
        dialect=seen.dialect,
        current=seen.current,
        target=span.heads,
        revisions=revisions,
        fingerprint=fingerprint(seen.catalog),
        after=_after(recording, seen.catalog) if recording is not None else {},
        sizes={name: size for name, size in seen.sizes.items() if name in touched},
        notes=tuple(_notes(recording, seen.catalog)),
    )


def require_unchanged(checkout: Checkout, plan: Plan) -> None:
    """Raise `PlanOutdated` where database or scripts are no longer those of the plan.

    A plan that was carried out already is no error: there is nothing to do.
    """
    seen = _look(checkout)
    if seen.current == plan.target:
        return
    changed = [*_differences(checkout, plan, seen)]
    if changed:
        raise PlanOutdated(
            f"the plan does not hold any more: {changed[0]}",
            hint="look at the new one, and make it: sqlmodel migrations plan -o plan.json",
            details=(*changed[1:], "nothing was run"),
        )


def require_result(checkout: Checkout, plan: Plan) -> None:
    """Raise `PlanOutdated` where a touched table is not what the plan says it would be."""
    found = _look(checkout).catalog
    wrong = [name for name, wanted in plan.after.items() if _of_table(found, name) != wanted]
    if wrong:
        names = ", ".join(f"'{name}'" for name in sorted(wrong))
        raise PlanOutdated(
            f"the upgrade was made, and {names} is not what the plan says",
            hint="see the difference: sqlmodel migrations drift",
        )


def _look(checkout: Checkout) -> _Seen:
    """Read the database; the last one, where env.py opens several."""
    found: list[_Seen] = []

    def look(context: MigrationContext, _: Mapping[str, Any]) -> None:
        connection = context.connection
        assert connection is not None
        found.append(
            _Seen(
                connection.engine.url.render_as_string(hide_password=True),
                dialects.of(connection.dialect.name).server(connection),
                connection.dialect.name,
                tuple(dict.fromkeys(context.get_current_heads())),
                catalog.read(connection, ignore=unseen(context)),
                sizes.read(connection),
            )
        )

    with log.muted():
        checkout.read(look)
    if len(found) != 1:
        raise UsageError(
            f"env.py opens {len(found)} databases, and a plan is of one",
            hint="give each its own section of the configuration, and name it with -n",
        )
    return found[0]


def _differences(checkout: Checkout, plan: Plan, seen: _Seen) -> Iterator[str]:
    if seen.current != plan.current:
        yield f"the database is at {_at(seen.current)}, and was at {_at(plan.current)}"
    elif fingerprint(seen.catalog) != plan.fingerprint:
        yield "the schema of the database was changed since"
    pending = [one.id for one in checkout.graph.pending(seen.current, plan.target or "heads")]
    if pending != [one.id for one in plan.revisions]:
        yield f"other revisions are pending: {', '.join(pending) or 'none'}"
        return
    for planned in plan.revisions:
        found = checksum.of_tree(checkout.graph.revisions[planned.id].path)
        if found != planned.checksum:
            yield f"revision {planned.id} was edited since"


def _at(heads: Sequence[str]) -> str:
    return ", ".join(heads) or "base"


def _record(checkout: Checkout, span: Span) -> Recording | MigrationsError:
    """Play what is pending; what keeps us from it is returned."""
    try:
        return review.record(checkout, span)
    except MigrationsError as error:
        return error


def _revision(
    checkout: Checkout, revision: Revision, recording: Recording | None, unknown: str
) -> PlannedRevision:
    statements = recording.of(revision.id) if recording is not None else ()
    reasons = [unknown]
    if recording is not None:
        reasons = [one.reason for one in recording.unmeasured if one.revision == revision.id]
    return PlannedRevision(
        id=revision.id,
        message=revision.message,
        file=_relative(revision.path, checkout.settings.root),
        checksum=checksum.of_tree(revision.path),
        statements=tuple(_statement(one) for one in statements if not _looks(one)),
        unknown=next(iter(reasons), None),
    )


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _looks(recorded: RecordedStatement) -> bool:
    """Whether an operation that defines something looked by this at what it was about to change."""
    is_defining = recorded.operation != "execute" and hasattr(Operations, recorded.operation)
    return is_defining and verb(recorded.sql) in READS


def _statement(recorded: RecordedStatement) -> PlannedStatement:
    failure = recorded.failures.get(Rows.CLEAN)
    return PlannedStatement(
        operation=recorded.operation,
        line=recorded.line,
        sql=recorded.sql.strip(),
        transaction=recorded.transaction,
        tables=tuple(sorted(_tables(recorded))),
        failure=None if failure is None else failure.message,
    )


def _touched(recording: Recording | None) -> frozenset[str]:
    statements = recording.statements if recording is not None else ()
    return frozenset(name for one in statements for name in _tables(one))


def _tables(recorded: RecordedStatement) -> frozenset[str]:
    """The tables that a statement changed, or waited for."""
    changed = (change.table for change in recorded.facts.changes)
    return frozenset((*recorded.facts.tables, *filter(None, changed)))


def _after(recording: Recording, before: Catalog) -> dict[str, str | None]:
    """The fingerprints of the tables that change, where they are now what their revisions make.

    None is known where a statement failed on the scratch database.
    """
    if recording.unmeasured or any(Rows.CLEAN in one.failures for one in recording.statements):
        return {}
    made = {name: _of_table(recording.before, name) for name in recording.before.tables}
    end = {name: _of_table(recording.after, name) for name in recording.after.tables}
    return {
        name: end.get(name)
        for name in sorted({*made, *end})
        if made.get(name) != end.get(name) and made.get(name) == _of_table(before, name)
    }


def _of_table(found: Catalog, name: str) -> str | None:
    return fingerprint(found, [name]) if name in found.tables else None


def _notes(recording: Recording | None, before: Catalog) -> Iterator[str]:
    if recording is None:
        return
    for name in sorted(_touched(recording)):
        if _of_table(recording.before, name) != _of_table(before, name):
            yield f"'{name}' is not what its revisions make: see sqlmodel migrations drift"

"""The baseline of a database as it stands: a script that makes all of it again.

It is compared the wrong way round: what drops every table is looked for, and the way back from
there is the upgrade. What operations cannot say is written in the server's own statements.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from alembic.autogenerate import RevisionContext
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import DBAPIError, SAWarning

from sqlmodel_migrations.database import catalog, ddl, dialects, failures
from sqlmodel_migrations.database.catalog import Catalog, Table
from sqlmodel_migrations.database.ddl.base import Piece, execute
from sqlmodel_migrations.generate import comparators, named, options, reflection, rewriting, sides
from sqlmodel_migrations.generate.answers import Answers
from sqlmodel_migrations.generate.comparison import Models, beside, unseen
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.ownership import Ownership
from sqlmodel_migrations.generate.rewriters import part
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation, flattened
from sqlmodel_migrations.generate.sides import Sides
from sqlmodel_migrations.run import log
from sqlmodel_migrations.shadow import mirror
from sqlmodel_migrations.shadow.scratch.base import PREFIX
from sqlmodel_migrations.shadow.shadow import Shadow

_WORD = re.compile(r"\w+")
_SCRATCH = re.compile(rf"{PREFIX}\w+\.")
# What reflection tells of a table of MariaDB, and the option of the catalog without which it is
# what the database has anyway.
_OPTIONS = {
    f"{dialect}_{name}": option
    for dialect in ("mysql", "mariadb")
    for name, option in (
        ("engine", "engine"),
        ("collate", "collation"),
        ("default charset", "collation"),
    )
}


@dataclass
class Baseline:
    """What one script is to hold: the tables in `verbatim`, by key, as the server's statements."""

    revision: RevisionContext
    verbatim: Collection[str] = ()
    notes: list[str] = field(default_factory=list)

    def describe(self, context: MigrationContext, shadow: Shadow) -> None:
        """Fill the script with what makes the database of `context`, which is only read.

        Where there are models: the tables that they declare, and what these need.
        """
        live = _connection(context)
        models = Models.of(context)
        wanted = _wanted(catalog.read(live, ignore=unseen(context)), models)
        source = ddl.of(live)
        before, after = source.before(live, wanted), source.after(live, wanted)
        if models.keys:
            before, after = _related(wanted, before, after)
        with beside(live, shadow) as scratch:
            mirror.make(live, scratch, wanted)
            scratch.commit()
            after, refused = _tried(scratch, before, after)
            mirrored = MigrationContext.configure(
                connection=scratch,
                opts=context.opts,
                environment_context=context.environment_context,
            )
            found = _sides(mirrored, models)
            ahead = mirror.read_ahead(scratch, wanted.tables.values())
            with ahead, warnings.catch_warnings(), log.unannounced():
                warnings.simplefilter("ignore", SAWarning)  # what reflection does not know
                self.revision.run_autogenerate((), mirrored)
            verbatim = self._turn(found, live, wanted, before, after)
        pieces = (*(f"table '{key}'" for key in verbatim), *_titles(before), *_titles(after))
        self._note("written as SQL", pieces)
        self._note("not written", (*source.unsaid(live, wanted), *refused))

    def _turn(
        self,
        found: Sides,
        live: Connection,
        wanted: Catalog,
        before: Sequence[Piece],
        after: Sequence[Piece],
    ) -> tuple[str, ...]:
        """Make the way back the upgrade, with the pieces around it; return what is verbatim."""
        batched = found.connection.dialect.name == "sqlite"
        verbatim: list[str] = []
        for script in self.revision.generated_revisions:
            up, down = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
            up.ops = [op for op in flattened(up.ops) if _key(op, found) in found.before.tables]
            down.ops = _targets_first(down.ops, found)
            verbatim = self._verbatim(found, down.ops)
            directions = (
                Direction(found, Answers(), is_upgrade=True, is_batched=batched),
                Direction(found, Answers(), is_upgrade=False, is_batched=batched),
            )
            rewriting.rewrite(up, down, directions, ())
            creations = [_plain(op, found) for op in down.ops if _key(op, found) not in verbatim]
            tables = [wanted.tables[key] for key in verbatim]
            up.ops, down.ops = (
                [
                    *_made(before),
                    *_statements(tables, ddl.of(live).table, live),
                    *creations,
                    *_statements(tables, ddl.of(live).foreign_keys, live),
                    *_made(after),
                ],
                [*_unmade(after), *_dropped(up.ops, found), *_unmade(before)],
            )
        return tuple(verbatim)

    def _verbatim(self, found: Sides, operations: Iterable[Operation]) -> list[str]:
        """The tables that are written as statements, with their parents, which come first."""
        wanted = {*self.verbatim} & {*found.before.tables}
        for operation in flattened(operations):
            if isinstance(operation, ops.CreateTableOp) and part.has_unknown_type(operation):
                wanted.add(_key(operation, found))
        whole = found.before.with_parents(wanted)
        return [table.key for table in found.before.parents_first if table.key in whole]

    def _note(self, what: str, things: Sequence[str]) -> None:
        if things:
            self.notes.append(f"{what}: {', '.join(dict.fromkeys(things))}")


def _titles(pieces: Iterable[Piece]) -> Iterator[str]:
    return (piece.title for piece in pieces)


def _connection(context: MigrationContext) -> Connection:
    assert context.connection is not None
    return context.connection


# What is wanted.


def _wanted(there: Catalog, models: Models) -> Catalog:
    """The tables of the models and what these need; all where there are no models."""
    keys = models.keys or {
        key
        for key, table in there.tables.items()
        if not str(table.owner).startswith(("extension ", "sqlite"))
        and [*table.columns] != [options.VERSION_COLUMN]
    }
    ours = Ownership(frozenset()).part(there, keys)
    if not models.keys:
        return replace(ours, enums=there.enums, sequences=there.sequences)
    strangers = {table.name for key, table in there.tables.items() if key not in ours.tables}
    names = {table.name for table in ours.tables.values()}
    views = {
        key: sql
        for key, sql in there.views.items()
        if {*_WORD.findall(sql)} & names and not {*_WORD.findall(sql)} & strangers
    }
    return replace(ours, views=views)


def _related(
    wanted: Catalog, before: Sequence[Piece], after: Sequence[Piece]
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Leave out what nothing of the wanted tables, views and triggers speaks of."""
    kept = {piece for piece in after if piece.kind == "trigger" or "view" in piece.kind}
    kept |= {piece for piece in before if piece.kind in ("extension", "virtual table")}
    words = {word for text in _texts(wanted, kept) for word in _WORD.findall(text)}
    candidates = [*before, *after]
    while new := [p for p in candidates if p not in kept and p.name.rpartition(".")[2] in words]:
        kept |= {*new}
        words |= {word for piece in new for sql in piece.sql for word in _WORD.findall(sql)}
    return tuple(p for p in before if p in kept), tuple(p for p in after if p in kept)


def _texts(wanted: Catalog, pieces: Iterable[Piece]) -> Iterator[str]:
    for table in wanted.tables.values():
        yield str(table.schema)
        for column in table.columns.values():
            yield from (column.type, str(column.default), str(column.computed))
        yield from (constraint.definition for constraint in table.constraints)
        yield from (index.definition for index in table.indexes)
    yield from (sql for piece in pieces for sql in piece.sql)


def _tried(
    scratch: Connection, before: Sequence[Piece], after: Sequence[Piece]
) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    """Return what can be made after the tables, in an order that works, and what cannot."""
    for piece in before:  # what tables needed is there already
        _refusal(scratch, piece)
    done: list[Piece] = []
    waiting = list(after)
    reasons: dict[Piece, str] = {}
    while waiting:
        answers = {piece: _refusal(scratch, piece) for piece in waiting}
        done += [piece for piece, reason in answers.items() if reason is None]
        reasons = {piece: reason for piece, reason in answers.items() if reason is not None}
        if len(reasons) == len(waiting):
            break
        waiting = [*reasons]
    scratch.commit()
    return tuple(done), tuple(f"{piece.title} ({reason})" for piece, reason in reasons.items())


def _refusal(scratch: Connection, piece: Piece) -> str | None:
    """Make a piece; return why that cannot be done."""
    is_undone = not dialects.of(scratch.dialect.name).commits_ddl()
    try:
        with scratch.begin_nested() if is_undone else contextlib.nullcontext():
            execute(scratch, piece.sql)
    except DBAPIError as error:
        return _SCRATCH.sub("", failures.reason(error).strip().partition("\n")[0])
    return None


# The comparison.


def _sides(context: MigrationContext, models: Models) -> Sides:
    """Everything on the one side and nothing on the other, set where autogenerate looks."""
    connection = _connection(context)
    there = catalog.read(connection, ignore=unseen(context))
    # Types, sequences and virtual tables are pieces.
    tables = {key: table for key, table in there.tables.items() if table.owner != "virtual"}
    there = replace(there, tables=tables, enums={}, sequences={})
    nothing = [MetaData(naming_convention=data.naming_convention) for data in models.metadata]
    copies = named.copied(nothing or [MetaData()], connection.dialect)
    found = Sides(there, Catalog(), copies, connection, models.ignored)
    context.opts["target_metadata"] = list(copies.metadata)
    context.opts[sides.OPTION] = found
    options.compare_also(context.opts, there)
    reflection.correct(context, found)
    context.opts["autogenerate_plugins"] = comparators.plugins(
        context.opts.get("autogenerate_plugins")
    )
    return found


def _key(operation: Operation, found: Sides) -> str:
    """The key of the table that an operation is about, "" where it is about none."""
    about: Any = operation
    name = getattr(about, "table_name", None) or getattr(about, "source_table", None)
    schema = getattr(about, "schema", None) or getattr(about, "source_schema", None)
    return found.key(schema, str(name)) if name else ""


# The operations.


def _targets_first(operations: Iterable[Operation], found: Sides) -> list[Operation]:
    """Sort by tables, so that each comes after those that it refers to, as far as that goes."""
    waiting, places = dict(found.before.tables), dict[str, int]()
    while waiting:
        targets = {
            key: {str(c.target) for c in table.constraints} & waiting.keys() - {key}
            for key, table in waiting.items()
        }
        for key in [key for key in waiting if not targets[key]] or [*waiting][:1]:
            places[key] = len(places)
            del waiting[key]
    known = (op for op in flattened(operations) if _key(op, found) in places)
    return sorted(known, key=lambda op: places[_key(op, found)])


def _plain(operation: Operation, found: Sides) -> Operation:
    """Leave out of a new table what reflection tells and the server does anyway."""
    if not isinstance(operation, ops.CreateTableOp):
        return operation
    table = found.before.tables[_key(operation, found)]
    said = {option.partition("=")[0] for option in table.options}
    operation.kw = {
        name: value
        for name, value in operation.kw.items()
        if name not in _OPTIONS or _OPTIONS[name] in said
    }
    for item in operation.columns:
        if isinstance(item, PrimaryKeyConstraint) and item.name == f"{table.name}_pkey":
            item.name = None
        if isinstance(item, UniqueConstraint):
            for name in [name for name, value in item.dialect_kwargs.items() if not value]:
                del item.dialect_kwargs[name]
    return operation


def _statements(
    tables: Iterable[Table],
    statements: Callable[[Connection, Table], Sequence[str]],
    live: Connection,
) -> Iterator[StatementOp]:
    for table in tables:
        for sql in statements(live, table):
            yield StatementOp(sql, None, f"make table '{table.key}'")


def _made(pieces: Iterable[Piece]) -> Iterator[StatementOp]:
    for piece in pieces:
        for sql in piece.sql:
            yield StatementOp(sql, None, f"make {piece.title}")


def _unmade(pieces: Sequence[Piece]) -> Iterator[StatementOp]:
    for piece in reversed(pieces):
        if piece.undo is not None:
            yield StatementOp(piece.undo, None, f"drop {piece.title}")


def _dropped(operations: Sequence[Operation], found: Sides) -> Iterator[Operation]:
    """Drop children before their parents; partitions go away with their table."""
    children = [op for op in operations if isinstance(op, ops.DropTableOp) and _parents(op, found)]
    yield from (op for op in reversed(children) if not _is_partition(op, found))
    yield from (op for op in operations if op not in children)


def _parents(operation: Operation, found: Sides) -> tuple[str, ...]:
    key = _key(operation, found)
    return found.before.tables[key].parents if key in found.before.tables else ()


def _is_partition(operation: Operation, found: Sides) -> bool:
    table = found.before.tables[_key(operation, found)]
    return str(table.owner).startswith("partition of ")

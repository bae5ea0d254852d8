"""The comparison of one database's models with its history, from replay to rewritten operations."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from alembic.autogenerate import RevisionContext
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

from sqlmodel_migrations.database import catalog, dialects
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.base import key
from sqlmodel_migrations.generate import (
    autogenerate,
    comparators,
    difference,
    enum_renames,
    filters,
    named,
    options,
    reflection,
    rename_questions,
    renames,
    renaming,
    rewriting,
    sides,
    stray,
    unchanged,
)
from sqlmodel_migrations.generate.answers import Answers
from sqlmodel_migrations.generate.difference import Difference
from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.generate.named import Named
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.ownership import Ownership
from sqlmodel_migrations.generate.questioner import Questioner
from sqlmodel_migrations.generate.renames import Renames
from sqlmodel_migrations.generate.rewriters.base import Direction
from sqlmodel_migrations.generate.sides import Sides
from sqlmodel_migrations.generate.stray import Strays
from sqlmodel_migrations.run.connection import take_over
from sqlmodel_migrations.shadow import mirror, replay
from sqlmodel_migrations.shadow.shadow import Shadow

Read: TypeAlias = Callable[[], Catalog]
"""Reads the schema before, as it is now: again after renames."""


@dataclass(frozen=True)
class Promise:
    """What the script of one database says it does, beyond the schema: a proof holds it to that."""

    guards: tuple[Guard, ...] = ()
    renames: Renames | None = None


@dataclass
class Compared:
    """What the comparisons of one revision found; several where env.py opens several databases."""

    metadata: list[MetaData] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    strays: list[Strays] = field(default_factory=list)


@dataclass(frozen=True)
class Models:
    """What env.py gives to compare, and how it is named; `ignored` is the version table."""

    metadata: tuple[MetaData, ...]
    named: Named
    schemas: frozenset[str]
    ignored: frozenset[str]
    home: str

    @classmethod
    def of(cls, context: MigrationContext, *, found: Catalog | None = None) -> Models:
        """Read what env.py gave; names that the models leave out are those of `found`."""
        connection = _connection(context)
        metadata = options.metadatas(context.opts.get("target_metadata"))
        return cls(
            metadata,
            named.copied(metadata, connection.dialect, found=found),
            options.schemas(metadata, connection),
            version_tables(context),
            str(connection.dialect.default_schema_name),
        )

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the models' tables, as in a catalog."""
        tables = (table for data in self.metadata for table in data.tables.values())
        return frozenset(self.key(table.schema, table.name) for table in tables)

    def key(self, schema: str | None, name: str) -> str:
        """Return the key of a table; the default schema is not named."""
        return key(None if schema == self.home else schema, name)


@dataclass(frozen=True)
class Comparison:
    """How a revision is to be compared: the answers given, and who is asked for more.

    Where nothing `is_written`, only the differences count: nobody is asked how to make them.
    """

    revision: RevisionContext
    script: ScriptDirectory
    answers: Answers
    questioner: Questioner
    is_written: bool = True
    found: Sequence[Catalog] = ()
    """The live databases, where the script is to use the names that they have."""

    compared: Compared = field(default_factory=Compared)

    def on_shadow(
        self, context: MigrationContext, arguments: Mapping[str, Any], shadow: Shadow
    ) -> None:
        """Replay the history on the shadow that `context` is connected to, and compare."""
        connection, models = _connection(context), self._models(context)
        replay.make_schemas(connection, models.schemas)
        after = sides.models_in_place(connection, models.named, models.ignored)
        replay.to_heads(context, self.script, arguments)
        read = partial(_read, connection, models.ignored)
        self._compare(context, shadow, models, after, context.get_current_heads(), read)

    def on_database(self, context: MigrationContext, shadow: Shadow, owned: Ownership) -> None:
        """Mirror the database that `context` is connected to on `shadow`, and compare.

        Only what is this history's: what nobody made is named in the notes.
        """
        live, models = _connection(context), self._models(context)
        heads = context.get_current_heads()
        also = models.schemas | (owned.schemas - {models.home})
        there = catalog.read(live, also=also, ignore=models.ignored.__contains__)
        ours = owned.part(there, models.keys)
        self.compared.notes.extend(owned.notes(there, ours, context.opts, models.schemas))
        with beside(live, shadow) as connection:
            replay.make_schemas(connection, models.schemas | _schemas(ours))
            after = sides.models_first(connection, models.named, models.ignored)
            keys = self._differing(context, ours, after, models)
            read = _mirrored(live, connection, ours, keys, after, models)
            mirrored = MigrationContext.configure(
                connection=connection,
                opts=context.opts,
                environment_context=context.environment_context,
            )
            with mirror.read_ahead(connection, [ours.tables[key] for key in keys]):
                self._compare(mirrored, shadow, models, after, heads, read)

    def _differing(
        self, context: MigrationContext, ours: Catalog, after: Catalog | None, models: Models
    ) -> frozenset[str]:
        """The tables that have to be mirrored: those unlike the models, and renamed ones."""
        if after is None or self.answers.has_renames:
            return frozenset(ours.tables)
        same = unchanged.keys(context, ours, after, models.named)
        declared = renames.declared(models.metadata, models.key)
        differing = {
            key
            for key, table in ours.tables.items()
            if key not in same or renames.concern(declared, table)
        }
        return ours.with_parents(differing)

    def _models(self, context: MigrationContext) -> Models:
        there = self.found[len(self.compared.promises)] if self.found else None
        models = Models.of(context, found=there)
        self.compared.metadata.extend(models.metadata)
        return models

    def _compare(
        self,
        context: MigrationContext,
        shadow: Shadow,
        models: Models,
        after: Catalog | None,
        heads: Sequence[str],
        read: Read,
    ) -> None:
        """Compare the schema that `read` returns with the models, on the scratch database."""
        connection = _connection(context)
        if after is None:
            after = sides.models_afterwards(
                connection, shadow, models.named, models.schemas, models.ignored
            )
        before = read()
        options.compare_also(context.opts, before)
        options.leave_alone(context.opts, before, after, models.home)
        found = Sides(before, after, models.named, connection, models.ignored)
        found, statements, answers, planned = self._renamed(found, models, context, read)
        same = unchanged.keys(context, found.before, after, models.named)
        unchanged.leave_out(context.opts, same, models.home)
        context.opts["target_metadata"] = list(models.named.metadata)
        context.opts[sides.OPTION] = found
        reflection.correct(context, found)
        context.opts["autogenerate_plugins"] = comparators.plugins(
            context.opts.get("autogenerate_plugins")
        )
        autogenerate.compare(self.revision, context, heads)
        guards = self._rewrite(context, found, statements, answers)
        self.compared.promises.append(Promise(guards, planned))
        there = {table.schema for table in before.tables.values()}
        there.add(context.version_table_schema)
        autogenerate.prepend_schemas(self.revision, connection, models.metadata, there, planned)

    def _renamed(
        self, found: Sides, models: Models, context: MigrationContext, read: Read
    ) -> tuple[Sides, list[StatementOp], Answers, Renames]:
        """Carry out the renames on the shadow; what is compared then has its new names."""
        connection = _connection(context)
        answers = self.answers.reading(found.things())
        answers = renames.spelled_out(found.before, found.after, answers)
        self.compared.strays.append(stray.find(found, answers))
        answers = answers.with_renames(renames.declared(models.metadata, models.key))
        seen = filters.passing(found.before, context.opts, is_reflected=True)
        wanted = filters.passing(found.after, context.opts, is_reflected=False)
        answers = rename_questions.ask(
            seen,
            wanted,
            answers,
            self.questioner,
            has_schemas=renaming.of(connection.dialect).HAS_SCHEMAS,
        )
        statements = enum_renames.operations(found, answers, self.questioner, connection.dialect)
        planned = renames.planned(found.before, found.after, answers)
        statements += renaming.operations(found.before, planned, connection.dialect)
        if not statements:
            return found, [], answers, planned
        renames.carry_out(connection, statements)
        return replace(found, before=read()), statements, answers, planned

    def _rewrite(
        self,
        context: MigrationContext,
        found: Sides,
        statements: Sequence[StatementOp],
        answers: Answers,
    ) -> tuple[Guard, ...]:
        guards: list[Guard] = []
        batched = bool(context.opts.get("render_as_batch"))
        for script in self.revision.generated_revisions:
            up, down = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
            self._note_differences(up, statements)
            if not self.is_written:
                continue
            directions = (
                Direction(found, answers, is_upgrade=True, is_batched=batched),
                Direction(found, answers, is_upgrade=False, is_batched=batched),
            )
            rewriting.rewrite(up, down, directions, statements)
            self.compared.decisions.extend(statement.words for statement in statements)
            self.compared.decisions.extend(directions[0].decisions)
            self.compared.losses.extend(directions[0].losses)
            guards.extend(directions[0].guards)
        return tuple(guards)

    def _note_differences(self, up: ops.UpgradeOps, statements: Sequence[StatementOp]) -> None:
        for statement in statements:
            self.compared.differences.append(
                Difference("rename", statement.words, statement.table_name)
            )
        self.compared.differences.extend(difference.of_operations(up.ops))


def _mirrored(
    live: Connection,
    scratch: Connection,
    ours: Catalog,
    keys: Collection[str],
    after: Catalog | None,
    models: Models,
) -> Read:
    """Mirror the tables of these keys, and return what reads all of `ours`."""
    if not keys and after is not None and unchanged.is_all(ours, after):
        return lambda: ours
    sides.make_room(scratch, after)
    mirror.make(live, scratch, mirror.part(ours, keys))
    scratch.commit()
    aside = {key: table for key, table in ours.tables.items() if key not in keys}

    def read() -> Catalog:
        there = _read(scratch, models.ignored)
        return replace(there, tables={**there.tables, **aside})

    return read


def _schemas(found: Catalog) -> frozenset[str]:
    return frozenset(table.schema for table in found.tables.values() if table.schema)


def _read(connection: Connection, ignored: Collection[str]) -> Catalog:
    """Read every schema of a scratch database."""
    return sides.read(connection, replay.schemas(connection), ignored)


def _connection(context: MigrationContext) -> Connection:
    assert context.connection is not None
    return context.connection


@contextlib.contextmanager
def beside(live: Connection, shadow: Shadow) -> Iterator[Connection]:
    """Connect to an empty scratch database that looks where `live` looks for its tables."""
    with shadow.another(live, "mirror") as pooled:
        connection = take_over(pooled) or pooled
        dialect = dialects.of(live.dialect.name)
        dialect.follow(connection, replace(dialect.standpoint(live), role=None))
        yield connection


def unseen(context: MigrationContext) -> Callable[[str], bool]:
    """Return what tells, by its key, the version table and tables of our own."""
    versions = version_tables(context)

    def is_unseen(table_key: str) -> bool:
        name = table_key.rpartition(".")[2]
        return table_key in versions or name.startswith(options.SIDE_TABLES)

    return is_unseen


def version_tables(context: MigrationContext) -> frozenset[str]:
    """Return the key of the version table, which no side of a comparison sees."""
    schema = context.version_table_schema
    name = context.version_table
    return frozenset([f"{schema}.{name}" if schema else name])

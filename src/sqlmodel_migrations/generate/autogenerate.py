"""Autogenerate: the models compared with a schema, and the script written from the difference."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.autogenerate import RevisionContext
from alembic.config import Config
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Column, Connection, MetaData

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database.quoting import quote
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.generate import difference, makeable, options
from sqlmodel_migrations.generate.difference import Difference
from sqlmodel_migrations.generate.format import format_source
from sqlmodel_migrations.generate.renames import Renames
from sqlmodel_migrations.generate.script import importable
from sqlmodel_migrations.generate.sql_text import readable_back


@dataclass(frozen=True)
class Wanted:
    """What a new revision is to be called and where it goes; Alembic's own arguments."""

    message: str | None = None
    head: str | Sequence[str] = "head"
    splice: bool = False
    branch_label: str | Sequence[str] | None = None
    version_path: str | None = None
    rev_id: str | None = None
    depends_on: Sequence[str] = ()

    def arguments(self, *, autogenerate: bool) -> dict[str, Any]:
        return {
            "message": self.message,
            "autogenerate": autogenerate,
            "sql": False,
            "head": self.head,
            "splice": self.splice,
            "branch_label": self.branch_label,
            "version_path": self.version_path,
            "rev_id": self.rev_id,
            "depends_on": list(self.depends_on) or None,
        }


def revision_context(
    config: Config, script: ScriptDirectory, wanted: Wanted, *, autogenerate: bool
) -> RevisionContext:
    """Return Alembic's state of one `revision` or `check` command."""
    return RevisionContext(config, script, wanted.arguments(autogenerate=autogenerate))


def compare(revision: RevisionContext, context: MigrationContext, heads: Sequence[str]) -> None:
    """Compare the models of `context` with its database, which is at `heads`.

    What is found is added to `revision`. Raises `UsageError` where env.py gives no models.
    """
    metadata = options.metadatas(context.opts.get("target_metadata"))
    if not any(data.tables for data in metadata):
        raise UsageError(
            "env.py gives no table to compare: its 'target_metadata' is empty",
            hint="import the modules with your models in env.py before 'target_metadata' is set",
        )
    with _alembic.nothing_read_for_nothing():
        revision.run_autogenerate(tuple(heads), context)
    for script in revision.generated_revisions:
        for part in script.upgrade_ops_list:
            makeable.require(_new_columns(part.ops), context.dialect)


def differences(revision: RevisionContext) -> tuple[Difference, ...]:
    """Return what the comparison found, in the order of the script."""
    return tuple(d for script in revision.generated_revisions for d in difference.of_script(script))


def prepend_schemas(
    revision: RevisionContext,
    connection: Connection,
    metadata: Iterable[MetaData],
    there: Collection[str | None],
    renames: Renames,
) -> None:
    """Make the script create a schema of the models before its first table comes into it.

    `there` are the schemas that had tables before the renames.
    """
    moved = {str(new.schema) for new in renames.tables.values()}
    named = options.schemas(metadata, connection)
    for script in revision.generated_revisions:
        for part in script.upgrade_ops_list:
            created = {str(op.schema) for op in part.ops if isinstance(op, ops.CreateTableOp)}
            missing = sorted(((created | moved) & named).difference(there))
            part.ops[:0] = [ops.ExecuteSQLOp(_create_schema(connection, s)) for s in missing]


def _create_schema(connection: Connection, name: str) -> str:
    return f"CREATE SCHEMA IF NOT EXISTS {quote(name, connection.dialect)}"


def _new_columns(
    operations: Iterable[ops.MigrateOperation],
) -> Iterator[tuple[str, Column[Any]]]:
    for op in operations:
        if isinstance(op, ops.CreateTableOp):
            table = op.to_table()
            yield from ((op.table_name, column) for column in table.columns)
        elif isinstance(op, ops.AddColumnOp):
            yield op.table_name, op.column
        elif isinstance(op, ops.OpContainer):
            yield from _new_columns(op.ops)


def write(revision: RevisionContext, script: ScriptDirectory) -> tuple[Path, ...]:
    """Write the scripts, formatted and proven to be importable; on an error none is left behind."""
    written: list[Path] = []
    hooks, script.hooks = script.hooks, []
    try:
        for made in _rendered(revision):
            written.append(Path(made.path))
            _finish(written[-1], script.output_encoding, hooks)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    finally:
        script.hooks = hooks
    return tuple(written)


def _rendered(revision: RevisionContext) -> Iterator[Script]:
    """Render the scripts so that their SQL text reads back as it was."""
    context = _alembic.last_autogen_context(revision)
    with contextlib.ExitStack() as stack:
        if context is not None:
            stack.enter_context(readable_back(context))
        yield from (made for made in revision.generate_scripts() if made is not None)


def _finish(path: Path, encoding: str, hooks: Sequence[Mapping[str, str]]) -> None:
    """Format a script and run the user's hooks on it; it must be importable all along."""
    path.write_text(format_source(path.read_text(encoding=encoding)), encoding=encoding)
    importable(path)
    _alembic.run_post_write_hooks(path, hooks)

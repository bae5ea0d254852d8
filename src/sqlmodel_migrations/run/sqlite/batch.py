"""Batches of Alembic on SQLite, by SQLite's own ALTER where it can, else by one rebuild.

`installed` is active while our runner runs; generated and hand-written scripts go through it
alike. What SQLite alters itself (add, rename, drop a column) is tried first, since it corrects
triggers, views and foreign keys elsewhere; renames go first in a rebuild for the same reason.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from sqlmodel_migrations import _alembic_batch
from sqlmodel_migrations._alembic_batch import Batch, Entry
from sqlmodel_migrations.database.sqlite_table import parse
from sqlmodel_migrations.database.sqlite_token import fold, normalized, quote, same
from sqlmodel_migrations.errors import ChangeRefused
from sqlmodel_migrations.run.sqlite import ddl, edit, schema
from sqlmodel_migrations.run.sqlite.draft import Draft
from sqlmodel_migrations.run.sqlite.rebuild import PREFIX, Stored, rebuild

_NATIVE = frozenset(
    (
        *("add_column", "drop_column", "alter_column", "create_index", "drop_index"),
        *("create_table_comment", "drop_table_comment", "create_column_comment"),
    )
)

Rename = tuple[str, str]


@contextlib.contextmanager
def installed() -> Iterator[None]:
    """Carry out every batch on SQLite in our way while the context is open."""
    with _alembic_batch.flushed_by(flush):
        yield


def flush(batch: Batch) -> bool:
    """Carry out one batch; False leaves it to Alembic (other dialects, offline, never recreate).

    Nothing of it stays when it fails. Raises `ChangeRefused` for what would lose something.
    """
    if batch.dialect.name != "sqlite" or batch.connection is None or batch.recreate == "never":
        return False
    if not (_is_native(batch) and _altered(batch, batch.connection)):
        with schema.savepoint(batch.connection):
            _rebuilt(batch, batch.connection)
    return True


def _is_native(batch: Batch) -> bool:
    """Whether ALTER might do; what a batch says of the new table needs one, as in Alembic."""
    if batch.recreate == "always":
        return False
    if batch.would_recreate and (
        batch.copy_from is not None
        or batch.table_args
        or batch.table_kwargs
        or batch.reflect_args
        or batch.naming_convention
        or batch.partial_reordering
    ):
        return False
    return all(_is_native_entry(entry) for entry in batch.entries)


def _is_native_entry(entry: Entry) -> bool:
    options = entry.options
    if entry.name == "alter_column":
        return _is_rename(entry) or not _changes(entry)
    placed = options.get("insert_before") or options.get("insert_after")
    return entry.name in _NATIVE and not placed


def _changes(entry: Entry) -> bool:
    """Whether an `alter_column` changes more than a name; a comment is nothing on SQLite."""
    options = entry.options
    return (
        options.get("nullable") is not None
        or options.get("server_default", False) is not False
        or options.get("type_") is not None
        or options.get("sqlite_using") is not None
    )


def _is_rename(entry: Entry) -> bool:
    return _new_name(entry) is not None and not _changes(entry)


def _new_name(entry: Entry) -> str | None:
    name = entry.options.get("name") if entry.name == "alter_column" else None
    return str(name) if name is not None and name != entry.arguments[1] else None


def _altered(batch: Batch, connection: Connection) -> bool:
    """Try SQLite's own ALTER for everything; nothing is left of it where one is refused."""
    try:
        with _altering(connection):
            for entry in batch.entries:
                _alter(batch, connection, entry)
    except (OperationalError, ChangeRefused):
        return False
    return True


@contextlib.contextmanager
def _altering(connection: Connection) -> Iterator[None]:
    """Let ALTER correct triggers and views, and undo all of it when one statement fails."""
    with schema.legacy_alter_table(connection, False), schema.savepoint(connection):
        yield


def _alter(batch: Batch, connection: Connection, entry: Entry) -> None:
    if entry.name.endswith("_comment"):
        return
    if entry.name == "create_index":
        table = parse(schema.read(connection, batch.table, batch.schema).sql)
        ddl.refuse_unknown_columns(entry.arguments[0], table)
    if entry.name != "alter_column" or _is_rename(entry):
        batch.run(entry)


def _rebuilt(batch: Batch, connection: Connection) -> None:
    stored = schema.read(connection, batch.table, batch.schema)
    renames = _renames(batch.entries, stored)
    steps = _steps(renames.final, [column.name for column in parse(stored.sql).columns])
    is_native = _renamed(connection, stored, steps)
    if is_native:
        stored = schema.read(connection, batch.table, batch.schema)
    draft = _draft(batch, stored, renames.names(), steps, is_native=is_native)
    _apply(batch, draft)
    _write(batch, connection, stored, draft)


@dataclass
class _Renames:
    """What becomes of the columns' names in one batch.

    `final` is the new name by the one that a column has now; `keys` the column's present name by
    each folded name that the batch may call it.
    """

    final: dict[str, str]
    keys: dict[str, str]
    doomed: list[str] = field(default_factory=list)
    live: dict[str, str] = field(default_factory=dict)

    def follow(self, entry: Entry) -> None:
        new = _new_name(entry)
        if entry.name == "drop_column":
            dropped = self.live.pop(fold(entry.arguments[1].name), None)
            self.doomed += [dropped] if dropped is not None else []
        elif entry.name == "add_column":
            self.live.pop(fold(entry.arguments[1].name), None)
        elif new is not None and fold(entry.arguments[1]) in self.live:
            column = self.live[fold(entry.arguments[1])]
            self.final[column] = new
            self.live.setdefault(fold(new), column)
            self.keys.setdefault(fold(new), column)

    def make_room(self) -> None:
        """Let a column that goes give its name to another one first."""
        wanted = {fold(new) for new in self.final.values()}
        for name in self.doomed:
            self.final.pop(name, None)
            if fold(name) in wanted:
                self.final[name] = PREFIX + name

    def names(self) -> dict[str, str]:
        return {key: self.final.get(column, column) for key, column in self.keys.items()}


def _renames(entries: Sequence[Entry], stored: Stored) -> _Renames:
    columns = {fold(c.name): c.name for c in parse(stored.sql).columns}
    renames = _Renames({}, dict(columns), live=dict(columns))
    for entry in entries:
        renames.follow(entry)
    renames.make_room()
    renames.final = {old: new for old, new in renames.final.items() if old != new}
    return renames


def _steps(renames: Mapping[str, str], names: Sequence[str]) -> list[Rename]:
    """Renames one after the other, so that no two columns have one name in between."""
    left, taken = dict(renames), {fold(name) for name in names}
    steps: list[Rename] = []
    while left:
        old = next((o for o, n in left.items() if fold(n) not in taken or same(o, n)), None)
        new = left.pop(old) if old is not None else None
        if old is None or new is None:
            old = next(iter(left))
            new = PREFIX + old
            left[new] = left.pop(old)
        steps.append((old, new))
        taken = (taken - {fold(old)}) | {fold(new)}
    return steps


def _renamed(connection: Connection, stored: Stored, steps: Sequence[Rename]) -> bool:
    """Rename by SQLite's own ALTER; False where a broken view or trigger elsewhere forbids it."""
    table = f"{quote(stored.schema)}.{quote(stored.name)}"
    try:
        with _altering(connection):
            for old, new in steps:
                connection.exec_driver_sql(
                    f"ALTER TABLE {table} RENAME COLUMN {quote(old)} TO {quote(new)}"
                )
    except OperationalError as error:
        _refuse_users(connection, stored, steps, str(error.orig))
        return False
    return True


def _refuse_users(
    connection: Connection, stored: Stored, steps: Sequence[Rename], reason: str
) -> None:
    """Refuse to rename by text alone what others speak of."""
    for old, _ in steps:
        names = schema.users(connection, stored, old)
        if names:
            raise ChangeRefused(
                f"the change is not made: SQLite cannot rename '{stored.name}.{old}': {reason}",
                hint="drop what is broken, or what uses the column: " + ", ".join(names),
            )


def _draft(
    batch: Batch,
    stored: Stored,
    names: dict[str, str],
    steps: Sequence[Rename],
    *,
    is_native: bool,
) -> Draft:
    sql, indexes = stored.sql, list(stored.indexes)
    values = {column.name: quote(column.name) for column in parse(sql).columns}
    if batch.copy_from is not None:
        sql = edit.set_table_name(ddl.table(batch.copy_from, batch.dialect), stored.name)
    for old, new in steps if not is_native or batch.copy_from is not None else ():
        sql = edit.rename_column(sql, old, new)
    for old, new in steps if not is_native else ():
        indexes = [edit.rename_in_index(text, old, new) for text in indexes]
        values = {new if same(name, old) else name: value for name, value in values.items()}
    if batch.copy_from is not None:
        _refuse_unknown(sql, values)
        _add_indexes(batch, indexes, steps)
    return Draft(sql, batch.dialect, names, values, indexes, batch.reflect_args)


def _refuse_unknown(sql: str, values: Mapping[str, str]) -> None:
    table, known = parse(sql), {fold(name) for name in values}
    for column in table.columns:
        if fold(column.name) not in known:
            raise ChangeRefused(
                f"the change is not made: copy_from has a column '{column.name}', which"
                f" '{table.name.name}' has not",
                hint="add it with batch_op.add_column() instead",
            )


def _add_indexes(batch: Batch, indexes: list[str], steps: Sequence[Rename]) -> None:
    """Add the indexes of `copy_from` that are not there."""
    assert batch.copy_from is not None
    known = {fold(edit.created_name(text).name) for text in indexes}
    for index in sorted(batch.copy_from.indexes, key=lambda index: str(index.name)):
        if fold(str(index.name)) in known:
            continue
        text = ddl.index(index, batch.dialect)
        for old, new in steps:
            text = edit.rename_in_index(text, old, new)
        indexes.append(text)


def _apply(batch: Batch, draft: Draft) -> None:
    if batch.naming_convention:
        draft.name_constraints(batch.naming_convention)
    draft.reflect()
    if batch.table_args:
        draft.add_arguments(batch.table_args, batch.schema)
    draft.apply(batch.entries)
    draft.set_options(batch.table_kwargs)
    if batch.partial_reordering:
        draft.reorder(batch.partial_reordering)
    draft.settle_indexes()


def _write(batch: Batch, connection: Connection, stored: Stored, draft: Draft) -> None:
    if draft.sql != stored.sql or batch.recreate == "always" or _has_conversion(draft):
        after = replace(stored, indexes=tuple(draft.indexes))
        schema.carry_out(connection, stored, rebuild(after, draft.sql, draft.values))
    else:
        _exchange_indexes(connection, stored, draft)
    for text in draft.created:
        connection.exec_driver_sql(text)


def _exchange_indexes(connection: Connection, stored: Stored, draft: Draft) -> None:
    """Drop and create the indexes of a table that stays as it is."""
    before = {normalized(text): text for text in stored.indexes}
    after = {normalized(text): text for text in draft.indexes}
    for key in before.keys() - after.keys():
        name = quote(edit.created_name(before[key]).name)
        connection.exec_driver_sql(f"DROP INDEX {quote(stored.schema)}.{name}")
    for key in after.keys() - before.keys():
        connection.exec_driver_sql(after[key])


def _has_conversion(draft: Draft) -> bool:
    return any(value != quote(name) for name, value in draft.values.items())

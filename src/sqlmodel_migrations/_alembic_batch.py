"""Batches of Alembic: `op.batch_alter_table` as values, and the place where it is carried out.

Belongs to `_alembic`: names that Alembic and SQLAlchemy do not promise are touched here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alembic.ddl.impl import DefaultImpl
from alembic.operations.batch import BatchOperationsImpl
from alembic.util.sqla_compat import _ensure_scope_for_ddl
from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.schema import Constraint

Note = Callable[[frozenset[str]], Any]
"""Given the names that an operation is about, in small letters, returns its mark."""


@dataclass(frozen=True)
class Entry:
    """One operation of a batch: a method of Alembic's implementation, with its arguments.

    `mark` is what was noted as it was put there, None where nothing is.
    """

    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    mark: Any = None


@dataclass(frozen=True)
class Batch:
    """One `op.batch_alter_table` block, at its end; names are Alembic's own."""

    impl: DefaultImpl
    connection: Connection | None
    table: str
    schema: str | None
    recreate: str
    entries: tuple[Entry, ...]
    copy_from: Table | None
    table_args: tuple[Any, ...]
    table_kwargs: Mapping[str, Any]
    reflect_args: tuple[Any, ...]
    naming_convention: Mapping[str, Any] | None
    partial_reordering: Sequence[Sequence[str]]
    would_recreate: bool

    @property
    def dialect(self) -> Dialect:
        return self.impl.dialect

    def run(self, entry: Entry) -> None:
        """Carry out one operation by Alembic's own ALTER."""
        getattr(self.impl, entry.name)(*entry.arguments, **entry.options)


@contextlib.contextmanager
def flushed_by(flush: Callable[[Batch], bool]) -> Iterator[None]:
    """Give every batch to `flush`; Alembic does what it returns False for. Restored afterwards."""
    original = BatchOperationsImpl.flush

    def replacement(self: BatchOperationsImpl) -> None:
        with _ensure_scope_for_ddl(self.impl.connection):
            if not flush(_batch(self)):
                original(self)

    BatchOperationsImpl.flush = replacement  # type: ignore[method-assign]
    try:
        yield
    finally:
        BatchOperationsImpl.flush = original  # type: ignore[method-assign]


@contextlib.contextmanager
def noted(note: Note, begin: Callable[[Any], None]) -> Iterator[None]:
    """Ask `note` for a mark as each operation is put into a batch; give it to `begin` in its turn.

    `note` is given the names of the columns, constraints and indexes that the operation is about.
    `begin` gets None when the last operation of a batch has been carried out.
    """
    original = BatchOperationsImpl.__init__

    def replacement(self: BatchOperationsImpl, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)  # type: ignore[no-untyped-call]
        self.batch = _NotedList(note, begin)

    BatchOperationsImpl.__init__ = replacement  # type: ignore[method-assign]
    try:
        yield
    finally:
        BatchOperationsImpl.__init__ = original  # type: ignore[method-assign]


class _NotedList(list[Any]):
    """The operations of a batch, each with its mark."""

    def __init__(self, note: Note, begin: Callable[[Any], None]) -> None:
        super().__init__()
        self.note, self.begin = note, begin
        self.marks: list[Any] = []

    def append(self, entry: Any) -> None:
        self.marks.append(self.note(_names(entry)))
        super().append(entry)

    def __iter__(self) -> Iterator[Any]:
        try:
            for mark, entry in zip(self.marks, super().__iter__(), strict=True):
                self.begin(mark)
                yield entry
        finally:  # who only looks for one of them leaves before the end
            self.begin(None)


def _names(entry: Any) -> frozenset[str]:
    """The names of what an operation is about, in small letters."""
    _, arguments, _ = entry
    found = (each if isinstance(each, str) else getattr(each, "name", None) for each in arguments)
    return frozenset(str(name).lower() for name in found if name)


def _batch(of: BatchOperationsImpl) -> Batch:
    return Batch(
        impl=of.impl,
        connection=None if of.impl.as_sql else of.impl.connection,
        table=of.table_name,
        schema=of.schema,
        recreate=of.recreate,
        entries=tuple(_entries(of.batch)),
        copy_from=of.copy_from,
        table_args=tuple(of.table_args),
        table_kwargs=dict(of.table_kwargs),
        reflect_args=tuple(of.reflect_args),
        naming_convention=of.naming_convention,
        partial_reordering=tuple(of.partial_reordering or ()),
        would_recreate=of._should_recreate(),
    )


def _entries(batch: Any) -> Iterator[Entry]:
    marks = getattr(batch, "marks", None) or [None] * len(batch)
    for mark, (name, args, kw) in zip(marks, batch, strict=True):
        yield Entry(name, tuple(args), dict(kw), mark)


def is_made(constraint: Constraint, dialect: Dialect) -> bool:
    """Whether a constraint is part of a CREATE TABLE on this dialect; a type's own may not be."""
    rule = constraint._create_rule
    return rule is None or bool(rule(dialect.ddl_compiler(dialect, None)))  # type: ignore[arg-type]


def is_of_type(constraint: Constraint) -> bool:
    """Whether a constraint belongs to a type, as the CHECK of a Boolean or an Enum does."""
    return bool(constraint._type_bound)

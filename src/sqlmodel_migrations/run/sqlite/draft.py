"""A table's new text while the operations of one batch are applied to it, one after the other.

Alembic lets a batch go on using a column's old name after renaming it, so a column is looked up
by the name it had at first, then by its new one. The renames themselves are done already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import Column, Computed, Dialect, Index
from sqlalchemy.schema import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.types import NullType
from sqlalchemy.util import topological

from sqlmodel_migrations import _alembic_batch
from sqlmodel_migrations.database.sqlite_table import (
    CHECK,
    COLLATE,
    DEFAULT,
    FOREIGN_KEY,
    KEYS,
    PRIMARY_KEY,
    UNIQUE,
    Clause,
    Table,
    parse,
    parse_column,
    parse_constraint,
)
from sqlmodel_migrations.database.sqlite_token import columns_in, fold, normalized, quote, same
from sqlmodel_migrations.errors import ChangeRefused
from sqlmodel_migrations.run.sqlite import ddl, edit

_KINDS = (
    (ForeignKeyConstraint, FOREIGN_KEY),
    (PrimaryKeyConstraint, PRIMARY_KEY),
    (UniqueConstraint, UNIQUE),
    (CheckConstraint, CHECK),
)


@dataclass
class Draft:
    """The new table: `sql`; `values` are expressions over the old one for its columns.

    `names` are the current names by the folded names that the batch may use; `indexes` the texts
    to be kept, `created` and `dropped` those that come and go.
    """

    sql: str
    dialect: Dialect
    names: dict[str, str]
    values: dict[str, str]
    indexes: list[str]
    reflect_args: Sequence[Any] = ()
    created: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    added: set[str] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)
    order: list[tuple[str, str]] = field(default_factory=list)

    @property
    def table(self) -> Table:
        return parse(self.sql)

    def name(self, key: str) -> str:
        """Return the current name of the column that the batch calls `key`."""
        return self.names.get(fold(key), key)

    def apply(self, entries: Sequence[_alembic_batch.Entry]) -> None:
        """Apply all operations; constraints that stood there before go first.

        A column is often dropped before the constraint that needs it, in scripts for databases
        that drop both.
        """
        constraints = [e.arguments[0] for e in entries if e.name == "drop_constraint"]
        for constraint in constraints:
            self._drop_existing(constraint)
        for entry in entries:
            getattr(self, f"_{entry.name}")(*entry.arguments, **entry.options)

    # Columns

    def _add_column(
        self,
        _table: str,
        column: Column[Any],
        *,
        insert_before: str | None = None,
        insert_after: str | None = None,
        if_not_exists: bool | None = None,
        inline_references: bool | None = None,
        **_: Any,
    ) -> None:
        if if_not_exists and self.table.has_column(column.name):
            return
        self.sql = edit.add_column(self.sql, ddl.column(column, self.dialect))
        self._place(column.name, insert_before, insert_after)
        self.names[fold(column.name)] = column.name
        self.added.add(column.name)
        self.values.pop(column.name, None)
        if column.primary_key:
            self._extend_primary_key(column.name)
        if inline_references and column.table is not None:
            for key in column.table.foreign_key_constraints:
                self._add_constraint(key)

    def _extend_primary_key(self, name: str) -> None:
        key = self.table.primary_key
        columns = (*(key.columns if key is not None else ()), name)
        if key is not None:
            self.sql = edit.drop_constraint(self.sql, key)
        names = ", ".join(quote(column) for column in columns)
        self.sql = edit.add_constraint(self.sql, f"PRIMARY KEY ({names})")

    def _drop_column(
        self, _table: str, column: Column[Any], *, if_exists: bool | None = None, **_: Any
    ) -> None:
        name = self.name(column.name)
        if if_exists and not self.table.has_column(name):
            return
        self.sql = edit.drop_column(self.sql, name, constraints=True)
        self.names.pop(fold(column.name), None)
        self.values = {n: v for n, v in self.values.items() if not same(n, name)}
        self.gone.append(name)

    def _alter_column(
        self,
        _table: str,
        column: str,
        *,
        nullable: bool | None = None,
        server_default: Any = False,
        type_: Any = None,
        existing_type: Any = None,
        name: str | None = None,
        sqlite_using: str | None = None,
        **_: Any,
    ) -> None:
        current = self.table.column(self.name(column)).name
        if name is not None and current in self.added:
            self._rename_added(column, current, name)
            current = name
        if type_ is not None:
            self._set_type(current, type_, existing_type)
        if server_default is not False:
            self._set_default(current, server_default)
        if nullable is not None:
            self.sql = edit.set_nullable(self.sql, current, nullable)
        if sqlite_using is not None:
            self.values[current] = sqlite_using

    def _rename_added(self, key: str, old: str, new: str) -> None:
        """Rename a column of this batch; those that were there before have their names already."""
        self.sql = edit.rename_column(self.sql, old, new)
        self.names[fold(key)] = new
        self.added = (self.added - {old}) | {new}

    def _set_type(self, name: str, type_: Any, existing_type: Any = None) -> None:
        self._drop_check_of_type(name)
        table = self.table
        text = ddl.type_(type_, self.dialect)
        if normalized(table.type_of(table.column(name))) != normalized(text):
            self.sql = edit.set_type(self.sql, name, text)
        had = getattr(existing_type, "collation", None)
        if had and parse_column(f"x {text}").clause(COLLATE) is None:
            self.sql = edit.set_collation(self.sql, name, None)

    def _drop_check_of_type(self, name: str) -> None:
        """Drop the CHECK of a Boolean or Enum that `reflect_args` says the column had."""
        for column in self.reflect_args:
            if not isinstance(column, Column) or not same(self.name(column.name), name):
                continue
            holder = ddl.attached((column._copy(),), "t", (), None)
            for constraint in holder.constraints:
                if _alembic_batch.is_of_type(constraint):
                    self._drop_existing(constraint)

    def _set_default(self, name: str, server_default: Any) -> None:
        self._keep_first_default(name)
        if server_default is None:
            self.sql = edit.set_default(self.sql, name, None)
            self.sql = edit.set_generated(self.sql, name, None)
            return
        default, generated = ddl.default(server_default, self.dialect)
        if isinstance(server_default, Computed):
            self.sql = edit.set_generated(self.sql, name, generated)
        elif default is not None:
            self.sql = edit.set_generated(self.sql, name, None)
            self.sql = edit.set_default(self.sql, name, default)

    def _keep_first_default(self, name: str) -> None:
        """Let the rows have the default that a new column came with, as ALTER would."""
        default = self.table.column(name).clause(DEFAULT)
        if name in self.added and default is not None:
            self.values.setdefault(name, default.expression)

    # Constraints

    def _add_constraint(self, constraint: Constraint) -> None:
        if not _alembic_batch.is_made(constraint, self.dialect):
            return
        text = ddl.constraint(constraint, self.dialect)
        if text is not None:
            self.add_constraint(self._with_current_names(text))

    def add_constraint(self, text: str) -> None:
        """Add a constraint; one of its name, or without a name that says the same, makes room."""
        new, table = parse_constraint(text), self.table
        if new.kind == PRIMARY_KEY and table.primary_key is not None:
            self.sql = edit.drop_constraint(self.sql, table.primary_key)
            table = self.table
        if new.name is not None and (namesake := edit.find_constraint(table, name=new.name)):
            self.sql = edit.drop_constraint(self.sql, namesake)
            table = self.table
        old = edit.find_definition(table, new)
        if old is not None and new.name is None:
            return
        if old is not None and old.name is None:
            self.sql = edit.drop_constraint(self.sql, old)
        self.sql = edit.add_constraint(self.sql, text)

    def _with_current_names(self, text: str) -> str:
        table = self.table
        for key, name in self.names.items():
            if not same(key, name) and not table.has_column(key):
                text = edit.rename_in_constraint(text, key, name)
        return text

    def _drop_constraint(self, constraint: Constraint, **_: Any) -> None:
        """Drop a constraint that the batch itself has added before."""
        if id(constraint) in self.settled or self._drop_existing(constraint):
            return
        if _alembic_batch.is_of_type(constraint):
            return
        name = ddl.constraint_name(constraint, self.dialect)
        known = ", ".join(f"'{c.name}'" for c in self.table.clauses if c.name is not None)
        raise ChangeRefused(
            f"the change is not made: '{self.table.name.name}' has no constraint '{name}'",
            hint=f"its named constraints are {known}"
            if known
            else "none of its constraints has a name",
        )

    def _drop_existing(self, constraint: Constraint) -> bool:
        clause = self._find(constraint)
        if clause is None:
            return False
        self.sql = edit.drop_constraint(self.sql, clause)
        self.settled.add(id(constraint))
        return True

    def _find(self, constraint: Constraint) -> Clause | None:
        table = self.table
        name = ddl.constraint_name(constraint, self.dialect)
        kind = next((kind for class_, kind in _KINDS if isinstance(constraint, class_)), None)
        if name is not None and (found := edit.find_constraint(table, name=name)):
            return found
        if kind == PRIMARY_KEY:
            return table.primary_key
        if _alembic_batch.is_of_type(constraint):
            text = ddl.constraint(constraint, self.dialect)
            return edit.find_definition(table, parse_constraint(str(text)))
        return edit.find_constraint(table, kind=kind) if name is None else None

    def name_constraints(self, convention: Mapping[str, Any]) -> None:
        """Give every constraint without a name the one of a naming convention."""
        while (found := self._next_unnamed(convention)) is not None:
            self.sql = edit.name_constraint(self.sql, *found)

    def _next_unnamed(self, convention: Mapping[str, Any]) -> tuple[Clause, str] | None:
        table = self.table
        columns = [column.name for column in table.columns]
        for clause in table.clauses:
            if clause.kind in KEYS and clause.name is None:
                name = ddl.conventional_name(
                    clause, table.name.name, columns, convention, self.dialect
                )
                if name is not None:
                    return clause, name
        return None

    # Indexes and comments

    def _create_index(self, index: Index, *, if_not_exists: bool | None = None, **_: Any) -> None:
        text = ddl.index(index, self.dialect, if_not_exists=bool(if_not_exists))
        table = self.table
        for key, name in self.names.items():
            if not same(key, name) and not table.has_column(key):
                text = edit.rename_in_index(text, key, name)
        for column in index.columns:
            table.column(column.name if table.has_column(column.name) else self.name(column.name))
        # With `copy_from` Alembic forgets the indexes, and scripts make them anew.
        self.indexes = [old for old in self.indexes if normalized(old) != normalized(text)]
        self.created.append(text)

    def _drop_index(self, index: Index, *, if_exists: bool | None = None, **_: Any) -> None:
        name = str(index.name)
        for texts in (self.created, self.indexes):
            for text in texts:
                if same(edit.created_name(text).name, name):
                    texts.remove(text)
                    self.dropped.append(name)
                    return
        if not if_exists:
            raise ChangeRefused(
                f"the change is not made: '{self.table.name.name}' has no index '{name}'"
            )

    def settle_indexes(self) -> None:
        """Let indexes go with their only column; refuse for those of several."""
        gone = {fold(name) for name in self.gone if not self.table.has_column(name)}
        left = {fold(column.name) for column in self.table.columns}
        for text in list(self.indexes):
            used = set(edit.index_columns(text))
            if not used & gone:
                continue
            name = edit.created_name(text).name
            if used & left:
                raise ChangeRefused(
                    f"the change is not made: the index '{name}' needs a column that would go"
                    f" from '{self.table.name.name}'",
                    hint=f"drop it first: batch_op.drop_index({name!r})",
                )
            self.indexes.remove(text)

    def _create_table_comment(self, *_: Any, **__: Any) -> None:
        """SQLite keeps no comments."""

    _drop_table_comment = _create_column_comment = _create_table_comment

    def _rename_table(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("a table cannot be renamed inside a batch")

    # What a batch says beside its operations

    def reflect(self) -> None:
        """Believe the types that `reflect_args` gives to columns."""
        for column in self.reflect_args:
            if isinstance(column, Column) and not isinstance(column.type, NullType):
                self._believe(column)

    def _believe(self, column: Column[Any]) -> None:
        table, text = self.table, ddl.type_(column.type, self.dialect)
        name = self.name(column.name)
        if normalized(table.type_of(table.column(name))) != normalized(text):
            self.sql = edit.set_type(self.sql, name, text)

    def add_arguments(self, args: Sequence[Any], schema: str | None) -> None:
        """Add what `table_args` says; a CHECK takes the place of unnamed ones on its columns."""
        columns = [column.name for column in self.table.columns]
        ddl.attached(args, self.table.name.name, columns, schema)
        for arg in args:
            if isinstance(arg, Column):
                self._add_column("", arg)
            elif isinstance(arg, Index):
                self._create_index(arg)
            elif isinstance(arg, Constraint):
                self._add_argument(arg)

    def _add_argument(self, constraint: Constraint) -> None:
        text = ddl.constraint(constraint, self.dialect)
        if text is None:
            return
        new = parse_constraint(text)
        if new.kind == CHECK:
            for clause in reversed(list(self._replaced_checks(new))):
                self.sql = edit.drop_constraint(self.sql, clause)
        self.add_constraint(text)

    def _replaced_checks(self, new: Clause) -> Iterator[Clause]:
        known = {fold(column.name) for column in self.table.columns}
        for clause in self.table.clauses:
            is_unnamed = clause.kind == CHECK and clause.name is None
            if is_unnamed and _names(clause) & known == _names(new) & known:
                yield clause

    def set_options(self, options: Mapping[str, Any]) -> None:
        """Set what `table_kwargs` says: AUTOINCREMENT, STRICT, WITHOUT ROWID."""
        words = set(self.table.options)
        for key, word, wanted in (
            ("sqlite_strict", "STRICT", True),
            ("sqlite_with_rowid", "WITHOUT ROWID", False),
        ):
            if key in options:
                (words.add if bool(options[key]) is wanted else words.discard)(word)
        self.sql = edit.set_options(self.sql, words)
        if "sqlite_autoincrement" in options:
            self.sql = edit.set_autoincrement(self.sql, bool(options["sqlite_autoincrement"]))

    # The order of columns

    def _place(self, name: str, before: str | None, after: str | None) -> None:
        """Move a new column, which stands behind the others, to where it is wanted."""
        if before is None and after is None:
            return
        beside = self.table.column(self.name(before or after or "")).name
        names = [column.name for column in self.table.columns if not same(column.name, name)]
        names.insert(names.index(beside) + (before is None), name)
        self.sql = edit.reorder_columns(self.sql, names)
        self.order.append((name, beside) if before is not None else (beside, name))

    def reorder(self, partial: Sequence[Sequence[str]]) -> None:
        """Order the columns as `partial_reordering` and the insertions ask, as Alembic does."""
        names = {fold(column.name): column.name for column in self.table.columns}
        pairs = [pair for part in partial for pair in pairwise(part)]
        wanted = [(fold(self.name(a)), fold(self.name(b))) for a, b in (*pairs, *self.order)]
        known = {(names[a], names[b]) for a, b in wanted if a in names and b in names and a != b}
        ordered = topological.sort(known, list(names.values()), deterministic_order=True)
        self.sql = edit.reorder_columns(self.sql, list(ordered))


def _names(clause: Clause) -> set[str]:
    return {fold(token.name) for token in columns_in(clause.expression)}

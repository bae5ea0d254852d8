"""The rebuild of an SQLite table: what stands in the schema and a new text in, statements out.

SQLite alters little in place. Everything else is a new table under another name, the rows copied,
the old table dropped and the new one renamed (https://sqlite.org/lang_altertable.html, "Making
Other Kinds Of Table Schema Changes"), and then all that went away with the old table made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlmodel_migrations.database.sqlite_table import Table, parse
from sqlmodel_migrations.database.sqlite_token import fold, literal, quote
from sqlmodel_migrations.run.sqlite import edit

PREFIX = "_sqlmodel_tmp_"


@dataclass(frozen=True)
class Stored:
    """A table as the schema has it: the texts of `sqlite_master`, in the order they were made.

    `sequence` is its row in `sqlite_sequence`, None where it has none.
    """

    name: str
    sql: str
    schema: str = "main"
    indexes: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    sequence: int | None = None


@dataclass(frozen=True)
class Refusal:
    """A query for a number that must be 0, and what is said when it is not; `{n}` is the number."""

    query: str
    message: str
    hint: str


@dataclass(frozen=True)
class Rebuild:
    """The statements of one rebuild, in order.

    After `copy`, both `counts` must give the same number and each of `refusals` 0; then `swap`.
    All run inside one transaction with `foreign_keys` off; `legacy_alter_table` is ON after it.
    """

    create: str
    copy: str
    counts: tuple[str, str]
    swap: tuple[str, ...]
    refusals: tuple[Refusal, ...] = field(default=())

    @property
    def statements(self) -> tuple[str, ...]:
        return (self.create, self.copy, *self.swap)


def rebuild(stored: Stored, sql: str, values: Mapping[str, str]) -> Rebuild:
    """Return the statements that give `stored` the text `sql`.

    `values` are the expressions over the old table for columns of the new one; a column that is
    left out gets its default, a generated one is never copied. `stored.indexes` and
    `stored.triggers` are the texts that shall stand afterwards. Rowids are kept.
    """
    table = parse(sql)
    where, temporary = quote(stored.schema), PREFIX + stored.name
    old, new = f"{where}.{quote(stored.name)}", f"{where}.{quote(temporary)}"
    return Rebuild(
        create=edit.set_table_name(sql, temporary, stored.schema),
        copy=_copy(parse(stored.sql), table, old, new, values),
        counts=(f"SELECT count(*) FROM {old}", f"SELECT count(*) FROM {new}"),
        refusals=tuple(_refusals(parse(stored.sql), table, new)),
        swap=tuple(_swap(stored, table, old, new)),
    )


def _copy(old: Table, new: Table, source: str, target: str, values: Mapping[str, str]) -> str:
    given = {fold(name): value for name, value in values.items()}
    pairs = [(quote(n), given[fold(n)]) for n in new.stored_columns if fold(n) in given]
    rowid = _shared_rowid(old, new)
    if rowid is not None:
        pairs.insert(0, (rowid, rowid))
    # One row for each, even where no value is kept.
    pairs = pairs or [(quote(new.stored_columns[0]), "NULL")]
    names, expressions = (", ".join(part) for part in zip(*pairs, strict=True))
    return f"INSERT INTO {target} ({names}) SELECT {expressions} FROM {source}"


def _shared_rowid(old: Table, new: Table) -> str | None:
    """A name of the hidden rowid in both tables, None where one of them has no hidden rowid."""
    for table in (old, new):
        if "WITHOUT ROWID" in table.options or table.rowid_alias is not None:
            return None
    names = (n for n in ("rowid", "oid", "_rowid_") if not (old.has_column(n) or new.has_column(n)))
    return next(names, None)


def _swap(stored: Stored, table: Table, old: str, new: str) -> Iterator[str]:
    # Without it RENAME reads every trigger and view, and fails on those that use the table.
    yield "PRAGMA legacy_alter_table=ON"
    yield f"DROP TABLE {old}"
    yield f"ALTER TABLE {new} RENAME TO {quote(stored.name)}"
    if stored.sequence is not None and table.is_autoincrement:
        yield from _sequence(stored)
    for text in (*stored.indexes, *stored.triggers):
        yield text if stored.schema == "main" else edit.in_schema(text, stored.schema)


def _sequence(stored: Stored) -> Iterator[str]:
    """The highest key ever given, which the copied rows need not have any more."""
    where, name = f"{quote(stored.schema)}.sqlite_sequence", literal(stored.name)
    yield f"DELETE FROM {where} WHERE name = {name}"
    yield f"INSERT INTO {where} (name, seq) VALUES ({name}, {stored.sequence})"


def _refusals(old: Table, new: Table, target: str) -> Iterator[Refusal]:
    """Values that a column of the new type cannot hold: SQLite would keep them as they are."""
    for column in new.columns:
        if not old.has_column(column.name):
            continue
        before = old.type_of(old.column(column.name))
        after = new.type_of(column)
        odd = _odd_storage(after)
        if odd is None or odd == _odd_storage(before):
            continue
        yield Refusal(
            f"SELECT count(*) FROM {target} WHERE typeof({quote(column.name)}) IN ({odd})",
            f"the change is not made: {{n}} of the values of '{new.name.name}.{column.name}'"
            f" cannot become {after}",
            f"convert them before, for example: UPDATE {quote(new.name.name)}"
            f" SET {quote(column.name)} = CAST({quote(column.name)} AS {after})",
        )


def _odd_storage(type_: str) -> str | None:
    """The storage classes that a value of this declared type does not have; None: any will do.

    The rules of affinity are SQLite's (https://sqlite.org/datatype3.html, 3.1). Dates, JSON and
    the like are kept as text in columns of numeric affinity, and are left alone.
    """
    text = type_.upper()
    if "INT" in text:
        return "'text', 'blob', 'real'"
    if any(word in text for word in ("CHAR", "CLOB", "TEXT", "BLOB")):
        return None
    if any(word in text for word in ("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL")):
        return "'text', 'blob'"
    return None

"""Changes of a drawn schema: what people do to their models, one function each."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from .kind import conversions
from .pair import Pair
from .schema import Check, Column, ForeignKey, Index, Schema, Table, Unique
from .schemas import COMMENTS, LABELS, Artist, drawn


@st.composite
def pairs(draw: st.DrawFn, database: str) -> Pair:
    """Draw a schema with rows, and what becomes of it by one to four changes."""
    artist = Artist(draw, database, is_odd=draw(st.integers(0, 3)) == 3)
    drawn(artist)
    artist.remember()
    for _ in range(draw(st.integers(1, 4))):
        artist.one(CHANGES)(artist)
    assert artist.before is not None
    return Pair(artist.before, artist.schema)


Change = Callable[[Artist], None]


def _table(artist: Artist) -> Table:
    return artist.one(artist.schema.tables)


def _column(artist: Artist, table: Table) -> Column | None:
    """A column that stands for itself: no key, no reference, not computed."""
    among = [c for c in table.columns if _is_free(table, c)]
    return artist.one(among) if among else None


def _is_free(table: Table, column: Column) -> bool:
    referring = {uid for key in table.foreign_keys() for uid in key.columns}
    return not column.is_key and column.computed is None and column.uid not in referring


def add_table(artist: Artist) -> None:
    artist.table()


def remove_table(artist: Artist) -> None:
    if len(artist.schema.tables) < 2:
        return
    gone = _table(artist)
    artist.schema.tables.remove(gone)
    for table in artist.schema.tables:
        table.parts = [
            p for p in table.parts if not (isinstance(p, ForeignKey) and p.target == gone.uid)
        ]


def rename_table(artist: Artist) -> None:
    table = _table(artist)
    table.name = artist.table_name()


def add_column(artist: Artist) -> None:
    table = _table(artist)
    table.columns.append(artist.column(table))


def remove_column(artist: Artist) -> None:
    table = _table(artist)
    column = _column(artist, table)
    if column is None:
        return
    gone = {column.uid} | {c.uid for c in table.columns if c.of == column.uid}
    table.columns = [c for c in table.columns if c.uid not in gone]
    table.parts = [p for p in table.parts if not gone & _mentioned(p)]


def _mentioned(part: object) -> set[int]:
    if isinstance(part, Check):
        return {part.column}
    assert isinstance(part, Unique | ForeignKey | Index)
    return {*part.columns, *(part.include if isinstance(part, Index) else ())}


def rename_column(artist: Artist) -> None:
    table = _table(artist)
    artist.one(table.columns).name = artist.column_name(table)


def replace_column(artist: Artist) -> None:
    """Take a column away, and give its name to another one."""
    table = _table(artist)
    gone, heir = _column(artist, table), _column(artist, table)
    if gone is None or heir is None or gone is heir or artist.is_new(table, gone):
        return
    if any(c.of == gone.uid for c in table.columns):
        return
    table.columns.remove(gone)
    table.parts = [p for p in table.parts if gone.uid not in _mentioned(p)]
    heir.name = gone.name


def swap_columns(artist: Artist) -> None:
    table = _table(artist)
    one, other = artist.one(table.columns), artist.one(table.columns)
    one.name, other.name = other.name, one.name


def change_nullability(artist: Artist) -> None:
    table = _table(artist)
    column = _column(artist, table)
    if column is None or (column.nulls and _is_unique(table, column)):
        return
    column.nullable = not column.nullable


def _is_unique(table: Table, column: Column) -> bool:
    return column.is_unique or any(
        column.uid in part.columns
        for part in table.parts
        if isinstance(part, Unique) or (isinstance(part, Index) and part.is_unique)
    )


def change_server_default(artist: Artist) -> None:
    column = _column(artist, _table(artist))
    if column is not None:
        column.server_default = artist.server_default(column) if artist.chance(70) else None


def change_default(artist: Artist) -> None:
    column = _column(artist, _table(artist))
    if column is not None:
        column.default = artist.default(column)


def change_kind(artist: Artist) -> None:
    """Change a type, and what belongs to it; keys change with what refers to them."""
    table = _table(artist)
    column = _column(artist, table)
    if column is None:
        return
    targets = conversions(column.kind, artist.schema.database)
    if not targets or any(column.uid in _mentioned(p) for p in table.parts):
        return
    if any(c.of == column.uid for c in table.columns) or ("sqlite_strict", "True") in table.options:
        return
    column.kind = artist.one(targets).target
    column.default, column.server_default = None, None
    column.is_unique = column.is_indexed = False


def widen_key(artist: Artist) -> None:
    """int → bigint, with every column that refers to it."""
    table = _table(artist)
    key = table.key[0]
    options = {option for option, _ in table.options}
    if key.kind != "integer" or options or any(c.of == key.uid for c in table.columns):
        return
    key.kind = "bigint"
    for other in artist.schema.tables:
        for part in other.foreign_keys():
            if part.target == table.uid:
                other.column(part.columns[0]).kind = "bigint"


def change_convention(artist: Artist) -> None:
    """Name what has no name, or no longer; checks must have names for a convention."""
    schema = artist.schema
    checks = [p for table in schema.tables for p in table.parts if isinstance(p, Check)]
    if schema.has_convention or all(check.name is not None for check in checks):
        schema.has_convention = not schema.has_convention


def extend_key(artist: Artist) -> None:
    """Let a column that is required anyway belong to the primary key."""
    table = _table(artist)
    referred = {k.target for other in artist.schema.tables for k in other.foreign_keys()}
    column = _column(artist, table)
    if column is None or column.kind not in ("integer", "string") or column.nullable:
        return
    if table.uid in referred or table.options or artist.is_new(table, column):
        return
    was = artist.before.table(table.uid) if artist.before is not None else None
    if was is None or was.column(column.uid).nullable:
        return
    if any(c.uid == column.uid and (c.is_unique or c.is_indexed) for c in table.columns):
        return
    column.is_key, column.server_default, column.default = True, None, None
    for key in table.key:
        key.is_identity = False


def add_part(artist: Artist) -> None:
    artist.part(_table(artist))


def remove_part(artist: Artist) -> None:
    table = _table(artist)
    if table.parts:
        table.parts.remove(artist.one(table.parts))


def change_part(artist: Artist) -> None:
    table = _table(artist)
    if not table.parts:
        return
    part = artist.one(table.parts)
    if isinstance(part, ForeignKey):
        part.ondelete = artist.action(table.column(part.columns[0]).nullable)
    elif isinstance(part, Check):
        part.condition = artist.one(("{c} >= 0", "{c} > -1", "{c} < 100000"))
    elif isinstance(part, Index):
        part.columns = part.columns[:1]
        part.template = part.where = None
    elif part.name is not None:
        part.name = artist.part_name("uq")


def rename_part(artist: Artist) -> None:
    table = _table(artist)
    named = [part for part in table.parts if part.name is not None]
    if named:
        artist.one(named).name = artist.part_name("renamed")


def change_flags(artist: Artist) -> None:
    table = _table(artist)
    column = _column(artist, table)
    if column is not None and artist.is_indexable(column):
        column.is_indexed = not column.is_indexed
        may_be_unique = not (column.is_indexed or artist.is_new(table, column))
        column.is_unique = may_be_unique and artist.chance(30) and _has_its_values(artist, column)


def _has_its_values(artist: Artist, column: Column) -> bool:
    """Whether no value was filled in: two of them would be the same."""
    return column.nullable or not column.nulls


def change_enum(artist: Artist) -> None:
    """Add a label anywhere, rename one, or take one away that no row has."""
    if not artist.schema.enums:
        return
    enum = artist.one(artist.schema.enums)
    free = [label for label in LABELS[:6] if label not in {known for _, known in enum.labels}]
    if not free:
        return
    if artist.chance(30) and enum.is_native and artist.is_on("postgresql"):
        position = artist.draw(st.integers(0, len(enum.labels) - 1))
        was = enum.labels[position]
        enum.labels[position] = (was[0], artist.one(free))
        _follow(artist.schema, enum.uid, was[1], enum.labels[position][1])
        return
    position = artist.draw(st.integers(0, len(enum.labels)))
    enum.labels.insert(position, (artist.uid(), artist.one(free)))


def _follow(schema: Schema, enum: int, old: str, new: str) -> None:
    for table in schema.tables:
        for column in table.columns:
            if column.enum != enum:
                continue
            if column.server_default == repr(old):
                column.server_default = repr(new)
            if column.default == (repr(old), old):
                column.default = (repr(new), new)


def change_comment(artist: Artist) -> None:
    if artist.is_on("sqlite"):
        return
    table = _table(artist)
    described: Table | Column = artist.one([table, *table.columns])
    described.comment = artist.one((None, *COMMENTS))


def change_expression(artist: Artist) -> None:
    table = _table(artist)
    computed = [c for c in table.columns if c.computed is not None]
    if computed:
        artist.one(computed).computed = artist.one(("{c} * 3", "{c} + 1", "{c} - 1"))


CHANGES: tuple[Change, ...] = (
    add_column,
    remove_column,
    rename_column,
    change_nullability,
    change_kind,
    add_table,
    remove_table,
    rename_table,
    change_server_default,
    change_default,
    change_flags,
    change_enum,
    add_part,
    remove_part,
    change_part,
    rename_part,
    swap_columns,
    widen_key,
    change_comment,
    change_expression,
    replace_column,
    change_convention,
    extend_key,
)

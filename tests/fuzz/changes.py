"""Changes of a drawn schema: what people do to their models, one function each."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from .kind import KINDS, TEXTS, conversions
from .pair import Pair
from .schema import NUMBERED, Check, Column, EnumType, ForeignKey, Index, Schema, Table, Unique
from .schemas import COMMENTS, LABELS, Artist, drawn

ENUM_NAMES = ("renamed", "Renamed Kind", "it's")


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
    if gone.has_view:
        return  # Somebody's view would have nothing to read from.
    artist.schema.tables.remove(gone)
    for table in artist.schema.tables:
        table.parts = [
            p for p in table.parts if not (isinstance(p, ForeignKey) and p.target == gone.uid)
        ]


def rename_table(artist: Artist) -> None:
    table = _table(artist)
    table.name = artist.table_name()


def swap_tables(artist: Artist) -> None:
    one, other = _table(artist), _table(artist)
    if one.schema == other.schema:
        one.name, other.name = other.name, one.name


def replace_table(artist: Artist) -> None:
    """Take a table away, and give its name to another one."""
    heir = _table(artist)
    if artist.before is None or artist.before.table(heir.uid) is None:
        return  # Nobody could tell it from the one that goes.
    tables = list(artist.schema.tables)
    remove_table(artist)
    gone = next((t for t in tables if t not in artist.schema.tables), None)
    if gone is not None and gone is not heir and gone.schema == heir.schema:
        heir.name = gone.name


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
    """Change a type; what only the old one could have goes away."""
    table = _table(artist)
    column = _column(artist, table)
    if column is None or ("sqlite_strict", "True") in table.options:
        return
    targets = [c.target for c in conversions(column.kind, artist.schema.database)]
    targets = [kind for kind in targets if _may_be(kind, table, column)]
    if targets:
        column.kind = artist.one(targets)
        kind = KINDS[column.kind]
        if column.server_default not in kind.server_defaults or artist.chance(50):
            column.server_default = None
        if column.default not in kind.defaults:
            column.default = None


def _may_be(kind: str, table: Table, column: Column) -> bool:
    """Whether a kind may have all that stands on the column."""
    target = KINDS[kind]
    checks = [p for p in table.parts if isinstance(p, Check) and p.column == column.uid]
    if (checks or any(c.of == column.uid for c in table.columns)) and not target.is_number:
        return False
    indexes = [p for p in table.parts if isinstance(p, Index) and column.uid in _mentioned(p)]
    is_text = kind in TEXTS
    if any(index.template == "lower({c})" for index in indexes) and not is_text:
        return False
    is_key = column.is_unique or column.is_indexed or bool(indexes) or _is_unique(table, column)
    return target.is_key or not is_key


def text_to_enum(artist: Artist) -> None:
    """Let a text have only some values from now on; rows with others are refused."""
    table = _table(artist)
    column = _column(artist, table)
    if column is None or column.kind not in TEXTS or _stands_under(table, column):
        return
    was = KINDS[column.kind].values
    labels = artist.draw(st.lists(st.sampled_from(was), min_size=1, unique=True))
    enum = artist.enum(labels if artist.chance(40) else list(was))
    artist.schema.enums.append(enum)
    column.kind, column.enum = "enum", enum.uid
    column.default = column.server_default = None
    if artist.chance(30):
        column.server_default = artist.server_default(column)


def _stands_under(table: Table, column: Column) -> bool:
    """Whether something else of the table is about the column."""
    is_indexed = column.is_indexed or column.is_unique
    return is_indexed or any(column.uid in _mentioned(part) for part in table.parts)


def enum_to_text(artist: Artist) -> None:
    table = _table(artist)
    columns = [c for c in table.columns if c.kind == "enum" and not c.is_array]
    if not columns or ("sqlite_strict", "True") in table.options:
        return
    column = artist.one(columns)
    column.kind = artist.one(("string", "string200", "text"))
    column.enum = None
    if column.server_default is not None and artist.chance(50):
        column.server_default = None


def enum_to_enum(artist: Artist) -> None:
    """Let a column have another type, which may lack labels of the old one."""
    enums = [e for e in artist.schema.enums if e.is_enforced(artist.schema.database)]
    table = _table(artist)
    columns = [c for c in table.columns if c.enum in {e.uid for e in enums} and not c.is_array]
    if not columns:
        return
    column = artist.one(columns)
    old = artist.schema.enum(column)
    target = artist.enum([label for _, label in old.labels] + ["more"])
    target.is_native, target.is_checked = old.is_native, old.is_checked
    del target.labels[: artist.draw(st.integers(0, 1))]
    artist.schema.enums.append(target)
    column.enum, column.default, column.server_default = target.uid, None, None


def change_key_kind(artist: Artist) -> None:
    """Another type of a key, with every column that refers to it."""
    table = _table(artist)
    key = artist.one(table.key)
    options = {option for option, _ in table.options}
    others = artist.schema.tables
    if options or any(("sqlite_strict", "True") in other.options for other in others):
        return
    if table.has_view and artist.is_on("postgresql"):
        return  # PostgreSQL changes no type that a view has, and this view is nobody's to drop.
    wider = {"integer": "bigint", "string": "string200", "bigint": "integer"}
    if key.kind not in wider or _referring(table, key):
        return
    key.kind = wider[key.kind]
    position = table.key.index(key)
    for other in others:
        for part in other.foreign_keys():
            if part.target == table.uid:
                other.column(part.columns[position]).kind = key.kind


def _referring(table: Table, key: Column) -> bool:
    """Whether a key refers itself: then its type is that of another one."""
    return any(key.uid in part.columns for part in table.foreign_keys())


def change_numbering(artist: Artist) -> None:
    """Who numbers the rows of a table."""
    table = _table(artist)
    options = {option for option, _ in table.options}
    if len(table.key) == 1 and table.key[0].kind in NUMBERED and not options:
        artist.numbering(table.key[0])


def change_options(artist: Artist) -> None:
    table = _table(artist)
    table.options = artist.options(table)


def change_convention(artist: Artist) -> None:
    """Name what has no name, or no longer; checks must have names for a convention."""
    schema = artist.schema
    checks = [p for table in schema.tables for p in table.parts if isinstance(p, Check)]
    if schema.has_convention or all(check.name is not None for check in checks):
        schema.has_convention = not schema.has_convention


def write_otherwise(artist: Artist) -> None:
    """Classes instead of tables, or tables instead of classes: nothing but the source changes."""
    artist.schema.is_classes = not artist.schema.is_classes


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
    for key in table.key:
        key.is_numbered, key.identity = True, None
    column.is_key, column.server_default, column.default = True, None, None


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


def add_label(artist: Artist) -> None:
    enum = _enum(artist)
    free = _free_labels(enum) if enum is not None else []
    if enum is not None and free:
        position = artist.draw(st.integers(0, len(enum.labels)))
        enum.labels.insert(position, (artist.uid(), artist.one(free)))


def rename_label(artist: Artist) -> None:
    enum = _enum(artist)
    free = _free_labels(enum) if enum is not None else []
    if enum is not None and free:
        position = artist.draw(st.integers(0, len(enum.labels) - 1))
        uid, was = enum.labels[position]
        enum.labels[position] = (uid, artist.one(free))
        _follow(artist.schema, enum.uid, was, enum.labels[position][1])


def remove_label(artist: Artist) -> None:
    """Take a label away; rows that have it are refused where the database would."""
    enum = _enum(artist)
    if enum is None or len(enum.labels) < 2 or not enum.is_enforced(artist.schema.database):
        return
    _, gone = enum.labels.pop(artist.draw(st.integers(0, len(enum.labels) - 1)))
    _follow(artist.schema, enum.uid, gone, None)


def reorder_labels(artist: Artist) -> None:
    enum = _enum(artist)
    if enum is not None:
        enum.labels.append(enum.labels.pop(0))


def _enum(artist: Artist) -> EnumType | None:
    """An enum that was there before: what is new has nothing to change from."""
    known = {enum.uid for enum in artist.before.enums} if artist.before else set()
    enums = [enum for enum in artist.schema.enums if enum.uid in known]
    return artist.one(enums) if enums else None


def _free_labels(enum: EnumType) -> list[str]:
    return [label for label in LABELS[:6] if label not in {known for _, known in enum.labels}]


def rename_enum(artist: Artist) -> None:
    enum = _enum(artist)
    if enum is not None and enum.is_native and artist.is_on("postgresql"):
        enum.name = f"{artist.one(ENUM_NAMES)}_{artist.uid()}"


def _follow(schema: Schema, enum: int, old: str, new: str | None) -> None:
    for table in schema.tables:
        for column in table.columns:
            if column.enum != enum:
                continue
            if column.server_default == repr(old):
                column.server_default = repr(new) if new is not None else None
            if column.default == (repr(old), old):
                column.default = (repr(new), new) if new is not None else None


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
    text_to_enum,
    enum_to_text,
    enum_to_enum,
    add_table,
    remove_table,
    rename_table,
    swap_tables,
    replace_table,
    change_server_default,
    change_default,
    change_flags,
    add_label,
    rename_label,
    remove_label,
    reorder_labels,
    rename_enum,
    add_part,
    remove_part,
    change_part,
    rename_part,
    swap_columns,
    change_key_kind,
    change_numbering,
    change_options,
    change_comment,
    change_expression,
    replace_column,
    change_convention,
    write_otherwise,
    extend_key,
)

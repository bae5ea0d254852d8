"""Changes to a CREATE TABLE text of SQLite: each touches only the span that it is about.

Text in, text out; what is not asked for stays byte for byte, comments and spelling included.
All raise `ChangeRefused` for names that are not there and for what would break the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlmodel_migrations.database.sqlite_table import (
    CHECK,
    COLLATE,
    DEFAULT,
    FOREIGN_KEY,
    GENERATED,
    KEYS,
    NOT_NULL,
    NULL,
    PRIMARY_KEY,
    Clause,
    Column,
    Table,
    parse,
    parse_column,
    parse_constraint,
)
from sqlmodel_migrations.database.sqlite_token import (
    Kind,
    Token,
    columns_in,
    fold,
    mentions,
    quote,
    renamed,
    replaced,
    same,
    significant,
    tokenize,
)
from sqlmodel_migrations.errors import ChangeRefused

Edits = Iterator[tuple[int, int, str]]


# Columns


def add_column(sql: str, definition: str) -> str:
    """Add a column behind the others."""
    table, new = parse(sql), parse_column(definition)
    if table.has_column(new.name):
        raise ChangeRefused(
            f"the change is not made: '{table.name.name}' has a column '{new.name}' already"
        )
    return _insert(sql, table.columns[-1].end, _separator(table) + definition)


def drop_column(sql: str, name: str, *, constraints: bool = False) -> str:
    """Drop a column with its own constraints; with `constraints`, those of the table too.

    A CHECK or generated column that uses another column as well is never dropped: refused.
    """
    table = parse(sql)
    column = table.column(name)
    _refuse_users(table, column)
    using = [c for c in table.constraints if _uses(table, c, column.name)]
    if using and not constraints:
        raise ChangeRefused(
            f"the change is not made: a constraint of '{table.name.name}' needs '{column.name}':"
            f" {using[0].text}",
            hint="drop the constraint first",
        )
    if len(table.columns) == 1:
        raise ChangeRefused(
            f"the change is not made: '{column.name}' is the only column of '{table.name.name}'",
            hint="drop the table instead",
        )
    for clause in reversed(using):
        sql = _without(sql, clause, column.name)
    return _remove_item(sql, column.start, column.end)


def rename_column(sql: str, old: str, new: str) -> str:
    """Rename a column wherever its table's text names it: constraints, expressions, itself."""
    table = parse(sql)
    column = table.column(old)
    if not same(old, new) and table.has_column(new):
        raise ChangeRefused(
            f"the change is not made: '{table.name.name}' has a column '{new}' already"
        )
    edits = [(column.token.start, column.token.end, quote(new))]
    for clause in table.clauses:
        edits.extend(_renames(table, clause, column.name, new))
    return replaced(sql, edits)


def set_type(sql: str, name: str, type_: str) -> str:
    """Change the declared type; a `COLLATE` in `type_` becomes the column's collation."""
    new = parse_column(f"x {type_}")
    declared = f"x {type_}"[new.type[0] : new.type[1]]
    table = parse(sql)
    column = table.column(name)
    start, end = column.type
    text = declared if start != end else f" {declared}"
    sql = replaced(sql, [(start, end, text)])
    collation = new.clause(COLLATE)
    return set_collation(sql, name, collation.expression) if collation is not None else sql


def set_nullable(sql: str, name: str, nullable: bool) -> str:
    """Add or remove NOT NULL."""
    column = parse(sql).column(name)
    if nullable:
        return _drop_clauses(sql, column, NOT_NULL)
    if column.clause(NOT_NULL) is not None:
        return sql
    sql = _drop_clauses(sql, column, NULL)
    return _insert(sql, parse(sql).column(name).end, " NOT NULL")


def set_default(sql: str, name: str, default: str | None) -> str:
    """Change the default to the text behind DEFAULT; None removes it."""
    return _set_clause(sql, name, DEFAULT, None if default is None else f"DEFAULT {default}")


def set_collation(sql: str, name: str, collation: str | None) -> str:
    """Change the collation; None removes it."""
    return _set_clause(sql, name, COLLATE, None if collation is None else f"COLLATE {collation}")


def set_generated(sql: str, name: str, generated: str | None) -> str:
    """Change `GENERATED ALWAYS AS (…) STORED`, given as a whole; None makes a plain column."""
    if generated is not None:
        sql = set_default(sql, name, None)
    return _set_clause(sql, name, GENERATED, generated)


def reorder_columns(sql: str, names: Sequence[str]) -> str:
    """Put the columns in this order; `names` are all of them."""
    table = parse(sql)
    wanted = [table.column(name) for name in names]
    if len(wanted) != len(table.columns) or len({c.start for c in wanted}) != len(wanted):
        raise ChangeRefused(
            "the change is not made: a new order of columns must name each column once"
        )
    places = zip(table.columns, wanted, strict=True)
    return replaced(sql, ((old.start, old.end, sql[new.start : new.end]) for old, new in places))


# Constraints


def add_constraint(sql: str, constraint: str) -> str:
    """Add a constraint behind all others."""
    table = parse(sql)
    last = table.constraints[-1].end if table.constraints else table.columns[-1].end
    return _insert(sql, last, _separator(table) + constraint)


def drop_constraint(sql: str, clause: Clause) -> str:
    """Drop one constraint of `parse(sql).clauses`."""
    if clause.column is not None:
        return _remove_spaced(sql, clause.start, clause.end)
    return _remove_item(sql, clause.start, clause.end)


def name_constraint(sql: str, clause: Clause, name: str) -> str:
    """Give a constraint its name, as one of the table where it stood in a column.

    SQLAlchemy sees no names of constraints inside columns. A primary key stays where it is.
    """
    if clause.column is None or clause.kind == PRIMARY_KEY:
        return replaced(sql, [(clause.start, clause.body, f"CONSTRAINT {quote(name)} ")])
    body = clause.text[clause.body - clause.start :]
    sql = drop_constraint(sql, clause)
    return add_constraint(sql, f"CONSTRAINT {quote(name)} {_as_table_constraint(clause, body)}")


def find_constraint(
    table: Table, *, name: str | None = None, kind: str | None = None
) -> Clause | None:
    """Return the constraint of that name; without a name, the one unnamed of that kind.

    Raises `ChangeRefused` where several unnamed ones could be meant.
    """
    of_kind = [c for c in table.clauses if c.kind == kind or (kind is None and c.kind in KEYS)]
    if name is not None:
        return next((c for c in of_kind if c.name is not None and same(c.name, name)), None)
    unnamed = [c for c in of_kind if c.name is None]
    if len(unnamed) > 1:
        raise ChangeRefused(
            f"the change is not made: several constraints of '{table.name.name}' have no name",
            hint="say which one, by a naming_convention that gives each a name",
            details=tuple(c.text for c in unnamed),
        )
    return unnamed[0] if unnamed else None


def find_definition(table: Table, wanted: Clause) -> Clause | None:
    """Return the constraint that says the same, whatever its name and place."""
    return next((c for c in table.clauses if c.definition == wanted.definition), None)


# The table


def set_table_name(sql: str, name: str, schema: str | None = None) -> str:
    """Change the name of what is created, and nothing else: its foreign keys keep the old one."""
    token = parse(sql).name
    text = quote(name) if schema is None else f"{quote(schema)}.{quote(name)}"
    return replaced(sql, [(token.start, token.end, text)])


def set_autoincrement(sql: str, wanted: bool) -> str:
    """Add or remove AUTOINCREMENT; the table has a primary key of one INTEGER column."""
    table = parse(sql)
    key = table.primary_key
    if key is None or table.is_autoincrement == wanted:
        return sql
    if wanted:
        return _insert(sql, key.inner[1] if key.column is None else key.end, " AUTOINCREMENT")
    word = next(t for t in significant(key.text) if t.is_word("AUTOINCREMENT"))
    return _remove_spaced(sql, key.start + word.start, key.start + word.end)


def set_options(sql: str, options: Iterable[str]) -> str:
    """Change what stands behind the columns to these of `WITHOUT ROWID` and `STRICT`."""
    table, wanted = parse(sql), frozenset(options)
    if table.options == wanted:
        return sql
    tail = " " + ", ".join(sorted(wanted, reverse=True)) if wanted else ""
    return sql[: table.closing + 1] + tail


def rename_in_constraint(text: str, old: str, new: str) -> str:
    """Return a constraint, as it stands behind the columns, with the column `old` called `new`."""
    clause = parse_constraint(text)
    if clause.kind == CHECK:
        return replaced(text, [(*clause.inner, renamed(clause.expression, old, new))])
    spots = (token for token in clause.column_tokens if same(token.name, old))
    return replaced(text, ((token.start, token.end, quote(new)) for token in spots))


# Indexes and triggers


def index_columns(sql: str) -> tuple[str, ...]:
    """Return all names in an index's columns, expressions and condition, folded."""
    return tuple(fold(token.name) for token in columns_in(_index_body(sql)[1]))


def rename_in_index(sql: str, old: str, new: str) -> str:
    """Return a CREATE INDEX text with the column `old` called `new`."""
    head, body = _index_body(sql)
    return head + renamed(body, old, new)


def created_name(sql: str) -> Token:
    """Return the name of the index, trigger or view that a CREATE text is about."""
    tokens = [t for t in significant(sql) if not t.is_word(*_BEFORE_NAME)]
    return tokens[2] if len(tokens) > 2 and tokens[1].text == "." else tokens[0]


def in_schema(sql: str, schema: str) -> str:
    """Say in which attached database an index or trigger is created."""
    token = created_name(sql)
    return replaced(sql, [(token.start, token.end, f"{quote(schema)}.{token.text}")])


_BEFORE_NAME = (
    *("CREATE", "TEMP", "TEMPORARY", "UNIQUE", "INDEX", "TRIGGER", "VIEW", "TABLE"),
    *("IF", "NOT", "EXISTS"),
)


def _index_body(sql: str) -> tuple[str, str]:
    opening = next(token for token in tokenize(sql) if token.kind is Kind.OPEN)
    return sql[: opening.start], sql[opening.start :]


# How constraints use columns


def _uses(table: Table, clause: Clause, name: str) -> bool:
    """Whether a constraint or generated column would break without the column `name`."""
    if clause.kind in (CHECK, GENERATED):
        return mentions(clause.expression, name)
    if any(same(column, name) for column in clause.columns):
        return True
    return _is_self_referential(table, clause) and any(
        same(token.name, name) for token in clause.parent_tokens
    )


def _is_self_referential(table: Table, clause: Clause) -> bool:
    return clause.parent is not None and same(clause.parent.name, table.name.name)


def _refuse_users(table: Table, column: Column) -> None:
    """Refuse to drop a column that an expression combines with another one."""
    names = [c.name for c in table.columns if not same(c.name, column.name)]
    for clause in table.clauses:
        is_own = clause.column is not None and same(clause.column, column.name)
        if clause.kind not in (CHECK, GENERATED) or is_own or not _uses(table, clause, column.name):
            continue
        others = [name for name in names if mentions(clause.expression, name)]
        if others or clause.column is not None:
            raise ChangeRefused(
                f"the change is not made: '{column.name}' of '{table.name.name}' is used by"
                f" {clause.text}",
                hint="drop or change that first",
            )


def _without(sql: str, clause: Clause, column: str) -> str:
    """Drop a constraint whose column goes; a primary key of several columns loses the one."""
    others = [token for token in clause.column_tokens if not same(token.name, column)]
    if clause.kind != PRIMARY_KEY or not others:
        return drop_constraint(sql, clause)
    return replaced(sql, [(*clause.inner, ", ".join(token.text for token in others))])


def _renames(table: Table, clause: Clause, old: str, new: str) -> Edits:
    if clause.kind in (CHECK, GENERATED):
        yield (*clause.inner, renamed(clause.expression, old, new))
        return
    own = clause.column_tokens if clause.column is None else ()
    parents = clause.parent_tokens if _is_self_referential(table, clause) else ()
    for token in (*own, *parents):
        if same(token.name, old):
            yield token.start, token.end, quote(new)


def _as_table_constraint(clause: Clause, body: str) -> str:
    columns = ", ".join(token.text for token in clause.column_tokens)
    if clause.kind == FOREIGN_KEY:
        return f"FOREIGN KEY({columns}) {body}"
    if clause.kind == CHECK:
        return body
    word = significant(body)[0]
    return f"{body[: word.end]} ({columns}){body[word.end :]}"


# Spans


def _set_clause(sql: str, name: str, kind: str, text: str | None) -> str:
    column = parse(sql).column(name)
    clause = column.clause(kind)
    if text is None:
        return _drop_clauses(sql, column, kind)
    if clause is None:
        return _insert(sql, column.end, f" {text}")
    return replaced(sql, [(clause.body, clause.end, text)])


def _drop_clauses(sql: str, column: Column, kind: str) -> str:
    return _fold(
        (c for c in reversed(column.clauses) if c.kind == kind),
        lambda text, clause: _remove_spaced(text, clause.start, clause.end),
        sql,
    )


def _fold(clauses: Iterable[Clause], remove: Callable[[str, Clause], str], sql: str) -> str:
    for clause in clauses:
        sql = remove(sql, clause)
    return sql


def _insert(sql: str, place: int, text: str) -> str:
    return sql[:place] + text + sql[place:]


def _remove_spaced(sql: str, start: int, end: int) -> str:
    """Remove a span and the space before it."""
    return sql[:start].rstrip(" \t\n\r\f") + sql[end:]


def _remove_item(sql: str, start: int, end: int) -> str:
    """Remove a span between commas and one of them; comments around it stay.

    SQLite needs no commas between the constraints of a table, so there may be none to remove.
    """
    before, after = significant(sql[:start])[-1], significant(sql[end:])[0]
    if before.kind is Kind.COMMA and after.kind in (Kind.COMMA, Kind.CLOSE):
        return _remove_after(sql, before, start, end)
    if before.kind is Kind.OPEN and after.kind is Kind.COMMA:
        return sql[:start] + sql[end + after.end :].lstrip(" \t\n\r\f")
    return sql[:start] + sql[end:]


def _remove_after(sql: str, comma: Token, start: int, end: int) -> str:
    between = sql[comma.end : start]
    kept = between.rstrip(" \t\n\r\f") if between.strip() else ""
    # A comment that runs to the end of its line must not swallow what follows.
    newline = "\n" if "--" in kept else ""
    return sql[: comma.start] + kept + newline + sql[end:]


def _separator(table: Table) -> str:
    """A comma and the space that stands between the first two parts of this table."""
    before = table.columns[0].start
    opening = max(t.end for t in significant(table.sql[:before]))
    gap = table.sql[opening:before]
    return "," + (gap if gap and not gap.strip() else " ")

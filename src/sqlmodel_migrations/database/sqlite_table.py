"""A CREATE TABLE text of SQLite as its parts, each with its place; `edit` changes them."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel_migrations.database.sqlite_token import (
    Kind,
    Token,
    fold,
    normalized,
    same,
    significant,
)
from sqlmodel_migrations.errors import ChangeRefused

PRIMARY_KEY, UNIQUE, CHECK, FOREIGN_KEY = "primary key", "unique", "check", "foreign key"
NOT_NULL, NULL, DEFAULT, COLLATE, GENERATED = "not null", "null", "default", "collate", "generated"
NOTHING = "nothing"

KEYS = frozenset((PRIMARY_KEY, UNIQUE, CHECK, FOREIGN_KEY))

_TABLE_CLAUSES = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")
_COLUMN_CLAUSES = (
    *("CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE"),
    *("REFERENCES", "GENERATED", "AS"),
)


@dataclass(frozen=True)
class Clause:
    """One constraint of a column or of the table: `sql[start:end]`, its name included.

    From `body` on it is the same without `CONSTRAINT name`. `columns` are the constrained ones,
    as spelled; a CHECK has none. `inner` is the place of an expression, of a list of columns or
    of a default, parentheses left out of the first two. `parent` and `parent_columns` are what a
    foreign key refers to, by their tokens.
    """

    kind: str
    start: int
    body: int
    end: int
    text: str
    name: str | None = None
    column: str | None = None
    columns: tuple[str, ...] = ()
    column_tokens: tuple[Token, ...] = ()
    inner: tuple[int, int] = (0, 0)
    parent: Token | None = None
    parent_tokens: tuple[Token, ...] = ()
    actions: tuple[int, int] = (0, 0)

    @property
    def expression(self) -> str:
        """The text of a CHECK, a default or a generated column."""
        return self.text[self.inner[0] - self.start : self.inner[1] - self.start]

    @property
    def definition(self) -> tuple[object, ...]:
        """What makes two constraints the same, whatever their names, cases and places."""
        columns = tuple(fold(name) for name in self.columns)
        if self.kind == CHECK:
            return (CHECK, normalized(self.expression))
        if self.kind == UNIQUE:
            return (UNIQUE, frozenset(columns))
        if self.parent is not None:
            parents = tuple(fold(token.name) for token in self.parent_tokens)
            return (FOREIGN_KEY, columns, fold(self.parent.name), parents)
        return (self.kind, columns)


@dataclass(frozen=True)
class Column:
    """One column definition: `sql[start:end]`; `type` is its place, empty where it has none."""

    name: str
    token: Token
    start: int
    end: int
    type: tuple[int, int]
    clauses: tuple[Clause, ...]

    def clause(self, *kinds: str) -> Clause | None:
        """Return the first of its clauses of these kinds."""
        return next((clause for clause in self.clauses if clause.kind in kinds), None)


@dataclass(frozen=True)
class Table:
    """A parsed CREATE TABLE text; `options` is the place of all after the closing parenthesis."""

    sql: str
    name: Token
    columns: tuple[Column, ...]
    constraints: tuple[Clause, ...]
    closing: int
    options: frozenset[str]

    def column(self, name: str) -> Column:
        """Return the column called `name`; raises `ChangeRefused` where there is none."""
        for column in self.columns:
            if same(column.name, name):
                return column
        known = ", ".join(f"'{column.name}'" for column in self.columns)
        raise ChangeRefused(
            f"the change is not made: the table '{self.name.name}' has no column '{name}'",
            hint=f"its columns are {known}",
        )

    def has_column(self, name: str) -> bool:
        return any(same(column.name, name) for column in self.columns)

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """All constraints: those of the columns, then the table's own."""
        inline = (clause for column in self.columns for clause in column.clauses)
        return (*inline, *self.constraints)

    @property
    def stored_columns(self) -> tuple[str, ...]:
        """The columns that a row is inserted with: all but the generated ones."""
        return tuple(c.name for c in self.columns if c.clause(GENERATED) is None)

    @property
    def primary_key(self) -> Clause | None:
        return next((clause for clause in self.clauses if clause.kind == PRIMARY_KEY), None)

    @property
    def is_autoincrement(self) -> bool:
        key = self.primary_key
        return key is not None and any(t.is_word("AUTOINCREMENT") for t in significant(key.text))

    @property
    def rowid_alias(self) -> str | None:
        """The INTEGER PRIMARY KEY, which is the rowid itself."""
        key = self.primary_key
        if key is None or len(key.columns) != 1 or "WITHOUT ROWID" in self.options:
            return None
        column = self.column(key.columns[0])
        return column.name if same(self.type_of(column), "INTEGER") else None

    def type_of(self, column: Column) -> str:
        return self.sql[column.type[0] : column.type[1]]


# The same texts are met again and again while a table is changed, compared and proven.
@functools.lru_cache(maxsize=512)
def parse(sql: str) -> Table:
    """Return the parts of a CREATE TABLE text; raises `ChangeRefused` for what is no such text."""
    reader = _Reader(sql, significant(sql))
    if not reader.take("CREATE"):
        raise _not_a_table(sql)
    reader.take("TEMP") or reader.take("TEMPORARY")
    if not reader.take("TABLE"):
        raise _not_a_table(sql)
    reader.take("IF", "NOT", "EXISTS")
    name = reader.next()
    if reader.take_sign("."):
        name = reader.next()
    if not reader.at(Kind.OPEN):
        raise _not_a_table(sql)
    body, closing = reader.group()
    columns, constraints = _items(sql, body)
    return Table(sql, name, columns, constraints, closing.start, _options(reader.rest()))


def parse_column(definition: str) -> Column:
    """Return the parts of one column definition, as it stands in a CREATE TABLE."""
    return _column(definition, significant(definition))


def parse_constraint(text: str) -> Clause:
    """Return the parts of one constraint, as it stands behind the columns."""
    return next(_clauses(_Reader(text, significant(text)), None))


def _not_a_table(sql: str) -> ChangeRefused:
    tokens = significant(sql)
    virtual = len(tokens) > 3 and tokens[1].is_word("VIRTUAL")
    name = tokens[3].name if virtual else " ".join(t.text for t in tokens[:3])
    what = f"'{name}' is a virtual table" if virtual else f"'{name}' is no table"
    return ChangeRefused(
        f"the change is not made: {what}, which SQLite cannot alter",
        hint="drop it and create it again with op.execute()",
    )


def _options(tokens: list[Token]) -> frozenset[str]:
    words = [token.text.upper() for token in tokens]
    without = {"WITHOUT ROWID"} if "WITHOUT" in words else set()
    return frozenset(without | ({"STRICT"} & set(words)))


def _items(sql: str, body: list[Token]) -> tuple[tuple[Column, ...], tuple[Clause, ...]]:
    columns: list[Column] = []
    constraints: list[Clause] = []
    for tokens in _split(body):
        if tokens[0].is_word(*_TABLE_CLAUSES):
            constraints.extend(_clauses(_Reader(sql, tokens), None))
        else:
            columns.append(_column(sql, tokens))
    return tuple(columns), tuple(constraints)


def _split(tokens: list[Token]) -> Iterator[list[Token]]:
    """The tokens between commas that stand in no parentheses."""
    depth, item = 0, list[Token]()
    for token in tokens:
        depth += (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE)
        if token.kind is Kind.COMMA and depth == 0:
            yield item
            item = []
        else:
            item.append(token)
    if item:
        yield item


def _column(sql: str, tokens: list[Token]) -> Column:
    reader = _Reader(sql, tokens)
    name = reader.next()
    type_ = _type(reader, name.end)
    clauses = tuple(_clauses(reader, name))
    return Column(name.name, name, name.start, tokens[-1].end, type_, clauses)


def _type(reader: _Reader, after: int) -> tuple[int, int]:
    start = end = after
    while reader.more and not reader.is_word(*_COLUMN_CLAUSES):
        first = reader.position
        last = reader.group()[1] if reader.at(Kind.OPEN) else reader.next()
        start = first if start == after else start
        end = last.end
    return start, end


def _clauses(reader: _Reader, column: Token | None) -> Iterator[Clause]:
    while reader.more:
        yield _clause(reader, column)


def _clause(reader: _Reader, column: Token | None) -> Clause:
    start, name = reader.position, None
    if reader.take("CONSTRAINT"):
        name = reader.next().name
    body = reader.position if reader.more else reader.last_end
    draft = _Draft((column,) if column is not None else ())
    _read_body(reader, draft)
    end = reader.last_end
    return Clause(
        kind=draft.kind,
        start=start,
        body=body,
        end=end,
        text=reader.sql[start:end],
        name=name,
        column=column.name if column is not None else None,
        columns=tuple(token.name for token in draft.columns),
        column_tokens=draft.columns,
        inner=draft.inner,
        parent=draft.parent,
        parent_tokens=draft.parent_columns,
        actions=draft.actions,
    )


@dataclass
class _Draft:
    """A clause while it is read."""

    columns: tuple[Token, ...]
    kind: str = NOTHING
    inner: tuple[int, int] = (0, 0)
    parent: Token | None = None
    parent_columns: tuple[Token, ...] = ()
    actions: tuple[int, int] = (0, 0)


def _read_body(reader: _Reader, draft: _Draft) -> None:
    """Read one constraint after its name; a name alone is one too, for SQLite."""
    if not reader.more or reader.is_word("CONSTRAINT"):
        return
    word = reader.next().text.upper()
    read = _READERS.get(word)
    if read is not None:
        read(reader, draft)


def _read_primary_key(reader: _Reader, draft: _Draft) -> None:
    draft.kind = PRIMARY_KEY
    reader.take("KEY")
    _read_columns(reader, draft)
    reader.take("ASC") or reader.take("DESC")
    _skip_conflict(reader)
    reader.take("AUTOINCREMENT")


def _read_unique(reader: _Reader, draft: _Draft) -> None:
    draft.kind = UNIQUE
    _read_columns(reader, draft)
    _skip_conflict(reader)


def _read_not(reader: _Reader, draft: _Draft) -> None:
    draft.kind = NOT_NULL
    if not reader.take("NULL"):
        draft.kind = NOTHING
        _skip_deferrable(reader)
    _skip_conflict(reader)


def _read_null(reader: _Reader, draft: _Draft) -> None:
    draft.kind = NULL
    _skip_conflict(reader)


def _read_check(reader: _Reader, draft: _Draft) -> None:
    draft.kind, draft.columns = CHECK, ()
    draft.inner = reader.inside()
    _skip_conflict(reader)


def _read_default(reader: _Reader, draft: _Draft) -> None:
    draft.kind = DEFAULT
    start = reader.position
    reader.take_sign("-") or reader.take_sign("+")
    last = reader.group()[1] if reader.at(Kind.OPEN) else reader.next()
    draft.inner = (start, last.end)


def _read_collate(reader: _Reader, draft: _Draft) -> None:
    draft.kind = COLLATE
    token = reader.next()
    draft.inner = (token.start, token.end)


def _read_generated(reader: _Reader, draft: _Draft) -> None:
    draft.kind = GENERATED
    reader.take("ALWAYS")
    reader.take("AS")
    draft.inner = reader.inside()
    reader.take("STORED") or reader.take("VIRTUAL")


def _read_foreign(reader: _Reader, draft: _Draft) -> None:
    reader.take("KEY")
    _read_columns(reader, draft)
    reader.take("REFERENCES")
    _read_references(reader, draft)


def _read_references(reader: _Reader, draft: _Draft) -> None:
    draft.kind = FOREIGN_KEY
    draft.parent = reader.next()
    if reader.at(Kind.OPEN):
        draft.parent_columns = _first_tokens(reader.group()[0])
    start = reader.last_end
    while reader.is_word("ON", "MATCH") or _is_deferrable(reader):
        _skip_action(reader)
    draft.actions = (start, reader.last_end)


def _skip_action(reader: _Reader) -> None:
    if reader.take("MATCH"):
        reader.next()
    elif reader.take("ON"):
        reader.next()
        reader.take("SET") or reader.take("NO")
        reader.next()
    else:
        reader.take("NOT")
        _skip_deferrable(reader)


def _is_deferrable(reader: _Reader) -> bool:
    return reader.is_word("DEFERRABLE") or (
        reader.is_word("NOT") and reader.is_word("DEFERRABLE", ahead=1)
    )


def _skip_deferrable(reader: _Reader) -> None:
    reader.take("DEFERRABLE")
    if reader.take("INITIALLY"):
        reader.next()


def _skip_conflict(reader: _Reader) -> None:
    if reader.take("ON", "CONFLICT"):
        reader.next()


def _read_columns(reader: _Reader, draft: _Draft) -> None:
    if reader.at(Kind.OPEN):
        draft.inner = (reader.position + 1, reader.position + 1)
        body, closing = reader.group()
        draft.inner = (draft.inner[0], closing.start)
        draft.columns = _first_tokens(body)


def _first_tokens(body: list[Token]) -> tuple[Token, ...]:
    return tuple(item[0] for item in _split(body))


_READERS = {
    "PRIMARY": _read_primary_key,
    "UNIQUE": _read_unique,
    "NOT": _read_not,
    "NULL": _read_null,
    "CHECK": _read_check,
    "DEFAULT": _read_default,
    "COLLATE": _read_collate,
    "GENERATED": _read_generated,
    "AS": _read_generated,
    "REFERENCES": _read_references,
    "FOREIGN": _read_foreign,
}


class _Reader:
    """A list of tokens, read from the left."""

    def __init__(self, sql: str, tokens: list[Token]):
        self.sql = sql
        self._tokens = tokens
        self._next = 0

    @property
    def more(self) -> bool:
        return self._next < len(self._tokens)

    @property
    def position(self) -> int:
        """Where the next token starts; the end of the last one when there is none."""
        return self._tokens[self._next].start if self.more else self.last_end

    @property
    def last_end(self) -> int:
        return self._tokens[self._next - 1].end

    def next(self) -> Token:
        if not self.more:
            raise ChangeRefused(
                f"the change is not made: this definition cannot be read: {self.sql.strip()}"
            )
        self._next += 1
        return self._tokens[self._next - 1]

    def rest(self) -> list[Token]:
        return self._tokens[self._next :]

    def is_word(self, *words: str, ahead: int = 0) -> bool:
        index = self._next + ahead
        return index < len(self._tokens) and self._tokens[index].is_word(*words)

    def at(self, kind: Kind) -> bool:
        return self.more and self._tokens[self._next].kind is kind

    def take(self, *words: str) -> bool:
        """Skip these words where they come next, all or none."""
        found = all(self.is_word(word, ahead=n) for n, word in enumerate(words))
        self._next += len(words) if found else 0
        return found

    def take_sign(self, sign: str) -> bool:
        found = self.more and self._tokens[self._next].text == sign
        self._next += found
        return found

    def group(self) -> tuple[list[Token], Token]:
        """Read a parenthesis; return what is in it and its closing token."""
        depth, first = 0, self._next
        while True:
            token = self.next()
            depth += (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE)
            if depth == 0:
                return self._tokens[first + 1 : self._next - 1], token

    def inside(self) -> tuple[int, int]:
        """Read a parenthesis; return the place of what is in it."""
        start = self.position + 1
        return start, self.group()[1].start

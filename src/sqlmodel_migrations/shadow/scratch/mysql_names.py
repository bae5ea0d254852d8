"""Names of databases on MariaDB and MySQL: a scratch database must never reach another one.

A schema is a database there, beside the real ones on the same server: a revision that says
`CREATE TABLE analytics.event` would change production when it is replayed. So the connections
of a scratch database say another name for every database, and read the old one back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SYSTEM = frozenset({"information_schema", "mysql", "performance_schema", "sys"})

# A string, a quoted identifier, a comment, a word, blanks, or any other character. What stands
# in MySQL's own comments (/*! … */) is run, so they are read on.
_TOKEN = re.compile(
    r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`"""
    r"""|--(?=\s)[^\n]*|\#[^\n]*|/\*(?!!).*?\*/|[\w$]+|\s+|.""",
    re.DOTALL,
)
_NAME = re.compile(r"`(?:[^`]|``)*`|[\w$]+")
_DEFINING = re.compile(
    r"(?:create(?: or replace)?|drop|alter) (?:database|schema)(?: if(?: not)? exists)?|use"
)
_BETWEEN = ("if", "not", "exists")
_LIST = re.compile(r"\s*show\s+(?:schemas|databases)\s*;?\s*", re.IGNORECASE)


class Names:
    """What one scratch database calls others: `original` is the one it stands for.

    `existing` are the databases of the server; those that a statement creates are added.
    """

    def __init__(self, scratch: str, original: str | None, existing: Iterable[str]):
        self.scratch = scratch
        self.created: dict[str, str] = {}
        """By the name that the server has, what a statement called it."""
        self._original = original
        self._sent = {original.casefold(): scratch} if original else {}
        self._read: dict[str, str] = {}
        for name in existing:
            if name.casefold() not in SYSTEM:
                self._number(name)

    def sent(self, sql: str) -> str:
        """Return a statement as the server gets it."""
        if _LIST.fullmatch(sql):
            return self._list()
        tokens = _TOKEN.findall(sql)
        places = [n for n, token in enumerate(tokens) if not _is_skipped(token)]
        words = [tokens[place] for place in places]
        reads_catalog = "information_schema" in sql.lower()
        start = 0
        for position, place in enumerate(places):
            tokens[place] = self._token(words, start, position, reads_catalog)
            if words[position] == ";":
                start = position + 1
        return "".join(tokens)

    def parameters(self, sql: str, values: Any) -> Any:
        """Return the parameters of a statement; only those of a catalog query name databases."""
        if "information_schema" not in sql.lower():
            return values
        if isinstance(values, Mapping):
            return {key: self._value(value) for key, value in values.items()}
        return (
            type(values)(map(self._value, values)) if isinstance(values, list | tuple) else values
        )

    def read(self, value: Any) -> Any:
        """Return what the server said with the names that were asked for."""
        if isinstance(value, bytes):
            return self.read(value.decode()).encode() if self.scratch.encode() in value else value
        if not isinstance(value, str) or self.scratch not in value:
            return value
        for made, name in self._read.items():
            value = value.replace(made, name)
        return value.replace(self.scratch, self._original) if self._original else value

    def _number(self, name: str) -> str:
        made = f"{self.scratch}_{len(self._sent):03}"
        self._read[made] = name
        return self._sent.setdefault(name.casefold(), made)

    def _value(self, value: Any) -> Any:
        return self._sent.get(value.casefold(), value) if isinstance(value, str) else value

    def _token(self, words: Sequence[str], start: int, position: int, reads_catalog: bool) -> str:
        """The word at `position` as the server gets it; its statement begins at `start`."""
        token = words[position]
        if token[0] in "'\"":
            name = token[1:-1]
            known = reads_catalog and name.casefold() in self._sent
            return f"{token[0]}{self._sent[name.casefold()]}{token[0]}" if known else token
        if not _NAME.fullmatch(token):
            return token
        name = token[1:-1].replace("``", "`") if token[0] == "`" else token
        defining = _DEFINING.fullmatch(_before(words, start, position))
        if defining and token.lower() not in _BETWEEN:
            return f"`{self._define(name, defining[0])}`"
        is_database = name.casefold() in self._sent and _names_database(words, start, position)
        return f"`{self._sent[name.casefold()]}`" if is_database else token

    def _define(self, name: str, words: str) -> str:
        made = self._sent.get(name.casefold()) or self._number(name)
        if words.startswith("create"):
            self.created[made] = name
        elif words.startswith("drop"):
            self.created.pop(made, None)
        return made

    def _list(self) -> str:
        names = [self._original or self.scratch, *self.created.values()]
        quoted = (name.replace("\\", "\\\\").replace("'", "''") for name in names)
        return " UNION ".join(f"SELECT '{name}' AS `Database`" for name in quoted)


class NamedCursor:
    """A driver's cursor that sends and reads names as `Names` says."""

    def __init__(self, cursor: Any, names: Names):
        self._cursor, self._names = cursor, names

    def execute(self, sql: str, parameters: Any = None) -> Any:
        return self._cursor.execute(self._names.sent(sql), self._names.parameters(sql, parameters))

    def executemany(self, sql: str, rows: Any) -> Any:
        return self._cursor.executemany(self._names.sent(sql), rows)

    def fetchone(self) -> Any:
        row = self._cursor.fetchone()
        return None if row is None else self._row(row)

    def fetchmany(self, size: int | None = None) -> Any:
        rows = self._cursor.fetchmany() if size is None else self._cursor.fetchmany(size)
        return [self._row(row) for row in rows]

    def fetchall(self) -> Any:
        return [self._row(row) for row in self._cursor.fetchall()]

    def _row(self, row: Sequence[Any]) -> Sequence[Any]:
        return tuple(map(self._names.read, row))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


class NamedConnection:
    """A driver's connection whose cursors are `NamedCursor`s."""

    def __init__(self, connection: Any, names: Names):
        self._named, self._names = connection, names

    def cursor(self, *args: Any, **options: Any) -> NamedCursor:
        return NamedCursor(self._named.cursor(*args, **options), self._names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._named, name)


def _is_skipped(token: str) -> bool:
    return token.isspace() or token.startswith(("--", "#", "/*"))


def _before(words: Sequence[str], start: int, position: int) -> str:
    """The words before a place, of the statement that begins at `start`."""
    return " ".join(words[start:position]).lower() if position - start <= 5 else ""


def _names_database(words: Sequence[str], start: int, position: int) -> bool:
    """Whether a name stands before a dot, or where SHOW names a database."""
    before = words[position - 1].lower() if position else ""
    if before == ".":
        return False
    if words[position + 1 : position + 2] == ["."]:
        return True
    return words[start].lower() == "show" and before in ("from", "in")

"""Statements of SQL: a text taken apart at its top-level semicolons, and read word by word.

A scanner, not a parser: it knows what quotes, dollar quotes, comments and bodies of routines hide,
each as its dialect writes it, and reads the names that stand in a known place.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlmodel_migrations.database.sqlite_token import Kind, Token, fold
from sqlmodel_migrations.database.sqlite_token import tokenize as sqlite_tokens

READS = frozenset(("SELECT", "WITH", "SHOW", "VALUES", "TABLE", "EXPLAIN", "PRAGMA", "DESCRIBE"))
"""The first words of statements whose answer is what they are sent for."""

_REST = r"""
  | (?P<word>    [A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]* )
  | (?P<number>  0[xX][0-9A-Fa-f]+ | (?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)? )
  | (?P<open>    \( )
  | (?P<close>   \) )
  | (?P<comma>   , )
  | (?P<sign>    . )
"""
# https://www.postgresql.org/docs/current/sql-syntax-lexical.html; /* begins a nested comment.
_POSTGRESQL = r"""
    (?P<blank>   \s+ | --[^\n]* )
  | (?P<nested>  /\* )
  | (?P<string>  [eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) | (?:[uU]&|[xXbBnN])?'(?:[^']|'')*(?:'|\Z)
               | (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?:(?P=tag)|\Z) )
  | (?P<quoted>  (?:[uU]&)?"(?:[^"]|"")*(?:"|\Z) )
"""
# https://mariadb.com/kb/en/comment-syntax/: what stands in /*! … */ is run. A text in double quotes
# is a name under ANSI_QUOTES.
_MYSQL = r"""
    (?P<blank>   \s+ | --(?=\s|\Z)[^\n]* | \#[^\n]* | /\*(?!M?!).*?(?:\*/|\Z) )
  | (?P<run>     /\*M?!\d* )
  | (?P<string>  (?:[xXbBnN]|_\w+\s*)?'(?:[^'\\]|\\.|'')*(?:'|\Z) )
  | (?P<quoted>  `(?:[^`]|``)*(?:`|\Z) | "(?:[^"\\]|\\.|"")*(?:"|\Z) )
"""
_PATTERNS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(text + _REST, re.VERBOSE | re.DOTALL)
    for name, text in (("postgresql", _POSTGRESQL), ("mysql", _MYSQL), ("mariadb", _MYSQL))
}
_COMMENT_EDGE = re.compile(r"/\*|\*/")

_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/|;)*(\w+)", re.DOTALL)
_ROUTINES = ("TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE")
_SECRET_WORDS = ("PASSWORD", "IDENTIFIED", "CONNECTION")
_SUSPECT = re.compile(r"passw|identified|connection|://", re.IGNORECASE)
_SECRET_TEXT = re.compile(r"passw(?:or)?d\s*=|://[^/\s:@]*:[^@\s]+@", re.IGNORECASE)


@dataclass(frozen=True)
class Name:
    """A name as the server knows it; `schema` is None where none is written."""

    schema: str | None
    name: str


@dataclass(frozen=True)
class Statement:
    """One statement; `text` has neither the semicolon nor blanks around it.

    It is read no further than it is asked for: an INSERT may be megabytes long.
    """

    text: str
    dialect: str

    @cached_property
    def _stream(self) -> tuple[list[Token], Iterator[Token]]:
        tokens = tokenize(self.text, self.dialect)
        return [], (token for token in tokens if token.kind is not Kind.BLANK)

    @cached_property
    def _words(self) -> list[str]:
        return []

    def token(self, index: int) -> Token | None:
        """Return the token at `index`, blanks and comments not counted; None after the last."""
        read, rest = self._stream
        read.extend(itertools.islice(rest, max(0, index + 1 - len(read))))
        return read[index] if index < len(read) else None

    @property
    def tokens(self) -> Sequence[Token]:
        """All that it consists of, without blanks and comments."""
        read, rest = self._stream
        read.extend(rest)
        return read

    def word(self, index: int) -> str:
        """Return the word at `index` in capitals; empty where something else stands there."""
        words = self._words
        while len(words) <= index:
            token = self.token(len(words))
            if token is None:
                return ""
            words.append(token.text.upper() if token.kind is Kind.WORD else "")
        return words[index]

    @property
    def verb(self) -> str:
        """The first word in capitals; empty where there is none."""
        return self.word(0)

    def has(self, *words: str) -> bool:
        """Whether these words (in capitals) stand side by side, outside quotes and comments."""
        reader = Reader(self)
        while reader.next is not None:
            if reader.take(*words):
                return True
            reader.at += 1
        return False

    @cached_property
    def names(self) -> frozenset[str]:
        """Every word and quoted name in it, in small letters."""
        kinds = (Kind.WORD, Kind.QUOTED)
        return frozenset(fold(token.name) for token in self.tokens if token.kind in kinds)


@dataclass
class Reader:
    """Reads a statement from left to right; what is asked for and is not there is left alone."""

    statement: Statement
    at: int = 0

    @property
    def next(self) -> Token | None:
        """The token that comes next; None at the end."""
        return self.statement.token(self.at)

    def take(self, *words: str) -> bool:
        """Step over these words if they come next, all of them."""
        for offset, word in enumerate(words):
            if self.statement.word(self.at + offset) != word:
                return False
        self.at += len(words)
        return True

    def take_any(self, *words: str) -> str | None:
        """Step over one of these words and return it, in capitals."""
        word = self.statement.word(self.at)
        if word not in words:
            return None
        self.at += 1
        return word

    def skip(self, *words: str) -> None:
        """Step over as many of these words as come next, in any order."""
        while self.take_any(*words):
            pass

    def sign(self, text: str) -> bool:
        """Step over one sign if it comes next."""
        if self.next is None or self.next.text != text:
            return False
        self.at += 1
        return True

    def name(self) -> Name | None:
        """Read `name`, `schema.name` or `catalog.schema.name`."""
        parts: list[str] = []
        while (token := self.next) is not None and token.kind in (Kind.WORD, Kind.QUOTED):
            parts.append(self._known_as(token))
            self.at += 1
            if not self.sign("."):
                break
        if not parts:
            return None
        return Name(parts[-2] if len(parts) > 1 else None, parts[-1])

    def _known_as(self, token: Token) -> str:
        """PostgreSQL keeps a name that was written without quotes in small letters."""
        is_folded = token.kind is Kind.WORD and self.statement.dialect == "postgresql"
        return fold(token.name) if is_folded else token.name

    def names(self) -> tuple[Name, ...]:
        """Read names with commas between them."""
        found: list[Name] = []
        while (name := self.name()) is not None:
            found.append(name)
            if not self.sign(","):
                break
        return tuple(found)

    def seek(self, *words: str) -> bool:
        """Step over everything up to and with one of these words; false where none comes."""
        while (token := self.next) is not None:
            self.at += 1
            if token.is_word(*words):
                return True
        return False


def verb(sql: str) -> str:
    """Return the first word of a text in capitals, whatever its dialect; empty without one."""
    found = _FIRST_WORD.match(sql)
    return found[1].upper() if found else ""


def tokenize(sql: str, dialect: str) -> Iterator[Token]:
    """Return all tokens, blanks included; their texts joined are `sql`.

    A dialect that is not known is read as PostgreSQL's, which is the standard's.
    """
    if dialect == "sqlite":
        yield from sqlite_tokens(sql)
        return
    pattern = _PATTERNS.get(dialect, _PATTERNS["postgresql"])
    at, is_in_comment = 0, False
    while at < len(sql):
        match = pattern.match(sql, at)
        assert match is not None  # its last branch takes any character
        kind, end = str(match.lastgroup), match.end()
        if kind == "nested":
            kind, end = "blank", _end_of_comment(sql, at)
        elif kind == "run":
            kind, is_in_comment = "blank", True
        elif is_in_comment and sql.startswith("*/", at):
            kind, end, is_in_comment = "blank", at + 2, False
        yield Token(Kind(kind), sql[at:end], at, end)
        at = end


def _end_of_comment(sql: str, start: int) -> int:
    """The end of a comment that may hold others; of the text where it is not closed."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)


def split(sql: str, dialect: str) -> tuple[Statement, ...]:
    """Take a text apart at the semicolons that end statements; empty ones are left out."""
    parts = _parts(sql, dialect) if ";" in sql else (sql,)
    found = (Statement(part.strip(), dialect) for part in parts)
    return tuple(statement for statement in found if statement.token(0) is not None)


def _parts(sql: str, dialect: str) -> Iterator[str]:
    start = 0
    for token in tokenize(sql, dialect):
        if token.text == ";" and not _is_in_body(Statement(sql[start : token.start], dialect)):
            yield sql[start : token.start]
            start = token.end
    yield sql[start:]


def _is_in_body(statement: Statement) -> bool:
    """Whether a semicolon at its end is one of a routine's body, which ends nothing outside.

    Bodies of MariaDB and MySQL need no BEGIN: the rest of the text is taken for the routine.
    """
    reader = Reader(statement)
    if reader.take("BEGIN", "NOT", "ATOMIC"):
        return True
    if not _is_routine(reader):
        return False
    return statement.dialect in ("mysql", "mariadb") or _depth(reader) > 0


def _is_routine(reader: Reader) -> bool:
    """Whether CREATE … TRIGGER, PROCEDURE and the like come next; steps over them."""
    if not reader.take("CREATE"):
        return False
    reader.take("OR", "REPLACE")
    skip_definer(reader)
    reader.skip("AGGREGATE", "TEMP", "TEMPORARY", "CONSTRAINT")
    return reader.take_any(*_ROUTINES) is not None


def skip_definer(reader: Reader) -> None:
    """Step over `DEFINER = user@host` of MariaDB and MySQL."""
    if not reader.take("DEFINER"):
        return
    reader.sign("=")
    reader.name()
    if reader.sign("@"):
        reader.name()
    if reader.sign("("):
        reader.sign(")")


def _depth(reader: Reader) -> int:
    """How many BEGIN (with ATOMIC on PostgreSQL) and CASE are not closed by an END."""
    opening = "BEGIN" if reader.statement.dialect == "sqlite" else "ATOMIC"
    depth = 0
    while reader.next is not None:
        if reader.take("END"):
            reader.take("CASE")
            depth -= 1
        elif reader.take_any(opening, "CASE"):
            depth += 1
        else:
            reader.at += 1
    return depth


def without_secrets(sql: str, dialect: str) -> str:
    """Return a text whose strings are '***' where they may be a password.

    These are the strings after PASSWORD, IDENTIFIED or CONNECTION, and those that hold
    `password=…` or a URL with a password.
    """
    if not _SUSPECT.search(sql):
        return sql
    is_secret, parts = False, []
    for token in tokenize(sql, dialect):
        is_secret = is_secret or token.is_word(*_SECRET_WORDS)
        is_text = token.kind is Kind.STRING or token.text.startswith('"')
        hides = is_text and (is_secret or _SECRET_TEXT.search(token.text) is not None)
        parts.append("'***'" if hides else token.text)
    return "".join(parts)


def transaction_control(statement: Statement) -> str | None:
    """Return the words by which a statement begins or ends a transaction; None where it does not.

    A savepoint does neither.
    """
    reader = Reader(statement)
    if reader.take("BEGIN"):
        return None if reader.take("NOT", "ATOMIC") else "BEGIN"
    for words in (("START", "TRANSACTION"), ("PREPARE", "TRANSACTION"), ("XA",)):
        if reader.take(*words):
            return " ".join(words)
    ending = reader.take_any("COMMIT", "ROLLBACK", "END", "ABORT")
    if ending is None or reader.take("PREPARED"):
        return None
    reader.skip("WORK", "TRANSACTION")
    return None if reader.take("TO") else ending

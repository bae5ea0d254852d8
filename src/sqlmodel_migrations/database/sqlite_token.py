"""Tokens of SQLite's SQL, by one regular expression; `sqlite_table` reads them.

SQLite keeps the text of every table, index, trigger and view as it was typed, comments included.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Any character from U+0080 on belongs to a name (https://sqlite.org/draft/tokenreq.html).
_TOKEN = re.compile(
    r"""
    (?P<blank>   [ \t\n\f\r]+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
  | (?P<string>  [xX]?'(?:[^']|'')*' )
  | (?P<quoted>  "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] )
  | (?P<word>    [A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]* )
  | (?P<number>  0[xX][0-9A-Fa-f]+ | (?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)? )
  | (?P<open>    \( )
  | (?P<close>   \) )
  | (?P<comma>   , )
  | (?P<sign>    . )
    """,
    re.VERBOSE | re.DOTALL,
)

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class Kind(enum.StrEnum):
    """What a token is; comments are blank."""

    BLANK = "blank"
    STRING = "string"
    QUOTED = "quoted"
    WORD = "word"
    NUMBER = "number"
    OPEN = "open"
    CLOSE = "close"
    COMMA = "comma"
    SIGN = "sign"


@dataclass(frozen=True)
class Token:
    """One token and its place: `sql[start:end] == text`."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """The name that it spells, without its quotes."""
        return unquote(self.text)

    def is_word(self, *words: str) -> bool:
        """Whether it is one of `words` (upper case), typed without quotes."""
        return self.kind is Kind.WORD and self.text.upper() in words


def tokenize(sql: str) -> Iterator[Token]:
    """Return all tokens, blanks included; their texts joined are `sql`."""
    for match in _TOKEN.finditer(sql):
        yield Token(Kind(str(match.lastgroup)), match[0], match.start(), match.end())


def significant(sql: str) -> list[Token]:
    """Return the tokens that are neither space nor comment."""
    return [token for token in tokenize(sql) if token.kind is not Kind.BLANK]


def fold(name: str) -> str:
    """Return the spelling by which SQLite compares names: only A to Z lose their case."""
    return name.translate(_LOWER)


def same(one: str, other: str) -> bool:
    """Whether two names are one to SQLite."""
    return fold(one) == fold(other)


def quote(name: str) -> str:
    """Return the name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return the text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def unquote(text: str) -> str:
    """Return the name that a token spells; SQLite takes 'x' for a name where it needs one."""
    first, last = text[0], text[-1]
    if first == "[" and last == "]":
        return text[1:-1]
    if first in "\"`'" and last == first and len(text) > 1:
        return text[1:-1].replace(first * 2, first)
    return text


def normalized(sql: str) -> tuple[str, ...]:
    """Return what two spellings of one definition have in common: no case, quotes, comments."""
    return tuple(_normal(token) for token in _without_outer_parentheses(significant(sql)))


def _normal(token: Token) -> str:
    if token.kind in (Kind.WORD, Kind.QUOTED):
        return fold(token.name)
    return token.text


def _without_outer_parentheses(tokens: list[Token]) -> list[Token]:
    while (
        len(tokens) > 1 and tokens[0].kind is Kind.OPEN and _closing(tokens, 0) == len(tokens) - 1
    ):
        tokens = tokens[1:-1]
    return tokens


def _closing(tokens: list[Token], opening: int) -> int:
    """The index of the parenthesis that closes the one at `opening`; the end where none does."""
    depth = 0
    for index in range(opening, len(tokens)):
        depth += (tokens[index].kind is Kind.OPEN) - (tokens[index].kind is Kind.CLOSE)
        if depth == 0:
            return index
    return len(tokens)


def columns_in(sql: str) -> Iterator[Token]:
    """Return the tokens of an expression that may spell a column.

    Functions, qualifiers (`t` in `t.a`), collations and the types of casts are left out.
    """
    tokens = significant(sql)
    for index, token in enumerate(tokens):
        if token.kind in (Kind.WORD, Kind.QUOTED) and not _is_other(tokens, index):
            yield token


def _is_other(tokens: list[Token], index: int) -> bool:
    before = tokens[index - 1] if index else None
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    if after is not None and after.text == ".":
        return True
    if after is not None and after.kind is Kind.OPEN and tokens[index].kind is Kind.WORD:
        return True
    return before is not None and before.is_word("COLLATE", "AS")


def mentions(sql: str, name: str) -> bool:
    """Whether an expression uses the column `name`."""
    return any(same(token.name, name) for token in columns_in(sql))


def renamed(sql: str, old: str, new: str) -> str:
    """Return an expression with the column `old` called `new`."""
    spots = (token for token in columns_in(sql) if same(token.name, old))
    return replaced(sql, ((spot.start, spot.end, quote(new)) for spot in spots))


def replaced(sql: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """Return the text with each span (start, end) replaced; spans do not overlap."""
    for start, end, text in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        sql = sql[:start] + text + sql[end:]
    return sql

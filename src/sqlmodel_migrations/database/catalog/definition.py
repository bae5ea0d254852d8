"""Definitions of checks and indexes taken apart, down to the expressions that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel_migrations.database.catalog.base import Expression

# The servers double quotes in what they print.
TOKEN = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[(),]|[A-Za-z_][A-Za-z_0-9]*|\s+|.""", re.DOTALL
)

_ORDER = re.compile(r"((?:\s+(?:ASC|DESC|NULLS (?:FIRST|LAST)))*)\Z", re.IGNORECASE)


def pairs(kind: Expression, one: str, other: str) -> list[tuple[str, str]] | None:
    """Return the differing expressions of two texts side by side; None where more differs."""
    if kind == "check":
        return _check_pairs(one, other)
    return _index_pairs(one, other) if kind == "index" else [(one, other)]


def _check_pairs(one: str, other: str) -> list[tuple[str, str]] | None:
    first, second = _split(one), _split(other)
    # Where it is not a definition, it is the expression itself.
    if first is None or second is None or first.head != "CHECK":
        return [(one, other)]
    is_same = (first.head, first.tail) == (second.head, second.tail)
    return [(first.inside, second.inside)] if is_same else None


def _index_pairs(one: str, other: str) -> list[tuple[str, str]] | None:
    first, second = _split(one), _split(other)
    if first is None or second is None or first.head != second.head:
        return None
    (rest, predicate), (other_rest, other_predicate) = first.predicate, second.predicate
    keys, other_keys = list(_items(first.inside)), list(_items(second.inside))
    orders = [_order(key) for key in keys]
    if rest != other_rest or orders != [_order(key) for key in other_keys]:
        return None
    if (predicate is None) != (other_predicate is None):
        return None
    found = [(_unordered(a), _unordered(b)) for a, b in zip(keys, other_keys, strict=True)]
    if predicate is not None and other_predicate is not None:
        found.append((predicate, other_predicate))
    return [(a, b) for a, b in found if a != b]


def _order(key: str) -> str:
    found = _ORDER.search(key)
    return found[1].upper() if found else ""


def _unordered(key: str) -> str:
    return _ORDER.sub("", key)


@dataclass(frozen=True)
class _Definition:
    """`head (inside) tail`."""

    head: str
    inside: str
    tail: str

    @property
    def predicate(self) -> tuple[str, str | None]:
        """The tail without its condition, and the condition of a partial index."""
        rest, where, predicate = self.tail.partition("WHERE ")
        return (rest, predicate) if where else (self.tail, None)


def _split(definition: str) -> _Definition | None:
    """Take a definition apart at its first parenthesis; None where it has none."""
    depth, start = 0, 0
    for match in TOKEN.finditer(definition):
        if match[0] == "(" and not start:
            start = match.end()
        depth += (match[0] == "(") - (match[0] == ")")
        if start and depth == 0:
            head, inside = definition[: start - 1].strip(), definition[start : match.start()]
            return _Definition(head, inside, definition[match.end() :].strip())
    return None


def _items(text: str) -> Iterator[str]:
    """The parts between the commas that stand in no parentheses."""
    depth, item = 0, ""
    for token in TOKEN.findall(text):
        depth += (token == "(") - (token == ")")
        if token == "," and depth == 0:
            yield item.strip()
            item = ""
        else:
            item += token
    yield item.strip()

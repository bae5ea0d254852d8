"""CHECK constraints: which columns one mentions, and values that its text suggests.

Nothing is understood here: the database itself is asked which of the suggestions satisfy it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlmodel_migrations.shadow.sample.shape import Family, Shape
from sqlmodel_migrations.shadow.sample.values import Value, array_text, fits

_TOKEN = re.compile(
    r"""(?P<string>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[\w[^\]]*\])
      | (?P<number>(?<![\w.])\d+(?:\.\d+)?)
      | (?P<word>[^\W\d]\w*)""",
    re.VERBOSE,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_USUAL_TEXTS = (
    "user1@example.com",
    "https://example.com/1",
    "abc",
    "ABC",
    "Abc",
    "AB12",
    "a-1",
    "123",
    "00001",
    "+491234567",
    "2024-02-29",
    "#00ff00",
    "10.0.0.1",
    "{}",
    "[]",
    '{"a": 1}',
)


@dataclass(frozen=True)
class Check:
    """A CHECK's expression, and the table's columns that it mentions."""

    text: str
    columns: tuple[str, ...]


def read_check(text: str, names: Collection[str]) -> Check:
    """Return the CHECK with what it mentions of `names`."""
    words = {word.casefold() for word in _words(text)}
    return Check(text, tuple(name for name in names if name.casefold() in words))


def suggestions(checks: Iterable[Check], shape: Shape) -> list[Value]:
    """Return values within `shape` that the texts suggest, without order of merit."""
    texts = [check.text for check in checks]
    strings = [found for text in texts for found in _strings(text)]
    numbers = sorted({found for text in texts for found in _numbers(text)})
    found = [*_from_strings(strings, shape), *_from_numbers(numbers, shape)]
    if shape.family is Family.TEXT or shape.is_text:
        found += _USUAL_TEXTS
    if shape.family is Family.ARRAY:
        found += [array_text([text]) for text in strings]
    return [v for v in dict.fromkeys(found) if fits(v, shape) and _is_readable(v, shape)]


_FORMS = {
    Family.BOOLEAN: r"(?!)",
    Family.DATE: r"\d{4}-\d\d-\d\d",
    Family.DATETIME: r"\d{4}-\d\d-\d\d.*",
    Family.TIME: r"\d\d:\d\d.*",
    Family.UUID: r"[0-9a-fA-F-]{32,36}",
    Family.JSON: r"[\[{\"].*|\d+",
    Family.ARRAY: r"\{.*\}",
    Family.BITS: r"[01]+",
}


def _is_readable(value: Value, shape: Shape) -> bool:
    """Whether the type can read a text at all: one that it cannot fails the whole question."""
    if shape.family is Family.BYTES:
        return isinstance(value, bytes)
    if not isinstance(value, str) or shape.family not in _FORMS:
        return True
    return re.fullmatch(_FORMS[shape.family], value, re.DOTALL) is not None


def _words(text: str) -> Iterator[str]:
    for token in _TOKEN.finditer(text):
        if token["word"]:
            yield token["word"]
        elif quoted := token["quoted"]:
            yield quoted[1:-1].replace('""', '"').replace("``", "`")


def _strings(text: str) -> Iterator[str]:
    for token in _TOKEN.finditer(text):
        if token["string"]:
            yield token["string"][1:-1].replace("''", "'").replace("\\'", "'")


def _numbers(text: str) -> Iterator[Decimal]:
    yield from (Decimal(token["number"]) for token in _TOKEN.finditer(text) if token["number"])
    for string in _strings(text):
        if re.fullmatch(r"-?\d+(\.\d+)?", string):  # PostgreSQL writes '-5'::integer
            yield Decimal(string)


def _from_strings(strings: Iterable[str], shape: Shape) -> Iterator[Value]:
    for string in strings:
        yield from _spellings(string)
        if shape.family in (Family.DATE, Family.DATETIME) and _DAY.match(string):
            yield from _around(string)
        yield from _matching(string)


def _spellings(string: str) -> Iterator[str]:
    yield from (string, string.lower(), string.upper(), string + "a", string + "1")
    if string.startswith("{") and string.endswith("}"):  # PostgreSQL's '{a,b}'::text[]
        yield from (item.strip('" ') for item in string[1:-1].split(","))


def _around(string: str) -> Iterator[str]:
    try:
        day = date.fromisoformat(string[:10])
    except ValueError:
        return
    for days in (-400, -1, 1, 2, 3, 400):
        yield (day + timedelta(days=days)).isoformat()


def _matching(pattern: str) -> Iterator[str]:
    """Texts that a LIKE pattern or a plain regular expression may match."""
    if "%" in pattern or "_" in pattern:
        for part in ("", "x", "1", "xyz"):
            yield pattern.replace("%", part).replace("_", "x")
    if re.search(r"[\[\\^$+*]", pattern):
        yield from (_sample(pattern, number) for number in range(6))


_ATOM = re.compile(
    r"(\[\^?\]?(?:\[:\w+:\]|\\.|[^\]])*\]|\\.|\((?:\?:)?[^()]*\)|.)(\{\d+(?:,\d*)?\}|[*+?])?\??",
    re.DOTALL,
)


def _sample(pattern: str, number: int) -> str:
    body = pattern.removeprefix("^").removesuffix("$").split("|")[0]
    return "".join(_repeated(match[1], match[2], number) for match in _ATOM.finditer(body))


def _repeated(atom: str, times: str | None, number: int) -> str:
    least, most = _bounds(times)
    return _letters(atom, number) * min(max(least, number % 3 if most > least else least), most)


def _bounds(times: str | None) -> tuple[int, int]:
    if times is None:
        return 1, 1
    if times in ("*", "+", "?"):
        return {"*": (0, 9), "+": (1, 9), "?": (0, 1)}[times]
    low, _, high = times[1:-1].partition(",")
    return int(low), int(high) if high else (int(low) + 9 if "," in times else int(low))


def _letters(atom: str, number: int) -> str:
    if atom.startswith("(") and len(atom) > 1:
        options = atom[1:-1].removeprefix("?:").split("|")
        return _sample(options[number % len(options)], number)
    if atom.startswith("\\") and len(atom) == 2:
        return {"d": str(number), "w": "ab1"[number % 3], "s": " "}.get(atom[1], atom[1])
    if atom.startswith("[") and len(atom) > 1:
        return _one_of(atom[1:-1], number)
    return "x" if atom == "." else "" if atom in "^$" else atom


def _one_of(letters: str, number: int) -> str:
    negated, letters = letters.startswith("^"), letters.removeprefix("^")
    for name, part in (
        (":digit:", "0-9"),
        (":alpha:", "a-z"),
        (":alnum:", "a-z0-9"),
        (":upper:", "A-Z"),
        (":lower:", "a-z"),
    ):
        letters = letters.replace(f"[{name}]", part)
    if negated:
        return next((c for c in "xa1-A " if c not in letters), "x")
    first = letters.replace("\\d", "0-9").replace("\\w", "a-z")[:3]
    if len(first) == 3 and first[1] == "-":
        return chr(min(ord(first[0]) + number, ord(first[2])))
    return letters[number % len(letters)] if letters else ""


def _from_numbers(numbers: list[Decimal], shape: Shape) -> Iterator[Value]:
    if shape.family in (Family.INTEGER, Family.ANY, Family.BOOLEAN):
        yield from (int(n) for n in _nearby(numbers))
    elif shape.family is Family.NUMBER:
        scale = 2 if shape.scale is None else shape.scale
        yield from (round(n, scale) for n in _nearby(numbers))
    elif shape.family is Family.TEXT:
        lengths = [int(n) for n in _nearby(numbers) if 0 < n <= 1000]
        yield from (letter * length for length in lengths for letter in "ab1")
        yield from (str(n) for n in _nearby(numbers))
    elif shape.family is Family.BYTES:
        yield from (b"\x01" * int(n) for n in _nearby(numbers) if 0 < n <= 1000)
    elif shape.family in (Family.DATE, Family.DATETIME):
        years = (int(n) for n in _nearby(numbers) if 1000 < n < 9999)
        yield from (f"{year}-06-15" for year in years)


def _nearby(numbers: list[Decimal]) -> Iterator[Decimal]:
    """The numbers, their neighbours, what is between them, and beyond the last."""
    for number in numbers:
        yield from (number, number + 1, number - 1, -number, -number - 1, number + 2)
    for low, high in itertools.pairwise(numbers):
        yield from ((low + high) / 2, low + (high - low) / 4)
    if numbers:
        yield numbers[-1] * 2

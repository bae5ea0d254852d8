"""Values of a shape: a few ordinary ones, and those on which migrations stumble.

The same shape and seed give the same values, all of them different. Dates and the like
are texts; numbers are `int` and `Decimal`, bytes are `bytes`. Neighbour: `shape`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import chain, count, islice
from random import Random
from string import ascii_lowercase

from sqlmodel_migrations.shadow.sample.shape import Family, Shape


@dataclass(frozen=True)
class Default:
    """The server's own value: `sql` is the column's DEFAULT; a generated one is never twice."""

    sql: str
    is_generated: bool = False


Value = bool | int | Decimal | str | bytes | Default | None

_ALPHABET = ascii_lowercase + "0123456789"
_LONGEST = 255


def values_of(shape: Shape, number: int, *, seed: int, is_key: bool, is_plain: bool) -> list[Value]:
    """Return up to `number` different values; `is_key` and `is_plain` leave the odd ones out."""
    if shape.family is Family.UNKNOWN:
        return []
    made = _MAKERS[shape.family](shape, Random(f"{seed}"), is_key or is_plain)
    fitting = (_as_text(v, shape) for v in islice(made, 20 * number))
    return _distinct((v for v in fitting if fits(v, shape)), number)


def same(value: Value) -> object:
    """Return what two values have in common that a unique key takes for equal, on any database.

    Case, accents and trailing spaces do not count in MariaDB's collations.
    """
    if isinstance(value, Default):
        return object() if value.is_generated else value
    if isinstance(value, bytes):
        return value.rstrip(b"\0 ")
    if isinstance(value, Decimal):
        value = f"{value.normalize():f}"
    letters = unicodedata.normalize("NFKD", str(value)).casefold().rstrip()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def fits(value: Value, shape: Shape) -> bool:
    """Whether a value is within the limits of a shape."""
    if shape.family is Family.CHOICE:
        return value in shape.choices
    if shape.family in (Family.INTEGER, Family.NUMBER):
        return _is_number(value, shape) and _is_short(value, shape)
    return _is_short(value, shape)


def _is_short(value: Value, shape: Shape) -> bool:
    if shape.length is None or not isinstance(value, (str, bytes)):
        return True
    return len(value) <= shape.length


def _is_number(value: Value, shape: Shape) -> bool:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return False
    if shape.family is Family.INTEGER and number != number.to_integral_value():
        return False
    low = shape.low is None or number >= shape.low
    return low and (shape.high is None or number <= shape.high)


def _as_text(value: Value, shape: Shape) -> Value:
    if not shape.is_text or not isinstance(value, (int, Decimal, str)):
        return value
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if shape.family is Family.UUID and shape.length is not None and shape.length < 36:
        return text.replace("-", "")
    return text


def _distinct(found: Iterable[Value], number: int) -> list[Value]:
    seen: dict[object, Value] = {}
    for value in found:
        seen.setdefault(same(value), value)
        if len(seen) == number:
            break
    return list(seen.values())


def _text(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    first = random.randrange(len(_ALPHABET))
    length = _LONGEST if shape.length is None else min(shape.length, _LONGEST)
    odd = [] if is_plain else _odd_texts(shape, length)
    random.shuffle(odd)
    for number in count():
        # Different from the first letter on: MariaDB's unique keys may be of a prefix.
        letter = _ALPHABET[(first + number) % len(_ALPHABET)]
        round_ = number // len(_ALPHABET)
        tail = (str(round_) if round_ else "") + " value"
        text = odd[number](letter) if number < len(odd) else (letter + tail)
        yield text[:length]


def _odd_texts(shape: Shape, length: int) -> list[Callable[[str], str]]:
    letters = "" if shape.is_ascii else " ünï 漢"
    return [
        lambda letter: "",
        lambda letter: f'{letter}\'s "a" 100% :b{letters}',
        lambda letter: letter * length,
    ]


def _integer(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    odd = [-7, 0, 42, 1, 12_345]
    if shape.high is not None and shape.high > 2**33:
        odd[-1] = 2**32 + 2
    random.shuffle(odd)
    if not is_plain:
        yield from odd
    start = max(1, int(shape.low or 1))
    yield from range(start, 1 + min(start + 1000, int(shape.high or start + 1000)))
    yield from (0, -1, -2, -3)


def _number(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    scale = min(2 if shape.scale is None else shape.scale, 6)
    odd = ["-3.25", "0", "12345.5", "0.5"]
    random.shuffle(odd)
    plain = (f"{n}.25" for n in range(1, 1000))
    steps = (str(Decimal(n).scaleb(-scale)) for n in range(1, 1000))
    for text in chain([] if is_plain else odd, plain, steps):
        yield round(Decimal(text), scale)


def _boolean(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    first = bool(random.randrange(2))
    yield from (first, not first)


def _bytes(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    length = 16 if shape.length is None else shape.length
    if not is_plain:
        yield from (b"", b"\x00'\xff%"[:length])
    for number in range(1, 256):
        yield bytes([number, *random.randbytes(15)])[:length]


_DAYS = (date(2024, 2, 29), date(1969, 12, 31), date(2026, 6, 15), date(1899, 12, 30))


def _days(shape: Shape, random: Random, is_plain: bool) -> Iterator[date]:
    first, last = int(shape.low or 1), int(shape.high or 9999)
    odd = [day for day in _DAYS if first <= day.year <= last]
    random.shuffle(odd)
    yield from [] if is_plain else odd
    yield from (date(2025, 1, 1) + timedelta(days=31 * n) for n in range(140))


def _date(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    yield from (day.isoformat() for day in _days(shape, random, is_plain))


def _time(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    for number in range(1440):
        minute = (number * 61 + random.randrange(60)) % 1440
        yield f"{minute // 60:02}:{minute % 60:02}:59{_fraction(shape)}{_zone(shape)}"


def _datetime(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    # Noon: no zone of the world skips it.
    for day in _days(shape, random, is_plain):
        yield f"{day.isoformat()} 12:30:59{_fraction(shape)}{_zone(shape)}"


def _fraction(shape: Shape) -> str:
    return ".123456" if shape.has_fraction else ""


def _zone(shape: Shape) -> str:
    return "+02:00" if shape.has_zone else ""


def _interval(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    yield from ([] if is_plain else ["-3 days", "1 year 2 mons 3 days 04:05:06"])
    yield from (f"{n} years" for n in range(1, 1000))


def _uuid(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    while True:
        digits = f"{random.getrandbits(128):032x}"
        # Version 4, variant 1: a strict reader refuses any other.
        digits = f"{digits[:12]}4{digits[13:16]}a{digits[17:]}"
        yield "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _json(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    yield '{"a": 1}'
    if not is_plain:
        yield from ('{"it\'s": ["ü", null, 1.5]}', "[]", "{}")
    yield from (f'{{"a": {n}}}' for n in range(2, 1000))
    yield from ('"text"', "1")


def _choice(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    first = random.randrange(len(shape.choices)) if shape.choices else 0
    yield from shape.choices[first:] + shape.choices[:first]


def _set(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    yield from shape.choices
    yield ",".join(shape.choices)
    yield ""


def _bits(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    length = shape.length or 8
    numbers = range(2 ** min(length, 10))
    yield from (f"{n:0{length}b}" for n in numbers)


def _array(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    assert shape.item is not None
    items = values_of(shape.item, 12, seed=random.randrange(1000), is_key=False, is_plain=is_plain)
    if not items:
        yield "{}"
        return
    yield from (array_text([item]) for item in items[:2])
    yield from ([] if is_plain else ["{}", array_text([items[0], None])])
    yield from (array_text(items[:n]) for n in range(2, len(items)))


def array_text(items: Iterable[Value]) -> str:
    """Return PostgreSQL's text of an array."""
    return "{" + ",".join(_item(item) for item in items) + "}"


def _item(item: Value) -> str:
    if item is None:
        return "NULL"
    text = "\\x" + item.hex() if isinstance(item, bytes) else str(item)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _any(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    yield from _integer(shape, random, is_plain)


def _native(shape: Shape, random: Random, is_plain: bool) -> Iterator[Value]:
    template = NATIVE[shape.native]
    for n in range(1, 200):
        # Dates of their own: ranges that do not overlap satisfy exclusion constraints.
        day, end = (
            date(2020, 1, 1) + timedelta(days=9 * n),
            date(2020, 1, 5) + timedelta(days=9 * n),
        )
        yield template.format(n=n, low=10 * n, high=10 * n + 5, day=day, end=end, x=f"{n:02x}")


NATIVE = {
    "inet": "192.0.2.{n}",
    "inet4": "192.0.2.{n}",
    "inet6": "2001:db8::{n}",
    "cidr": "10.{n}.0.0/16",
    "macaddr": "08:00:2b:01:02:{x}",
    "macaddr8": "08:00:2b:01:02:03:04:{x}",
    "money": "{n}.50",
    "oid": "{n}",
    "regclass": "{n}",
    "regconfig": "simple",
    "hstore": '"k"=>"{n}"',
    "ltree": "top.n{n}",
    "tsvector": "word{n} cat",
    "tsquery": "word{n} & cat",
    "jsonpath": "$.a[{n}]",
    "int4range": "[{low},{high})",
    "int8range": "[{low},{high})",
    "numrange": "[{low}.5,{high}]",
    "daterange": "[{day},{end})",
    "tsrange": "[{day} 12:00,{end} 12:00)",
    "tstzrange": "[{day} 12:00+02,{end} 12:00+02)",
    "int4multirange": "{{[{low},{high})}}",
    "int8multirange": "{{[{low},{high})}}",
    "nummultirange": "{{[{low}.5,{high}]}}",
    "datemultirange": "{{[{day},{end})}}",
    "tsmultirange": "{{[{day} 12:00,{end} 12:00)}}",
    "tstzmultirange": "{{[{day} 12:00+02,{end} 12:00+02)}}",
    "xml": "<a>{n}</a>",
    "point": "({n},1.5)",
    "line": "{{1,2,{n}}}",
    "lseg": "[(0,0),({n},1)]",
    "box": "({high},{high}),({low},{low})",
    "path": "[(0,0),({n},1),(2,2)]",
    "polygon": "((0,0),({n},1),(2,2))",
    "circle": "<({low},0),1>",
    "pg_lsn": "0/{x}",
}

_MAKERS: dict[Family, Callable[[Shape, Random, bool], Iterator[Value]]] = {
    Family.ANY: _any,
    Family.TEXT: _text,
    Family.INTEGER: _integer,
    Family.NUMBER: _number,
    Family.BOOLEAN: _boolean,
    Family.BYTES: _bytes,
    Family.DATE: _date,
    Family.TIME: _time,
    Family.DATETIME: _datetime,
    Family.INTERVAL: _interval,
    Family.UUID: _uuid,
    Family.JSON: _json,
    Family.CHOICE: _choice,
    Family.SET: _set,
    Family.BITS: _bits,
    Family.ARRAY: _array,
    Family.NATIVE: _native,
}

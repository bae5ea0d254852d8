"""Kinds of columns: a type as source, values that rows have in it, and what may stand beside it."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

DATABASES = ("sqlite", "postgresql", "mariadb")

_DAY = datetime.date(2024, 2, 29)
_NOON = datetime.datetime(2024, 2, 29, 12, 30, 15)
_UTC = datetime.UTC


@dataclass(frozen=True)
class Kind:
    """One type. `values` differ from each other, on every collation; they fit narrower kinds too.

    `fills` are SQL literals with the value that they give; `server_defaults` and `defaults` are
    Python sources. `is_key` kinds may be keys and have unique constraints and indexes.
    """

    name: str
    source: str
    values: tuple[Any, ...]
    fills: tuple[tuple[str, Any], ...] = ()
    server_defaults: tuple[str, ...] = ()
    defaults: tuple[tuple[str, Any], ...] = ()
    is_key: bool = False
    is_number: bool = False
    databases: tuple[str, ...] = DATABASES


_NUMBER_FILLS = (("5", 5), ("9", 9))
_NUMBER_DEFAULTS = ("'0'", "sa.text('7')", "sa.text('(1 + 2)')")
_TEXTS = ("anna", "it's", "100% %s", "x:y :z", "ünïcode", 'say "hi"')
_TEXT_FILLS = (("'none'", "none"), ("'it''s'", "it's"), ("'100% :x'", "100% :x"))
_TEXT_DEFAULTS = ("'plain'", '"it\'s"', "'100%'", "'a:b :c'", "sa.text(\"'quoted'\")", "''")
_TEXT_PYTHON = (("'unknown'", "unknown"), ('"it\'s"', "it's"), ("'50% :x'", "50% :x"))


def _integer(name: str, source: str, **more: Any) -> Kind:
    return Kind(
        name,
        source,
        (1, 2, 3, 7, 100, 0),
        _NUMBER_FILLS,
        _NUMBER_DEFAULTS,
        (("4", 4), ("lambda: 6", 6)),
        is_key=True,
        is_number=True,
        **more,
    )


def _text(name: str, source: str, *, values: tuple[str, ...] = _TEXTS, **more: Any) -> Kind:
    if values is not _TEXTS:
        return Kind(name, source, values, (("'none'", "none"),), ("'plain'",), **more)
    return Kind(name, source, _TEXTS, _TEXT_FILLS, _TEXT_DEFAULTS, _TEXT_PYTHON, **more)


def _decimals(*texts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, texts))


_AMOUNTS = _decimals("1.5", "2.25", "0", "99.75", "12.5")


def _numeric(name: str, source: str, *, values: tuple[Decimal, ...] = _AMOUNTS) -> Kind:
    return Kind(
        name,
        source,
        values,
        (("5", Decimal(5)), ("2.50", Decimal("2.5"))),
        ("'0'", "sa.text('1.25')", "'1.50'"),
        (("Decimal('3.50')", Decimal("3.5")),),
        is_number=True,
    )


def _times(*zone: datetime.tzinfo) -> tuple[datetime.datetime, ...]:
    return tuple(
        (_NOON + datetime.timedelta(days=n, minutes=n)).replace(tzinfo=zone[0] if zone else None)
        for n in range(5)
    )


_KINDS = (
    _integer("integer", "sa.Integer()"),
    _text("string", "sa.String(50)", is_key=True),
    Kind(
        "boolean",
        "sa.Boolean()",
        (True, False),
        (("true", True), ("false", False)),
        ("sa.true()", "sa.false()", "sa.text('true')", "'1'"),
        (("True", True), ("False", False)),
    ),
    _text("text", "sa.Text()"),
    _integer("bigint", "sa.BigInteger()"),
    _integer("smallint", "sa.SmallInteger()"),
    _text("string200", "sa.String(200)", is_key=True),
    _text("unlimited", "sa.String()", is_key=True, databases=("sqlite", "postgresql")),
    _text("short", "sa.String(5)", values=("anna", "it's", "%s", "x:y"), is_key=True),
    Kind("digits", "sa.String(20)", ("1", "22", "-3", "4 x", "0"), (("'5'", "5"),), is_key=True),
    Kind(
        "huge",
        "sa.BigInteger()",
        (1, 2**40, -7, 40_000, 200),
        _NUMBER_FILLS,
        _NUMBER_DEFAULTS,
        is_key=True,
        is_number=True,
    ),
    Kind(
        "float",
        "sa.Float()",
        (0.5, 1.25, 0.0, 100.0, 7.5),
        (("2.5", 2.5),),
        ("'0'", "sa.text('1.5')"),
        (("2.5", 2.5),),
        is_number=True,
    ),
    _numeric("numeric", "sa.Numeric(10, 2)"),
    _numeric("numeric14", "sa.Numeric(14, 4)"),
    _numeric("tenths", "sa.Numeric(3, 1)", values=_decimals("1.5", "2.5", "0", "99.5")),
    Kind(
        "date",
        "sa.Date()",
        tuple(_DAY + datetime.timedelta(days=n) for n in range(5)),
        (("'2020-01-31'", datetime.date(2020, 1, 31)),),
        ("'2021-12-24'",),
        (("datetime.date(2022, 3, 4)", datetime.date(2022, 3, 4)),),
        is_key=True,
    ),
    Kind(
        "datetime",
        "sa.DateTime()",
        _times(),
        (),
        ("sa.func.now()", "sa.text('CURRENT_TIMESTAMP')"),
        (("datetime.datetime(2022, 3, 4, 5, 6)", datetime.datetime(2022, 3, 4, 5, 6)),),
        is_key=True,
    ),
    Kind(
        "aware",
        "sa.DateTime(timezone=True)",
        _times(_UTC),
        (),
        ("sa.func.now()",),
        (("lambda: datetime.datetime(2022, 3, 4, tzinfo=datetime.UTC)", None),),
    ),
    Kind(
        "time",
        "sa.Time()",
        tuple(datetime.time(n, 30, 15) for n in range(5)),
        (),
        (),
        (("datetime.time(1, 2, 3)", datetime.time(1, 2, 3)),),
    ),
    Kind(
        "uuid",
        "sa.Uuid()",
        tuple(uuid.UUID(int=2**100 + n) for n in range(5)),
        (),
        (),
        (("uuid.uuid4", None), ("uuid.UUID(int=77)", uuid.UUID(int=77))),
        is_key=True,
    ),
    Kind(
        "bytes",
        "sa.LargeBinary()",
        (b"\x00\xff", b"plain", b"it's", b"", b"%s"),
        (),
        (),
        (("b'\\x00x'", b"\x00x"),),
    ),
    Kind(
        "json",
        "sa.JSON()",
        ({"a": [1, None]}, [], "it's", {"k:v": "100%"}, 5),
        (("'[]'", []),),
        ("'{}'", "sa.text(\"'[]'\")"),
        (("dict", {}), ("{'a': 1}", {"a": 1}), ("list", [])),
    ),
    Kind(
        "jsonb",
        "postgresql.JSONB()",
        ({"a": [1, None]}, [], "it's", {"k:v": "100%"}, 5),
        (("'[]'", []),),
        ("'{}'", "sa.text(\"'[]'::jsonb\")"),
        (("dict", {}),),
        databases=("postgresql",),
    ),
    Kind(
        "integers",
        "postgresql.ARRAY(sa.Integer())",
        ([1, 2], [], [3], [4, 5, 6]),
        (("'{1}'", [1]), ("ARRAY[1, 2]", [1, 2])),
        ("'{}'",),
        (("list", []),),
        databases=("postgresql",),
    ),
    Kind(
        "texts",
        "postgresql.ARRAY(sa.Text())",
        (["a", "it's"], [], ["100%"], [":x"]),
        (("'{a}'", ["a"]),),
        ("'{}'",),
        databases=("postgresql",),
    ),
    Kind(
        "interval",
        "sa.Interval()",
        tuple(datetime.timedelta(hours=n) for n in range(5)),
        databases=("postgresql",),
    ),
    _integer("unsigned", "mysql.INTEGER(unsigned=True)", databases=("mariadb",)),
    _integer("tinyint", "mysql.TINYINT(4)", databases=("mariadb",)),
    _text("longtext", "mysql.LONGTEXT()", databases=("mariadb",)),
    Kind(
        "precise",
        "mysql.DATETIME(fsp=6)",
        _times(),
        (),
        ("sa.text('CURRENT_TIMESTAMP(6)')",),
        databases=("mariadb",),
    ),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}


def kinds_of(database: str) -> tuple[Kind, ...]:
    """Return the kinds that a database has."""
    return tuple(kind for kind in KINDS.values() if database in kind.databases)


def _any(_: Any) -> bool:
    return True


@dataclass(frozen=True)
class Conversion:
    """A change of kind; `convert` gives the new value of an old one that `fits`.

    Rows with a value that does not fit are refused. `using` and `using_down` are what a person
    answers, where somebody has to; `{c}` is the column.
    """

    source: str
    target: str
    convert: Callable[[Any], Any]
    using: str | None = None
    using_down: str | None = None
    databases: tuple[str, ...] = DATABASES
    fits: Callable[[Any], bool] = _any


SERVERS = ("postgresql", "mariadb")


def _same(value: Any) -> Any:
    return value


def _midnight(value: datetime.date) -> datetime.datetime:
    return datetime.datetime(value.year, value.month, value.day)


def _aware(value: datetime.datetime) -> datetime.datetime:
    return value.replace(tzinfo=_UTC)


def _is_short(value: str) -> bool:
    return len(value) <= 5


def _is_integer(value: Any) -> bool:
    return value == int(value) and abs(value) < 2**31


def _is_smallint(value: int) -> bool:
    return abs(value) < 2**15


def _is_tinyint(value: int) -> bool:
    return abs(value) < 2**7


def _is_tenth(value: Decimal) -> bool:
    return abs(value) < 100 and value == round(value, 1)


def _is_digits(value: str) -> bool:
    return value.strip().removeprefix("-").isdigit()


_PAIRS = (
    ("integer", "bigint"),
    ("smallint", "integer"),
    ("smallint", "bigint"),
    ("string", "string200"),
    ("string", "text"),
    ("string200", "text"),
    ("string", "unlimited"),
    ("unlimited", "text"),
    ("numeric", "numeric14"),
    ("integer", "unsigned"),
    ("tinyint", "integer"),
    ("text", "longtext"),
    ("datetime", "precise"),
    ("json", "jsonb"),
)
_SAME = (
    *(Conversion(a, b, _same) for a, b in _PAIRS),
    *(Conversion(b, a, _same) for a, b in _PAIRS),
)
CONVERSIONS = (
    *_SAME,
    Conversion("integer", "string", str),
    Conversion("integer", "text", str),
    Conversion("integer", "numeric", Decimal),
    Conversion("boolean", "integer", int),
    Conversion("date", "datetime", _midnight, None, "CAST({c} AS date)", SERVERS),
    Conversion("datetime", "aware", _aware, "{c} AT TIME ZONE 'UTC'", databases=("postgresql",)),
    Conversion("short", "text", _same),
    Conversion("string", "short", _same, fits=_is_short, databases=SERVERS),
    Conversion("text", "short", _same, fits=_is_short, databases=SERVERS),
    Conversion("huge", "integer", int, fits=_is_integer, databases=SERVERS),
    Conversion("huge", "smallint", int, fits=_is_smallint, databases=SERVERS),
    Conversion("huge", "tinyint", int, fits=_is_tinyint, databases=("mariadb",)),
    Conversion("numeric", "integer", int, fits=_is_integer),
    Conversion("numeric", "tenths", _same, fits=_is_tenth, databases=SERVERS),
    Conversion("tenths", "numeric14", _same),
    Conversion("digits", "integer", int, fits=_is_digits),
    Conversion("digits", "bigint", int, fits=_is_digits),
)
TEXTS = ("string", "string200", "text", "unlimited", "short")
"""The kinds that become an enum, and back: not more than it takes to hold every label."""


def conversions(kind: str, database: str) -> tuple[Conversion, ...]:
    """Return the changes of a kind that a database has both ends of."""
    return tuple(
        c
        for c in CONVERSIONS
        if c.source == kind
        and database in c.databases
        and all(database in KINDS[end].databases for end in (c.source, c.target))
    )


def conversion(source: str, target: str) -> Conversion:
    """Return the change from one kind to another; enums become texts and back as they are."""
    if "enum" in (source, target):
        return Conversion(source, target, _same)
    return next(c for c in CONVERSIONS if (c.source, c.target) == (source, target))

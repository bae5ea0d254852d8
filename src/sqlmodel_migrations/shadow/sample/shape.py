"""Shapes: which values a column's type can hold, read from SQLAlchemy's type and no driver.

`values` makes values of a shape; `meet` is the shape that two sides of a change share.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


class Family(enum.StrEnum):
    """What values are made of; NATIVE is written as text that only this type's parser reads."""

    ANY = "any"
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    BYTES = "bytes"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    INTERVAL = "interval"
    UUID = "uuid"
    JSON = "json"
    CHOICE = "choice"
    SET = "set"
    BITS = "bits"
    ARRAY = "array"
    NATIVE = "native"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Shape:
    """The values of one column: a family and its limits, None where there is none.

    `low` and `high` are inclusive; `scale` are digits after the point; `length` counts characters,
    bytes or bits. `is_text` says that the column holds them as text, whatever the family.
    """

    family: Family
    low: Decimal | None = None
    high: Decimal | None = None
    scale: int | None = None
    length: int | None = None
    choices: tuple[str, ...] = ()
    item: Shape | None = None
    native: str = ""
    has_zone: bool = False
    has_fraction: bool = True
    is_fixed: bool = False
    is_ascii: bool = False
    is_text: bool = False


UNKNOWN = Shape(Family.UNKNOWN)
TEXT = Shape(Family.TEXT)


def shape_of(type_: TypeEngine[Any], dialect: Dialect) -> Shape:
    """Return the shape of a reflected type or of a model's; UNKNOWN where it is not known."""
    plain = _plain(type_, dialect)
    name = plain.__visit_name__.upper()
    if dialect.name == "sqlite" and _is_typeless(plain, name):
        return Shape(Family.ANY)
    if shape := _INTEGERS.get(name):
        return _integer(plain, *shape)
    if make := _SHAPES.get(name):
        return make(plain, dialect)
    return Shape(Family.NATIVE, native=name.lower()) if name in NATIVE_TYPES else UNKNOWN


def shape_of_name(native: str) -> Shape:
    """Return the shape of a type that SQLAlchemy does not know, by the server's name for it."""
    name = native.rsplit(".", 1)[-1].lower()
    return Shape(Family.NATIVE, native=name) if name.upper() in NATIVE_TYPES else UNKNOWN


def limits_of(native: str, family: Family) -> Shape:
    """Return the limits that stand in a type's own spelling: `character varying(6)`."""
    found = re.search(r"\((\d+)(?:,(\d+))?\)", native)
    if found and family is Family.TEXT:
        return Shape(family, length=int(found[1]))
    if found and family is Family.NUMBER:
        scale = int(found[2] or 0)
        top = (Decimal(10) ** int(found[1]) - 1).scaleb(-scale)
        return Shape(family, low=-top, high=top, scale=scale)
    return Shape(family)


def meet(present: Shape, future: Shape) -> Shape:
    """Return what both sides can hold: a text column that will be a date holds dates as text."""
    if future.family in (Family.UNKNOWN, Family.ANY):
        return present
    if present.family is Family.ANY:
        return replace(future, is_text=future.is_text and future.family is not Family.TEXT)
    if present.family is future.family:
        return _tightened(present, future)
    if present.family is Family.TEXT:
        return replace(future, length=_least(present.length, future.length), is_text=True)
    return _across(present, future)


def _across(present: Shape, future: Shape) -> Shape:
    numbers = (Family.INTEGER, Family.NUMBER)
    if present.family in numbers and future.family in numbers:
        return _tightened(present, replace(future, scale=future.scale or 0))
    if present.family in numbers and future.family is Family.BOOLEAN:
        return replace(present, low=Decimal(0), high=Decimal(1))
    if present.family is Family.CHOICE and future.length is not None:
        short = tuple(c for c in present.choices if len(c) <= future.length)
        return replace(present, choices=short or present.choices)
    return present


def _tightened(present: Shape, future: Shape) -> Shape:
    kept = tuple(c for c in present.choices if c in future.choices)
    return replace(
        present,
        low=max((v for v in (present.low, future.low) if v is not None), default=None),
        high=_least(present.high, future.high),
        scale=_least(present.scale, future.scale),
        length=_least(present.length, future.length),
        choices=kept or present.choices,
        item=meet(present.item, future.item) if present.item and future.item else present.item,
        has_fraction=present.has_fraction and future.has_fraction,
    )


def _least(one: Any, other: Any) -> Any:
    return min((v for v in (one, other) if v is not None), default=None)


def _plain(type_: TypeEngine[Any], dialect: Dialect) -> Any:
    """The type that the database sees, below decorators and variants."""
    variant = type_._variant_mapping.get(dialect.name, type_)
    if not isinstance(variant, TypeDecorator):
        return variant
    return _plain(variant.load_dialect_impl(dialect), dialect)


def _is_typeless(plain: Any, name: str) -> bool:
    # SQLAlchemy calls every name that it does not know, of NUMERIC affinity, NUMERIC.
    return name == "NULL" or (name == "NUMERIC" and plain.precision is None)


def _integer(plain: Any, bits: int, high: int | None = None) -> Shape:
    if getattr(plain, "unsigned", False):
        return Shape(Family.INTEGER, low=Decimal(0), high=Decimal(2**bits - 1), scale=0)
    if getattr(plain, "display_width", None) == 1 and bits == 8:  # MariaDB's BOOLEAN
        return Shape(Family.INTEGER, low=Decimal(0), high=Decimal(1), scale=0)
    top = 2 ** (bits - 1)
    return Shape(Family.INTEGER, low=Decimal(-top), high=Decimal(top - 1), scale=0)


_INTEGERS = {
    "TINYINT": (8,),
    "SMALLINT": (16,),
    "SMALL_INTEGER": (16,),
    "MEDIUMINT": (24,),
    "INTEGER": (32,),
    "BIGINT": (64,),
    "BIG_INTEGER": (64,),
}


def _number(plain: Any, dialect: Dialect) -> Shape:
    precision, scale = plain.precision, plain.scale
    if precision is None:
        return Shape(Family.NUMBER, scale=scale)
    scale = scale or 0
    top = (Decimal(10) ** precision - 1).scaleb(-scale)
    low = Decimal(0) if getattr(plain, "unsigned", False) else -top
    return Shape(Family.NUMBER, low=low, high=top, scale=scale)


def _float(plain: Any, dialect: Dialect) -> Shape:
    low = Decimal(0) if getattr(plain, "unsigned", False) else None
    return Shape(Family.NUMBER, low=low, scale=None)


def _text(plain: Any, dialect: Dialect) -> Shape:
    charset = getattr(plain, "charset", None) or "utf8"
    return Shape(Family.TEXT, length=plain.length, is_ascii=not charset.startswith("utf"))


def _bytes(plain: Any, dialect: Dialect) -> Shape:
    return Shape(Family.BYTES, length=getattr(plain, "length", None))


def _moment(family: Family) -> Callable[[Any, Dialect], Shape]:
    def shape(plain: Any, dialect: Dialect) -> Shape:
        has_zone = bool(getattr(plain, "timezone", False)) and dialect.name == "postgresql"
        # MariaDB's types without digits for fractions drop them.
        has_fraction = getattr(plain, "fsp", 6) is not None
        # MariaDB's TIMESTAMP is of the years 1970 to 2038 only.
        narrow = dialect.name in ("mysql", "mariadb") and plain.__visit_name__ == "TIMESTAMP"
        return Shape(
            family,
            has_zone=has_zone,
            has_fraction=has_fraction,
            low=Decimal(1971) if narrow else None,
            high=Decimal(2037) if narrow else None,
        )

    return shape


def _choice(plain: Any, dialect: Dialect) -> Shape:
    return Shape(Family.CHOICE, choices=tuple(plain.enums))


def _set(plain: Any, dialect: Dialect) -> Shape:
    return Shape(Family.SET, choices=tuple(plain.values))


def _bits(plain: Any, dialect: Dialect) -> Shape:
    length = plain.length or 1
    if not hasattr(plain, "varying"):  # MariaDB's BIT is a number
        return Shape(Family.INTEGER, low=Decimal(0), high=Decimal(2**length - 1), scale=0)
    return Shape(
        Family.BITS, length=plain.length if plain.varying else length, is_fixed=not plain.varying
    )


def _array(plain: Any, dialect: Dialect) -> Shape:
    # The CHECKs of a domain are not known of an array's items: such an array is empty.
    is_domain = plain.item_type.__visit_name__ == "DOMAIN"
    return Shape(Family.ARRAY, item=UNKNOWN if is_domain else shape_of(plain.item_type, dialect))


def _domain(plain: Any, dialect: Dialect) -> Shape:
    return shape_of(plain.data_type, dialect)


def _year(plain: Any, dialect: Dialect) -> Shape:
    return Shape(Family.INTEGER, low=Decimal(1901), high=Decimal(2155), scale=0)


def _simple(family: Family) -> Callable[[Any, Dialect], Shape]:
    return lambda plain, dialect: Shape(family)


_TEXTS = (
    *("STRING", "TEXT", "UNICODE", "UNICODE_TEXT", "VARCHAR", "CHAR", "NVARCHAR", "NCHAR"),
    *("CLOB", "CITEXT", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT"),
)
_BYTES = (
    *("LARGE_BINARY", "BINARY", "VARBINARY", "BYTEA"),
    *("BLOB", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB"),
)
_SHAPES: dict[str, Callable[[Any, Dialect], Shape]] = {
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_BYTES, _bytes),
    **dict.fromkeys(("NUMERIC", "DECIMAL"), _number),
    **dict.fromkeys(("FLOAT", "REAL", "DOUBLE", "DOUBLE_PRECISION"), _float),
    **dict.fromkeys(("DATETIME", "TIMESTAMP"), _moment(Family.DATETIME)),
    **dict.fromkeys(("JSON", "JSONB"), _simple(Family.JSON)),
    "TIME": _moment(Family.TIME),
    "DATE": _simple(Family.DATE),
    "BOOLEAN": _simple(Family.BOOLEAN),
    "INTERVAL": _simple(Family.INTERVAL),
    "UUID": _simple(Family.UUID),
    "ENUM": _choice,
    "SET": _set,
    "BIT": _bits,
    "ARRAY": _array,
    "DOMAIN": _domain,
    "YEAR": _year,
}

NATIVE_TYPES = frozenset(
    (
        *(
            "INET",
            "CIDR",
            "MACADDR",
            "MACADDR8",
            "MONEY",
            "OID",
            "REGCLASS",
            "REGCONFIG",
            "HSTORE",
            "TSVECTOR",
            "TSQUERY",
            "JSONPATH",
        ),
        *("INT4RANGE", "INT8RANGE", "NUMRANGE", "DATERANGE", "TSRANGE", "TSTZRANGE"),
        *("INT4MULTIRANGE", "INT8MULTIRANGE", "NUMMULTIRANGE", "DATEMULTIRANGE", "TSMULTIRANGE"),
        *(
            "TSTZMULTIRANGE",
            "INET4",
            "INET6",
            "XML",
            "POINT",
            "LINE",
            "LSEG",
            "BOX",
            "PATH",
            "POLYGON",
            "CIRCLE",
            "PG_LSN",
            "LTREE",
        ),
    )
)

"""A type as a server spells it, taken apart as far as conversions need it."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """What values mean, whatever the server calls their type."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    BINARY = "binary"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    INTERVAL = "interval"
    UUID = "uuid"
    JSON = "json"
    ENUM = "enum"
    OTHER = "other"


_INTEGERS = frozenset(("tinyint", "smallint", "mediumint", "int", "integer", "bigint"))
_DECIMALS = frozenset(("numeric", "decimal"))
_NUMBERS = _INTEGERS | _DECIMALS | frozenset(("real", "double", "double precision", "float"))
_TEXTS = frozenset(
    (
        *("character varying", "varchar", "character", "char", "text", "nvarchar", "nchar"),
        *("tinytext", "mediumtext", "longtext", "clob", "citext"),
    )
)
_BINARIES = frozenset(
    ("bytea", "blob", "tinyblob", "mediumblob", "longblob", "binary", "varbinary")
)
_TIMES = frozenset(("time", "time without time zone", "time with time zone"))
_DATETIMES = frozenset(
    ("datetime", "timestamp", "timestamp without time zone", "timestamp with time zone")
)
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(_NUMBERS, Kind.NUMBER),
    **dict.fromkeys(_TEXTS, Kind.TEXT),
    **dict.fromkeys(_BINARIES, Kind.BINARY),
    **dict.fromkeys(_TIMES, Kind.TIME),
    **dict.fromkeys(_DATETIMES, Kind.DATETIME),
    **dict.fromkeys(("json", "jsonb"), Kind.JSON),
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "interval": Kind.INTERVAL,
    "uuid": Kind.UUID,
}
_SPELLED = re.compile(r"([^()]+)(?:\(([^()]*)\))?([^()]*)")


@dataclass(frozen=True)
class SqlType:
    """`varchar(50)`: base `varchar`, arguments (50,); `text` is the whole spelling.

    `item` is the type of an array's items.
    """

    text: str
    base: str
    arguments: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    is_unsigned: bool = False
    item: SqlType | None = None

    @classmethod
    def parse(cls, text: str) -> SqlType:
        """Take a spelling apart; what is not understood has itself as base."""
        lowered = text.lower().strip()
        if lowered.startswith("enum("):
            return cls(text, "enum", labels=_labels(text))
        if lowered.endswith("[]"):
            return cls(text, lowered, item=cls.parse(text.strip().removesuffix("[]")))
        matched = _SPELLED.fullmatch(text)
        if matched is None:
            return cls(text, lowered)
        base = " ".join(f"{matched[1]} {matched[3]}".lower().split())
        is_unsigned = "unsigned" in base.split()
        base = " ".join(w for w in base.split() if w not in ("unsigned", "zerofill", "signed"))
        numbers = re.findall(r"\d+", matched[2] or "")
        return cls(text, base, tuple(map(int, numbers)), is_unsigned=is_unsigned)

    @property
    def kind(self) -> Kind:
        return Kind.ENUM if self.labels else _KINDS.get(self.base, Kind.OTHER)

    @property
    def is_text(self) -> bool:
        return self.base in _TEXTS

    @property
    def is_integer(self) -> bool:
        return self.base in _INTEGERS

    @property
    def is_decimal(self) -> bool:
        return self.base in _DECIMALS

    @property
    def is_number(self) -> bool:
        return self.base in _NUMBERS


def _labels(text: str) -> tuple[str, ...]:
    inner = text[text.index("(") + 1 : text.rindex(")")]
    return tuple(
        label.replace("''", "'").replace("\\\\", "\\")
        for label in re.findall(r"'((?:[^'\\]|''|\\.)*)'", inner)
    )

"""A type as a server spells it, taken apart as far as conversions need it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_INTEGERS = frozenset(("tinyint", "smallint", "mediumint", "int", "integer", "bigint"))
_NUMBERS = _INTEGERS | frozenset(
    ("numeric", "decimal", "real", "double", "double precision", "float")
)
_TEXTS = frozenset(
    (
        *("character varying", "varchar", "character", "char", "text", "nvarchar", "nchar"),
        *("tinytext", "mediumtext", "longtext", "clob", "citext"),
    )
)
_SPELLED = re.compile(r"([^()]+)(?:\(([^()]*)\))?([^()]*)")


@dataclass(frozen=True)
class SqlType:
    """`varchar(50)`: base `varchar`, arguments (50,); `text` is the whole spelling."""

    text: str
    base: str
    arguments: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    is_unsigned: bool = False

    @classmethod
    def parse(cls, text: str) -> SqlType:
        """Take a spelling apart; what is not understood has itself as base."""
        lowered = text.lower().strip()
        if lowered.startswith("enum("):
            return cls(text, "enum", labels=_labels(text))
        matched = _SPELLED.fullmatch(text)
        if matched is None:
            return cls(text, lowered)
        base = " ".join(f"{matched[1]} {matched[3]}".lower().split())
        is_unsigned = "unsigned" in base.split()
        base = " ".join(w for w in base.split() if w not in ("unsigned", "zerofill", "signed"))
        numbers = re.findall(r"\d+", matched[2] or "")
        return cls(text, base, tuple(map(int, numbers)), is_unsigned=is_unsigned)

    @property
    def is_text(self) -> bool:
        return self.base in _TEXTS

    @property
    def is_integer(self) -> bool:
        return self.base in _INTEGERS

    @property
    def is_number(self) -> bool:
        return self.base in _NUMBERS


def _labels(text: str) -> tuple[str, ...]:
    inner = text[text.index("(") + 1 : text.rindex(")")]
    return tuple(
        label.replace("''", "'").replace("\\\\", "\\")
        for label in re.findall(r"'((?:[^'\\]|''|\\.)*)'", inner)
    )

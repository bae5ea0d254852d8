"""The answer to a statement: what Python read of it, kept as text so that it can be read again.

A value that JSON does not have is an object with one key, its type: `{"decimal": "1.50"}`.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import ipaddress
import json
import math
import uuid
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LIMIT = 1024 * 1024
"""How many characters of rows are kept of one answer."""

Row = tuple[Any, ...]
Column = tuple[str, Any]
"""A column's name, and what the driver calls its type."""


class Unkeepable(Exception):
    """Why an answer cannot be kept."""


@dataclass(frozen=True)
class Answer:
    """What a statement was answered with; `columns` is None where it returned no rows.

    `error` is the class, as the driver's module names it, and the arguments of what was raised.
    `lost` says why the rows are not here.
    """

    columns: tuple[Column, ...] | None = None
    rows: tuple[Row, ...] = ()
    rowcount: int = -1
    last_row: int | None = None
    error: tuple[str, tuple[Any, ...]] | None = None
    lost: str | None = None


def encode(answer: Answer) -> str:
    """Return the answer as JSON, in ASCII; raises `Unkeepable`."""
    kept: dict[str, Any] = {"rowcount": answer.rowcount}
    if answer.last_row is not None:
        kept["last_row"] = answer.last_row
    if answer.columns is not None:
        kept["columns"] = [[name, _plain(code)] for name, code in answer.columns]
        kept["rows"] = [[_plain(value) for value in row] for row in answer.rows]
    if answer.error is not None:
        kept["error"] = [answer.error[0], [_plain(value) for value in answer.error[1]]]
    if answer.lost is not None:
        kept["lost"] = answer.lost
    return json.dumps(kept, separators=(",", ":"))


def decode(text: str) -> Answer:
    """Return what `encode` was given."""
    kept = json.loads(text)
    columns = kept.get("columns")
    error = kept.get("error")
    return Answer(
        columns=None if columns is None else tuple((name, _value(code)) for name, code in columns),
        rows=tuple(tuple(_value(value) for value in row) for row in kept.get("rows", ())),
        rowcount=kept["rowcount"],
        last_row=kept.get("last_row"),
        error=None if error is None else (error[0], tuple(_value(value) for value in error[1])),
        lost=kept.get("lost"),
    )


def size(rows: Sequence[Row]) -> int:
    """Return how many characters rows take; raises `Unkeepable`."""
    plain = [[_plain(value) for value in row] for row in rows]
    return len(json.dumps(plain, separators=(",", ":")))


def canonical(parameters: Any) -> str:
    """Return a text that is equal for equal parameters, in this process and in the next."""
    if isinstance(parameters, Mapping):
        pairs = (f"{key!r}: {canonical(value)}" for key, value in parameters.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(parameters, list | tuple):
        return "(" + ", ".join(canonical(value) for value in parameters) + ")"
    if isinstance(parameters, set | frozenset):
        return "{" + ", ".join(sorted(canonical(value) for value in parameters)) + "}"
    if isinstance(parameters, memoryview):
        return repr(bytes(parameters))
    return _text_of(parameters)


def _text_of(value: Any) -> str:
    """`repr`, but for the drivers' wrappers of JSON, which cut theirs short."""
    for name in ("obj", "adapted"):
        if hasattr(value, name) and type(value).__module__.startswith("psycopg"):
            return f"{type(value).__name__}({canonical(getattr(value, name))})"
    return repr(value)


def _datetime(value: datetime.datetime) -> Any:
    if isinstance(value.tzinfo, zoneinfo.ZoneInfo) and value.tzinfo.key:
        return [value.isoformat(), value.tzinfo.key]
    return value.isoformat()


def _to_datetime(kept: Any) -> datetime.datetime:
    if isinstance(kept, str):
        return datetime.datetime.fromisoformat(kept)
    text, key = kept
    return datetime.datetime.fromisoformat(text).astimezone(zoneinfo.ZoneInfo(key))


def _interval(value: datetime.timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


def _bytes(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode("ascii")


def _many(values: Any) -> list[Any]:
    return [_plain(value) for value in values]


def _pairs(values: Mapping[Any, Any]) -> list[list[Any]]:
    return [[_plain(key), _plain(value)] for key, value in values.items()]


# name of the type: the class, what JSON gets of it, and the way back. A subclass comes first.
_TYPES: Mapping[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "datetime": (datetime.datetime, _datetime, _to_datetime),
    "date": (datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
    "time": (datetime.time, datetime.time.isoformat, datetime.time.fromisoformat),
    "interval": (datetime.timedelta, _interval, lambda kept: datetime.timedelta(*kept)),
    "decimal": (decimal.Decimal, str, decimal.Decimal),
    "uuid": (uuid.UUID, str, uuid.UUID),
    "bytes": (bytes, _bytes, base64.b64decode),
    "bytearray": (bytearray, _bytes, lambda kept: bytearray(base64.b64decode(kept))),
    "memoryview": (memoryview, _bytes, lambda kept: memoryview(base64.b64decode(kept))),
    "interface4": (ipaddress.IPv4Interface, str, ipaddress.IPv4Interface),
    "interface6": (ipaddress.IPv6Interface, str, ipaddress.IPv6Interface),
    "address4": (ipaddress.IPv4Address, str, ipaddress.IPv4Address),
    "address6": (ipaddress.IPv6Address, str, ipaddress.IPv6Address),
    "network4": (ipaddress.IPv4Network, str, ipaddress.IPv4Network),
    "network6": (ipaddress.IPv6Network, str, ipaddress.IPv6Network),
    "float": (float, repr, float),
    "list": (list, _many, lambda kept: [_value(value) for value in kept]),
    "tuple": (tuple, _many, lambda kept: tuple(_value(value) for value in kept)),
    "set": (set, _many, lambda kept: {_value(value) for value in kept}),
    "dict": (dict, _pairs, lambda kept: {_value(key): _value(value) for key, value in kept}),
}
_PLAIN = (str, int, bool, type(None))
_COLLECTIONS = (list, tuple, set, dict)


def _plain(value: Any) -> Any:
    """Return what JSON has for a value; raises `Unkeepable`."""
    if type(value) in _PLAIN or (type(value) is float and math.isfinite(value)):
        return value
    for name, (kind, to_json, _) in _TYPES.items():
        if isinstance(value, kind) and (kind not in _COLLECTIONS or type(value) is kind):
            return {name: to_json(value)}
    for kind in (str, int):
        if isinstance(value, kind):
            return kind(value)
    raise Unkeepable(f"it has a value of the type {type(value).__name__}")


def _value(kept: Any) -> Any:
    if not isinstance(kept, dict):
        return kept
    ((name, inner),) = kept.items()
    return _TYPES[name][2](inner)

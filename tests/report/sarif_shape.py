"""The part of SARIF 2.1.0 that is written here: each object's properties, and which must be there.

As in the schema, an object has no property that is not named; the numbers are the sections of
https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Check = Callable[[Any, str], None]


def require(value: Any, where: str = "log") -> None:
    """Assert that a log is as the standard says."""
    _log(value, where)


def _object(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    known = required | (optional or {})

    def check(value: Any, where: str) -> None:
        assert isinstance(value, dict), where
        assert value.keys() <= known.keys(), where
        assert required.keys() <= value.keys(), where
        for name, each in value.items():
            known[name](each, f"{where}.{name}")

    return check


def _list(of: Check) -> Check:
    def check(value: Any, where: str) -> None:
        assert isinstance(value, list), where
        for number, each in enumerate(value):
            of(each, f"{where}[{number}]")

    return check


def _text(pattern: str = r"(?s).*") -> Check:
    def check(value: Any, where: str) -> None:
        assert isinstance(value, str), where
        assert re.fullmatch(pattern, value), (where, value)

    return check


def _number(least: int) -> Check:
    def check(value: Any, where: str) -> None:
        assert type(value) is int, where
        assert value >= least, where

    return check


def _flag(value: Any, where: str) -> None:
    assert type(value) is bool, where


_URI = _text(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_LEVEL = _text("none|note|warning|error")
_message = _object({"text": _text()})  # 3.11
_rule = _object(  # 3.49
    {"id": _text()},
    {
        "shortDescription": _message,
        "fullDescription": _message,
        "help": _message,
        "defaultConfiguration": _object({}, {"level": _LEVEL}),
        "properties": _object({}, {"tags": _list(_text())}),
    },
)
_driver = _object(  # 3.19
    {"name": _text()}, {"semanticVersion": _text(r"\d+\.\d+\.\d+.*"), "rules": _list(_rule)}
)
_artifact = _object({}, {"uri": _URI, "uriBaseId": _text()})  # 3.4
_region = _object({}, {"startLine": _number(1), "endLine": _number(1)})  # 3.30
_physical = _object({"artifactLocation": _artifact}, {"region": _region})  # 3.29
_result = _object(  # 3.27
    {"message": _message},
    {
        "ruleId": _text(),
        "ruleIndex": _number(-1),
        "level": _LEVEL,
        "locations": _list(_object({}, {"physicalLocation": _physical})),
    },
)
_invocation = _object(  # 3.20
    {"executionSuccessful": _flag},
    {
        "exitCode": _number(0),
        "toolExecutionNotifications": _list(_object({"message": _message}, {"level": _LEVEL})),
    },
)
_run = _object(  # 3.14
    {"tool": _object({"driver": _driver})},
    {
        "invocations": _list(_invocation),
        "results": _list(_result),
        "columnKind": _text("utf16CodeUnits|unicodeCodePoints"),
    },
)
_log = _object(  # 3.13
    {"version": _text(r"2\.1\.0"), "runs": _list(_run)}, {"$schema": _URI}
)

"""Wider types: PostgreSQL changes its catalog alone where the old bytes are right for the new type.

Limits that grow or go away, of strings, bits, numbers and times; no row is read or written.
Source: https://www.postgresql.org/docs/release/9.2.0/ (ALTER TABLE)
"""

from __future__ import annotations

import math
import re

_TYPE = re.compile(r"(?P<name>[A-Z ]*[A-Z])\s*(?:\((?P<limits>[\d\s,]+)\))?(?P<zone>[A-Z ]*)")
_ZONE = " WITHOUT TIME ZONE"
_ALIASES = {"CHARACTER VARYING": "VARCHAR", "TEXT": "VARCHAR", "DECIMAL": "NUMERIC",
            "VARBIT": "BIT VARYING", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
            "TIMETZ": "TIME WITH TIME ZONE"}  # fmt: skip
_LIMITED = frozenset(("VARCHAR", "BIT VARYING"))
_TIMES = frozenset(("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIME", "TIME WITH TIME ZONE"))
_FULL_PRECISION = 6
_NETWORKS = ("CIDR", "INET")


def keeps_rows(old: str, new: str) -> bool:
    """Whether a column goes from one type to the other without a rewrite; in doubt False."""
    (name, was), (other, becomes) = before, after = _parsed(old), _parsed(new)
    if before == after or (name, other) == _NETWORKS:
        return True
    if name != other:
        return False
    if name == "NUMERIC":
        return not becomes or (bool(was) and was[0] <= becomes[0] and was[1:] == becomes[1:])
    if name in _LIMITED or name in _TIMES:
        none = _FULL_PRECISION if name in _TIMES else math.inf
        return (was or (none,))[0] <= (becomes or (none,))[0]
    return False


def _parsed(text: str) -> tuple[str, tuple[int, ...]]:
    """The name of a type and its limits; one that is not written in this way is all name."""
    written = " ".join(text.upper().split())
    found = _TYPE.fullmatch(written)
    if found is None:
        return written, ()
    name = (found["name"] + found["zone"]).removesuffix(_ZONE)
    limits = tuple(int(limit) for limit in (found["limits"] or "").split(",") if limit.strip())
    if _ALIASES.get(name, name) == "NUMERIC" and len(limits) == 1:
        limits = (*limits, 0)
    return _ALIASES.get(name, name), limits

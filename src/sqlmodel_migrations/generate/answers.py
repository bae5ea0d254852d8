"""Answers: what only a person knows about a change, as flags give them.

--rename hero.name:full_name   --rename hero:champion
--rename-value kind.old:new    --rename-type old:new
--fill hero.age=5              --using hero.age=expression    --using-down hero.age=expression
--accept hero.extra            (a loss that is meant: a column, a table, an enum value)
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel_migrations.errors import UsageError


@dataclass(frozen=True)
class Answers:
    """Answers by the thing they are about; a column is `table.column`, a value `type.label`."""

    renames: Mapping[str, str] = field(default_factory=dict)
    value_renames: Mapping[str, str] = field(default_factory=dict)
    type_renames: Mapping[str, str] = field(default_factory=dict)
    fills: Mapping[str, str] = field(default_factory=dict)
    usings: Mapping[str, str] = field(default_factory=dict)
    usings_down: Mapping[str, str] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()

    def with_renames(self, renames: Mapping[str, str]) -> Answers:
        """Return the same with more renames; what was said already goes first."""
        return replace(self, renames={**renames, **self.renames})

    @property
    def has_renames(self) -> bool:
        """Whether anything was said to be renamed."""
        return bool(self.renames or self.value_renames or self.type_renames)

    def reading(self, things: Collection[str]) -> Answers:
        """Return the same for names that have the separator in them: `things` are those there."""
        by_colon, by_sign = _reader(things, ":"), _reader(things, "=")
        return replace(
            self,
            renames=by_colon(self.renames),
            value_renames=by_colon(self.value_renames),
            type_renames=by_colon(self.type_renames),
            fills=by_sign(self.fills),
            usings=by_sign(self.usings),
            usings_down=by_sign(self.usings_down),
        )

    def with_accepted(self, names: Iterable[str]) -> Answers:
        """Return the same with more losses that are meant."""
        return replace(self, accepted=self.accepted | frozenset(names))


def parse(
    *,
    rename: Sequence[str] = (),
    rename_value: Sequence[str] = (),
    rename_type: Sequence[str] = (),
    fill: Sequence[str] = (),
    using: Sequence[str] = (),
    using_down: Sequence[str] = (),
    accept: Sequence[str] = (),
) -> Answers:
    """Parse the flags' values; raises `UsageError` that shows how one is written."""
    return Answers(
        renames=_pairs(rename, ":", "--rename hero.name:full_name"),
        value_renames=_pairs(rename_value, ":", "--rename-value kind.old:new"),
        type_renames=_pairs(rename_type, ":", "--rename-type old:new"),
        fills=_pairs(fill, "=", "--fill hero.age=5"),
        usings=_pairs(using, "=", "--using hero.age='age::integer'"),
        usings_down=_pairs(using_down, "=", "--using-down hero.age='age::text'"),
        accepted=frozenset(accept),
    )


def _pairs(values: Sequence[str], separator: str, example: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        left, middle, right = value.partition(separator)
        if not (left.strip() and middle and right.strip()):
            flag = example.split()[0]
            raise UsageError(f"'{flag} {value}' cannot be read", hint=f"write it as: {example}")
        found[left.strip()] = right.strip()
    return found


def _reader(
    things: Collection[str], separator: str
) -> Callable[[Mapping[str, str]], dict[str, str]]:
    def pair(left: str, right: str) -> tuple[str, str]:
        text = f"{left}{separator}{right}"
        places = [found.start() for found in re.finditer(re.escape(separator), text)]
        splits = ((text[:place], text[place + 1 :]) for place in places)
        known = ((old.strip(), new.strip()) for old, new in splits)
        return next(((old, new) for old, new in known if old in things and new), (left, right))

    return lambda answers: dict(pair(left, right) for left, right in answers.items())


def flag(option: str, value: str) -> str:
    """Write an option as a shell takes it."""
    if re.fullmatch(r"[\w.:=,@%+/-]+", value):
        return f"{option} {value}"
    quoted = shlex.quote(value) if re.search(r'["$`\\!]', value) else f'"{value}"'
    return f"{option} {quoted}"

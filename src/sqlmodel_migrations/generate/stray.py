"""Stray answers: about a thing that neither the models nor the history have, such as a typo.

An answer that is passed over loses what it was to keep. Where env.py opens several databases it
need fit one of them only.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import Enum as EnumType

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.generate.answers import Answers
from sqlmodel_migrations.generate.renames import parts, renamed_key, target
from sqlmodel_migrations.generate.sides import Sides

Strays = Mapping[str, UsageError]
"""What is wrong with an answer, by the answer as it was typed."""


def find(found: Sides, answers: Answers) -> Strays:
    """Return the answers that are about nothing of one database."""
    wrong = (*_renames(found.before, found.after, answers), *_types(found, answers))
    return dict((*wrong, *_values(found, answers), *_others(found, answers)))


def require_none(strays: Sequence[Strays]) -> None:
    """Raise `UsageError` for an answer that is about nothing of any database."""
    for typed, error in strays[0].items() if strays else ():
        if all(typed in each for each in strays):
            raise error


def _renames(before: Catalog, after: Catalog, answers: Answers) -> Iterator[tuple[str, UsageError]]:
    for old, new in answers.renames.items():
        typed = f"--rename {old}:{new}"
        if old in before.tables:
            if target(before.tables[old], after, answers) is None:
                names = [key for key in after.tables if key not in before.tables]
                yield typed, _no_such(typed, new, "the models", f"table '{new}'", names)
            continue
        key, column = parts(before, old)
        table = before.tables.get(key)
        if table is None or column not in table.columns:
            things = [f"{t.key}.{name}" for t in before.tables.values() for name in t.columns]
            there = [*things, *before.tables]
            yield typed, _no_such(typed, old, "the history", f"'{old}'", there)
            continue
        models = after.tables.get(renamed_key(table, after, answers))
        if models is not None and new not in models.columns:
            names = [name for name in models.columns if name not in table.columns]
            what = f"column '{new}' in '{models.key}'"
            yield typed, _no_such(typed, new, "the models", what, names)


def _types(found: Sides, answers: Answers) -> Iterator[tuple[str, UsageError]]:
    names = {enum.name for enum in found.after.enums.values()} or _enums(found)
    for old, new in answers.type_renames.items():
        if new.rpartition(".")[2] not in names:
            typed = f"--rename-type {old}:{new}"
            yield typed, _no_such(typed, new, "the models", f"type '{new}'", names)


def _values(found: Sides, answers: Answers) -> Iterator[tuple[str, UsageError]]:
    there = found.before.enums.values()
    types = {enum.name for enum in there} | _enums(found)
    for thing, new in answers.value_renames.items():
        if not thing.startswith(tuple(f"{name}." for name in types)):
            typed = f"--rename-value {thing}:{new}"
            name = thing.rpartition(".")[0]
            what = f"enum type '{name}'"
            yield typed, _no_such(typed, name, "the models or the history", what, types)


def _others(found: Sides, answers: Answers) -> Iterator[tuple[str, UsageError]]:
    things = found.things()
    labels = tuple(f"{name}." for name in _enums(found))
    told = {"--fill": answers.fills, "--using": answers.usings}
    given = [
        (f"{option} {thing}={value}", thing)
        for option, values in {**told, "--using-down": answers.usings_down}.items()
        for thing, value in values.items()
    ]
    accepted = [(f"--accept {thing}", thing) for thing in sorted(answers.accepted)]
    for typed, thing in (*given, *accepted):
        is_value = typed.startswith("--accept ") and thing.startswith(labels)
        if thing not in things and not is_value:
            where = "the models or the history"
            yield typed, _no_such(typed, thing, where, f"'{thing}'", things)


def _enums(found: Sides) -> set[str]:
    """The names of the models' enums, of which only PostgreSQL knows."""
    tables = (table for data in found.named.metadata for table in data.tables.values())
    types = (column.type for table in tables for column in table.columns)
    return {str(type_.name) for type_ in types if isinstance(type_, EnumType)}


def _no_such(typed: str, name: str, where: str, what: str, there: Collection[str]) -> UsageError:
    nearest = difflib.get_close_matches(name, sorted(there), n=1) or _ending(name, there)
    if nearest:
        hint = f"did you mean '{nearest[0]}'?"
    elif len(there) > 12:
        hint = "see the models for its name"
    else:
        hint = f"there are: {', '.join(there) or 'none'}"
    return UsageError(f"'{typed}': there is no {what} in {where}", hint=hint)


def _ending(name: str, there: Collection[str]) -> Sequence[str]:
    """A column that is said without its table."""
    found = sorted(thing for thing in there if thing.endswith(f".{name}"))
    return found if len(found) == 1 else ()

"""Questions about renames: what disappeared where something like it appeared is never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from sqlmodel_migrations.database.catalog import Catalog, Column, Table
from sqlmodel_migrations.generate.answers import Answers, flag
from sqlmodel_migrations.generate.questioner import Choice, Question, Questioner
from sqlmodel_migrations.generate.renames import renamed_key

# Types between which values can go: what somebody may have renamed and changed in one go.
_FAMILIES = (
    ("char", "text", "clob", "enum", "uuid", "json"),
    ("int", "serial", "num", "dec", "double", "real", "float", "bool", "bit", "money"),
    ("date", "time", "year", "interval"),
    ("blob", "binary", "bytea"),
)


def ask(
    before: Catalog,
    after: Catalog,
    answers: Answers,
    questioner: Questioner,
    *,
    has_schemas: bool,
) -> Answers:
    """Ask about what disappeared where something like it appeared; returns all answers.

    A table of the same name in another schema is like it, where the database `has_schemas`.
    """
    answers = _ask_tables(before, after, answers, questioner, has_schemas)
    renamed = [table for table in before.tables.values() if table.key in answers.renames]
    taken = {renamed_key(table, after, answers) for table in renamed}
    for old in before.tables.values():
        new = after.tables.get(renamed_key(old, after, answers))
        is_replaced = old.key in taken and old.key not in answers.renames
        if new is not None and not is_replaced:
            answers = _ask_columns(old, new, answers, questioner)
    return answers


def _ask_tables(
    before: Catalog, after: Catalog, answers: Answers, questioner: Questioner, has_schemas: bool
) -> Answers:
    gone = [t for k, t in before.tables.items() if k not in after.tables and t.owner is None]
    new = [t for k, t in after.tables.items() if k not in before.tables]
    for table in gone:
        if table.key in answers.renames or table.key in answers.accepted:
            continue
        taken = {renamed_key(t, after, answers) for t in gone}
        alike = [t for t in new if _is_alike(table, t, has_schemas) and t.key not in taken]
        if alike:
            answers = _answered(
                answers, questioner.choose(_table_question(table, alike)), table.key
            )
    return answers


def _is_alike(old: Table, new: Table, has_schemas: bool) -> bool:
    """Whether most of the columns are the same by name and type."""
    if old.schema != new.schema and not (has_schemas and old.name == new.name):
        return False
    same = sum(
        1
        for name, c in old.columns.items()
        if name in new.columns and new.columns[name].type == c.type
    )
    return same * 2 >= max(len(old.columns), len(new.columns))


def _ask_columns(old: Table, new: Table, answers: Answers, questioner: Questioner) -> Answers:
    gone = [c for name, c in old.columns.items() if name not in new.columns]
    added = [c for name, c in new.columns.items() if name not in old.columns]
    for column in gone:
        thing = f"{old.key}.{column.name}"
        if thing in answers.renames or thing in answers.accepted:
            continue
        taken = {n for t, n in answers.renames.items() if t.startswith(f"{old.key}.")}
        alike = [c for c in added if c.name not in taken and _is_same_family(column, c)]
        if alike:
            choice = questioner.choose(_column_question(old, new, column, alike))
            answers = _answered(answers, choice, thing)
    return answers


def _answered(answers: Answers, choice: Choice, thing: str) -> Answers:
    if choice.name is None:
        return answers.with_accepted([thing])
    return answers.with_renames({thing: choice.name})


def _choices(thing: str, names: Iterable[str], loss: str) -> list[Choice]:
    renames = [
        Choice(f"it is called '{name}' now", flag("--rename", f"{thing}:{name}"), name=name)
        for name in names
    ]
    return [*renames, Choice(loss, flag("--accept", thing), loses=thing)]


def _table_question(table: Table, alike: Sequence[Table]) -> Question:
    ranked = sorted(alike, key=lambda t: -_likeness(table.name, t.name))
    return Question(
        f"table '{table.key}' is gone from the models, and '{ranked[0].key}' is new:"
        " was it renamed?",
        _choices(table.key, [_shown(table, t) for t in ranked], "it goes away with its rows"),
    )


def _shown(old: Table, new: Table) -> str:
    return new.name if new.schema == old.schema else new.key


def _column_question(old: Table, new: Table, column: Column, alike: Sequence[Column]) -> Question:
    thing = f"{old.key}.{column.name}"
    place = _before(old, column.name)

    def likeness(other: Column) -> float:
        """By the name, the type, and the place: what it follows in the table."""
        is_typed = column.type == other.type
        is_placed = _before(new, other.name) == place
        return _likeness(column.name, other.name) + (is_typed + is_placed) / 2

    ranked = sorted(alike, key=likeness, reverse=True)
    return Question(
        f"column '{thing}' is gone from the models, and '{ranked[0].name}' is new: was it renamed?",
        _choices(thing, [c.name for c in ranked], "it goes away with its values"),
    )


def _before(table: Table, column: str) -> str | None:
    """The column that another one follows."""
    names = list(table.columns)
    place = names.index(column)
    return names[place - 1] if place else None


def _likeness(first: str, second: str) -> float:
    return SequenceMatcher(None, first, second).ratio()


def _is_same_family(first: Column, second: Column) -> bool:
    if first.computed is not None or second.computed is not None:
        return False
    return first.type == second.type or _family(first.type) == _family(second.type) != -1


def _family(type_: str) -> int:
    lowered = type_.lower()
    for number, words in enumerate(_FAMILIES):
        if any(word in lowered for word in words):
            return number
    return -1

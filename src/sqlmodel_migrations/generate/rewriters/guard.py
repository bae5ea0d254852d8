"""Constraints on rows that are there: what does not satisfy them is counted first, and refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from alembic.operations import ops

from sqlmodel_migrations.database.catalog import Constraint, Index, Table
from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation

_TEXT = re.compile(r"'(?:[^']|'')*'")
_CHECK = re.compile(r"CHECK \((.*)\)(?: NOT VALID)?", re.IGNORECASE | re.DOTALL)
# What a server makes anew for each row: gen_random_uuid(), uuid(), random(), nextval('…').
_PER_ROW = re.compile(r"\b(?:\w*uuid\w*|\w*random\w*|rand|nextval)\(", re.IGNORECASE)
_CONDITION = re.compile(r"\bWHERE\b(.*)$", re.IGNORECASE | re.DOTALL)


def rewrite(operations: Sequence[Operation], direction: Direction) -> list[Operation]:
    """Add a guard for every new constraint on a table that may have rows."""
    for operation in operations:
        if isinstance(operation, ops.AddConstraintOp):
            direction.guards.extend(_for_constraint(operation, direction))
        elif isinstance(operation, ops.CreateIndexOp) and operation.unique:
            direction.guards.extend(_for_index(operation, direction))
    return list(operations)


def _for_constraint(operation: ops.AddConstraintOp, direction: Direction) -> Iterator[Guard]:
    before = direction.table(operation)
    after = direction.after.tables.get(direction.key(operation))
    name = str(getattr(operation, "constraint_name", None))
    if before is None or after is None:
        return
    for constraint in after.constraints:
        is_it = constraint.name == name or (
            constraint.kind == "primary key" and isinstance(operation, ops.CreatePrimaryKeyOp)
        )
        if is_it:
            yield from _of(constraint, before, direction)
    for index in after.indexes:
        if index.name == name and index.is_unique:  # MariaDB's form of a unique constraint
            yield from _unique(before, tuple(str(c) for c in index.columns), "", direction)


def _of(constraint: Constraint, table: Table, direction: Direction) -> Iterator[Guard]:
    if constraint.kind in ("unique", "primary key"):
        yield from _unique(table, constraint.columns, "", direction)
    elif constraint.kind == "foreign key":
        yield from _orphans(constraint, table, direction)
    elif constraint.kind == "check":
        yield from _violations(constraint, table, direction)


def _for_index(operation: ops.CreateIndexOp, direction: Direction) -> Iterator[Guard]:
    before = direction.table(operation)
    after = direction.after.tables.get(direction.key(operation))
    if before is None or after is None:
        return
    index = next((i for i in after.indexes if i.name == operation.index_name), None)
    if index is None or None in index.columns:
        return
    if _mentions_new_label(index.definition, direction):
        return
    condition = _CONDITION.search(index.definition)
    columns = tuple(str(column) for column in index.columns)
    yield from _unique(before, columns, condition[1].strip() if condition else "", direction)


def _unique(
    table: Table, columns: tuple[str, ...], condition: str, direction: Direction
) -> Iterator[Guard]:
    if not columns or _is_unique(table, columns):
        return
    new = [column for column in columns if column not in table.columns]
    if new:
        yield from _filled_alike(table, columns, new, direction)
        return
    quoted = [direction.quote(column) for column in columns]
    wheres = [f"{column} IS NOT NULL" for column in quoted] + ([condition] if condition else [])
    yield Guard(
        f"SELECT count(*) FROM (SELECT 1 AS one FROM {direction.quoted(table)}"
        f" WHERE {' AND '.join(wheres)} GROUP BY {', '.join(quoted)}"
        " HAVING count(*) > 1) AS duplicates",
        f"values of {_named(columns)} in '{table.key}' are there more than once,"
        " and must be unique from now on",
        table.key,
        columns,
    )


def _filled_alike(
    table: Table, columns: tuple[str, ...], new: Sequence[str], direction: Direction
) -> Iterator[Guard]:
    """New columns get one value in every row: unique only where there is one row at most."""
    after = direction.after.tables[table.key]
    is_filled = all(
        after.columns[c].default is not None or not after.columns[c].nullable for c in new
    )
    if any(_PER_ROW.search(after.columns[c].default or "") for c in new):
        return
    if is_filled and len(new) == len(columns) and not _is_made_per_row(table, new, direction):
        where = direction.quoted(table)
        yield Guard(
            f"SELECT CASE WHEN count(*) > 1 THEN count(*) ELSE 0 END FROM {where}",
            f"rows of '{table.key}' would have the same value in {_named(columns)},"
            " which must be unique",
            table.key,
        )


def _is_made_per_row(table: Table, new: Sequence[str], direction: Direction) -> bool:
    fills = " ".join(d for d in direction.decisions if any(f"{table.key}.{c}'" in d for c in new))
    return "(" in fills


def _is_unique(table: Table, columns: tuple[str, ...]) -> bool:
    """Whether the rows are unique by these columns, or fewer of them, already."""
    wanted = set(columns)
    keys = [c.columns for c in table.constraints if c.kind in ("unique", "primary key")]
    keys += [_plain(i) for i in table.indexes if i.is_unique and _plain(i)]
    return any(set(key) <= wanted for key in keys if key)


def _plain(index: Index) -> tuple[str, ...]:
    if None in index.columns or _CONDITION.search(index.definition):
        return ()
    return tuple(str(column) for column in index.columns)


def _orphans(constraint: Constraint, table: Table, direction: Direction) -> Iterator[Guard]:
    if any(column not in table.columns for column in constraint.columns):
        return
    if _has_same_key(constraint, table):
        return
    quoted = [f"child.{direction.quote(column)}" for column in constraint.columns]
    present = " AND ".join(f"{column} IS NOT NULL" for column in quoted)
    target = direction.before.tables.get(str(constraint.target))
    query = f"SELECT count(*) FROM {direction.quoted(table)} AS child WHERE {present}"
    if target is not None:
        pairs = zip(constraint.target_columns, quoted, strict=True)
        joined = " AND ".join(f"parent.{direction.quote(c)} = {q}" for c, q in pairs)
        parent = f"SELECT 1 FROM {direction.quoted(target)} AS parent WHERE {joined}"
        query += f" AND NOT EXISTS ({parent})"
    yield Guard(
        query,
        f"rows of '{table.key}' refer by {_named(constraint.columns)} to a row of"
        f" '{constraint.target}' that is not there",
        table.key,
        constraint.columns,
    )


def _has_same_key(constraint: Constraint, table: Table) -> bool:
    return any(
        c.kind == "foreign key"
        and (c.columns, c.target, c.target_columns)
        == (constraint.columns, constraint.target, constraint.target_columns)
        for c in table.constraints
    )


def _violations(constraint: Constraint, table: Table, direction: Direction) -> Iterator[Guard]:
    matched = _CHECK.fullmatch(constraint.definition)
    if matched is None or _mentions_new(constraint, table, direction):
        return
    if _mentions_new_label(constraint.definition, direction):
        return
    condition = _bare(matched[1])
    yield Guard(
        f"SELECT count(*) FROM {direction.quoted(table)} WHERE NOT ({condition})"
        f"{_renamed_values(constraint, table, direction)}",
        f"rows of '{table.key}' do not satisfy the check '{constraint.name}':"
        f" {condition}{_taken_away(constraint, table)}",
        table.key,
        constraint.columns,
    )


def _taken_away(constraint: Constraint, table: Table) -> str:
    """Name the values that the check allowed before: they are what rows may still have."""
    was = next((c for c in table.constraints if c.name and c.name == constraint.name), None)
    if was is None:
        return ""
    texts = dict.fromkeys(_TEXT.findall(was.definition))
    gone = [text for text in texts if text not in constraint.definition]
    return f" (no longer: {', '.join(gone)})" if gone else ""


def _bare(condition: str) -> str:
    """Take off the parentheses that PostgreSQL puts around the whole."""
    while condition.startswith("(") and _closes_at_the_end(condition):
        condition = condition[1:-1]
    return condition


def _closes_at_the_end(text: str) -> bool:
    """Whether the first parenthesis is closed by the last character; strings are skipped."""
    depth, is_text = 0, False
    for position, character in enumerate(text):
        is_text ^= character == "'"
        if not is_text:
            depth += (character == "(") - (character == ")")
        if depth == 0:
            return position == len(text) - 1
    return False


def _renamed_values(constraint: Constraint, table: Table, direction: Direction) -> str:
    """Leave out the rows whose value gets the name that the check wants."""
    found = ""
    for column in constraint.columns:
        labels = direction.renamed_values(table.key, column)
        if labels:
            listed = ", ".join(map(direction.literal, labels))
            found += f" AND {direction.quote(column)} NOT IN ({listed})"
    return found


def _mentions_new_label(definition: str, direction: Direction) -> bool:
    """Whether SQL has a value of an enum type that no query can say before it is added."""
    old = direction.before.enums
    return any(
        f"'{label}'::" in definition
        for key, enum in direction.after.enums.items()
        for label in enum.labels
        if key not in old or label not in old[key].labels
    )


def _mentions_new(constraint: Constraint, table: Table, direction: Direction) -> bool:
    """Whether a check is about columns that are not there before."""
    new = direction.after.tables[table.key].columns.keys() - table.columns.keys()
    words = set(re.findall(r"\w+", constraint.definition.lower()))
    return any(c in new for c in constraint.columns) or any(c.lower() in words for c in new)


def _named(columns: Sequence[str]) -> str:
    return ", ".join(f"'{column}'" for column in columns)

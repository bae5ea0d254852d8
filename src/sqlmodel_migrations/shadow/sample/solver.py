"""The solver: a few rows that satisfy a `Demand`, found with a bounded number of tries.

Columns that a CHECK or a foreign key ties together form a group; a group's options are
combinations of values that hold; a row takes one option of each group, so that keys differ.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from random import Random

from sqlmodel_migrations.shadow.sample.check import Check, suggestions
from sqlmodel_migrations.shadow.sample.demand import Cell, Demand, Reference
from sqlmodel_migrations.shadow.sample.inquiry import Inquiry, Row
from sqlmodel_migrations.shadow.sample.values import Value, same, values_of

# Most CHECKs hold for many values: a short question first, long ones where it found too little.
_ROUNDS = (100, 600, 600)
_ALTERNATIVES = 2000


class Impossible(Exception):
    """No row can be made; the text is the reason, as a clause."""


@dataclass(frozen=True)
class Axis:
    """Columns that are chosen together, and what there is to choose from."""

    columns: tuple[str, ...]
    options: Sequence[tuple[Value, ...]]


@dataclass(frozen=True)
class Problem:
    """One table's demand and this attempt at it.

    `axes` are ready-made choices (keys of parents); `ask` is the database, which knows what
    holds. `attempt` 0 takes odd values, later ones plain values that were not tried yet.
    """

    demand: Demand
    axes: Sequence[Axis]
    ask: Inquiry
    rows: int
    seed: int
    attempt: int = 0
    has_nulls: bool = True
    random: Random = field(default_factory=Random)


def solve(problem: Problem) -> list[Row]:
    """Return up to `rows` rows, fewer where keys leave no more; raises `Impossible`."""
    groups = _options(problem)
    taken: list[set[object]] = [set() for _ in problem.demand.uniques]
    rows: list[Row] = []
    for number in range(problem.rows):
        row = _row(number, groups, taken, problem)
        if row is None:
            continue
        rows.append(row)
        for unique, seen in zip(problem.demand.uniques, taken, strict=True):
            seen.add(_key(row, unique, problem.demand))
    return rows


def _groups(problem: Problem) -> list[tuple[str, ...]]:
    """The columns to fill, those that are tied in one tuple, in the table's order."""
    ties = [axis.columns for axis in problem.axes]
    ties += [check.columns for check in problem.demand.checks]
    group = {n: {n} for n, cell in problem.demand.cells.items() if not cell.is_skipped}
    for tie in ties:
        merged = set().union(*(group[name] for name in tie))
        group.update(dict.fromkeys(merged, merged))
    order = list(group)
    distinct = {id(members): members for members in group.values()}
    return [tuple(sorted(members, key=order.index)) for members in distinct.values()]


@dataclass(frozen=True)
class _Group:
    """Columns that are tied together, what ties them, and what there is to choose from."""

    checks: Sequence[Check]
    axes: Sequence[Axis]
    pruned: Sequence[Axis]

    def drawn(self, number: int, random: Random) -> list[Row]:
        """Combinations to ask the database about."""
        rows = [*_combinations(self.pruned, number, random)]
        if self.pruned is not self.axes:
            rows += _combinations(self.axes, number, random)
        return rows


def _options(problem: Problem) -> list[list[Row]]:
    """The options of every group; the short question of all groups is one statement."""
    groups = [_group(columns, problem) for columns in _groups(problem)]
    rounds = (_ROUNDS[0] if group.checks else _ROUNDS[-1] for group in groups)
    drawn = [g.drawn(number, problem.random) for g, number in zip(groups, rounds, strict=True)]
    asked = [n for n, group in enumerate(groups) if group.checks]
    questions = [(groups[n].checks, drawn[n]) for n in asked]
    answers = problem.ask.satisfying_all(problem.demand, questions)
    for n, answer in zip(asked, answers, strict=True):
        drawn[n] = _searched(groups[n], answer, problem)
    return drawn


def _searched(group: _Group, found: list[Row], problem: Problem) -> list[Row]:
    """Draw more while too few rows hold and there is more to draw."""
    number = _ROUNDS[0]
    for more in _ROUNDS[1:]:
        if _is_enough(found, problem.rows) or _size(group.axes) <= number:
            break
        number = more
        drawn = group.drawn(number, problem.random)
        found = problem.ask.satisfying(problem.demand, group.checks, drawn) or found
    if found:
        return found
    texts = "; ".join(check.text for check in group.checks)
    raise Impossible(f"no values were found that satisfy its CHECK {texts}")


def _is_enough(found: list[Row], rows: int) -> bool:
    """Whether there is choice, and a row that satisfies the CHECKs not by NULLs alone."""
    return len(found) >= rows and any(None not in row.values() for row in found)


def _group(columns: tuple[str, ...], problem: Problem) -> _Group:
    checks = [c for c in problem.demand.checks if set(c.columns) <= set(columns)]
    axes = _axes(columns, checks, problem)
    return _Group(checks, axes, _pruned(axes, checks, problem) if checks else axes)


def _size(axes: Sequence[Axis]) -> int:
    return prod(len(axis.options) for axis in axes)


def _pruned(axes: list[Axis], checks: Sequence[Check], problem: Problem) -> list[Axis]:
    """Leave out what a CHECK refuses whatever the other columns are, if all of it is too much.

    NULL stands for "whatever": `a = 1 AND NULL` is false where `a` is 2, and not false where it
    is 1. That is a preference only: a CHECK may ask for NULL itself.
    """
    if _size(axes) <= _ROUNDS[-1]:
        return axes
    unknown: Row = {name: None for axis in axes for name in axis.columns}
    tried = [
        {**unknown, **dict(zip(axis.columns, option, strict=True))}
        for axis in axes
        for option in axis.options
    ]
    held = problem.ask.satisfying(problem.demand, checks, tried)
    return [_kept(axis, held) or axis for axis in axes]


def _kept(axis: Axis, held: list[Row]) -> Axis | None:
    viable = {tuple(row[name] for name in axis.columns) for row in held}
    options = [o for o in axis.options if o in viable and any(v is not None for v in o)]
    return Axis(axis.columns, options) if options else None


def _axes(columns: tuple[str, ...], checks: Sequence[Check], problem: Problem) -> list[Axis]:
    axes: list[Axis] = []
    for axis in problem.axes:
        if set(axis.columns) <= set(columns):
            axes = _joined(axes, axis)
    covered = {name for axis in axes for name in axis.columns}
    for name in columns:
        if name not in covered:
            mentioned = [check for check in checks if name in check.columns]
            axes.append(_axis(problem.demand.cells[name], mentioned, problem))
    return axes


def _joined(axes: list[Axis], axis: Axis) -> list[Axis]:
    """Merge an axis with those that share a column: both foreign keys must find their parent."""
    apart = [a for a in axes if not set(a.columns) & set(axis.columns)]
    for other in axes:
        if other not in apart:
            axis = _merged(other, axis)
    return [*apart, axis]


def _merged(one: Axis, other: Axis) -> Axis:
    new = [n for n, name in enumerate(other.columns) if name not in one.columns]
    shared = [(one.columns.index(c), n) for n, c in enumerate(other.columns) if n not in new]
    options = [
        (*left, *(right[n] for n in new))
        for left in one.options
        for right in other.options
        if all(same(left[a]) == same(right[b]) for a, b in shared)
    ]
    return Axis((*one.columns, *(other.columns[n] for n in new)), options)


def _axis(cell: Cell, checks: Sequence[Check], problem: Problem) -> Axis:
    found = candidates(cell, problem)
    if checks:
        found += suggestions(checks, cell.shape)
    if cell.default is not None:
        found.insert(0, cell.default)
    if cell.is_nullable:
        found.append(None)
    if not found:
        raise Impossible(f"of column '{cell.name}', the type is not known and NULL not allowed")
    return Axis((cell.name,), [(value,) for value in dict.fromkeys(found)])


def candidates(cell: Cell, problem: Problem) -> list[Value]:
    """Return values for a column, in a later attempt others than before where there are any."""
    is_key = cell.name in problem.demand.keys
    number = problem.rows + 6
    made = values_of(
        cell.shape,
        number * (problem.attempt + 1),
        seed=_seed(problem.seed, problem.demand.table.name, cell.name),
        is_key=is_key,
        is_plain=problem.attempt > 0,
    )
    fresh = made[number * problem.attempt :]
    return fresh if len(fresh) >= problem.rows else made


def _seed(seed: int, *names: str) -> int:
    return Random(f"{seed}/{'/'.join(names)}").randrange(2**32)


def _combinations(axes: Sequence[Axis], number: int, random: Random) -> Iterator[Row]:
    """All combinations, or some: first those of equal index, then random ones."""
    names = [name for axis in axes for name in axis.columns]
    for parts in _parts([axis.options for axis in axes], number, random):
        yield dict(zip(names, itertools.chain(*parts), strict=True))


def _parts(
    options: list[Sequence[tuple[Value, ...]]], number: int, random: Random
) -> Iterable[tuple[tuple[Value, ...], ...]]:
    sizes = [len(choices) for choices in options]
    if len(options) == 1 or not all(sizes):
        return itertools.product(*options)
    if prod(sizes) <= number:
        all_of_them = list(itertools.product(*options))
        random.shuffle(all_of_them)
        return all_of_them
    diagonal = [tuple(c[n % len(c)] for c in options) for n in range(max(sizes))]
    drawn = (tuple(random.choice(c) for c in options) for _ in range(number))
    return dict.fromkeys((*diagonal, *drawn))


def _row(
    number: int, groups: list[list[Row]], taken: list[set[object]], problem: Problem
) -> Row | None:
    ranked = [_ranked(options, number, problem) for options in groups]
    if not all(ranked):
        return None
    chosen = [options[0] for options in ranked]
    if not _conflicts(chosen, taken, problem.demand):
        return _joint(chosen)
    return _alternative(ranked, chosen, taken, problem.demand)


def _alternative(
    ranked: list[list[Row]], chosen: list[Row], taken: list[set[object]], demand: Demand
) -> Row | None:
    """Change the groups of the keys that are taken until none is."""
    keys = {name for unique in _conflicts(chosen, taken, demand) for name in unique}
    for involved in (keys, demand.keys):
        places = [n for n, options in enumerate(ranked) if set(options[0]) & involved]
        choices = [ranked[n][:_ALTERNATIVES] for n in places]
        for parts in itertools.islice(itertools.product(*choices), _ALTERNATIVES):
            tried = list(chosen)
            for place, part in zip(places, parts, strict=True):
                tried[place] = part
            if not _conflicts(tried, taken, demand):
                return _joint(tried)
    return None


def _conflicts(
    chosen: list[Row], taken: list[set[object]], demand: Demand
) -> list[tuple[str, ...]]:
    row = _joint(chosen)
    pairs = zip(demand.uniques, taken, strict=True)
    return [unique for unique, seen in pairs if _key(row, unique, demand) in seen]


def _joint(chosen: Iterable[Row]) -> Row:
    return {name: value for part in chosen for name, value in part.items()}


def _key(row: Row, unique: tuple[str, ...], demand: Demand) -> object:
    if any(demand.cells[name].is_skipped for name in unique):
        return object()
    values = tuple(row[name] for name in unique)
    # NULLs differ from each other, but a primary key has none.
    return object() if None in values else tuple(same(value) for value in values)


def _ranked(options: list[Row], number: int, problem: Problem) -> list[Row]:
    """The options for one row, best first: NULL where due, the server's defaults, variety."""
    size = len(options)
    places = range(size)
    due = _nulls(number, problem)

    def rank(place: int) -> tuple[int, int, int]:
        option = options[place]
        wrong = sum((value is None) != (name in due) for name, value in option.items())
        cells = problem.demand.cells
        own = sum(v != cells[n].default for n, v in option.items() if cells[n].default)
        return wrong, own, (place - number) % size

    return [options[place] for place in sorted(places, key=rank)]


def _nulls(number: int, problem: Problem) -> set[str]:
    """The columns that are NULL in this row: none in the first, each in one of the others."""
    if not problem.has_nulls or problem.rows < 2:
        return set()
    nullable = [n for n, c in problem.demand.cells.items() if c.is_nullable and not c.is_skipped]
    return {n for place, n in enumerate(nullable) if 1 + place % (problem.rows - 1) == number}


def reference_axis(
    reference: Reference, parents: Sequence[tuple[Value, ...]], cells: Mapping[str, Cell]
) -> Axis:
    """Return the choice of a parent, and NULL in the columns that allow it."""
    nullable = [cells[name].is_nullable for name in reference.columns]
    if not parents:
        return null_axis(
            reference, [cells[name] for name in reference.columns if cells[name].is_nullable]
        )
    options = dict.fromkeys(parents)
    if any(nullable):
        options |= dict.fromkeys(
            tuple(None if may else v for may, v in zip(nullable, key, strict=True))
            for key in parents
        )
    return Axis(reference.columns, list(options))


def null_axis(reference: Reference, nullable: Sequence[Cell]) -> Axis:
    """Return NULL as the only choice: one NULL is enough for a foreign key to hold."""
    if not nullable:
        raise Impossible(f"no row of '{reference.parent_name}' is there to refer to")
    return Axis(tuple(cell.name for cell in nullable), [(None,) * len(nullable)])

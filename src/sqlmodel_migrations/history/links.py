"""How revisions hang together: parents, children, dependencies, branch labels.

`graph` answers questions with it, `symbol` finds its way in it, `order` sorts by it. The links are
always acyclic and complete: unknown parents are left out, a cycle is cut at one link; `problem`
says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlmodel_migrations.history.index import Revision

Names = Mapping[str, tuple[str, ...]]


class Links(NamedTuple):
    """Mappings from revision ids, all in the order of the files.

    The words in brackets are the attributes of Alembic's `Revision` that they equal.
    """

    revisions: Mapping[str, Revision]
    labels: Mapping[str, str]  # label -> the revision that declares it
    down: Names  # parents [_versioned_down_revisions]
    needs: Names  # parents, and dependencies that no ancestor has [_normalized_down_revisions]
    children: Names  # [nextrev]
    dependents: Names  # children, and revisions that depend on it [_all_nextrev]
    branch_labels: Mapping[str, frozenset[str]]  # own and inherited
    oldest_first: tuple[str, ...]  # what a revision needs stands before it
    cycles: tuple[tuple[str, ...], ...]  # as they were before they were cut

    @property
    def heads(self) -> tuple[str, ...]:
        """Revisions without a child."""
        return tuple(rev for rev in self.revisions if not self.children[rev])

    @property
    def effective_heads(self) -> tuple[str, ...]:
        """Heads that no other revision depends on."""
        return tuple(rev for rev in self.revisions if not self.dependents[rev])

    @property
    def bases(self) -> tuple[str, ...]:
        """Revisions that state no parent."""
        return tuple(rev for rev, revision in self.revisions.items() if not revision.down_revisions)

    def ancestors(self, ids: Iterable[str]) -> set[str]:
        """Collect `ids` and all that they need."""
        return reached(ids, self.needs)

    def lineage(self, rev: str) -> set[str]:
        """Collect a revision, its ancestors and its descendants, dependencies left out."""
        return reached([rev], self.down) | reached([rev], self.children)


def join(found: Sequence[Revision]) -> Links:
    """Join revisions; of several with one id the first counts."""
    revisions = {revision.id: revision for revision in reversed(found)}
    revisions = {revision.id: revisions[revision.id] for revision in found}
    labels = _labels(revisions)
    down = {rev: _known(each.down_revisions, revisions) for rev, each in revisions.items()}
    depends = {
        rev: _dependencies(each, revisions, labels) if each.depends_on else ()
        for rev, each in revisions.items()
    }
    oldest_first, cycles = _without_cycles(down, depends)
    children = _inverted(down)
    dependents = _inverted(_united(down, depends))
    return Links(
        revisions=revisions,
        labels=labels,
        down=down,
        needs=_united(down, _not_inherited(depends, down, oldest_first)),
        children=children,
        dependents=dependents,
        branch_labels=_spread(revisions, down, children, dependents, oldest_first),
        oldest_first=oldest_first,
        cycles=cycles,
    )


def reached(ids: Iterable[str], links: Names) -> set[str]:
    """Collect `ids` and all that can be reached from them."""
    todo, seen = list(ids), set[str]()
    while todo:
        rev = todo.pop()
        if rev not in seen:
            seen.add(rev)
            todo.extend(links[rev])
    return seen


def _labels(revisions: Mapping[str, Revision]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for rev, revision in revisions.items():
        for label in revision.branch_labels:
            if label not in revisions:
                labels.setdefault(label, rev)
    return labels


def _known(names: tuple[str, ...], known: Collection[str]) -> tuple[str, ...]:
    if len(names) == 1 and names[0] in known:
        return names
    return tuple(name for name in dict.fromkeys(names) if name in known)


def _dependencies(
    revision: Revision, revisions: Mapping[str, Revision], labels: Mapping[str, str]
) -> tuple[str, ...]:
    """Resolve `depends_on`: whole ids and labels, as Alembic does."""
    return _known(tuple(labels.get(name, name) for name in revision.depends_on), revisions)


def _united(first: Names, second: Names) -> dict[str, tuple[str, ...]]:
    return {
        rev: tuple(dict.fromkeys(first[rev] + second[rev])) if second[rev] else first[rev]
        for rev in first
    }


def _inverted(links: Names) -> dict[str, tuple[str, ...]]:
    inverted: dict[str, list[str]] = {rev: [] for rev in links}
    for rev, targets in links.items():
        for target in targets:
            inverted[target].append(rev)
    return {rev: tuple(ids) for rev, ids in inverted.items()}


def _without_cycles(
    down: dict[str, tuple[str, ...]], depends: dict[str, tuple[str, ...]]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Sort oldest first, cutting cycles out of `down` and `depends`; gives the cycles too."""
    links = _united(down, depends)
    oldest_first = _sorted(links)
    if len(oldest_first) == len(links):
        return oldest_first, ()
    cycles = tuple(_cycles(links))
    for cycle in cycles:
        for parents in (down, depends):
            parents[cycle[-1]] = tuple(rev for rev in parents[cycle[-1]] if rev != cycle[0])
    return _sorted(_united(down, depends)), cycles


def _sorted(links: Names) -> tuple[str, ...]:
    """Sort what is on no cycle and above none, oldest first (Kahn's algorithm)."""
    above = _inverted(links)
    missing = {rev: len(targets) for rev, targets in links.items()}
    ready = [rev for rev, count in missing.items() if not count]
    for rev in ready:
        for above_it in above[rev]:
            missing[above_it] -= 1
            if not missing[above_it]:
                ready.append(above_it)
    return tuple(ready)


def _cycles(links: Names) -> Iterable[tuple[str, ...]]:
    """Find, depth first, each link from a revision back to one on the way to it.

    A cycle starts with the revision that is reached again and ends with the one whose link closes
    it; without these links there is none left.
    """
    done: set[str] = set()
    for start in links:
        path: dict[str, list[str]] = {}
        todo = [start]
        while todo:
            rev = todo[-1]
            if rev in done or (rev in path and not path[rev]):
                path.pop(rev, None)
                done.add(rev)
                todo.pop()
                continue
            ahead = path.setdefault(rev, list(links[rev]))
            below = ahead.pop() if ahead else rev
            if below in path and below in links[rev]:
                way = list(path)
                yield tuple(way[way.index(below) :])
            elif below not in path:
                todo.append(below)


def _not_inherited(depends: Names, down: Names, oldest_first: Sequence[str]) -> Names:
    """Leave out the dependencies that an ancestor by `down` has already.

    Only a dependency that several revisions state can be inherited: one bit for each.
    """
    stated: dict[str, int] = {}
    for rev in depends:
        for name in depends[rev]:
            stated[name] = stated.get(name, 0) + 1
    shared = [name for name, count in stated.items() if count > 1]
    if not shared:
        return depends
    bits = {name: 1 << index for index, name in enumerate(shared)}
    inherited: dict[str, int] = {}
    for rev in oldest_first:
        inherited[rev] = _combined(inherited[p] | _mask(depends[p], bits) for p in down[rev])
    return {
        rev: tuple(name for name in names if not bits.get(name, 0) & inherited[rev])
        for rev, names in depends.items()
    }


def _mask(names: Iterable[str], bits: Mapping[str, int]) -> int:
    return _combined(bits.get(name, 0) for name in names)


def _combined(masks: Iterable[int]) -> int:
    result = 0
    for mask in masks:
        result |= mask
    return result


def _spread(
    revisions: Mapping[str, Revision],
    down: Names,
    children: Names,
    dependents: Names,
    oldest_first: Sequence[str],
) -> dict[str, frozenset[str]]:
    """Give labels to descendants, and to ancestors up to a branch or merge point.

    As Alembic's `_add_branches`: upwards only from a branch that is one straight line to its head.
    """

    if not any(revision.branch_labels for revision in revisions.values()):
        return dict.fromkeys(revisions, frozenset())

    def is_straight(rev: str) -> bool:
        return len(dependents[rev]) < 2 and len(revisions[rev].down_revisions) < 2

    spread: dict[str, frozenset[str]] = {}
    for rev in oldest_first:
        own = frozenset(revisions[rev].branch_labels)
        spread[rev] = own.union(*(spread[parent] for parent in down[rev]))
    for rev in [rev for rev in oldest_first if revisions[rev].branch_labels]:
        line = [rev]
        while is_straight(line[-1]) and children[line[-1]]:
            line.append(children[line[-1]][0])
        parents = down[rev] if is_straight(line[-1]) else ()
        while parents and is_straight(parents[0]):
            spread[parents[0]] |= spread[rev]
            parents = down[parents[0]]
    return spread

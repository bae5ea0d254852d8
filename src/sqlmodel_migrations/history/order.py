"""The order in which revisions are listed: Alembic's, newest first.

Alembic (`RevisionMap._topological_sort`) follows one branch down and leaves it where another
branch that is not listed yet still needs the revision. It compares whole sets of ancestors; here a
revision has one integer, with one bit for each revision that several others need: only those can
be waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlmodel_migrations.history.links import Links


class Order:
    """Sorts revisions of one `Links`."""

    def __init__(self, links: Links):
        self._needs = links.needs
        self._position = {rev: index for index, rev in enumerate(links.revisions)}
        self._age = {rev: index for index, rev in enumerate(links.oldest_first)}
        self._bits = _bits(links)
        self._ancestors = _ancestors(links, self._bits)

    def newest_first(self, wanted: Collection[str], heads: Iterable[str]) -> list[str]:
        """Sort `wanted`, starting from those `heads` that are among them."""
        todo, listed, at = set(wanted), list[str](), 0
        current = sorted(set(heads) & todo, key=self._position.__getitem__)
        while current:
            rev = current[at]
            above = self._first_above(rev, current)
            if above is not None:
                at = above
                continue
            listed.append(rev)
            todo.remove(rev)
            at = self._descend(rev, current, at, todo)
        # What no head leads to has no order in Alembic (an assertion fails there).
        return listed + sorted(todo, key=self._age.__getitem__, reverse=True)

    def _first_above(self, rev: str, current: Sequence[str]) -> int | None:
        """Find the first other head that needs `id`, which has to be listed before it."""
        bit = self._bits.get(rev, 0)
        if not bit:
            return None
        for index, head in enumerate(current):
            if self._ancestors[head] & bit and head != rev:
                return index
        return None

    def _descend(self, rev: str, current: list[str], at: int, todo: Collection[str]) -> int:
        """Replace the head that was listed by what it needs; gives where to go on."""
        below = [need for need in self._needs[rev] if need in todo and need not in current]
        if not below:
            del current[at]
            return max(at - 1, 0)
        current[at] = below[0]
        current.extend(below[1:])
        return at


def _bits(links: Links) -> dict[str, int]:
    """Give one bit to each revision that several others need."""
    counts: dict[str, int] = {}
    for needs in links.needs.values():
        for rev in needs:
            counts[rev] = counts.get(rev, 0) + 1
    shared = [rev for rev, count in counts.items() if count > 1]
    return {rev: 1 << index for index, rev in enumerate(shared)}


def _ancestors(links: Links, bits: dict[str, int]) -> dict[str, int]:
    """Say of each revision which of those with a bit it is, or needs."""
    ancestors: dict[str, int] = {}
    for rev in links.oldest_first:
        mask = bits.get(rev, 0)
        for need in links.needs[rev]:
            mask |= ancestors[need]
        ancestors[rev] = mask
    return ancestors

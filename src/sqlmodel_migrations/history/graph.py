"""The graph of a project's revisions: what people type, resolved; what there is, in order.

Alembic's answers (`ScriptDirectory`), from files that were read and not run. A graph with problems
still lists what can be listed; whoever needs a sound one calls `require_sound`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history import links, problem
from sqlmodel_migrations.history.index import Index, Revision
from sqlmodel_migrations.history.order import Order
from sqlmodel_migrations.history.symbol import Resolver, relative, tips

if TYPE_CHECKING:
    from sqlmodel_migrations.diagnostics import Diagnostic

Target = str | Sequence[str]


class Graph:
    """The revisions of an index and how they hang together."""

    revisions: Mapping[str, Revision]
    problems: tuple[Diagnostic, ...]

    def __init__(self, index: Index):
        self._links = links.join(index.revisions)
        self._order: Order | None = None
        self.revisions = self._links.revisions
        self.problems = problem.find(index, self._links)
        self.heads = self._values(self._links.heads)
        self.effective_heads = self._values(self._links.effective_heads)
        self.bases = self._values(self._links.bases)

    def require_sound(self) -> None:
        """Raise UsageError with the problems, if there are any."""
        if not self.problems:
            return
        first, *others = self.problems
        said = [f"{each.message}; {each.help}" for each in self.problems]
        raise UsageError(
            f"the history is broken: {len(self.problems)} problems" if others else first.message,
            hint="correct the revision files" if others else first.help,
            details=tuple(said if others else _place(first)),
        )

    def children(self, rev: str) -> tuple[Revision, ...]:
        """List the revisions whose down revision is `id`, in the order of the files."""
        return self._values(self._links.children[rev])

    def is_head(self, rev: str) -> bool:
        """Whether no revision follows."""
        return not self._links.children[rev]

    def is_effective_head(self, rev: str) -> bool:
        """Whether no revision follows and none depends on it."""
        return not self._links.dependents[rev]

    def is_branch_point(self, rev: str) -> bool:
        """Whether several revisions follow."""
        return len(self._links.children[rev]) > 1

    def is_merge_point(self, rev: str) -> bool:
        """Whether the revision joins several branches."""
        return self.revisions[rev].is_merge

    def branch_labels(self, rev: str) -> tuple[str, ...]:
        """List the labels of the branches that a revision is on, sorted."""
        return tuple(sorted(self._links.branch_labels[rev]))

    def resolve(
        self, symbol: Target, *, current: Sequence[str] | None = None
    ) -> tuple[Revision, ...]:
        """Find the revisions that `symbol` means, none for `base`; raises UsageError.

        `current` are the ids that the database is at, () for an empty one; None where no database
        was asked, so that `-1` counts from the heads.
        """
        return self._values(self._resolve(symbol, current=current))

    def ancestors(self, ids: Iterable[str]) -> frozenset[str]:
        """Collect `ids` and all that they follow or depend on."""
        return frozenset(self._links.ancestors(ids))

    def current(self, ids: Iterable[str]) -> tuple[Revision, ...]:
        """List where a database stands whose version table holds `ids`: a revision a branch.

        Names too what is applied only because something depends on it, as `alembic current`.
        """
        return self._values(tips(self._links, self._resolve(tuple(ids))))

    def walk(
        self, base: Target = "base", head: Target = "heads", *, current: Sequence[str] | None = None
    ) -> Iterator[Revision]:
        """List from `head` back to `base`, both included, as Alembic's `walk_revisions`.

        A `head` of `+N` counts from `base`; `current` is as for `resolve`.
        Raises UsageError, where `head` does not come after `base` too.
        """
        start = self._resolve(base, current=current, stop=True)
        counted = start if _counts_on(head) else current
        heads = self._resolve(head, current=counted, stop=True)
        heads = self._heads_on_branch(heads, base)
        wanted = self._required(heads)
        if not wanted.issuperset(start):
            raise UsageError(
                f"'{_shown(head)}' does not come after '{_shown(base)}'",
                hint="name the older revision first: `sqlmodel migrations history -r OLD:NEW`",
            )
        if start:
            wanted -= self._required(start) - set(start)
            wanted &= links.reached(start, self._links.children)
        yield from self._sorted(wanted, heads)

    def pending(self, current: Sequence[str], target: Target = "heads") -> tuple[Revision, ...]:
        """List what `upgrade target` runs from a database at `current`, in order.

        Raises UsageError; a broken history is one.
        """
        self.require_sound()
        self._refuse_backwards(target)
        applied = self._required(self._resolve(current))
        heads = self._resolve(target, current=current)
        wanted = self._required(heads) - applied
        return tuple(reversed(tuple(self._sorted(wanted, heads))))

    def pending_of_any(
        self, positions: Sequence[Sequence[str]], target: Target = "heads"
    ) -> tuple[Revision, ...]:
        """List what `upgrade target` runs on any of several databases, in order."""
        if len(positions) == 1:
            return self.pending(positions[0], target)
        wanted = {one.id for each in positions for one in self.pending(each, target)}
        return tuple(one for one in reversed(tuple(self.walk())) if one.id in wanted)

    def _values(self, ids: Iterable[str]) -> tuple[Revision, ...]:
        return tuple(self.revisions[rev] for rev in ids)

    def _resolve(
        self, symbol: Target, *, current: Sequence[str] | None = None, stop: bool = False
    ) -> tuple[str, ...]:
        at = None if current is None else tuple(current)
        resolver = Resolver(self._links, at, stop)
        if isinstance(symbol, str):
            return resolver.resolve(symbol)
        return tuple(rev for part in symbol for rev in resolver.resolve(part))

    def _heads_on_branch(self, ids: tuple[str, ...], base: Target) -> tuple[str, ...]:
        """Leave out the heads of other branches where the base is `label@…`."""
        if not isinstance(base, str) or "@" not in base:
            return ids
        label = base.partition("@")[0]
        if label in self._links.labels:
            return tuple(rev for rev in ids if label in self._links.branch_labels[rev])
        lineage = self._links.lineage(Resolver(self._links).branch(label))
        return tuple(rev for rev in ids if rev in lineage)

    def _required(self, ids: Sequence[str]) -> set[str]:
        """Collect the ancestors; raises UsageError where one of `ids` needs another of them."""
        below = self._links.ancestors(need for rev in ids for need in self._links.needs[rev])
        covered = [rev for rev in dict.fromkeys(ids) if rev in below]
        if not covered:
            return below.union(ids)
        raise UsageError(
            f"revision '{covered[0]}' is part of another one that is named beside it",
            hint=f"leave out '{covered[0]}'",
            details=Resolver(self._links).described(dict.fromkeys(ids)),
        )

    def _refuse_backwards(self, target: Target) -> None:
        if _counts_back(target):
            raise UsageError(
                f"'{target}' leads back, and an upgrade goes forward",
                hint=f"type: sqlmodel migrations downgrade {target}",
            )

    def _sorted(self, wanted: set[str], heads: Sequence[str]) -> Iterator[Revision]:
        if self._order is None:
            self._order = Order(self._links)
        yield from self._values(self._order.newest_first(wanted, heads))


def _counts_on(target: Target) -> bool:
    steps = relative(target) if isinstance(target, str) else None
    return steps is not None and steps.symbol is None and steps.steps > 0


def _counts_back(target: Target) -> bool:
    steps = relative(target) if isinstance(target, str) else None
    return steps is not None and steps.symbol is None and steps.steps <= 0


def _shown(target: Target) -> str:
    return target if isinstance(target, str) else ", ".join(target)


def _place(problem: Diagnostic) -> tuple[str, ...]:
    """Say where a problem is, as an editor or a terminal that follows places reads it."""
    place = [str(part) for part in (problem.file, problem.line) if part is not None]
    return (f"at {':'.join(place)}",) if place else ()

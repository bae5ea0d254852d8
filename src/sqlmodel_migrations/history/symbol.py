"""Symbols: what people type for revisions (`head`, `ae10`, `label@head`, `id+2`, `-1`).

As Alembic resolves them (alembic/script/revision.py), with an answer for each thing that it cannot
resolve. None stands for the state before the first revision (`base`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.history.links import Links
from sqlmodel_migrations.history.problem import nearest

_RELATIVE = r"(?:(.+?)@)?(\w+)?([+-]\d+)"
_HISTORY = "type `sqlmodel migrations history` to see all revisions"


class Relative(NamedTuple):
    """A symbol that counts steps: from `symbol`, or from the current revision where it is None."""

    text: str
    label: str | None
    symbol: str | None
    steps: int


def relative(text: str) -> Relative | None:
    """Take apart `+2`, `label@-1`, `id+1`; None for anything else."""
    match = re.fullmatch(_RELATIVE, text) if text[-1:].isdecimal() else None
    return Relative(text, match[1], match[2], int(match[3])) if match else None


class Resolver(NamedTuple):
    """Finds what a symbol means among `links`.

    `current` are the revisions that the database is at, None where no database was asked: then
    `+N` counts from the base and `-N` from the heads. `stop` ends a walk at the last revision
    there is, where it would otherwise be an error to count further.
    """

    links: Links
    current: tuple[str, ...] | None = None
    stop: bool = False

    def resolve(self, text: str) -> tuple[str, ...]:
        """Resolve one symbol to ids, none for `base`; raises UsageError."""
        if text in self.links.revisions:
            return (text,)
        if "," in text:
            return tuple(rev for part in text.split(",") for rev in self.resolve(part.strip()))
        steps = relative(text)
        if steps:
            return tuple(rev for rev in self._relative(steps) if rev is not None)
        label, _, name = text.rpartition("@")
        return self._named(name, label or None, text)

    def _named(self, name: str, label: str | None, text: str) -> tuple[str, ...]:
        if name == "current":
            return self._current_ids(text)
        if name == "base":
            return ()
        if name == "heads":
            return self.heads(label) if label else self.links.effective_heads
        if name == "head":
            return self._single_head(label, text)
        return (self._identified(name, label),)

    def _current_ids(self, text: str) -> tuple[str, ...]:
        if self.current is None:
            raise UsageError(
                f"'{text}' needs the database, which was not asked here",
                hint="name a revision, or use 'head'",
            )
        return tuple(self._identified(rev, None) for rev in self.current)

    def heads(self, label: str | None) -> tuple[str, ...]:
        """List the heads, on the branch of `label` only where it is given."""
        return self._on_branch(self.links.heads, label)

    def _single_head(self, label: str | None, text: str) -> tuple[str, ...]:
        heads = self.heads(label)
        if len(heads) < 2:
            return heads
        raise UsageError(
            f"'{text}' is ambiguous: there are {len(heads)} heads",
            hint="name one of them, type 'heads' for all, or join them: "
            "`sqlmodel migrations merge`",
            details=self.described(heads),
        )

    def _on_branch(self, ids: Iterable[str], label: str | None) -> tuple[str, ...]:
        if label is None:
            return tuple(ids)
        lineage = self.links.lineage(self.branch(label))
        return tuple(rev for rev in ids if rev in lineage)

    def branch(self, label: str) -> str:
        """Find the revision that a branch is known by: its label's, or an id."""
        if label in ("head", "heads", "base"):
            raise UsageError(
                f"no branch is called '{label}'", hint="put a branch label or an id before '@'"
            )
        return self._identified(label, None)

    def _identified(self, name: str, label: str | None) -> str:
        """Find the revision with this id, label or beginning of one, on a branch if given."""
        found = name if name in self.links.revisions else self.links.labels.get(name)
        if found is None:
            found = self._completed(name, label)
        if label is not None and not self._on_branch([found], label):
            raise UsageError(
                f"revision '{found}' is not on the branch '{label}'",
                hint="leave out the branch, or type `sqlmodel migrations history` to see it",
                details=self.described([found, self.branch(label)]),
            )
        return found

    def _completed(self, beginning: str, label: str | None) -> str:
        ids = [rev for rev in self.links.revisions if len(rev) > 3 and rev.startswith(beginning)]
        labels = self.links.labels.items()
        ids += [rev for name, rev in labels if len(name) > 3 and name.startswith(beginning)]
        found = self._on_branch(dict.fromkeys(ids), label) if beginning else ()
        if not found:
            raise self._unknown(beginning)
        if len(found) > 1:
            raise UsageError(
                f"'{beginning}' is ambiguous: {len(found)} revisions start with it",
                hint="type more of the id",
                details=self.described(found),
            )
        return found[0]

    def _unknown(self, name: str) -> UsageError:
        known = {revision.message: rev for rev, revision in self.links.revisions.items()}
        known |= self.links.labels
        known |= {rev: rev for rev in self.links.revisions}
        near = nearest(name, list(known))
        found = dict.fromkeys(known[text] for text in near)
        is_typed = bool(near) and (near[0] in self.links.labels or near[0] in found)
        meant = near[0] if is_typed else next(iter(found), "")
        return UsageError(
            f"there is no revision or branch '{name}'",
            hint=f"did you mean '{meant}'? {_HISTORY}" if meant else _HISTORY,
            details=self.described(found),
        )

    def described(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Say of each revision its id, its place and its message, one line each."""
        return tuple(self._described(self.links.revisions[rev]) for rev in ids)

    def _described(self, revision: Revision) -> str:
        place = "" if self.links.children[revision.id] else " (head)"
        return f"{revision.id}{place}, {revision.message}"

    def _relative(self, steps: Relative) -> tuple[str | None, ...]:
        if steps.symbol is None and steps.steps < 0 and self.current is None:
            heads = self.heads(steps.label) if steps.label else self.links.effective_heads
            return tuple(self.walk(head, steps) for head in heads)
        return (self.walk(self._start(steps), steps),)

    def _start(self, steps: Relative) -> str | None:
        if steps.symbol is not None:
            return self._named_start(steps.symbol, steps)
        return self._lower_start(steps) if steps.steps < 0 else self._upper_start(steps)

    def _named_start(self, symbol: str, steps: Relative) -> str | None:
        label = steps.label if steps.steps < 0 else None
        found = self._named(symbol, label, symbol)
        if len(found) > 1:
            raise self._ambiguous(steps, found)
        return found[0] if found else None

    def _lower_start(self, steps: Relative) -> str | None:
        """Find the current revision to go back from."""
        current = self._current_ids(steps.text)
        if not current:
            raise UsageError(
                f"'{steps.text}' goes too far: the database is at no revision",
                hint="type `sqlmodel migrations current` to see where the database is",
            )
        starts = self._on_branch(current, steps.label)
        if not starts and steps.label:
            starts = self._on_branch(tips(self.links, current), steps.label)
        if len(starts) > 1:
            raise self._ambiguous(steps, starts)
        return starts[0] if starts else None

    def _upper_start(self, steps: Relative) -> str | None:
        """Find the current revision to go on from: on the branch, or where the branch began."""
        current = tuple(self._identified(rev, None) for rev in self.current or ())
        starts = self._on_branch(current, steps.label)
        if not starts and steps.label:
            active = set(self._on_branch(self.links.ancestors(current), steps.label))
            passed = {need for rev in active for need in self.links.needs[rev]}
            starts = tuple(rev for rev in self.links.revisions if rev in active - passed)
        if len(set(starts)) > 1:
            raise self._ambiguous(steps, starts)
        return starts[0] if starts else None

    def _ambiguous(self, steps: Relative, ids: Sequence[str]) -> UsageError:
        return UsageError(
            f"'{steps.text}' is ambiguous: it can start from {len(ids)} revisions",
            hint=f"say which: '{ids[0]}{steps.steps:+d}', or '<branch>@{steps.steps:+d}'",
            details=self.described(ids),
        )

    def walk(self, start: str | None, steps: Relative) -> str | None:
        """Go `steps` up or down from `start`; raises UsageError where the way ends or forks."""
        at = start
        for _ in range(abs(steps.steps)):
            ways = self._ways(at, steps)
            if len(ways) > 1:
                raise self._fork(at, ways, steps)
            if not ways and self.stop:
                return at
            if not ways:
                raise self._too_far(steps)
            at = ways[0]
        return at

    def _ways(self, at: str | None, steps: Relative) -> Sequence[str | None]:
        if steps.steps > 0:
            above = self.links.bases if at is None else self.links.children[at]
            return self._on_branch(above, steps.label)
        return () if at is None else self.links.down[at] or (None,)

    def _fork(self, at: str | None, ways: Sequence[str | None], steps: Relative) -> UsageError:
        ids = [rev for rev in ways if rev is not None]
        return UsageError(
            f"'{steps.text}' is ambiguous: {len(ids)} ways lead on from '{at or 'base'}'",
            hint="name the revision that is meant",
            details=self.described(ids),
        )

    def _too_far(self, steps: Relative) -> UsageError:
        count = abs(steps.steps)
        side = "after" if steps.steps > 0 else "before"
        start = steps.symbol or self._shown_start()
        return UsageError(
            f"'{steps.text}' goes too far: there are fewer than {count} revisions {side} {start}"
            if count > 1
            else f"'{steps.text}' goes too far: there is no revision {side} {start}",
            hint=_HISTORY,
        )

    def _shown_start(self) -> str:
        if self.current is None:
            return "the ends"
        return "the current one" if self.current else "base"


def tips(links: Links, ids: Iterable[str]) -> tuple[str, ...]:
    """List the revisions among `ids` and all they need that have no child there."""
    active = links.ancestors(ids)
    return tuple(
        rev for rev in links.revisions if rev in active and active.isdisjoint(links.children[rev])
    )

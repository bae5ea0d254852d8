"""The span: which revisions are judged, and what is there before them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.history.index import Revision


@dataclass(frozen=True)
class Span:
    """`past` are the heads before, ids; `pending` the revisions after them, in order.

    With `is_downgrade` the pending ones are those that are taken back, from the last.
    """

    past: tuple[str, ...]
    pending: tuple[Revision, ...]
    is_downgrade: bool = False

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads with all of them, those of the past that nothing follows included."""
        return _heads((*self.past, *(r.id for r in self.pending)), self.pending)

    @property
    def start(self) -> tuple[str, ...]:
        """The heads where it begins."""
        return self.heads if self.is_downgrade else self.past


def of_database(graph: Graph, current: Sequence[str], target: str = "heads") -> Span:
    """Return what is pending on a database that is at `current`, up to `target`."""
    return Span(tuple(current), graph.pending(current, target))


def of_range(graph: Graph, text: str) -> Span:
    """Return `BASE:HEAD`, or one revision alone; an empty end is base or heads."""
    base, colon, head = text.partition(":")
    if not colon:
        return _of_revisions(graph, graph.resolve(text))
    past = tuple(revision.id for revision in graph.resolve(base or "base"))
    return Span(past, graph.pending(past, head or "heads"))


def of_ids(graph: Graph, ids: Iterable[str]) -> Span:
    """Return some revisions, which are the newest of their branches."""
    wanted = set(ids)
    return _of_revisions(graph, [r for r in graph.pending(()) if r.id in wanted])


def after(graph: Graph, span: Span, since: str) -> Span:
    """Return the part of a span that comes after a revision."""
    known = graph.pending((), since)
    done = {revision.id for revision in known}
    left = tuple(revision for revision in span.pending if revision.id not in done)
    if len(left) == len(span.pending):
        return span
    past = (*span.past, *(r.id for r in span.pending if r.id in done))
    return replace(span, past=_heads(past, span.pending), pending=left)


def _heads(ids: Iterable[str], revisions: Iterable[Revision]) -> tuple[str, ...]:
    """Those of `ids` that none of them needs, as far as `revisions` say."""
    found = set(ids)
    needed = {need for r in revisions if r.id in found for need in _needs(r)}
    return tuple(sorted(found - needed))


def _of_revisions(graph: Graph, wanted: Sequence[Revision]) -> Span:
    ids = {revision.id for revision in wanted}
    below = {need for revision in wanted for need in _needs(revision)} - ids
    past = graph.pending((), tuple(below)) if below else ()
    if overlap := ids & {revision.id for revision in past}:
        raise UsageError(
            f"'{sorted(overlap)[0]}' cannot be judged apart from what comes after it",
            hint="give a range: BASE:HEAD",
        )
    return Span(_heads((revision.id for revision in past), past), tuple(wanted))


def _needs(revision: Revision) -> tuple[str, ...]:
    return (*revision.down_revisions, *revision.depends_on)

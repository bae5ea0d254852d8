"""The span: which revisions are judged, and what is there before them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.history.index import Revision


@dataclass(frozen=True)
class Span:
    """`past` are the heads before, ids; `pending` the revisions after them, in order."""

    past: tuple[str, ...]
    pending: tuple[Revision, ...]

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads at the end, those of the past that nothing follows included."""
        ids = {*self.past, *(revision.id for revision in self.pending)}
        needed = {need for revision in self.pending for need in _needs(revision)}
        return tuple(sorted(ids - needed))


def of_database(graph: Graph, current: Sequence[str]) -> Span:
    """Return what is pending on a database that is at `current`."""
    return Span(tuple(current), graph.pending(current))


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


def _of_revisions(graph: Graph, wanted: Sequence[Revision]) -> Span:
    ids = {revision.id for revision in wanted}
    below = {need for revision in wanted for need in _needs(revision)} - ids
    past = graph.pending((), tuple(below)) if below else ()
    if overlap := ids & {revision.id for revision in past}:
        raise UsageError(
            f"'{sorted(overlap)[0]}' cannot be judged apart from what comes after it",
            hint="give a range: BASE:HEAD",
        )
    needed = {need for revision in past for need in _needs(revision)}
    return Span(tuple(r.id for r in past if r.id not in needed), tuple(wanted))


def _needs(revision: Revision) -> tuple[str, ...]:
    return (*revision.down_revisions, *revision.depends_on)

"""The search for the revision that a live database is at, where its version table does not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.prove import contrast
from sqlmodel_migrations.prove.authorship import Authorship
from sqlmodel_migrations.prove.contrast import Contrast
from sqlmodel_migrations.prove.live import Live
from sqlmodel_migrations.prove.rehearsal import rehearse
from sqlmodel_migrations.prove.stage import Stage
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.shadow.shadow import Shadow


@dataclass(frozen=True)
class Place:
    """A place in the history, by its heads, and how each database differs from it."""

    heads: tuple[str, ...]
    contrasts: tuple[Contrast, ...]

    @property
    def distance(self) -> int:
        """The number of differences."""
        return sum(len(each.differences) for each in self.contrasts)


def place(checkout: Checkout, lives: Sequence[Live], heads: tuple[str, ...]) -> Place:
    """Contrast the databases with what the revisions up to `heads` make."""
    return Place(heads, contrast.draw(checkout, lives, [heads] * len(lives)))


def places(checkout: Checkout, lives: Sequence[Live]) -> tuple[Place, ...]:
    """Contrast every place of the history with the databases; newest first.

    One replay visits them all; of open branches, each is visited alone as well. Raises
    `StepFailed` for a history that cannot be replayed.
    """
    found = [each for ids in _ways(checkout.graph) for each in _along(checkout, lives, ids)]
    return tuple(dict.fromkeys(reversed(found)))


def nearest(found: Sequence[Place]) -> Place:
    """Return the place with the fewest differences, of equal ones the newest."""
    return min(found, key=lambda place: place.distance)


def _ways(graph: Graph) -> Iterator[tuple[str, ...]]:
    """The revisions in an order in which they can be run: of each branch, and of all."""
    heads = [head.id for head in graph.effective_heads]
    for head in heads if len(heads) > 1 else ():
        yield tuple(revision.id for revision in graph.pending((), [head]))
    yield tuple(revision.id for revision in graph.pending(()))


def _along(checkout: Checkout, lives: Sequence[Live], ids: Sequence[str]) -> tuple[Place, ...]:
    """Run revisions one by one, and look around after each."""
    authorship = Authorship.of(checkout.graph)
    heads: list[tuple[str, ...]] = []
    seen: list[list[Contrast]] = []

    def work(number: int, stage: Stage, _: Shadow) -> None:
        live = lives[number]
        contrast.prepare(stage, live, authorship)
        stage.make_room(ids)
        seen.append([])
        for rev in ids:
            stage.replay([rev])
            seen[number].append(contrast.beside(live, stage, authorship))
            if number == 0:
                heads.append(stage.heads())

    rehearse(checkout, work)
    return tuple(
        Place(each, tuple(contrasts)) for each, *contrasts in zip(heads, *seen, strict=True)
    )

"""One random history, read by us and by Alembic, side by side."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history import index
from sqlmodel_migrations.history.graph import Graph

from . import histories

REFUSED = "refused"
CRASHED = "crashed"


@dataclass(frozen=True)
class Pair:
    """The same files as our graph and as Alembic's script directory."""

    graph: Graph
    alembic: ScriptDirectory

    @property
    def scripts(self) -> list[Script]:
        return list(self.alembic.walk_revisions())


def pair(drawn: list[histories.Drawn], folder: Path) -> Pair:
    """Write a history and read it twice."""
    versions = histories.write(drawn, folder)
    alembic = ScriptDirectory(str(folder))
    order_dependencies(alembic)
    return Pair(Graph(index.read([versions])), alembic)


def order_dependencies(alembic: ScriptDirectory) -> None:
    """Put dependencies into the order of the file, where Alembic has the order of a set."""
    for script in alembic.revision_map._revision_map.values():
        if script is not None:
            stated = script._resolved_dependencies
            kept = script._normalized_resolved_dependencies
            script._normalized_resolved_dependencies = tuple(x for x in stated if x in kept)


def random_pair(seed: int, folder: Path, largest: int = 30) -> tuple[Pair, random.Random]:
    """Draw and read the history of a seed; the generator goes on from there."""
    chance = random.Random(seed)
    return pair(histories.draw(chance, chance.randint(1, largest)), folder), chance


def ours(ask: Callable[[], Iterable[object]]) -> object:
    """Give the ids that we answer, or REFUSED."""
    try:
        return [each.id for each in ask()]  # type: ignore[attr-defined]
    except UsageError:
        return REFUSED


def theirs(ask: Callable[[], Iterable[object]]) -> object:
    """Give the ids that Alembic answers, REFUSED, or CRASHED where it has no answer at all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "downgrade -1 from multiple heads is ambiguous"
        try:
            return [_id(each) for each in ask() if each not in (None, "base")]
        except CommandError:
            return REFUSED
        except (AssertionError, AttributeError, TypeError):
            return CRASHED


def _id(script: object) -> str:
    found: str = script.revision  # type: ignore[attr-defined]
    return found

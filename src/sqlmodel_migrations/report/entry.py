"""A revision as a value for machines, and a place in the history in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlmodel_migrations.history.graph import Graph
    from sqlmodel_migrations.history.index import Revision


def as_json(revision: Revision) -> dict[str, Any]:
    """Return the facts that stand in a revision's file."""
    return {
        "id": revision.id,
        "message": revision.message,
        "down_revisions": list(revision.down_revisions),
        "depends_on": list(revision.depends_on),
        "branch_labels": list(revision.branch_labels),
        "path": revision.file,
    }


def all_as_json(revisions: Iterable[Revision]) -> list[dict[str, Any]]:
    """Return the facts of each revision, in the order given."""
    return [as_json(revision) for revision in revisions]


def place(ids: Sequence[str], graph: Graph) -> str:
    """Say where a database is that has the revisions `ids`: `1e606859995a (head)` or `base`."""
    heads = {revision.id for revision in graph.heads}
    return ", ".join(f"{one} (head)" if one in heads else one for one in ids) or "base"

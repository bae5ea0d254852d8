"""Revisions as lines of text: to the letter what Alembic's `Script` prints.

Where Alembic prints a set in whatever order it happens to have, the lines here are sorted.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.history.index import Revision


def line(
    graph: Graph,
    revision: Revision,
    *,
    verbose: bool = False,
    include_branches: bool = False,
    include_doc: bool = False,
    include_parents: bool = False,
    tree_indicators: bool = True,
    current: Collection[str] = (),
) -> str:
    """Show a revision on one line, or as `entry` where `verbose` (Alembic's `cmd_format`).

    `current` are the ids that are marked so.
    """
    if verbose:
        return entry(graph, revision, current=current)
    text = _parents(revision) + revision.id if include_parents else revision.id
    labels = graph.branch_labels(revision.id)
    if include_branches and labels:
        text += f" ({', '.join(labels)})"
    text += _head(graph, revision) + _mark("current", revision.id in current)
    if tree_indicators:
        text += _tree(graph, revision)
    return f"{text}, {revision.message}" if include_doc else text


def entry(graph: Graph, revision: Revision, *, current: Collection[str] = ()) -> str:
    """Show all of a revision, as `show` does (Alembic's `log_entry`)."""
    marks = _mark("head", graph.is_head(revision.id)) + _tree(graph, revision)
    lines = [
        f"Rev: {revision.id}{marks}{_mark('current', revision.id in current)}",
        f"{'Merges' if revision.is_merge else 'Parent'}: {_down(revision)}",
    ]
    if revision.depends_on:
        lines.append(f"Also depends on: {', '.join(revision.depends_on)}")
    if graph.is_branch_point(revision.id):
        children = sorted(child.id for child in graph.children(revision.id))
        lines.append(f"Branches into: {', '.join(children)}")
    if labels := graph.branch_labels(revision.id):
        lines.append(f"Branch names: {', '.join(labels)}")
    paragraphs = "\n".join(f"    {each}" for each in revision.doc.splitlines())
    return "\n".join([*lines, f"Path: {revision.file}", "", paragraphs, ""])


def branch_point(graph: Graph, revision: Revision, *, verbose: bool = False) -> str:
    """Show a branch point and what follows, as `branches` does."""
    indent = " " * len(revision.id)
    children = [
        f"{indent} -> {line(graph, child, include_branches=True, include_doc=verbose)}"
        for child in sorted(graph.children(revision.id), key=lambda child: child.id)
    ]
    head = line(graph, revision, verbose=verbose, include_branches=True)
    return "\n".join([head, *children, ""])


def _parents(revision: Revision) -> str:
    needs = f" ({', '.join(revision.depends_on)})" if revision.depends_on else ""
    return f"{_down(revision)}{needs} -> "


def _down(revision: Revision) -> str:
    return ", ".join(revision.down_revisions) or "<base>"


def _head(graph: Graph, revision: Revision) -> str:
    if graph.is_effective_head(revision.id):
        return _mark("head", True)
    return _mark("effective head", graph.is_head(revision.id))


def _tree(graph: Graph, revision: Revision) -> str:
    branch = _mark("branchpoint", graph.is_branch_point(revision.id))
    return branch + _mark("mergepoint", graph.is_merge_point(revision.id))


def _mark(word: str, is_shown: bool) -> str:
    return f" ({word})" if is_shown else ""

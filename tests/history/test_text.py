"""Revisions as text: to the letter what Alembic prints."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from sqlmodel_migrations.history import text
from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.history.index import Index, Revision

from . import pairs

SEEDS = range(15)
FLAGS = ("verbose", "include_branches", "include_doc", "include_parents", "tree_indicators")


def _sorted_sets(text: str) -> str:
    """Sort the names that Alembic prints in the order of a set: labels, and what follows."""

    def sort(match: re.Match[str]) -> str:
        return match[1] + ", ".join(sorted(match[2].split(", ")))

    text = re.sub(r"(Branches into: |Branch names: )([^\n]*)", sort, text)
    return re.sub(r"(\()(label\d+(?:, label\d+)*)", sort, text)


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_are_alembics(seed: int, tmp_path: Path) -> None:
    found, chance = pairs.random_pair(seed, tmp_path / "project")
    current = set(chance.sample(list(found.graph.revisions), 1))
    for script, values in itertools.product(
        found.scripts, itertools.product([False, True], repeat=len(FLAGS))
    ):
        flags = dict(zip(FLAGS, values, strict=True))
        script._db_current_indicator = script.revision in current
        revision = found.graph.revisions[script.revision]
        ours = text.line(found.graph, revision, current=current, **flags)
        # Dependencies stand in brackets too, in the order of the file on both sides.
        theirs = script.cmd_format(**flags)
        assert _sorted_sets(ours) == _sorted_sets(theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_entries_are_alembics(seed: int, tmp_path: Path) -> None:
    found, _ = pairs.random_pair(seed, tmp_path / "project")
    for script in found.scripts:
        revision = found.graph.revisions[script.revision]
        assert text.entry(found.graph, revision) == _sorted_sets(script.log_entry)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("verbose", [False, True])
def test_branch_points_are_alembics(seed: int, verbose: bool, tmp_path: Path) -> None:
    """The expected text is made as `alembic.command.branches` makes it."""
    found, _ = pairs.random_pair(seed, tmp_path / "project")
    for script in (script for script in found.scripts if script.is_branch_point):
        children = [
            f"{' ' * len(script.revision)} -> "
            + found.alembic.get_revision(child).cmd_format(
                False, include_branches=True, include_doc=verbose
            )
            for child in sorted(script.nextrev)
        ]
        head = script.cmd_format(verbose, include_branches=True)
        expected = "\n".join([head, *children, ""])
        revision = found.graph.revisions[script.revision]
        ours = text.branch_point(found.graph, revision, verbose=verbose)
        assert _sorted_sets(ours) == _sorted_sets(expected)


def test_a_revision_without_a_docstring() -> None:
    revision = Revision("a", (), (), (), "", "a.py")
    graph = Graph(Index((revision,)))
    assert text.entry(graph, revision) == "Rev: a (head)\nParent: <base>\nPath: a.py\n\n\n"
    assert text.line(graph, revision, include_doc=True) == "a (head), "


def test_labels_stand_in_one_order_always() -> None:
    revision = Revision("a", (), (), ("zoo", "ant", "mid"), "", "a.py")
    graph = Graph(Index((revision,)))
    assert text.line(graph, revision, include_branches=True) == "a (ant, mid, zoo) (head)"

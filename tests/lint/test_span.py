"""The span: which revisions are judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.history.index import read
from sqlmodel_migrations.lint import span
from sqlmodel_migrations.lint.span import Span


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    """A line a1, b2, c3, and a branch d4 from b2."""
    for id, down in (("a1", None), ("b2", "a1"), ("c3", "b2"), ("d4", "b2")):
        (tmp_path / f"{id}.py").write_text(f"revision = {id!r}\ndown_revision = {down!r}\n")
    return Graph(read([tmp_path]))


def shown(found: Span) -> tuple[set[str], list[str], set[str]]:
    return set(found.past), [r.id for r in found.pending], set(found.heads)


def test_what_is_pending(graph: Graph) -> None:
    past, pending, heads = shown(span.of_database(graph, ["b2"]))
    assert (past, set(pending), heads) == ({"b2"}, {"c3", "d4"}, {"c3", "d4"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a1:c3", ({"a1"}, ["b2", "c3"], {"c3"})),
        (":b2", (set(), ["a1", "b2"], {"b2"})),
        ("c3", ({"b2"}, ["c3"], {"c3"})),
        ("a1", (set(), ["a1"], {"a1"})),
    ],
)
def test_a_range(graph: Graph, text: str, expected: tuple[set[str], list[str], set[str]]) -> None:
    assert shown(span.of_range(graph, text)) == expected


def test_files_of_a_branch(graph: Graph) -> None:
    assert shown(span.of_ids(graph, ["d4"])) == ({"b2"}, ["d4"], {"d4"})
    assert shown(span.of_ids(graph, ["c3", "b2"])) == ({"a1"}, ["b2", "c3"], {"c3"})
    assert shown(span.of_ids(graph, [])) == (set(), [], set())


def test_files_in_the_middle_of_the_history(graph: Graph) -> None:
    with pytest.raises(UsageError, match="'a1' cannot be judged apart"):
        span.of_ids(graph, ["a1", "c3"])


def test_since_a_revision(graph: Graph) -> None:
    whole = span.of_range(graph, ":c3")
    assert shown(span.after(graph, whole, "b2")) == ({"b2"}, ["c3"], {"c3"})
    assert span.after(graph, span.of_range(graph, "c3"), "a1") == span.of_range(graph, "c3")


def test_the_way_back_begins_at_the_end(graph: Graph) -> None:
    found = Span(("a1",), span.of_range(graph, "a1:c3").pending, is_downgrade=True)
    assert found.start == ("c3",)

"""What people type for revisions, and what they are told where it means nothing."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from sqlmodel_migrations.errors import ExitCode, UsageError
from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.history.index import Index, Revision

from . import pairs
from .histories import Drawn
from .pairs import ours, theirs

#   1a2b3c -> 2b3c4d (labelled main) -> 3c4d5e -> 5e6f7a
#                                    -> 4d5e6f -> 4d5eff
#   9f8e7d (labelled other)
FORKED = [
    ("1a2b3c", (), (), "create hero"),
    ("2b3c4d", ("1a2b3c",), (), "add team"),
    ("3c4d5e", ("2b3c4d",), ("left",), "add age"),
    ("4d5e6f", ("2b3c4d",), ("right",), "add name"),
    ("4d5eff", ("4d5e6f",), (), "add index"),
    ("5e6f7a", ("3c4d5e",), (), "drop age"),
    ("9f8e7d", (), ("other",), "another beginning"),
]


@pytest.fixture
def graph() -> Graph:
    return Graph(
        Index(
            tuple(
                Revision(id, down, (), labels, message, f"{id}.py")
                for id, down, labels, message in FORKED
            )
        )
    )


@pytest.mark.parametrize(
    ("symbol", "ids"),
    [
        ("1a2b3c", ["1a2b3c"]),
        ("1a2b", ["1a2b3c"]),
        ("1", ["1a2b3c"]),
        ("left", ["3c4d5e"]),
        ("lef", ["3c4d5e"]),
        ("heads", ["4d5eff", "5e6f7a", "9f8e7d"]),
        ("base", []),
        ("left@head", ["5e6f7a"]),
        ("left@base", []),
        ("left@heads", ["5e6f7a"]),
        ("2b3c@heads", ["4d5eff", "5e6f7a"]),
        ("right@2b3c4d", ["2b3c4d"]),
        ("left@3", ["3c4d5e"]),
        ("left@head-1", ["3c4d5e"]),
        ("4d5eff-2", ["2b3c4d"]),
        ("1a2b3c-1", []),
        ("1a2b3c+1", ["2b3c4d"]),
        ("left@1a2b3c+2", ["3c4d5e"]),
        ("other+0", ["9f8e7d"]),
        ("left@-1", ["3c4d5e"]),
        ("left@+1", ["1a2b3c"]),
        ("left,right", ["3c4d5e", "4d5e6f"]),
        ("1a2b, 9f8e", ["1a2b3c", "9f8e7d"]),
    ],
)
def test_symbols(graph: Graph, symbol: str, ids: list[str]) -> None:
    assert [revision.id for revision in graph.resolve(symbol)] == ids


@pytest.mark.parametrize(
    ("symbol", "current", "ids"),
    [
        ("current", ("3c4d5e",), ["3c4d5e"]),
        ("current", (), []),
        ("+1", ("3c4d5e",), ["5e6f7a"]),
        ("-1", ("3c4d5e",), ["2b3c4d"]),
        ("-3", ("3c4d5e",), []),
        ("right@+1", ("2b3c4d",), ["4d5e6f"]),
        ("right@+2", ("2b3c4d", "9f8e7d"), ["4d5eff"]),
        ("right@+1", ("3c4d5e",), ["4d5e6f"]),
        ("left@+1", ("4d5eff",), ["3c4d5e"]),
        ("right@-1", ("3c4d5e", "4d5e6f"), ["2b3c4d"]),
        ("other@+1", (), ["9f8e7d"]),
        ("other@+1", ("3c4d5e",), ["9f8e7d"]),
    ],
)
def test_symbols_relative_to_the_database(
    graph: Graph, symbol: str, current: tuple[str, ...], ids: list[str]
) -> None:
    assert [revision.id for revision in graph.resolve(symbol, current=current)] == ids


@pytest.mark.parametrize(
    ("symbol", "current", "message", "hint", "details"),
    [
        (
            "2b3c4e",
            None,
            "there is no revision or branch '2b3c4e'",
            "did you mean '2b3c4d'? type `sqlmodel migrations history` to see all revisions",
            ("2b3c4d, add team", "3c4d5e, add age", "1a2b3c, create hero"),
        ),
        (
            "rigth",
            None,
            "there is no revision or branch 'rigth'",
            "did you mean 'right'? type `sqlmodel migrations history` to see all revisions",
            ("4d5e6f, add name",),
        ),
        (
            "",
            None,
            "there is no revision or branch ''",
            "type `sqlmodel migrations history` to see all revisions",
            (),
        ),
        (
            "4d5e",
            None,
            "'4d5e' is ambiguous: 2 revisions start with it",
            "type more of the id",
            ("4d5e6f, add name", "4d5eff (head), add index"),
        ),
        (
            "head",
            None,
            "'head' is ambiguous: there are 3 heads",
            "name one of them, type 'heads' for all, or join them: `sqlmodel migrations merge`",
            (
                "4d5eff (head), add index",
                "5e6f7a (head), drop age",
                "9f8e7d (head), another beginning",
            ),
        ),
        (
            "current",
            None,
            "'current' needs the database, which was not asked here",
            "name a revision, or use 'head'",
            (),
        ),
        (
            "left@9f8e7d",
            None,
            "revision '9f8e7d' is not on the branch 'left'",
            "leave out the branch, or type `sqlmodel migrations history` to see it",
            ("9f8e7d (head), another beginning", "3c4d5e, add age"),
        ),
        (
            "head@1a2b3c",
            None,
            "no branch is called 'head'",
            "put a branch label or an id before '@'",
            (),
        ),
        (
            "2b3c4d+1",
            None,
            "'2b3c4d+1' is ambiguous: 2 ways lead on from '2b3c4d'",
            "name the revision that is meant",
            ("3c4d5e, add age", "4d5e6f, add name"),
        ),
        (
            "1a2b3c-2",
            None,
            "'1a2b3c-2' goes too far: there are fewer than 2 revisions before 1a2b3c",
            "type `sqlmodel migrations history` to see all revisions",
            (),
        ),
        (
            "+1",
            ("4d5eff",),
            "'+1' goes too far: there is no revision after the current one",
            "type `sqlmodel migrations history` to see all revisions",
            (),
        ),
        (
            "-1",
            (),
            "'-1' goes too far: the database is at no revision",
            "type `sqlmodel migrations current` to see where the database is",
            (),
        ),
        (
            "-1",
            ("3c4d5e", "9f8e7d"),
            "'-1' is ambiguous: it can start from 2 revisions",
            "say which: '3c4d5e-1', or '<branch>@-1'",
            ("3c4d5e, add age", "9f8e7d (head), another beginning"),
        ),
        (
            "+1",
            ("3c4d5e", "9f8e7d"),
            "'+1' is ambiguous: it can start from 2 revisions",
            "say which: '3c4d5e+1', or '<branch>@+1'",
            ("3c4d5e, add age", "9f8e7d (head), another beginning"),
        ),
    ],
)
def test_what_means_nothing_is_explained(
    graph: Graph,
    symbol: str,
    current: tuple[str, ...] | None,
    message: str,
    hint: str,
    details: tuple[str, ...],
) -> None:
    with pytest.raises(UsageError) as caught:
        graph.resolve(symbol, current=current)
    assert caught.value.exit_code == ExitCode.USAGE
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.details == details


def test_a_word_of_the_message_finds_the_revision_to_name(graph: Graph) -> None:
    with pytest.raises(UsageError) as caught:
        graph.resolve("create_hero")
    assert caught.value.details == ("1a2b3c, create hero",)
    assert "did you mean '1a2b3c'?" in str(caught.value.hint)


def test_ids_of_three_letters_are_not_completed(tmp_path: Path) -> None:
    found = pairs.pair([Drawn("abc"), Drawn("abcde", ("abc",))], tmp_path / "project")
    for name in ("a", "ab", "abc"):
        expected = theirs(lambda name=name: found.alembic.get_revisions(name))
        assert ours(lambda name=name: found.graph.resolve(name)) == expected
    assert [revision.id for revision in found.graph.resolve("ab")] == ["abcde"]


def test_the_beginning_of_an_id_may_be_ambiguous_on_its_branch_alone(graph: Graph) -> None:
    with pytest.raises(UsageError, match="'4' is ambiguous: 2 revisions start with it"):
        graph.resolve("right@4")
    assert [revision.id for revision in graph.resolve("left@2")] == ["2b3c4d"]


@pytest.mark.parametrize("seed", range(25))
def test_symbols_mean_what_they_mean_to_alembic(seed: int, tmp_path: Path) -> None:
    found, chance = pairs.random_pair(seed, tmp_path / "project")
    ids = list(found.graph.revisions)
    labels = [label for each in found.graph.revisions.values() for label in each.branch_labels]
    names = ["head", "heads", "base", "zzzz", *ids, *(id[: chance.randint(1, 9)] for id in ids)]
    names += labels
    names += [f"{label}@{name}" for label in labels for name in ("head", "heads", "base")]
    names += [f"{label}@{chance.choice(ids)[:4]}" for label in labels for _ in range(4)]
    for name in names:
        expected = theirs(lambda name=name: found.alembic.get_revisions(name))
        assert ours(lambda name=name: found.graph.resolve(name)) == expected, name


@pytest.mark.parametrize("seed", range(25))
def test_steps_back_are_those_of_alembics_downgrade(seed: int, tmp_path: Path) -> None:
    found, chance = pairs.random_pair(seed, tmp_path / "project")
    ids = list(found.graph.revisions)
    labels = [label for each in found.graph.revisions.values() for label in each.branch_labels]
    starts = ["", *ids, *(f"{label}@" for label in labels)]
    for start in starts:
        symbol = f"{start}-{chance.randint(1, 3)}"
        current = (chance.choice(ids),)

        def target(symbol: str = symbol, current: tuple[str, ...] = current) -> list[object]:
            with found.alembic._catch_revision_errors(), warnings.catch_warnings():
                parse = found.alembic.revision_map._parse_downgrade_target
                return [parse(current, symbol, assert_relative_length=True)[1]]

        expected = theirs(target)
        answer = ours(lambda symbol=symbol, at=current: found.graph.resolve(symbol, current=at))
        assert expected in (answer, pairs.CRASHED), (symbol, current)

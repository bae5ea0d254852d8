"""The graph answers as Alembic does, on random histories and on broken ones."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history import index, links
from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.history.index import BrokenFile, Index, Revision

from . import histories, pairs
from .histories import Drawn
from .pairs import Pair, ours, theirs

SEEDS = range(25)


def _graph(drawn: list[Drawn], broken: tuple[BrokenFile, ...] = ()) -> Graph:
    """Make a graph of revisions that were never written."""
    revisions = tuple(
        Revision(each.id, each.down, each.depends, each.labels, "message", f"{each.id}.py")
        for each in drawn
    )
    return Graph(Index(revisions, broken))


def _ids(revisions: tuple[Revision, ...]) -> list[str]:
    return [revision.id for revision in revisions]


@pytest.mark.parametrize("seed", SEEDS)
def test_heads_bases_labels_and_marks_are_alembics(seed: int, tmp_path: Path) -> None:
    found, _ = pairs.random_pair(seed, tmp_path / "project", largest=40)
    graph, alembic = found.graph, found.alembic
    assert _ids(graph.heads) == alembic.get_heads()
    assert _ids(graph.effective_heads) == alembic.get_heads(consider_depends_on=True)
    assert _ids(graph.bases) == alembic.get_bases()
    for script in found.scripts:
        id = script.revision
        assert set(graph.branch_labels(id)) == script.branch_labels
        assert {child.id for child in graph.children(id)} == script.nextrev
        assert graph.is_head(id) == script.is_head
        assert graph.is_effective_head(id) == script._is_real_head
        assert graph.is_branch_point(id) == script.is_branch_point
        assert graph.is_merge_point(id) == script.is_merge_point


@pytest.mark.parametrize("seed", SEEDS)
def test_walk_lists_in_the_order_of_alembic(seed: int, tmp_path: Path) -> None:
    found, _ = pairs.random_pair(seed, tmp_path / "project", largest=60)
    assert _ids(tuple(found.graph.walk())) == [script.revision for script in found.scripts]


@pytest.mark.parametrize("seed", SEEDS)
def test_walk_over_a_range_is_alembics(seed: int, tmp_path: Path) -> None:
    found, chance = pairs.random_pair(seed, tmp_path / "project")
    names = _names(found, chance)
    for base in names:
        head = chance.choice([*names, f"+{chance.randint(1, 3)}"])
        expected = theirs(lambda base=base, head=head: found.alembic.walk_revisions(base, head))
        if expected != pairs.CRASHED:
            assert ours(lambda base=base, head=head: found.graph.walk(base, head)) == expected


def _names(found: Pair, chance: random.Random) -> list[str]:
    """Draw symbols that Alembic takes wherever a revision is named."""
    ids = list(found.graph.revisions)
    labels = [label for each in found.graph.revisions.values() for label in each.branch_labels]
    names = ["head", "heads", "base", *chance.choices(ids, k=4), chance.choice(ids)[:6], "zzzz"]
    for label in labels:
        names += [f"{label}@{name}" for name in ("head", "heads", "base", chance.choice(ids))]
    return names + labels


def _current(graph: Graph, chance: random.Random) -> tuple[str, ...]:
    """Draw what a version table can hold: no revision beside one that needs it."""
    drawn = chance.sample(sorted(graph.revisions), min(chance.randint(0, 3), len(graph.revisions)))
    covered = {id for each in drawn for id in graph.ancestors([each]) - {each}}
    return tuple(id for id in drawn if id not in covered)


@pytest.mark.parametrize("seed", SEEDS)
def test_pending_is_what_alembic_would_upgrade(seed: int, tmp_path: Path) -> None:
    found, chance = pairs.random_pair(seed, tmp_path / "project")
    ids = list(found.graph.revisions)
    steps = [f"+{n}" for n in (1, 2, 3)] + [f"{chance.choice(ids)[:8]}+1", f"{ids[-1]}-1", "-1"]
    labels = [label for each in found.graph.revisions.values() for label in each.branch_labels]
    steps += [f"{label}@+{n}" for label in labels for n in (1, 2)]
    for target in _names(found, chance) + steps:
        current = _current(found.graph, chance)

        def upgraded(target: str = target, current: tuple[str, ...] = current) -> list[object]:
            return [step.revision for step in found.alembic._upgrade_revs(target, current)]

        expected = theirs(upgraded)
        answer = ours(lambda target=target, current=current: found.graph.pending(current, target))
        assert expected in (answer, pairs.CRASHED), (target, current)


@pytest.mark.parametrize("seed", SEEDS)
def test_current_is_alembics(seed: int, tmp_path: Path) -> None:
    found, chance = pairs.random_pair(seed, tmp_path / "project")
    for _ in range(10):
        current = _current(found.graph, chance)
        expected = {script.revision for script in found.alembic.get_all_current(current)}
        assert {revision.id for revision in found.graph.current(current)} == expected


def _long(count: int, merges: int) -> list[Drawn]:
    """Draw one line of history with a side branch merged back every so often."""
    drawn, tip = [], ""
    every = count // merges
    for number in range(count):
        id = f"{number:06x}"
        if number % every == every - 2 and number > 3:
            drawn.append(Drawn(id, (drawn[-2].id,)))
            continue
        down = (tip, drawn[-1].id) if tip and tip != drawn[-1].id else (tip,) if tip else ()
        drawn.append(Drawn(id, down))
        tip = id
    return drawn


def _duration(size: int) -> float:
    drawn = _long(size, size // 16)
    started = time.process_time()
    graph = _graph(drawn)
    assert len(graph.heads) == 1
    assert len(list(graph.walk())) == size
    return time.process_time() - started


def test_a_long_history_takes_time_in_proportion() -> None:
    small = min(_duration(2_000) for _ in range(3))
    large = min(_duration(16_000) for _ in range(3))
    # Eight times the revisions: eight times as long, 64 times if it were quadratic.
    assert large < 25 * small + 0.05


def test_the_heads_of_five_thousand_revisions_are_known_at_once() -> None:
    revisions = _graph(_long(5_000, 300)).revisions
    started = time.process_time()
    joined = links.join(list(revisions.values()))
    assert len(joined.heads) == 1
    assert sum(revision.is_merge for revision in revisions.values()) > 290
    assert time.process_time() - started < 0.5  # 0.03 s where this was written


def test_many_open_branches_are_walked_as_alembic_walks_them(tmp_path: Path) -> None:
    trunk = [Drawn(f"aaaa{n:03d}", (f"aaaa{n - 1:03d}",) if n else ()) for n in range(40)]
    sides = [Drawn(f"bbbb{n * 7 % 40:03d}", (f"aaaa{n:03d}",)) for n in range(40)]
    found = pairs.pair(trunk + sides, tmp_path / "project")
    assert _ids(tuple(found.graph.walk())) == [script.revision for script in found.scripts]


def test_an_empty_history_has_nothing() -> None:
    graph = Graph(Index(()))
    assert (graph.heads, graph.bases, graph.problems, list(graph.walk())) == ((), (), (), [])
    assert graph.pending(()) == ()
    assert graph.resolve("head") == ()


def test_a_range_the_wrong_way_round_is_refused() -> None:
    graph = _graph([Drawn("aaaa"), Drawn("bbbb", ("aaaa",))])
    with pytest.raises(UsageError, match="'aaaa' does not come after 'bbbb'"):
        list(graph.walk("bbbb", "aaaa"))


def test_an_upgrade_does_not_lead_back() -> None:
    graph = _graph([Drawn("aaaa"), Drawn("bbbb", ("aaaa",))])
    with pytest.raises(UsageError) as caught:
        graph.pending(("bbbb",), "-1")
    assert caught.value.hint == "type: sqlmodel migrations downgrade -1"


BROKEN_FILE = BrokenFile(Path("bbbb_broken.py"), 3, "SyntaxError: invalid syntax")


@pytest.mark.parametrize(
    ("drawn", "broken", "rules"),
    [
        ([Drawn("a"), Drawn("b", ("a",)), Drawn("b", ("a",))], (), ["duplicate-revision"]),
        ([Drawn("a"), Drawn("b", ("x",)), Drawn("c", ("b",))], (), ["unknown-parent"]),
        ([Drawn("a"), Drawn("b", ("a",), ("x",))], (), ["unknown-parent"]),
        ([Drawn("a", ("b",)), Drawn("b", ("a",)), Drawn("c", ("b",))], (), ["revision-cycle"]),
        ([Drawn("a"), Drawn("b", ("b", "a"))], (), ["revision-cycle"]),
        ([Drawn("a", (), ("b",)), Drawn("b", ("a",))], (), ["revision-cycle"]),
        (
            [Drawn("a", ("b",)), Drawn("b", ("a",)), Drawn("c", ("d",)), Drawn("d", ("c",))],
            (),
            ["revision-cycle", "revision-cycle"],
        ),
        ([Drawn("a", (), (), ("m",)), Drawn("b", (), (), ("m",))], (), ["duplicate-label"]),
        ([Drawn("a"), Drawn("b", ("a",), (), ("a",))], (), ["duplicate-label"]),
        ([Drawn("a"), Drawn("c", ("bbbb",))], (BROKEN_FILE,), ["broken-revision"]),
    ],
)
def test_a_broken_history_lists_everything_and_names_each_problem_once(
    drawn: list[Drawn], broken: tuple[BrokenFile, ...], rules: list[str]
) -> None:
    graph = _graph(drawn, broken)
    assert [problem.rule for problem in graph.problems] == rules
    assert {revision.id for revision in graph.walk()} == {each.id for each in drawn}
    assert len(list(graph.walk())) == len(graph.revisions)
    with pytest.raises(UsageError):
        graph.require_sound()
    with pytest.raises(UsageError):
        graph.pending(())


@pytest.mark.parametrize("seed", range(40))
def test_cycles_anywhere_are_found_and_cut(seed: int) -> None:
    chance = random.Random(seed)
    drawn = histories.draw(chance, 12)
    for _ in range(chance.randint(1, 4)):
        at, parent = chance.randrange(12), chance.choice(drawn).id
        old = drawn[at]
        drawn[at] = Drawn(old.id, (*old.down, parent), old.depends, old.labels)
    graph = _graph(drawn)
    assert len(list(graph.walk())) == 12
    parents = {each.id: {*each.down, *each.depends} for each in drawn}
    named = {label: each.id for each in drawn for label in each.labels}
    for cycle in graph._links.cycles:
        for id, need in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            assert need in {named.get(name, name) for name in parents[id]}


def test_a_sound_history_has_no_problems(tmp_path: Path) -> None:
    found, _ = pairs.random_pair(3, tmp_path / "project")
    found.graph.require_sound()


def test_problems_say_files_ids_and_what_to_do() -> None:
    drawn = [Drawn("ae1027"), Drawn("be20", ("ae1072",)), Drawn("ce30", ("ce30",))]
    graph = _graph([*drawn, Drawn("ae1027")], (BROKEN_FILE,))
    texts = [f"{problem.message}; {problem.help}" for problem in graph.problems]
    assert texts == [
        "'bbbb_broken.py' is no revision: SyntaxError: invalid syntax; correct the file",
        "2 files declare revision 'ae1027': 'ae1027.py', 'ae1027.py'; "
        "give each file an id of its own, or delete the copy",
        "revision 'be20' follows 'ae1072', which no file declares; "
        "write 'ae1027' if that is meant, or restore the file of 'ae1072'",
        "revisions need each other in a circle: 'ce30' -> 'ce30'; "
        "correct the 'down_revision' or 'depends_on' of one of them",
    ]
    with pytest.raises(UsageError) as caught:
        graph.require_sound()
    assert caught.value.message == "the history is broken: 4 problems"
    assert caught.value.details == tuple(texts)


def test_one_problem_is_the_message_itself() -> None:
    with pytest.raises(UsageError) as caught:
        _graph([Drawn("a", ("x",))]).require_sound()
    assert caught.value.message == "revision 'a' follows 'x', which no file declares"
    assert caught.value.hint == "correct the id, or restore the file of 'x'"


def test_files_of_a_broken_history_are_listed(tmp_path: Path) -> None:
    versions = histories.write([Drawn("aaaa"), Drawn("cccc", ("bbbb",))], tmp_path / "project")
    (versions / "bbbb_.py").write_text("def upgrade(:\n", encoding="utf-8")
    graph = Graph(index.read([versions]))
    assert _ids(tuple(graph.walk())) == ["aaaa", "cccc"]
    assert [(problem.rule, problem.line) for problem in graph.problems] == [("broken-revision", 1)]

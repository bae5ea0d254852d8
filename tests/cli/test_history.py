"""`history`, `heads`, `branches`, `show`: to the letter what Alembic prints, without a database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby

import pytest

from heroes import add_revision
from project import Project

SAME = [
    ("history",),
    ("history", "-v"),
    ("history", "-r", "a1:b2"),
    ("history", "-r", "a1:"),
    ("history", "-r", ":a1"),
    ("history", "--rev-range=-1:"),
    ("history", "-i"),
    ("history", "-r", "current:", "-i"),
    ("heads",),
    ("heads", "-v"),
    ("heads", "--resolve-dependencies"),
    ("branches",),
    ("branches", "-v"),
    ("show", "heads"),
    ("show", "a1"),
    ("show", "current"),
    ("current",),
]


@pytest.mark.parametrize("words", SAME, ids=" ".join)
def test_the_answer_is_that_of_alembic(branches: Project, words: tuple[str, ...]) -> None:
    assert branches.cli("upgrade", "b2").code == 0
    ours, alembics = branches.cli(*words), branches.cli.alembic(*words)
    assert (ours.code, alembics.code) == (0, 0)
    assert list(settled(ours.stdout)) == list(settled(alembics.stdout))
    assert ours.stdout


def settled(text: str) -> Iterator[str]:
    """The lines, with those in order that Alembic prints in the order of a set."""
    for are_children, lines in groupby(text.split("\n"), key=lambda line: "-> " in line[:6]):
        for line in sorted(lines) if are_children else lines:
            word, colon, names = line.partition(": ")
            is_set = word == "Branches into"
            yield word + colon + ", ".join(sorted(names.split(", "))) if is_set else line


def test_what_alembic_prints_in_the_order_of_a_set_is_sorted(branches: Project) -> None:
    assert branches.cli("branches").stdout == (
        "a1 (branchpoint)\n   -> b2 (head)\n   -> c3 (other) (head)\n\n"
    )


@pytest.mark.parametrize("flags", [(), ("--resolve-dependencies",), ("-v",)])
def test_heads_that_another_one_depends_on(branches: Project, flags: tuple[str, ...]) -> None:
    add_revision(branches, "d4", "c3", "needs the other", depends_on="b2")
    ours, alembics = branches.cli("heads", *flags), branches.cli.alembic("heads", *flags)
    assert settled_set(ours.stdout) == settled_set(alembics.stdout)
    assert ("b2" in ours.stdout.split()) == (flags != ("--resolve-dependencies",))


def settled_set(text: str) -> list[str]:
    return sorted(settled(text))


@pytest.mark.parametrize("command", ["history", "heads", "branches", "show"])
def test_no_database_is_made_or_asked(two: Project, command: str) -> None:
    ran = two.cli(command)
    said = "the history does not branch\n" if command == "branches" else ""
    assert (ran.code, ran.stderr) == (0, said)
    assert not (two.path / "database.db").exists()


@pytest.mark.parametrize("command", ["history", "heads", "branches", "show"])
def test_models_that_do_not_import_do_not_matter(two: Project, command: str) -> None:
    two.write({"models.py": "1 / 0\n"})
    assert two.cli(command).code == 0


def test_show_is_the_head_by_default(two: Project) -> None:
    assert two.cli("show").stdout.startswith("Rev: b2 (head)\nParent: a1\nPath: ")


def test_history_in_json(two: Project) -> None:
    told = json.loads(two.cli("history", "--json").stdout)
    assert [revision["id"] for revision in told["result"]["revisions"]] == ["b2", "a1"]
    assert told["result"]["revisions"][0]["down_revisions"] == ["a1"]
    assert "is_current" not in told["result"]["revisions"][0]


def test_history_with_the_current_one_in_json(two: Project) -> None:
    two.cli("upgrade", "a1")
    told = json.loads(two.cli("history", "-i", "--json").stdout)
    assert [revision["is_current"] for revision in told["result"]["revisions"]] == [False, True]


def test_branches_in_json(branches: Project) -> None:
    told = json.loads(branches.cli("branches", "--json").stdout)
    (point,) = told["result"]["revisions"]
    assert point["id"] == "a1"
    assert {branch["id"] for branch in point["branches"]} == {"b2", "c3"}


def test_a_range_without_a_colon(two: Project) -> None:
    ran = two.cli("history", "-r", "a1")
    assert (ran.code, ran.stdout) == (2, "")
    assert "hint: type a1: or :a1" in ran.stderr


@pytest.mark.parametrize("command", ["history", "heads"])
def test_a_broken_file_is_named_and_the_others_listed(two: Project, command: str) -> None:
    two.write({"migrations/versions/c3.py": "revision = (\n"})
    ran = two.cli(command)
    assert ran.code == 2
    assert "b2" in ran.stdout
    assert "c3.py" in ran.stderr
    assert "error:" in ran.stderr


def test_a_broken_file_in_json(two: Project) -> None:
    two.write({"migrations/versions/c3.py": "revision = (\n"})
    told = json.loads(two.cli("history", "--json").stdout)
    (found,) = told["diagnostics"]
    assert found["severity"] == "error"
    assert found["file"].endswith("c3.py")
    assert len(told["result"]["revisions"]) == 2


def test_show_of_several_heads_names_them(branches: Project) -> None:
    ran = branches.cli("show")
    assert ran.code == 2
    assert "b2" in ran.stderr
    assert "c3" in ran.stderr

"""`merge`: all heads by default."""

from __future__ import annotations

import json

from project import Project


def test_all_heads_by_default(branches: Project) -> None:
    ran = branches.cli("merge", "-m", "join", "--rev-id", "d4", "--json")
    assert ran.code == 0
    revision = json.loads(ran.stdout)["result"]["revision"]
    assert revision["id"] == "d4"
    assert set(revision["down_revisions"]) == {"b2", "c3"}
    assert branches.cli("heads").stdout == "d4 (other) (head)\n"


def test_says_what_it_writes_and_what_is_next(branches: Project) -> None:
    ran = branches.cli("merge", "--rev-id", "d4")
    assert "Generating" in ran.stdout
    assert ran.stderr.endswith("next: sqlmodel migrations upgrade\n")


def test_a_message_says_what_is_joined(branches: Project) -> None:
    assert branches.cli("merge", "--rev-id", "d4").code == 0
    said = "d4 (other) (head) (mergepoint), merge b2 and c3\n"
    assert said in branches.cli("history").stdout


def test_one_head_is_nothing_to_merge(two: Project) -> None:
    ran = two.cli("merge")
    assert (ran.code, ran.stdout) == (2, "")
    assert "nothing to merge" in ran.stderr


def test_what_is_no_head_needs_splice(branches: Project) -> None:
    assert branches.cli("merge", "a1", "c3").code == 2
    assert "d4" not in branches.cli("history").stdout

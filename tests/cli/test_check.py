"""`check`: exit 1 if a revision is missing; with --database, also if one is pending."""

from __future__ import annotations

import json

from heroes import MODELS, add_revision
from project import Project


def test_nothing_is_missing(two: Project) -> None:
    ran = two.cli("check")
    assert (ran.code, ran.stdout) == (0, "")
    assert "nothing is missing" in ran.stderr
    assert not (two.path / "database.db").exists()


def test_a_revision_is_missing(two: Project) -> None:
    two.write({"models.py": MODELS + "    age: int | None = None\n"})
    ran = two.cli("check")
    assert ran.code == 1
    assert ran.stdout == (
        "the models have changes that no revision makes:\n  add column 'hero.age'\n"
    )
    assert ran.stderr.endswith("next: sqlmodel migrations revision\n")


def test_json(two: Project) -> None:
    two.write({"models.py": MODELS + "    age: int | None = None\n"})
    ran = two.cli("check", "--json")
    told = json.loads(ran.stdout)
    assert ran.code == 1
    assert [found["kind"] for found in told["result"]["differences"]] == ["add_column"]
    assert told["result"]["pending"] is None
    assert "error" not in told


def test_pending_counts_only_with_database(two: Project) -> None:
    assert two.cli("check").code == 0
    ran = two.cli("check", "--database")
    assert ran.code == 1
    assert ran.stdout == "the database lacks revisions:\n  a1, add heroes\n  b2, do nothing\n"
    assert ran.stderr.endswith("next: sqlmodel migrations upgrade\n")
    two.cli("upgrade")
    assert two.cli("check", "--database").code == 0


def test_from_database(two: Project) -> None:
    """The live database lacks the table that the revisions make."""
    assert two.cli("stamp").code == 0
    assert two.cli("check").code == 0
    ran = two.cli("check", "--from-database")
    assert ran.code == 1
    assert "add table 'hero'" in ran.stdout


def test_a_broken_history(two: Project) -> None:
    add_revision(two, "c3", "zz", "orphan")
    ran = two.cli("check")
    assert ran.code == 2
    assert "zz" in ran.stderr

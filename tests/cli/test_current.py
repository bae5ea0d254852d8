"""`current`: what the version table says, and whether that is every head."""

from __future__ import annotations

import json

from databases import Database
from project import Project


def test_before_anything(two: Project) -> None:
    ran = two.cli("current")
    assert (ran.code, ran.stdout) == (0, "")
    assert ran.stderr.endswith("no revision is applied\n")


def test_the_revision(two: Project) -> None:
    two.cli("upgrade", "a1")
    assert two.cli("current").stdout == "a1\n"
    two.cli("upgrade")
    assert two.cli("current").stdout == "b2 (head)\n"


def test_verbose(two: Project) -> None:
    two.cli("upgrade")
    assert two.cli("current", "-v").stdout.startswith("Rev: b2 (head)\n")


def test_check_heads(two: Project) -> None:
    two.cli("upgrade", "a1")
    for flag in ("-c", "--check-heads"):
        ran = two.cli("current", flag)
        assert (ran.code, ran.stdout) == (1, "a1\n")
        assert (
            "the database is not at every head\nnext: sqlmodel migrations upgrade\n" in ran.stderr
        )
    two.cli("upgrade")
    assert two.cli("current", "-c").code == 0


def test_json(two: Project) -> None:
    two.cli("upgrade", "a1")
    result = json.loads(two.cli("current", "--json").stdout)["result"]
    assert [revision["id"] for revision in result["revisions"]] == ["a1"]
    assert result["is_at_head"] is False


def test_quiet_leaves_the_answer(two: Project) -> None:
    two.cli("upgrade")
    ran = two.cli("current", "-q")
    assert (ran.stdout, ran.stderr) == ("b2 (head)\n", "")


def test_a_revision_that_no_file_has(two: Project, file: Database) -> None:
    two.cli("upgrade")
    (two.path / "migrations/versions/b2.py").unlink()
    ran = two.cli("current")
    assert ran.code == 2
    assert "'b2'" in ran.stderr
    assert "hint:" in ran.stderr

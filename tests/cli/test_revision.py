"""`revision`: the command's own part; what is generated is tested where it is generated."""

from __future__ import annotations

import json
from pathlib import Path

from project import Project


def files(project: Project) -> list[str]:
    return [name for name in project.files() if name.startswith("migrations/versions/")]


def test_the_message_is_positional_or_an_option(hero: Project) -> None:
    ran = hero.cli("revision", "add heroes", "--rev-id", "a1")
    assert ran.code == 0
    path = hero.path / "migrations/versions/a1_add_heroes.py"
    assert f"  Generating {path} ...  done\n" in ran.stdout
    assert "INFO  [alembic.autogenerate.compare] Detected added table 'hero'\n" in ran.stderr
    assert ran.stderr.endswith("next: sqlmodel migrations upgrade\n")
    hero.cli("revision", "--empty", "-m", "fill in", "--rev-id", "b2")
    assert "migrations/versions/b2_fill_in.py" in hero.files()


def test_without_a_message(hero: Project) -> None:
    assert hero.cli("revision", "--rev-id", "a1").code == 0
    assert "migrations/versions/a1_.py" in hero.files()


def test_autogenerate_is_accepted(hero: Project) -> None:
    assert hero.cli("revision", "--autogenerate", "-m", "x", "--rev-id", "a1").code == 0
    assert "create_table" in hero.read("migrations/versions/a1_x.py")


def test_no_change_writes_nothing_and_is_a_success(hero: Project) -> None:
    hero.cli("revision", "add heroes")
    before = files(hero)
    ran = hero.cli("revision", "again")
    assert (ran.code, ran.stdout) == (0, "")
    assert "nothing to do: no change found" in ran.stderr
    assert files(hero) == before


def test_json(hero: Project) -> None:
    ran = hero.cli("revision", "add heroes", "--json")
    told = json.loads(ran.stdout)
    (revision,) = told["result"]["revisions"]
    assert told["command"] == "revision"
    assert revision["message"] == "add heroes"
    assert Path(revision["path"]).is_file()
    assert [found["table"] for found in told["result"]["differences"]] == ["hero"]


def test_quiet_says_nothing_and_writes(hero: Project) -> None:
    ran = hero.cli("revision", "-q", "add heroes")
    assert (ran.code, ran.output) == (0, "")
    assert len(files(hero)) == 2


def test_where_the_revision_stands(two: Project) -> None:
    ran = two.cli(
        "revision", "--empty", "aside", "--head", "a1", "--splice", "--branch-label", "aside",
        "--depends-on", "b2", "--rev-id", "d4", "--json",
    )  # fmt: skip
    (revision,) = json.loads(ran.stdout)["result"]["revisions"]
    assert revision["id"] == "d4"
    assert revision["down_revisions"] == ["a1"]
    assert revision["branch_labels"] == ["aside"]
    assert revision["depends_on"] == ["b2"]


def test_contradictions_write_nothing(hero: Project) -> None:
    for flags in (["--empty", "--autogenerate"], ["--sql"]):
        assert hero.cli("revision", *flags).code == 2
    assert files(hero) == ["migrations/versions/__init__.py"]


def test_a_head_that_is_not_there(two: Project) -> None:
    ran = two.cli("revision", "--empty", "--head", "zz")
    assert ran.code == 2
    assert "zz" in ran.stderr

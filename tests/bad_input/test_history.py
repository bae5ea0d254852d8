"""Histories that do not hold together; nothing is run, and `history` lists what can be listed."""

from __future__ import annotations

import pytest

from databases import Database
from heroes import add_revision
from project import Project
from refusal import refused, unchanged

BLOCKED = ["upgrade", "downgrade", "revision", "check", "stamp", "merge", "revision --empty"]


def broken(project: Project) -> str:
    project.write({
        "migrations/versions/cc03_broken.py": '''
            """broken"""
            revision = "cc03"
            down_revision = "bb02"

            def upgrade(:
            ''',
    })  # fmt: skip
    return "'cc03_broken.py' is no revision: SyntaxError"


def twice(project: Project) -> str:
    add_revision(project, "bb02_copy", "aa01", "a copy")
    text = project.read("migrations/versions/bb02_copy.py").replace("bb02_copy", "bb02")
    project.write({"migrations/versions/bb02_copy.py": text})
    return "2 files declare revision 'bb02'"


def orphan(project: Project) -> str:
    add_revision(project, "cc03", "bb20", "orphan")
    return "revision 'cc03' follows 'bb20', which no file declares"


def cycle(project: Project) -> str:
    add_revision(project, "cc03", "dd04", "first")
    add_revision(project, "dd04", "cc03", "second")
    return "revisions need each other in a circle"


WAYS_OUT = {
    broken: "correct the file",
    twice: "give each file an id of its own, or delete the copy",
    orphan: "write 'bb02' if that is meant, or restore the file of 'bb20'",
    cycle: "correct the 'down_revision' or 'depends_on' of one of them",
}
CASES = pytest.mark.parametrize("case", WAYS_OUT, ids=lambda case: case.__name__)


@CASES
@pytest.mark.parametrize("command", BLOCKED)
def test_nothing_is_run(two: Project, case: object, command: str) -> None:
    assert callable(case)
    message = case(two)
    with unchanged(two):
        said = refused(two.cli(*command.split()), 2)
    assert said.message.startswith(message)
    assert said.hint.startswith(WAYS_OUT[case])  # type: ignore[index]


@CASES
def test_nothing_is_changed_in_the_database(
    placed: Project, database: Database, case: object
) -> None:
    assert placed.cli("upgrade", "aa01").code == 0
    assert callable(case)
    case(placed)
    with unchanged(placed, database):
        assert placed.cli("upgrade").code == 2


@CASES
def test_the_history_lists_the_others(two: Project, case: object) -> None:
    assert callable(case)
    message = case(two)
    with unchanged(two):
        ran = two.cli("history")
    assert ran.code == 2
    lines = ran.stdout.splitlines()
    assert any(line.startswith("aa01 -> bb02") for line in lines)
    assert any(line.startswith("<base> -> aa01") for line in lines)
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_revision_file_with_a_syntax_error_is_named_with_its_line(two: Project) -> None:
    broken(two)
    path = two.path / "migrations" / "versions" / "cc03_broken.py"
    assert f"{path}:5: error: 'cc03_broken.py' is no revision" in two.cli("history").stderr


def test_a_revision_file_that_does_not_import(two: Project) -> None:
    source = two.read("migrations/versions/bb02.py")
    two.write({"migrations/versions/bb02.py": f"{source}\nimport no_such_module\n"})
    with unchanged(two):
        said = refused(two.cli("upgrade", "bb02"), 2)
    path = two.path / "migrations" / "versions" / "bb02.py"
    assert said.message == (
        "'bb02.py' cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"
    )
    assert said.details[0].startswith(f"at {path}, line ")
    assert said.details[1:] == ("nothing was run",)
    assert said.hint.startswith("correct it, and let it import nothing of the application")
    assert two.cli("history").code == 0

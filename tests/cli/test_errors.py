"""Exceptions as messages and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest
from alembic.util import CommandError

from project import Project
from sqlmodel_migrations.cli import errors
from sqlmodel_migrations.errors import (
    AnswerNeeded,
    DatabaseError,
    ExitCode,
    StepFailed,
    UsageError,
)

CODES = [
    (UsageError("x"), 2),
    (AnswerNeeded("x", flags=("--yes",)), 3),
    (DatabaseError("x"), 4),
    (StepFailed("x", failed="a1"), 5),
    (KeyboardInterrupt(), 130),
    (click.Abort(), 130),
    (click.UsageError("x"), 2),
    (CommandError("x"), 2),
    (PermissionError(13, "Permission denied", "/etc/x"), 2),
    (ValueError("x"), 1),
    (SystemExit(0), 1),
]


@pytest.mark.parametrize(("error", "code"), CODES)
def test_exit_codes(error: BaseException, code: int) -> None:
    assert errors.failure(error).exit_code == code


def test_what_the_user_can_act_on_is_passed_on() -> None:
    told = errors.failure(UsageError("a", hint="b", details=("c",)))
    assert (told.message, told.hint, told.details) == ("a", "b", ("c",))


def test_facts_for_machines() -> None:
    failed = StepFailed("x", failed="b", applied=("a",), pending=("c",))
    assert errors.failure(failed).facts == {"failed": "b", "applied": ["a"], "pending": ["c"]}
    assert errors.failure(AnswerNeeded("x", flags=("--yes",))).facts == {"flags": ["--yes"]}


def test_the_unexpected_is_named_with_its_type_and_a_way_to_see_more() -> None:
    told = errors.failure(ValueError("first\nsecond"))
    assert told.message == "ValueError: first"
    assert told.details == ("second",)
    assert told.hint is not None
    assert "--raiseerr" in told.hint
    assert errors.failure(ValueError()).message == "ValueError"


def test_control_c_says_what_was_done() -> None:
    stopped = KeyboardInterrupt()
    stopped.add_note("applied: a1")
    stopped.add_note("not applied: b2")
    told = errors.failure(stopped)
    assert told.message == errors.failure(KeyboardInterrupt()).message == "interrupted"
    assert told.details == ("applied: a1", "not applied: b2")


def test_a_file_that_may_not_be_used_is_named() -> None:
    told = errors.failure(PermissionError(13, "Permission denied", "/etc/x"))
    assert told.message == "cannot use '/etc/x': permission denied"


def test_env_py_that_ends_the_program(two: Project) -> None:
    two.write({"migrations/env.py": "import sys\nsys.exit(0)\n"})
    ran = two.cli("upgrade")
    assert ran.code == ExitCode.NO
    assert "error: something called sys.exit (0) before the command was done" in ran.stderr


@pytest.mark.parametrize(
    ("words", "code", "command"),
    [
        (("upgrade", "--json"), 2, "upgrade"),
        (("--json", "upgrade"), 2, "upgrade"),
        (("upgrade", "--json", "--bogus"), 2, "upgrade"),
        (("--json", "upgarde"), 2, "migrations"),
    ],
)
def test_errors_in_json(project: Project, words: tuple[str, ...], code: int, command: str) -> None:
    ran = project.cli(*words)
    told = json.loads(ran.stdout)
    assert ran.code == told["error"]["exit_code"] == code
    assert told["command"] == command
    assert told["version"] == 1
    assert told["result"] is None
    assert told["diagnostics"] == []
    assert set(told["error"]) >= {"message", "hint", "details", "exit_code"}


def test_control_c_while_a_revision_runs(two: Project) -> None:
    source = two.read("migrations/versions/b2.py").replace(
        "def upgrade():\n    pass", "def upgrade():\n    raise KeyboardInterrupt"
    )
    two.write({"migrations/versions/b2.py": source})
    ran = two.cli("upgrade")
    assert ran.code == 130
    assert ran.stderr.endswith("error: interrupted\n  applied before it: a1\n  not applied: b2\n")
    assert "Traceback" not in ran.stderr
    assert two.cli("current").stdout == "a1\n"


def test_a_closed_pipe_is_no_error(two: Project) -> None:
    source = "import sys; from sqlmodel_migrations.cli import main; sys.exit(main())"
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", source, "migrations", "history", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout
    assert child.stderr
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(30) == 1

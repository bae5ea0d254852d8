"""docs/reliability.md: each promise of the page names tests, and these are there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
SHOWN = PAGE.partition("## Shown by")[2].partition("## Figures")[0]
ROWS = re.findall(r"(?m)^\| (?!what \||---)(.*?) \| (.*) \|$", SHOWN)
# What somebody who runs migrations in production asks about first.
ASKED = (
    *("plan", "--plan", "--sql", "runner", "killed", "pooler", "timeouts", "--wait"),
    *("transaction", "CONCURRENTLY", "env.py", "ALTER", "commit", "history", "edited", "drift"),
    *("adopt", "stamp", "repair", "copy", "downgrade", "progress", "--events", "Ctrl-C", "SIGTERM"),
    *("Python", "passwords", "templates", "disk", "read-only", "rights", "server", "sys.exit"),
    *("op.get_bind().commit()", "BEGIN", "application", "clock", "journal"),
)


def defined(path: Path) -> Iterator[str]:
    """The names of a file's tests, and of the classes that they stand in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


@pytest.mark.parametrize("word", ASKED)
def test_what_is_asked_has_its_row(word: str) -> None:
    assert any(word in what for what, _ in ROWS)


@pytest.mark.parametrize(("what", "tests"), ROWS, ids=[what for what, _ in ROWS])
def test_each_promise_names_tests_that_are_there(what: str, tests: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", tests)
    assert len(named) == tests.count("::") > 0
    for file, name in named:
        assert name.startswith(("test_", "Test"))
        assert name in set(defined(ROOT / file)), f"{file}::{name}"

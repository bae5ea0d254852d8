"""Messages in the docstrings of new scripts: what was typed, to the letter."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from heroes import MODELS
from project import Project
from sqlmodel_migrations.generate import docstring

MESSAGES = [
    "add heroes",
    'the """wild""" ones',
    'four """" quotes',
    "'''single''' ones",
    'a quote at the end"',
    '"quoted"',
    '"""',
    '"' * 7,
    r"C:\new\table and \N{DASH}",
    "ends with a backslash \\",
    '\\"""',
    "two\nlines",
    "a\rcarriage",
    "100% of ${heroes} and % for x in y:",
    "Möbius — 英雄",
]


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("end", ["", "\n\nRevision ID: x\n", '"'])
def test_a_literal_says_the_message(message: str, end: str) -> None:
    source = f'"""{docstring.escape(message)}{end if end != chr(34) else " "}"""'
    assert ast.literal_eval(source).startswith(message)


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("template", ['"""${message}"""', '"""${message}\n\nRevises: x\n"""'])
def test_the_script_says_the_message(project: Project, message: str, template: str) -> None:
    project.write({"models.py": MODELS})
    project.cli("init")
    mako = project.read("migrations/script.py.mako")
    head, body = mako[: mako.index('"""${message}')], mako[mako.index("from collections.abc") :]
    project.write({"migrations/script.py.mako": f"{head}{template}\n\n{body}"})
    ran = project.cli("revision", "--empty", "-m", message, "--rev-id", "a1", "--json")
    assert ran.code == 0, ran.stderr
    (revision,) = json.loads(ran.stdout)["result"]["revisions"]
    source = Path(revision["path"]).read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(source), clean=False)
    assert said is not None
    assert said.split("\n\nRevises")[0] == message
    assert revision["message"] == message.strip()


def test_the_file_is_named_as_before(project: Project) -> None:
    project.write({"models.py": MODELS})
    project.cli("init")
    project.cli("revision", "--empty", "-m", 'the """wild""" \\ ones', "--rev-id", "a1")
    assert "migrations/versions/a1_the_wild_ones.py" in project.files()


def test_the_message_of_a_merge(project: Project) -> None:
    project.write({"models.py": MODELS})
    project.cli("init")
    project.cli("revision", "--empty", "one", "--rev-id", "a1")
    project.cli("revision", "--empty", "two", "--rev-id", "b2", "--head", "base", "--splice")
    ran = project.cli("merge", "-m", 'both """', "--rev-id", "c3")
    assert ran.code == 0, ran.stderr
    said = ast.get_docstring(ast.parse(project.read("migrations/versions/c3_both.py")))
    assert said is not None
    assert said.startswith('both """\n')

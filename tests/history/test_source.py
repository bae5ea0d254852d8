"""Reading one file: the scan and the syntax tree say what running it would, or nothing."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sqlmodel_migrations.history import source
from sqlmodel_migrations.history.source import ABSENT, Variables

ORDINARY = '''"""Create hero

Revision ID: 1e606859995a
Revises:
Create Date: 2023-10-31 19:40:22.084162

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = '1e606859995a'
down_revision: Union[str, Sequence[str], None] = None
branch_labels: Union[str, Sequence[str], None] = ("core", "main")
depends_on: Union[str, Sequence[str], None] = ['ae10']


def upgrade() -> None:
    op.create_table("hero", sa.Column("id", sa.Integer()))
'''

STARTS = [
    "",
    "\n",
    "# -*- coding: utf-8 -*-\n",
    "# coding: latin-1\n",
    "#!/usr/bin/python\n# vim: set fileencoding=utf-8 :\n",
    "\ufeff",
    "import os\n",
    "\t\n  # indented comment\n",
    "\x0c\n",
]

DOCSTRINGS = [
    '"""one"""\n',
    '"""one\n\nRevision ID: a\n"""\n',
    "'''one \"two\" \"\"\n'''\n",
    '""" say "hi" or ""hi"" """\n',
    '""""quoted" at the start"""\n',
    '"""an \\x41 escape"""\n',
    'r"""raw"""\n',
    'u"""unicode"""\n',
    'b"""bytes"""\n',
    'f"""formatted"""\n',
    '"one" "two"\n',
    "'short'  # with a comment\n",
    '""\n',
    "''''''\n",
    '"""a""".strip()\n',
    '"""a"""; b = 1\n',
    '("""in brackets""")\n',
    '"""\n    indented\n        more\n    """\n',
    '"""über\n\nJürgen"""\n',
    '"""a""" \\\n"""b"""\n',
    '"""revision = \'x\'\n"""\n',
    "",
]

IMPORTS = [
    "from typing import Sequence, Union\n",
    "import os.path as path, sys\n",
    "from os import (\n    path,\n    sep,\n)\n",
    "from collections import *\n",
    "from string import digits as revision\n",
    "import string as down_revision  # a name of ours\n",
    "import sys; revision = 'hidden'\n",
    "from os import path \\\n    as depends_on\n",
    "from typing import Sequence, Union  # revision = 'x'\n",
    "from __future__ import annotations\n",
    "if True:\n    import os\n",
]

VALUES = [
    "None",
    "'abc'",
    '"abc"',
    "''",
    '"it\'s"',
    "'a\\x62c'",
    "'''abc'''",
    '"""abc"""',
    "'a' 'b'",
    "('a'\n 'b')",
    "('abc')",
    "('abc',)",
    "('a', 'b')",
    "( 'a' , \"b\" , )",
    "['a', 'b']",
    "[]",
    "()",
    "{'a'}",
    "set()",
    "frozenset(['a'])",
    "(\n    'a',\n    'b',\n)",
    "f'a{1}'",
    "'a' + 'b'",
    "'x,y'",
    "('x,y')",
    "['(']",
    "u'abc'",
    "r'abc'",
    "b'abc'",
    "12",
    "(None,)",
    "'über'",
    "'a' if True else 'b'",
    "str('abc')",
    "'abc' # a comment with 'quotes'",
]

FORMS = [
    "{name} = {value}\n",
    "{name} = {value}\n",
    "{name}: str = {value}\n",
    "{name}: Union[str, Sequence[str], None] = {value}\n",
    "{name}: 'str | None' = {value}\n",
    "{name}={value}\n",
    "{name} = other = {value}\n",
    "other = {name} = {value}\n",
    "({name}) = {value}\n",
    "{name}, other = {value}, 1\n",
    "if True:\n    {name} = {value}\n",
    "({name} := {value})\n",
    "{name} = {value}; other = 1\n",
    "{name}: str\n",
    "{name} = \\\n    {value}\n",
    "for {name} in [{value}]: pass\n",
    "globals()['{name}'] = {value}\n",
    "vars().update({name}={value})\n",
    "# {name} = {value}\n",
    "",
]

ENDINGS = [
    "",
    "\n\ndef upgrade():\n    pass\n",
    "def upgrade():\n    revision = 'local'\n",
    "def revision():\n    pass\n",
    "class depends_on: pass\n",
    "revision += 'x'\n",
    "down_revision = 'late'\n",
    "del branch_labels\n",
    "try:\n    1 / 0\nexcept Exception as depends_on:\n    pass\n",
    "def f():\n    global revision\n    revision = 'global'\nf()\n",
    "exec('revision = 1')\n",
    "import sys\nsys._getframe().f_globals.update(down_revision='x')\n",
    "match {'a': 1}:\n    case {**branch_labels}: pass\n",
    "match 1:\n    case revision: pass\n",
    "__doc__ = 'another'\n",
    "ｒevision = 'folded by NFKC'\n",
    "from collections import \\\n    *\n",
    "def upgrade(:\n",
    "return\n",
    "x = '''\nrevision = 'in a string'\n'''\n",
    "with open(__file__) as depends_on: pass\n",
    "import os as revision, sys\n",
    "type(lambda: 0)\nprint = 'revision'\n",
    "# no newline at the end",
]


def _draw(chance: random.Random) -> str:
    """Put a file together: mostly ordinary parts, so that the scan answers often enough."""

    def part(parts: list[str], ordinary: int = 1) -> str:
        return chance.choice(parts[:ordinary] if chance.random() < 0.8 else parts)

    def variable(name: str) -> str:
        return part(FORMS, 4).format(name=name, value=part(VALUES, 4))

    names = ["revision", "down_revision", "branch_labels", "depends_on"]
    chance.shuffle(names)
    names = names[: chance.choice([4, 4, 4, 3])] + chance.choices(names, k=chance.random() < 0.05)
    imports = [part(IMPORTS) for _ in range(chance.randint(0, 2))]
    variables = [variable(name) for name in names]
    return "".join([part(STARTS), part(DOCSTRINGS, 4), *imports, *variables, part(ENDINGS, 2)])


def _read(path: Path) -> Variables:
    return source.literals(path.read_bytes(), path) or source.execute(path)


def _attempt(ask: Callable[[], Variables | None]) -> object:
    try:
        found = ask()
        return found and Variables(*map(_comparable, found))
    except SyntaxError:
        return "syntax error"
    except Exception as error:
        return type(error)


def _comparable(value: object) -> object:
    """Keep values; of functions, classes and open files, which differ each time, the type."""
    plain = value is None or isinstance(value, str | bytes | int | tuple | list | set | frozenset)
    return value if plain else repr(type(value))


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Write a file that was not there before, so that no bytecode of another one is used."""
    numbers = iter(range(1_000_000))

    def write(text: str | bytes) -> Path:
        path = tmp_path / f"script{next(numbers)}.py"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


@pytest.fixture(autouse=True)
def _no_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("seed", range(8))
def test_readers_agree_with_running_the_file(
    seed: int, script: Callable[[str | bytes], Path]
) -> None:
    chance = random.Random(seed)
    scanned = parsed = 0
    for _ in range(400):
        text = _draw(chance)
        newline = chance.choice(["\n", "\n", "\n", "\r\n"])
        path = script(text.replace("\n", newline))
        executed = _attempt(lambda path=path: source.execute(path))
        read = _attempt(lambda path=path: _read(path))
        if isinstance(executed, type):
            continue  # reading does not promise to notice what fails only when run
        assert read == executed, text
        if executed == "syntax error":
            continue
        by_scan = _attempt(lambda path=path: source.scan(path.read_bytes()))
        by_tree = _attempt(lambda path=path: source.parse(path.read_bytes()))
        assert by_scan in (None, executed), text
        assert by_tree in (None, executed), text
        scanned += by_scan is not None
        parsed += by_tree is not None
    assert scanned > 40
    assert parsed > 100


@pytest.mark.parametrize("part", [*STARTS, *DOCSTRINGS, *IMPORTS, *ENDINGS])
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_each_odd_part_in_an_ordinary_file(
    part: str, script: Callable[[str | bytes], Path]
) -> None:
    plain = "revision = 'a'\ndown_revision = None\n"
    path = script(plain + part if part in ENDINGS else part + plain)
    executed = _attempt(lambda: source.execute(path))
    assert _attempt(lambda: _read(path)) == executed


def test_scan_reads_an_ordinary_file() -> None:
    found = source.scan(ORDINARY.encode())
    assert found is not None
    assert found[:4] == ("1e606859995a", None, ("core", "main"), ["ae10"])
    assert found.doc is not None
    assert found.doc.startswith("Create hero\n\nRevision ID")


def test_scan_reads_the_same_with_windows_line_ends_and_a_byte_order_mark() -> None:
    data = b"\xef\xbb\xbf" + ORDINARY.replace("\n", "\r\n").encode()
    assert source.scan(data) == source.scan(ORDINARY.encode())


def test_encoding_of_the_cookie_is_honoured(script: Callable[[str | bytes], Path]) -> None:
    text = "# coding: latin-1\n'''Müller'''\nrevision = 'ä'\ndown_revision = None\n"
    found = _read(script(text.encode("latin-1")))
    assert (found.doc, found.revision) == ("Müller", "ä")


@pytest.mark.parametrize("body", ["def upgrade(:\n", "return\n", "x = 'open\n", "\0\n"])
def test_what_does_not_compile_is_refused_wherever_it_stands(
    body: str, script: Callable[[str | bytes], Path]
) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        _read(script(ORDINARY + body))


def test_literals_are_read_without_running_the_file(
    script: Callable[[str | bytes], Path],
) -> None:
    text = "import missing\nrevision = ('a'\n 'b')\ndown_revision: str = None\nx = 1 / 0\n"
    assert _read(script(text)) == Variables("ab", None, ABSENT, ABSENT, None)


def test_computed_ids_are_found_by_running_the_file(
    script: Callable[[str | bytes], Path],
) -> None:
    text = "import os\nrevision = f'a{1 + 1}'\ndown_revision = 'b' * 3\n"
    assert _read(script(text))[:2] == ("a2", "bbb")


def test_running_leaves_no_module_and_the_path_alone(
    script: Callable[[str | bytes], Path],
) -> None:
    modules, path = set(sys.modules), list(sys.path)
    source.execute(script("revision = 'a'\n"))
    assert set(sys.modules) == modules
    assert sys.path == path


def test_reading_writes_no_bytecode_unless_it_has_to_run(
    script: Callable[[str | bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = script(ORDINARY)
    _read(path)
    assert not (path.parent / "__pycache__").exists()


def test_bytecode_of_the_source_spares_compiling_it(
    script: Callable[[str | bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = script("revision = 'a'\ndown_revision = None\n")
    assert not source._has_bytecode(path)
    source.execute(path)
    assert source._has_bytecode(path)
    path.write_text("revision = 'a'\ndown_revision = (\n", encoding="utf-8")
    assert not source._has_bytecode(path)
    with pytest.raises(SyntaxError):
        _read(path)


def test_docstring_is_cleaned_as_this_python_cleans_it(
    script: Callable[[str | bytes], Path],
) -> None:
    path = script("'''a\n    b\n\tc\n    '''\nrevision = 'a'\ndown_revision = None\n")
    scanned = source.scan(path.read_bytes())
    assert scanned is not None
    assert scanned.doc == source.execute(path).doc


def test_warnings_of_a_file_are_not_ours_to_raise(
    script: Callable[[str | bytes], Path],
) -> None:
    path = script("revision = 'a'\ndown_revision = None\nx = '\\d'\n")
    assert _read(path).revision == "a"


def _imported(statement: str) -> Iterator[str]:
    import subprocess

    code = f"import sys; before = set(sys.modules); {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    yield from done.stdout.split()


def test_history_imports_neither_alembic_nor_sqlalchemy() -> None:
    modules = set(_imported("import sqlmodel_migrations.history.text"))
    assert "sqlmodel_migrations.history.graph" in modules
    assert modules.isdisjoint({"alembic", "sqlalchemy", "sqlmodel", "click", "difflib"})

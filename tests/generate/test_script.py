"""A written script that cannot be run is found before success is announced."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.generate.script import importable

STEPS = "def upgrade(): pass\ndef downgrade(): pass\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("revision = 'a'\ndef upgrade(:\n", r"line 2: does not compile: invalid syntax"),
        ("revision = 'a'\0", r"does not compile: .*null bytes"),
        ("import sys\nimport absent.part\n", r"line 2: needs the module 'absent'"),
        ("from sys import absent\n", r"line 1: does not import: ImportError"),
        ("import sqlalchemy as sa\n\nx = sa.Absent()\n", r"line 3: does not import: Attr"),
        ("raise SystemExit(3)\n", r"line 1: does not import: SystemExit: 3"),
        (STEPS, r"defines no 'revision'"),
        ("revision = 'a'\ndef upgrade(): pass\n", r"defines no 'downgrade'"),
        ("revision = 'a'\ndef downgrade(): pass\n", r"defines no 'upgrade'"),
    ],
)
def test_a_script_that_cannot_be_run(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a_.py"
    path.write_text(text)
    with pytest.raises(MigrationsError, match=message) as caught:
        importable(path)
    assert str(path) in caught.value.message


def test_a_good_script_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "a_.py"
    imports = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    header = f"{imports}@dataclass\nclass X:\n    a: int\n"
    source = f"{header}revision='é'\n{STEPS}"
    path.write_bytes(f"# coding: latin-1\n{source}".encode("latin-1"))
    importable(path)
    files = {getattr(module, "__file__", None) for module in sys.modules.values()}
    assert str(path) not in files
    assert [file.name for file in tmp_path.iterdir()] == ["a_.py"]


def test_the_line_is_the_scripts_where_a_module_fails(tmp_path: Path) -> None:
    path = tmp_path / "a_.py"
    path.write_text("import json\n\njson.loads('{')\n")
    with pytest.raises(MigrationsError, match="line 3: does not import: JSONDecodeError"):
        importable(path)

"""Checksums that are kept: a script is parsed when its bytes are new, and answered rightly."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

from sqlmodel_migrations.history import checksum
from sqlmodel_migrations.history.checksum import Checksum
from sqlmodel_migrations.history.checksums import Checksums


@pytest.fixture(autouse=True)
def _writes_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is parsed from here on."""
    seen: list[bytes] = []
    parse = ast.parse

    def noted(source: bytes, *given: Any, **named: Any) -> ast.AST:
        seen.append(source)
        return parse(source, *given, **named)

    monkeypatch.setattr(ast, "parse", noted)
    return seen


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text("revision = 'a'\n")
    return path


def of_the_first_run(script: Path) -> Checksum:
    """Return a script's checksum, which is kept from then on."""
    first = Checksums()
    found = first.of(script)
    first.save()
    assert found is not None
    return found


def test_a_script_is_parsed_once_for_all_runs(script: Path, parsed: list[bytes]) -> None:
    found = of_the_first_run(script)
    assert len(parsed) == 1
    assert Checksums().of(script) == found
    assert len(parsed) == 1
    assert found.tree == checksum.of_tree(script)


def test_bytes_that_changed_are_parsed_again(script: Path) -> None:
    before = of_the_first_run(script)
    script.write_text("revision = 'b'\n")
    after = Checksums().of(script)
    assert after is not None
    assert after.tree == checksum.of_tree(script) != before.tree


def test_what_is_kept_and_damaged_is_not_believed(script: Path, parsed: list[bytes]) -> None:
    found = of_the_first_run(script)
    (kept,) = (script.parent / "__pycache__").glob("checksums.*")
    data = bytearray(kept.read_bytes())
    data[-1] ^= 1
    kept.write_bytes(data)
    assert Checksums().of(script) == found
    assert len(parsed) == 2


def test_scripts_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(f"revision = {name!r}\n")
    first = Checksums()
    first.of(tmp_path / "a.py")
    first.save()
    (kept,) = (tmp_path / "__pycache__").glob("checksums.*")
    (tmp_path / "a.py").unlink()
    second = Checksums()
    second.of(tmp_path / "b.py")
    second.save()
    assert b"a.py" not in kept.read_bytes()
    assert b"b.py" in kept.read_bytes()


def test_nothing_is_written_where_python_writes_no_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "a.py").write_text("revision = 'a'\n")
    found = Checksums()
    assert found.of(tmp_path / "a.py") is not None
    found.save()
    assert not (tmp_path / "__pycache__").exists()

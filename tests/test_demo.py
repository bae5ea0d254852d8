"""The demonstration runs, shows what it says, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demonstration")


@pytest.fixture(scope="module")
def ran(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "scripts/demo.py"],
        env={**os.environ, "TMPDIR": str(folder), "DATABASE_URL": "sqlite:///elsewhere.db"},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_demonstration(ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 0, ran.stdout
    tables = re.findall(r"^id\|.*\n1\|.*\n2\|.*$", ran.stdout, re.MULTILINE)
    before = "id|name|secret_name\n1|Deadpond|Dive Wilson\n2|Spider-Boy|Pedro Parqueador"
    after = (
        "id|name|alias|team\n1|Deadpond|Dive Wilson|Preventers\n"
        "2|Spider-Boy|Pedro Parqueador|Preventers"
    )
    assert tables == [before, after, before]
    assert "  --rename hero.secret_name:alias" in ran.stdout
    assert "\nmodels    as the revisions make them\n" in ran.stdout
    assert "Traceback" not in ran.stdout


def test_nothing_is_left_behind(ran: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert list(folder.iterdir()) == []


def test_commands_are_shown_in_the_order_typed(ran: subprocess.CompletedProcess[str]) -> None:
    shown = re.findall(r"^\$ sqlmodel migrations (\w+)", ran.stdout, re.MULTILINE)
    assert shown == [
        "init", "revision", "upgrade", "revision", "revision", "upgrade", "downgrade", "upgrade",
        "status",
    ]  # fmt: skip

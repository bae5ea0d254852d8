"""Replays that are kept: taken when nothing changed, and never when something did."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from heroes import MODELS
from project import Project
from sqlmodel_migrations.shadow.cache import PREFIX


@pytest.fixture
def kept(project: Project) -> Path:
    """The file that the first `check` of a project with one revision keeps."""
    project.write({"models.py": MODELS})
    project.cli("init")
    project.cli("revision", "first")
    assert check(project) == 0
    (path,) = files(project)
    return path


def files(project: Project) -> list[Path]:
    return sorted((project.path / "migrations" / "__pycache__").glob(f"{PREFIX}*"))


def check(project: Project) -> int:
    code: int = project.cli("check", env={"PYTHONDONTWRITEBYTECODE": ""}).code
    return code


def add_a_table(path: Path) -> None:
    """Make the kept replay differ from what the revisions make, so that its use is seen."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE extra (id INTEGER PRIMARY KEY)")
    connection.close()


def revision_file(project: Project) -> Path:
    (path,) = (p for p in (project.path / "migrations" / "versions").glob("*first.py"))
    return path


def test_it_is_taken_when_nothing_changed(project: Project, kept: Path) -> None:
    add_a_table(kept)
    assert check(project) == 1


@pytest.mark.parametrize("name", ["revision", "env.py"])
def test_it_is_not_taken_when_a_file_changed(project: Project, kept: Path, name: str) -> None:
    add_a_table(kept)
    is_revision = name == "revision"
    path = revision_file(project) if is_revision else project.path / "migrations" / "env.py"
    stamp = path.stat()
    path.write_text(path.read_text() + "\n# changed\n")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert check(project) == 0
    assert files(project) != [kept]
    assert len(files(project)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "import names",
        "import json, names",
        "import json; import names",
        "from os import environ",
        "import importlib.resources",
        "open('names.py').read()",
        "__import__('names')",
        "from alembic import context",
        "from alembic import (\n    context as asked,\n)",
        "sa.create_engine('sqlite:///names.db')",
        "if True: import names",
    ],
)
def test_it_is_not_taken_when_a_revision_reads_something_else(project: Project, line: str) -> None:
    project.write({"models.py": MODELS, "names.py": "TABLE = 'extra'\n"})
    project.cli("init")
    project.cli("revision", "first")
    path = revision_file(project)
    path.write_text(
        path.read_text().replace("import sqlalchemy as sa", f"import sqlalchemy as sa\n{line}")
    )
    assert line in path.read_text()
    assert check(project) == 0
    assert files(project) == []


@pytest.mark.parametrize(
    "line",
    ["import json, datetime as when", "from sqlalchemy.dialects import sqlite", "# open (or not)"],
)
def test_it_is_taken_when_a_revision_reads_nothing_else(project: Project, line: str) -> None:
    project.write({"models.py": MODELS})
    project.cli("init")
    project.cli("revision", "first")
    path = revision_file(project)
    path.write_text(f"{path.read_text()}\n{line}\n")
    assert check(project) == 0
    assert len(files(project)) == (not line.startswith("#"))


def test_a_damaged_one_is_replaced(project: Project, kept: Path) -> None:
    kept.write_bytes(b"no database" * 500)
    assert check(project) == 0
    add_a_table(kept)
    assert check(project) == 1


def test_nothing_is_kept_without_bytecode(project: Project) -> None:
    project.write({"models.py": MODELS})
    project.cli("init")
    project.cli("revision", "first")
    assert project.cli("check", env={"PYTHONDONTWRITEBYTECODE": "1"}).code == 0
    assert files(project) == []


def test_a_folder_that_cannot_be_written_is_no_error(project: Project) -> None:
    project.write({"models.py": MODELS})
    project.cli("init")
    project.cli("revision", "first")
    (project.path / "migrations" / "__pycache__").unlink(missing_ok=True)
    (project.path / "migrations" / "__pycache__").write_text("a file, not a folder")
    assert check(project) == 0

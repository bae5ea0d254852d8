"""Projects whose revisions are proven, and a hook that breaks a script just after it is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from databases import Database
from project import Project

MODELS = """
    from sqlmodel import Field, SQLModel


    class Team(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(max_length=50)


    class Hero(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(max_length=50)
        age: int | None = None
        team_id: int | None = Field(default=None, foreign_key="team.id")
    """
BREAKER = """
    import json, pathlib, re, sys

    path = pathlib.Path(sys.argv[1])
    text = path.read_text()
    for old, new in json.loads(pathlib.Path("breaks.json").read_text()):
        text, count = re.subn(old, new, text, flags=re.DOTALL)
        assert count, f"{old} is not in the script:\\n{text}"
    path.write_text(text)
    """
HOOK = """
[post_write_hooks]
hooks = breaker
breaker.type = exec
breaker.executable = {python}
breaker.options = breaker.py REVISION_SCRIPT_FILENAME
"""

Break = Callable[..., None]


@pytest.fixture
def heroes(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Project:
    """Two tables and the revision that makes them; nothing is upgraded."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    for name in ("TMPDIR", "TEMP", "TMP"):  # where rejected scripts are kept
        monkeypatch.setenv(name, str(tmp_path))
    project.write({"models.py": MODELS})
    project.init()
    project.revision("heroes", "--rev-id", "a1", kind=database.kind)
    return project


@pytest.fixture
def broken(heroes: Project) -> Break:
    """Let the next scripts be broken: pairs of a pattern and what takes its place."""

    def prepare(*breaks: tuple[str, str]) -> None:
        ini = (heroes.path / "alembic.ini").read_text()
        section = HOOK.format(python=Path(sys.executable).as_posix())
        ini = ini.replace("[post_write_hooks]", section.strip() + "\n", 1)
        assert "breaker" in ini
        heroes.write({"alembic.ini": ini, "breaker.py": BREAKER, "breaks.json": json.dumps(breaks)})

    return prepare

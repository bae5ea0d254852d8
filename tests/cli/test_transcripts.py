"""The transcripts beside this file: each is played on each of its databases."""

from __future__ import annotations

from pathlib import Path

import pytest

import transcript
from databases import Database
from project import Project

FOLDER = Path(__file__).parent
CASES = [
    pytest.param(path.stem, kind, id=f"{path.stem}-{kind}")
    for path in sorted(FOLDER.glob("*.md"))
    for kind in transcript.kinds(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("name", "database"), CASES, indirect=["database"])
def test_a_transcript_is_what_is_seen(
    name: str, database: Database, project: Project, request: pytest.FixtureRequest
) -> None:
    update = request.config.getoption("--update-transcripts")
    transcript.check(FOLDER / f"{name}.md", project, database, update=update)


def test_every_command_has_a_transcript() -> None:
    from sqlmodel_migrations.cli.summaries import SUMMARIES

    assert {path.stem for path in FOLDER.glob("*.md")} >= set(SUMMARIES)

"""The pages: what they show is what is seen, what they say to type works, no link leads nowhere."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import transcript
from databases import Database
from heroes import MODELS
from project import Project
from sqlmodel_migrations import events
from sqlmodel_migrations.cli.execution_options import DEFAULTS
from sqlmodel_migrations.cli.summaries import SUMMARIES
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report.progress import json_lines

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *sorted(DOCS.rglob("*.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
]
TRANSCRIPTS = (
    "README.md",
    "docs/tutorial.md",
    "docs/drift.md",
    "docs/plan.md",
    "docs/adopt.md",
    "docs/execution.md",
    "docs/history.md",
    "docs/repair.md",
)
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-transcripts"))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return [text for found, _, text in BLOCK.findall(read(name)) if found == language]


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_page_is_what_is_seen(
    name: str, sqlite: Database, project: Project, update: bool
) -> None:
    transcript.check(ROOT / name, project, sqlite, update=update)


def test_the_page_of_fixes_is_what_is_seen(
    postgresql: Database, project: Project, update: bool
) -> None:
    transcript.check(ROOT / "docs/fix.md", project, postgresql, update=update)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_link_leads_nowhere(path: Path) -> None:
    for target, anchor in LINK.findall(path.read_text(encoding="utf-8")):
        found = (path.parent / target) if target else path
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), f"{target}#{anchor}"


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub makes of headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_index() -> None:
    index = read("docs/index.md")
    assert [page.name for page in DOCS.glob("*.md") if page.name not in index] == ["index.md"]


def test_the_page_of_commands_is_what_help_says(project: Project, update: bool) -> None:
    page = "\n".join(["# Every command", "", "What `--help` says.", "", *helps(project)])
    path = DOCS / "commands.md"
    if update:
        path.write_text(page, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == page


def helps(project: Project) -> Iterator[str]:
    for name in SUMMARIES:
        said = project.cli(name, "--help").stdout.rstrip()
        yield f"## {name}\n\n```text\n{said}\n```\n"


def test_exit_codes_are_those_of_the_program() -> None:
    codes = re.findall(r"^\| (\d+) \| (\S)", read("docs/exit-codes.md"), re.MULTILINE)
    assert [int(code) for code, _ in codes] == [int(code) for code in ExitCode]


# What docs/deployment.md and docs/exit-codes.md say to type.


@pytest.fixture
def deployed(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with one revision, the database by DATABASE_URL, the programs on the path."""
    programs = sysconfig.get_path("scripts")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DATABASE_URL", database.url)
    project.write({"models.py": MODELS})
    assert project.cli("init").code == 0
    assert project.cli("revision", "add heroes").code == 0
    return project


def shell(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-e", "-c", script, "sh", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


needs_sh = pytest.mark.skipif(sys.platform == "win32", reason="the snippets are for sh")


@needs_sh
def test_the_steps_of_github_actions(deployed: Project) -> None:
    (text,) = blocks("docs/deployment.md", "yaml")
    steps = re.findall(r"^  run: (.+)$", text, re.MULTILINE)
    assert len(steps) == 2
    for step in steps:
        ran = shell(step)
        assert ran.returncode == 0, ran.stderr
    assert deployed.cli("current").stdout.endswith(" (head)\n")


@needs_sh
def test_a_step_of_github_actions_stops_a_change_without_a_revision(deployed: Project) -> None:
    deployed.write({"models.py": f"{MODELS}    age: int | None = None\n"})
    first = re.findall(r"^  run: (.+)$", blocks("docs/deployment.md", "yaml")[0], re.MULTILINE)[0]
    assert shell(first).returncode == ExitCode.NO


@needs_sh
def test_the_entry_point_of_docker_migrates_and_becomes_the_application(deployed: Project) -> None:
    entry_point = blocks("docs/deployment.md", "sh")[0]

    ran = shell(entry_point, "echo", "the application")

    assert (ran.returncode, ran.stdout) == (0, "the application\n")
    assert deployed.cli("current").stdout.endswith(" (head)\n")


@needs_sh
def test_the_entry_point_of_docker_ends_where_the_migration_fails(deployed: Project) -> None:
    (path,) = (deployed.path / "migrations" / "versions").glob("*_add_heroes.py")
    path.write_text(path.read_text().replace("create_table(", "no_such_operation("))

    ran = shell(blocks("docs/deployment.md", "sh")[0], "echo", "the application")

    assert (ran.returncode, ran.stdout) == (ExitCode.REVISION_FAILED, ""), ran.stderr


@needs_sh
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_check_before_a_deployment(deployed: Project, number: int) -> None:
    check = blocks("docs/deployment.md", "sh")[number]
    assert shell(check).returncode == ExitCode.NO
    assert deployed.cli("upgrade").code == 0
    assert shell(check).returncode == ExitCode.YES


@needs_sh
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sql_for_somebody_else_to_run(deployed: Project) -> None:
    *_, script = blocks("docs/deployment.md", "sh")
    assert shell(script).returncode == 0
    assert "CREATE TABLE hero" in deployed.read("upgrade.sql")


def test_an_existing_database(
    database: Database, project: Project, update: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "sqlite:///database.db" if database.kind == "sqlite" else database.url
    make = f"import models, sqlmodel as s; s.SQLModel.metadata.create_all(s.create_engine({url!r}))"
    project.write({"models.py": MODELS})
    assert project.cli.subprocess("python", "-c", make).code == 0

    transcript.check(DOCS / "deployment.md", project, database, update=update)


@needs_sh
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_question_of_a_script(deployed: Project) -> None:
    (script,) = blocks("docs/exit-codes.md", "sh")
    said = "this database is what the models say\n"
    assert said not in shell(script).stdout
    assert deployed.cli("upgrade").code == 0
    assert said in shell(script).stdout


# What docs/env.md says.


def test_env_py_is_what_init_writes(project: Project) -> None:
    project.write({"app/models.py": MODELS})
    assert project.cli("init").code == 0
    assert blocks("docs/env.md", "python")[0] == project.read("migrations/env.py")


def test_options_of_alembic_in_env_py(project: Project, sqlite: Database) -> None:
    project.write({"app/models.py": MODELS})
    spatial = MODELS.replace("class Hero(", "class spatial_ref_sys(")
    assert project.cli("init").code == 0
    project.write({"app/models.py": MODELS + spatial.replace("from sqlmodel import", "# ")})
    head, options = blocks("docs/env.md", "python")[:2]
    before = head.partition("environment.run")[0]
    project.write({"migrations/env.py": before + options})

    assert project.cli("revision", "add heroes").code == 0
    assert project.cli("upgrade").code == 0

    file = Database("sqlite", f"sqlite:///{(project.path / 'database.db').as_posix()}")
    tables = {row[0] for row in file.query("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables >= {"hero", "heroes_version"}
    assert "alembic_version" not in tables
    assert "spatial_ref_sys" not in tables


def test_migrating_in_a_running_event_loop(project: Project) -> None:
    start = blocks("docs/env.md", "python")[2].replace("path/to/project", ".")
    project.write({"models.py": MODELS, "start.py": f"{start}\n{RUN}"})
    assert project.cli("init").code == 0
    assert project.cli("revision", "add heroes").code == 0

    assert project.cli.subprocess("python", "start.py").code == 0

    assert project.cli("current").stdout.endswith(" (head)\n")


RUN = """
import asyncio
from sqlalchemy.ext.asyncio import create_async_engine

async def main():
    engine = create_async_engine("sqlite+aiosqlite:///database.db")
    await start(engine)
    await engine.dispose()

asyncio.run(main())
"""


# What docs/execution.md says.


def rows(name: str, columns: int) -> list[tuple[str, ...]]:
    """The rows of a page's tables that have so many columns and begin with code."""
    pattern = r"(?m)^" + r"\|([^|\n]*)" * columns + r"\|$"
    found = re.findall(pattern, read(name))
    cells = [tuple(cell.strip() for cell in row) for row in found]
    return [row for row in cells if row[0].startswith("`")]


def test_the_table_of_events_is_complete() -> None:
    kinds = {
        json_lines.name(kind): ", ".join(f"`{field.name}`" for field in dataclasses.fields(kind))
        for kind in get_args(events.Event)
    }
    told = {name.strip("`"): keys for name, keys, _ in rows("docs/execution.md", 3)}
    added = {"log": "`text`", "ended": "`exit_code`, `notes`, `diagnostics`, `error`"}
    options = {name: keys for name, keys in told.items() if name.startswith("--")}
    assert told == {**kinds, **added, **options}


def test_the_options_of_a_run_have_the_defaults_that_are_said() -> None:
    said: dict[str, str] = {}
    for names, defaults, _ in rows("docs/execution.md", 3):
        if not names.startswith("`--"):
            continue
        flags = re.findall(r"`--([\w-]+)`", names)
        said |= {f.replace("-", "_"): d for f, d in zip(flags, defaults.split(", "), strict=True)}
    assert said == {**DEFAULTS, "backup": "no", "accept_edited": "", "events": ""}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_events_in_python(deployed: Project) -> None:
    snippet = blocks("docs/execution.md", "python")[1]
    ran = deployed.cli.subprocess("python", "-c", snippet)
    assert ran.code == 0, ran.stderr
    assert "RevisionStarted(" in ran.stdout

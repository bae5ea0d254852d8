"""docs/autogenerate.md: the scripts that it shows are the ones that are written, and they work.

`--update-transcripts` puts what is written now into the page; read the difference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

import autogenerate_page
from autogenerate_page import Change, Group
from databases import KINDS, Database
from project import Project

PAGE = Path(__file__).parents[1] / "docs" / "autogenerate.md"
GROUPS = autogenerate_page.read(PAGE)
# The order of kinds is kept: with --update-transcripts each adds its scripts to the page.
PLAYS = [
    pytest.param(group, kind, id=f"{group.title}-{kind}")
    for group in GROUPS
    for kind in KINDS
    if group.on(kind)
]
# What a downgrade cannot give back; the values of enums stay names.
ONE_WAY = re.compile("Data loss|Rows without|is none of")
Rows = dict[str, list[tuple[object, ...]]]


@pytest.mark.parametrize(("group", "database"), PLAYS, indirect=["database"])
def test_the_page_shows_what_is_written(
    group: Group,
    database: Database,
    project: Project,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    changes = group.on(database.kind)
    before = begin(project, database, group)

    written = {change.title: write(project, database, group, n) for n, change in enumerate(changes)}
    if request.config.getoption("--update-transcripts"):
        found = {title: {database.kind: script} for title, script in written.items()}
        autogenerate_page.rewrite(PAGE, found)

    there_and_back(project, database, len(changes), lossless(database, changes, written, before))
    shown = {change.title: change.scripts.get(database.kind) for change in changes}
    assert written == shown


def begin(project: Project, database: Database, group: Group) -> Rows:
    """Make the project with the models before, and the rows; returns the rows."""
    project.write({"models.py": group.models(database.kind, 0)})
    project.init()
    play(project, ["revision", "the models before", "--no-verify"], ["upgrade"])
    database.run(*(row for change in group.on(database.kind) for row in change.rows))
    return rows(database)


def write(project: Project, database: Database, group: Group, number: int) -> str:
    """Make the next change of the models and its revision; returns what the page shows of it."""
    folder = project.path / "migrations" / "versions"
    there = set(folder.glob("*.py"))
    project.write({"models.py": group.models(database.kind, number + 1)})
    play(project, group.on(database.kind)[number].command)
    (new,) = set(folder.glob("*.py")) - there
    return autogenerate_page.shown(new.read_text(encoding="utf-8"))


def there_and_back(project: Project, database: Database, steps: int, kept: Rows) -> None:
    play(project, ["upgrade"], ["check"])
    after = rows(database)
    play(project, ["downgrade", f"-{steps}", "--yes"])
    back = rows(database)
    assert {table: back.get(table) for table in kept} == kept
    play(project, ["upgrade"])
    assert {t: len(found) for t, found in rows(database).items()} == {
        t: len(found) for t, found in after.items()
    }


def lossless(
    database: Database, changes: tuple[Change, ...], written: dict[str, str], before: Rows
) -> Rows:
    """The rows of the tables of which no script says that it loses something."""
    lost = " ".join(s for s in written.values() if ONE_WAY.search(s))
    return {table: found for table, found in before.items() if f"'{table}" not in lost}


def play(project: Project, *commands: Sequence[str]) -> None:
    ran = project.cli.each(*commands)
    assert ran.code == 0, f"{commands}: {ran.code}\n{ran.output}"


def rows(database: Database) -> Rows:
    """The rows of every table in the order of their text."""
    found = {table: database.query(f"SELECT * FROM {table}") for table in tables(database)}
    return {table: sorted(each, key=repr) for table, each in found.items()}


TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    "postgresql": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    " AND table_type = 'BASE TABLE'",
    "mariadb": "SELECT table_name FROM information_schema.tables WHERE table_schema = database()",
}


def tables(database: Database) -> list[str]:
    named = [str(name) for (name,) in database.query(TABLES[database.kind])]
    ours = ("alembic_version", "sqlmodel_migrations")
    return sorted(name for name in named if not name.startswith(ours))

"""Compared with the live database at head, a revision is the one that the history gives."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import autogenerate_page
from autogenerate_page import Group
from databases import KINDS, Database
from project import Project
from proxy import Proxy
from sqlmodel_migrations import Migrations
from statements import sent
from test_autogenerate_page import GROUPS, begin, play

PLAYS = [
    pytest.param(group, kind, id=f"{group.title}-{kind}")
    for group in GROUPS
    for kind in KINDS
    if group.on(kind)
]
# What is asked when all changes are made at once.
QUESTIONS = {"Tables and columns": ("--accept", "vehicle")}


@pytest.mark.parametrize(("group", "database"), PLAYS, indirect=["database"])
def test_the_same_is_written(
    group: Group, database: Database, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All changes of a group of docs/autogenerate.md at once; afterwards nothing is found."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    begin(project, database, group)
    project.write({"models.py": group.models(database.kind, len(group.on(database.kind)))})

    live = written(project, group, database, "--from-database")
    assert written(project, group, database) == live

    play(project, ["upgrade"], ["check", "--from-database"])


def written(project: Project, group: Group, database: Database, *flags: str) -> str:
    """Write the revision; one from the database is taken away again."""
    answers = [flag for change in group.on(database.kind) for flag in change.command[2:]]
    answers += QUESTIONS.get(group.title, ())
    there = scripts(project)
    play(project, ["revision", "all", "--no-verify", *answers, *flags])
    (new,) = scripts(project) - there
    text = autogenerate_page.shown(new.read_text(encoding="utf-8"))
    if flags:
        new.unlink()
    return text


def scripts(project: Project) -> set[Path]:
    return set((project.path / "migrations" / "versions").glob("*.py"))


@pytest.mark.server
def test_the_number_of_queries_does_not_depend_on_the_number_of_tables(
    project: Project, postgresql: Database
) -> None:
    """Beside a mirror of the same server, on which as much is asked as is needed."""
    Migrations.init(root=project.path, models=["none"], url="sqlite://")
    counts = [queries(project, postgresql, number) for number in (2, 20)]
    assert 0 < counts[0] == counts[1] <= 30


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_nor_do_the_round_trips_to_it_and_to_its_mirror(
    project: Project, database: Database
) -> None:
    Migrations.init(root=project.path, models=["none"], url="sqlite://")
    counts = [round_trips(project, database, number) for number in (4, 24)]
    # A driver may prepare what it is asked often.
    assert abs(counts[0] - counts[1]) <= 3
    assert max(counts) <= 40


def round_trips(project: Project, database: Database, number: int) -> int:
    metadata, url = tables(number), sa.make_url(database.url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    metadata.drop_all(engine)
    metadata.create_all(engine)
    with Proxy(url) as proxy:
        through = sa.create_engine(proxy.url, poolclass=sa.NullPool)
        migrations = Migrations(project.path, bind=through, metadata=metadata)
        assert migrations.check(from_database=True) == ()
        return proxy.turns


def queries(project: Project, database: Database, number: int) -> int:
    """Count what is sent to the live database by a check from it, of this many tables."""
    metadata, engine = tables(number), sa.create_engine(database.url, poolclass=sa.NullPool)
    metadata.drop_all(engine)
    metadata.create_all(engine)
    migrations = Migrations(project.path, bind=engine, metadata=metadata)
    with sent(engine, lambda c: c.connection.info.dbname == database.name) as statements:
        assert migrations.check(from_database=True) == ()
    return len(statements)


def tables(number: int) -> sa.MetaData:
    metadata = sa.MetaData()
    for n in range(number):
        sa.Table(
            f"t{n}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("kind", sa.Enum("a", "b", name=f"kind_{n}"), index=True),
            sa.Column("size", sa.Integer, sa.CheckConstraint("size > 1"), server_default="5"),
            sa.Column("before", sa.ForeignKey(f"t{max(n - 1, 0)}.id", name=f"fk_{n}")),
        )
    return metadata

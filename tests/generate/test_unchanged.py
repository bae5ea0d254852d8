"""Tables that are alike on both sides are not compared, and not mirrored either."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from databases import Database
from project import Project
from sqlmodel_migrations import Migrations
from statements import sent
from test_autogenerate_page import play

MODELS = """
import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class {name}(SQLModel, table=True):
    __table_args__ = {arguments}
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=10, unique=True)
"""


def models(**classes: str) -> str:
    return "".join(MODELS.format(name=n, arguments=a) for n, a in classes.items())


def test_only_what_differs_is_mirrored(project: Project, database: Database) -> None:
    """Names that the server gave are no difference; what a changed table refers to comes along."""
    live, engine = tables(10), sa.create_engine(database.url, poolclass=sa.NullPool)
    live.create_all(engine)
    wanted = tables(10)
    wanted.tables["t9"].append_column(sa.Column("new", sa.Integer))
    Migrations.init(root=project.path, models=["none"], url="sqlite://")

    def differences(metadata: sa.MetaData) -> tuple[list[str], list[str]]:
        migrations = Migrations(project.path, bind=engine, metadata=metadata)
        with sent(engine) as statements:
            found = migrations.check(from_database=True)
        made = [sql.split()[2].strip('`"') for sql in statements if sql.startswith("CREATE TABLE")]
        return [each.description for each in found], made[10:]

    assert differences(tables(10)) == ([], [])
    words, mirrored = differences(wanted)
    assert words == ["add column 't9.new'"]
    assert {name for name in mirrored if name.startswith("t")} == {"t4", "t9"}


def test_a_table_more_among_tables_that_are_alike(project: Project, database: Database) -> None:
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    tables(2).create_all(engine)
    Migrations.init(root=project.path, models=["none"], url="sqlite://")
    migrations = Migrations(project.path, bind=engine, metadata=tables(3))
    found = [each.description for each in migrations.check(from_database=True)]
    assert found[0] == "add table 't2'"


def tables(number: int) -> sa.MetaData:
    """Tables whose constraints have no names; each but the first refers to one before it."""
    metadata = sa.MetaData()
    for n in range(number):
        sa.Table(
            f"t{n}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("code", sa.String(10), unique=True),
            sa.Column("size", sa.Integer, sa.CheckConstraint("size > 1"), server_default="5"),
            *[sa.Column("before", sa.ForeignKey(f"t{n // 2}.id"))] * (n > 0),
        )
    return metadata


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_table_that_takes_the_place_of_a_renamed_one(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is what the renamed one was, so both sides have it alike."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    project.write({"models.py": models(Hero="()")})
    project.init()
    play(project, ["revision", "hero", "--no-verify"], ["upgrade"])
    renamed = '{"info": {"renamed_from": "hero"}}'
    project.write({"models.py": models(Champion=renamed, Hero="()")})

    def said(*flags: str) -> list[str]:
        ran = project.cli("check", *flags)
        return [line for line in ran.stdout.splitlines() if "'" in line]

    assert any("rename" in line for line in said())
    assert said("--from-database") == said()


def test_what_the_user_compares_is_asked_about_every_column(
    project: Project, database: Database
) -> None:
    engine, metadata = sa.create_engine(database.url, poolclass=sa.NullPool), tables(2)
    metadata.create_all(engine)
    Migrations.init(root=project.path, models=["none"], url="sqlite://")
    compares = "lambda _, theirs, model, *__: model.name == 'size'"
    env = project.read("migrations/env.py")
    call = f"environment.run(target_metadata, compare_type={compares})"
    project.write({"migrations/env.py": env.replace("environment.run(target_metadata)", call)})

    migrations = Migrations(project.path, bind=engine, metadata=metadata)
    found = [each.description for each in migrations.check(from_database=True)]
    assert [words.split("'")[1] for words in found] == ["t0.size", "t1.size"]

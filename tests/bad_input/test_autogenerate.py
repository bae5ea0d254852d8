"""Bad input of `revision`: each is refused in words, with what to do, and writes nothing."""

from __future__ import annotations

import pytest

from databases import Database, Server, unique_name
from project import Project
from story import Story
from zygote import Ran

MODELS = """
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
"""
sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def story(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setenv("DATABASE_URL", database.url)
    return Story(project, database)


def told(ran: Ran, *words: str) -> None:
    assert "sqlmodel_migrations/" not in ran.output  # no traceback of ours
    for word in words:
        assert word in ran.stderr


@sqlite_only
def test_models_that_do_not_import(story: Story) -> None:
    story.begin(MODELS)
    ran = story.refused(MODELS + "\n\nimport no_such_module\n")
    assert ran.code == 2
    told(ran, "no_such_module", "models")


@sqlite_only
def test_models_that_shrank_to_nothing(story: Story) -> None:
    story.begin(MODELS)
    ran = story.refused("")
    assert ran.code == 2
    told(ran, "hint:")


@sqlite_only
def test_a_history_that_cannot_be_replayed(story: Story) -> None:
    """It needs rows that no revision writes; the live database has them."""
    story.begin(MODELS)
    (script,) = story.scripts()
    needs = (
        "    if not op.get_bind().scalar(sa.text('SELECT count(*) FROM hero')):\n"
        "        raise ValueError('no heroes')\n\n\ndef downgrade"
    )
    script.write_text(script.read_text().replace("\n\ndef downgrade", needs, 1))
    revision = script.name.partition("_")[0]

    ran = story.refused(MODELS + "    age: int | None = None\n")

    told(ran, revision, "no heroes", "--from-database")
    written = story.revise(
        MODELS + "    age: int | None = None\n", "--from-database", "--no-verify"
    )
    assert "age" in written


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_role_without_createdb(
    story: Story,
    _postgresql_server: Server,  # noqa: PT019
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    role = unique_name()
    _postgresql_server.execute(f"CREATE ROLE {role} LOGIN")
    try:
        story.database.run(f"GRANT ALL ON SCHEMA public TO {role}")
        monkeypatch.setenv("DATABASE_URL", story.database.url.replace("postgres@", f"{role}@"))
        story.models(MODELS)
        story.succeed("init")
        said = story.succeed("revision", "add heroes").output
        assert "compared on an embedded PostgreSQL, because: permission denied" in said
    finally:
        story.database.run(f"DROP OWNED BY {role}")
        _postgresql_server.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_a_user_without_create(
    story: Story,
    _mariadb_server: Server,  # noqa: PT019
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = unique_name()[-24:]
    _mariadb_server.execute(f"CREATE USER '{user}'@'%'")
    try:
        _mariadb_server.execute(f"GRANT ALL ON {story.database.name}.* TO '{user}'@'%'")
        monkeypatch.setenv("DATABASE_URL", story.database.url.replace("root@", f"{user}@"))
        story.models(MODELS)
        story.succeed("init")
        ran = story.project.cli("revision", "add heroes")
        assert ran.code == 4
        told(ran, "no scratch database can be made", "CREATE DATABASE", "shadow_url")
        assert story.scripts() == set()
    finally:
        _mariadb_server.execute(f"DROP USER '{user}'@'%'")

"""Revisions that are asked for and not there, or several, or that fail when they run."""

from __future__ import annotations

import pytest

from databases import Database
from heroes import DROP, add_revision
from project import Project
from refusal import refused, tables, unchanged, version

MOVES = ["upgrade", "downgrade", "stamp"]


@pytest.mark.parametrize("command", [*MOVES, "show", "edit"])
def test_an_unknown_revision(two: Project, command: str) -> None:
    add_revision(two, "1e606859995a", "bb02", "add teams")
    with unchanged(two):
        said = refused(two.cli(command, "1e606859959a"), 2)
    assert said.message == "there is no revision or branch '1e606859959a'"
    assert said.hint.startswith("did you mean '1e606859995a'?")
    assert said.details == ("1e606859995a (head), add teams",)


def test_an_unknown_revision_changes_no_database(placed: Project, database: Database) -> None:
    assert placed.cli("upgrade", "aa01").code == 0
    for command in MOVES:
        with unchanged(placed, database):
            refused(placed.cli(command, "cc03"), 2)


@pytest.mark.parametrize("command", [*MOVES, "show"])
def test_an_ambiguous_prefix(placed: Project, database: Database, command: str) -> None:
    add_revision(placed, "abcd1", "bb02", "add teams")
    add_revision(placed, "abcd2", "abcd1", "add villains")
    with unchanged(placed, database):
        said = refused(placed.cli(command, "abcd"), 2)
    assert said.message == "'abcd' is ambiguous: 2 revisions start with it"
    assert said.details == ("abcd1, add teams", "abcd2 (head), add villains")
    assert said.hint == "type more of the id"


@pytest.mark.parametrize("command", ["upgrade", "stamp", "show", "revision --empty"])
def test_several_heads_for_head(placed: Project, database: Database, command: str) -> None:
    add_revision(placed, "cc03", "aa01", "another branch")
    with unchanged(placed, database):
        said = refused(placed.cli(*command.split()), 2)
    assert "there are 2 heads" in said.message
    assert said.details == ("bb02 (head), do nothing", "cc03 (head), another branch")
    assert "`sqlmodel migrations merge`" in said.hint


@pytest.mark.parametrize("length", [33, 40])
def test_an_id_that_is_too_long_is_not_given(two: Project, length: int) -> None:
    with unchanged(two):
        said = refused(two.cli("revision", "--empty", "long", "--rev-id", "x" * length), 2)
    assert said.message == (
        f"the id '{'x' * length}' has {length} characters, and the version table holds 32"
    )
    assert said.hint == "give a shorter one, or leave --rev-id out"
    add_revision(two, "cc03", "aa01", "another branch")
    with unchanged(two):
        refused(two.cli("merge", "--rev-id", "x" * length), 2)


def test_an_id_that_is_taken_is_not_given(two: Project) -> None:
    with unchanged(two):
        said = refused(two.cli("revision", "--empty", "twice", "--rev-id", "aa01"), 2)
    path = two.path / "migrations" / "versions" / "aa01.py"
    assert said.message == f"the id 'aa01' is taken by '{path}'"
    assert said.hint == "give another one, or leave --rev-id out"


def test_an_id_of_32_characters(placed: Project, database: Database) -> None:
    assert placed.cli("revision", "--empty", "long", "--rev-id", "x" * 32).code == 0
    assert placed.cli("upgrade").code == 0
    assert version(database) == ["x" * 32]


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
@pytest.mark.parametrize("command", ["upgrade", "stamp"])
def test_an_id_of_40_characters_on_a_server(
    placed: Project, database: Database, command: str
) -> None:
    add_revision(placed, "x" * 40, "bb02", "long")
    with unchanged(placed, database):
        said = refused(placed.cli(command), 2)
    assert said.message == (
        f"the id of revision '{'x' * 40}' has 40 characters, and 'alembic_version' holds 32:"
        " nothing was run"
    )
    assert said.hint == ("give it a shorter id in its file, or make the column 'version_num' wider")
    assert placed.cli("upgrade", "bb02").code == 0


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_an_id_of_40_characters_in_a_wider_column(placed: Project, database: Database) -> None:
    add_revision(placed, "x" * 40, "bb02", "long")
    database.run("CREATE TABLE alembic_version (version_num VARCHAR(64) NOT NULL PRIMARY KEY)")
    assert placed.cli("upgrade").code == 0
    assert version(database) == ["x" * 40]
    assert placed.cli("check").code == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_id_of_40_characters_on_sqlite(placed: Project, database: Database) -> None:
    add_revision(placed, "x" * 40, "bb02", "long")
    assert placed.cli("upgrade").code == 0
    assert version(database) == ["x" * 40]


def test_a_script_that_raises(placed: Project, database: Database) -> None:
    add_revision(placed, "cc03", "bb02", "fail", upgrade=f"{CREATE_TEAM}; raise ValueError('no')")
    add_revision(placed, "dd04", "cc03", "never")
    said = refused(placed.cli("upgrade"), 5)
    path = placed.path / "migrations" / "versions" / "cc03.py"
    assert said.message == "revision cc03 failed: ValueError: no"
    assert said.details[0] == f"at {path}, line 9"
    assert "applied before it: aa01, bb02" in said.details
    assert "not applied: cc03, dd04" in said.details
    _is_at_bb02(database)


CREATE_TEAM = "op.create_table('team', sa.Column('id', sa.Integer, primary_key=True))"


def _is_at_bb02(database: Database) -> None:
    """Earlier revisions stay; of the failing one nothing, where DDL can be rolled back."""
    assert version(database) == ["bb02"]
    left = {"team"} if database.kind == "mariadb" else set[str]()
    assert tables(database) == {"alembic_version", "hero"} | left


def test_a_script_that_fails_with_a_database_error(placed: Project, database: Database) -> None:
    add_revision(
        placed, "cc03", "bb02", "fail",
        upgrade=f"{CREATE_TEAM}\n    op.execute('UPDATE villain SET age = 1')",
    )  # fmt: skip
    said = refused(placed.cli("upgrade"), 5)
    path = placed.path / "migrations" / "versions" / "cc03.py"
    assert said.message.startswith("revision cc03 failed: ")
    assert "villain" in said.message
    assert f"at {path}, line 10" in said.details
    assert "UPDATE villain SET age = 1" in said.details
    assert "applied before it: aa01, bb02" in said.details
    _is_at_bb02(database)


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_where_ddl_commits_it_is_said_that_a_part_stays(
    placed: Project, database: Database
) -> None:
    add_revision(placed, "cc03", "bb02", "fail", upgrade=f"{CREATE_TEAM}; raise ValueError('no')")
    said = refused(placed.cli("upgrade"), 5)
    assert (
        "what 'cc03' did before stays, and is not done again when it is run again;"
        " see: sqlmodel migrations repair" in said.details
    )


def test_an_error_of_alembic_in_a_script_is_shown_without_its_type(two: Project) -> None:
    add_revision(
        two, "cc03", "bb02", "guard",
        upgrade="from alembic.util import CommandError; raise CommandError('heroes without name')",
    )  # fmt: skip
    said = refused(two.cli("upgrade"), 5)
    assert said.message == "revision cc03 failed: heroes without name"


def test_tables_but_no_version(placed: Project, database: Database) -> None:
    database.run("CREATE TABLE hero (id INTEGER PRIMARY KEY, name VARCHAR(9) NOT NULL)")
    database.run("INSERT INTO hero VALUES (1, 'Deadpond')")
    if database.kind == "mariadb":  # an empty version table stays
        placed.cli("ensure-version")
    with unchanged(placed, database):
        said = refused(placed.cli("upgrade"), 5)
    assert said.message.startswith("revision aa01 failed: ")
    assert "already exists" in said.message
    assert "create_all()" in said.hint
    assert said.hint.endswith("sqlmodel migrations adopt")
    assert placed.cli("stamp").code == 0
    assert version(database) == ["bb02"]


def test_a_downgrade_that_fails(placed: Project, database: Database) -> None:
    add_revision(placed, "cc03", "bb02", "fail", downgrade=f"{DROP}; raise ValueError('no')")
    assert placed.cli("upgrade").code == 0
    ran = placed.cli("downgrade", "-2", "--yes")
    said = refused(ran, 5)
    assert said.message == "revision cc03 failed: ValueError: no"
    assert version(database) == ["cc03"]
    if database.kind != "mariadb":
        assert "hero" in tables(database)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (("downgrade",), "'-1' goes too far: the database is at no revision"),
        (("downgrade", "-5"), "'-5' goes too far: the database is at no revision"),
        (("upgrade", "+9"), "'+9' goes too far: there are fewer than 9 revisions after base"),
    ],
)
def test_too_far_from_base(
    placed: Project, database: Database, typed: tuple[str, ...], message: str
) -> None:
    with unchanged(placed, database):
        said = refused(placed.cli(*typed), 2)
    assert said.message == message
    assert "`sqlmodel migrations" in said.hint


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (
            "downgrade -5",
            "'-5' goes too far: there are fewer than 5 revisions before the current one",
        ),
        ("upgrade +9", "'+9' goes too far: there are fewer than 9 revisions after the current one"),
        ("upgrade +1", "'+1' goes too far: there is no revision after the current one"),
    ],
)
def test_too_far_from_head(placed: Project, database: Database, typed: str, message: str) -> None:
    assert placed.cli("upgrade").code == 0
    with unchanged(placed, database):
        said = refused(placed.cli(*typed.split()), 2)
    assert said.message == message


def test_back_to_base_and_no_further(placed: Project, database: Database) -> None:
    assert placed.cli("upgrade").code == 0
    assert placed.cli("downgrade", "-2", "--yes").code == 0
    assert version(database) == []
    refused(placed.cli("downgrade", "--yes"), 2)

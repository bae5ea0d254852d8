"""What a hand-written ALTER on MariaDB does not mention stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import Database
from heroes import MODELS
from project import Project

TABLE = """
    op.execute('''CREATE TABLE item (
        id INTEGER PRIMARY KEY AUTO_INCREMENT,
        name VARCHAR(20) COLLATE utf8mb4_bin NOT NULL DEFAULT 'it''s: 100%' COMMENT 'its name',
        at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
        n INTEGER NOT NULL DEFAULT 7 COMMENT 'a number'
    )''')
"""
COLUMNS = (
    "SELECT column_name, column_type, is_nullable, column_default, extra, collation_name,"
    " column_comment FROM information_schema.columns"
    " WHERE table_schema = database() AND table_name = 'item' ORDER BY ordinal_position"
)


@pytest.fixture
def rows(project: Project, mariadb: Database) -> dict[str, tuple[object, ...]]:
    """The columns of a table that the first revision of a project makes."""
    project.write({"models.py": MODELS})
    project.cli("init", env={"DATABASE_URL": mariadb.url})
    assert run(project, mariadb, "a1", TABLE) == 0
    return columns(mariadb)


def run(project: Project, database: Database, rev: str, body: str) -> int:
    """Write a revision by hand, run it, and return the exit code."""
    env = {"DATABASE_URL": database.url}
    project.cli("revision", "--empty", rev, "--rev-id", rev, env=env)
    (path,) = Path(project.path / "migrations" / "versions").glob(f"{rev}_*.py")
    script = path.read_text()
    path.write_text(script.replace('    """Upgrade schema."""\n    pass', body, 1))
    code: int = project.cli("upgrade", env=env).code
    return code


def columns(database: Database) -> dict[str, tuple[object, ...]]:
    return {str(row[0]): tuple(row[1:]) for row in database.query(COLUMNS)}


@pytest.mark.parametrize(
    ("name", "arguments", "changed"),
    [
        ("name", "type_=sa.String(90)", {0: "varchar(90)"}),
        ("name", "nullable=True", {1: "YES"}),
        ("name", "server_default='x'", {2: "'x'"}),
        ("name", "comment='new'", {5: "new"}),
        ("at", "nullable=True", {1: "YES"}),
        ("n", "type_=sa.BigInteger()", {0: "bigint(20)"}),
        ("n", "server_default=None", {2: None}),
        ("n", "type_=sa.BigInteger(), existing_comment='said'", {0: "bigint(20)", 5: "said"}),
    ],
)
def test_the_rest_stays(
    project: Project,
    mariadb: Database,
    rows: dict[str, tuple[object, ...]],
    name: str,
    arguments: str,
    changed: dict[int, object],
) -> None:
    body = f'    op.alter_column("item", "{name}", {arguments})'
    assert run(project, mariadb, "b2", body) == 0
    wanted = list(rows[name])
    for place, value in changed.items():
        wanted[place] = value
    assert columns(mariadb) == {**rows, name: tuple(wanted)}


def test_a_new_type_keeps_auto_increment(
    project: Project, mariadb: Database, rows: dict[str, tuple[object, ...]]
) -> None:
    body = '    op.alter_column("item", "id", type_=sa.BigInteger())'
    assert run(project, mariadb, "b2", body) == 0
    assert columns(mariadb)["id"][3] == "auto_increment"

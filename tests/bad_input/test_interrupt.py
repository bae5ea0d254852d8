"""Ctrl-C in the middle of an upgrade: a real signal to a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from databases import Database
from heroes import add_revision
from project import Project
from refusal import tables, unchanged, version

CREATE_TEAM = "op.create_table('team', sa.Column('id', sa.Integer, primary_key=True))"
SLEEP = "import time; time.sleep(50)"
# A statement that the server takes its time for, and one that SQLite does.
STATEMENTS = {
    "postgresql": "op.execute('SELECT pg_sleep(50)')",
    "mariadb": "op.execute('SELECT SLEEP(50)')",
    "sqlite": SLEEP,
}


def interrupted(project: Project, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, and press Ctrl-C once `here` exists."""
    source = "import sys; from sqlmodel_migrations.cli import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", source, "migrations", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    try:
        _wait_for(project.path / "here")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    return subprocess.CompletedProcess([str(process.pid)], process.returncode, out, err)


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(os.name == "nt", reason="a test cannot press Ctrl-C on Windows")
@pytest.mark.parametrize("where", ["in Python", "in a statement"])
def test_ctrl_c_in_the_middle_of_an_upgrade(
    placed: Project, database: Database, where: str
) -> None:
    wait = SLEEP if where == "in Python" else STATEMENTS[database.kind]
    here = placed.path / "here"
    upgrade = f"{CREATE_TEAM}\n    open({str(here)!r}, 'w').close()\n    {wait}"
    add_revision(placed, "cc03", "bb02", "slow", upgrade=upgrade)
    add_revision(placed, "dd04", "cc03", "never")
    ran = interrupted(placed, "upgrade")
    assert ran.returncode == 130, ran.stderr
    assert "Traceback" not in ran.stderr
    last = ran.stderr[ran.stderr.index("error: ") :]
    assert last.startswith(
        "error: interrupted: applied before it: aa01, bb02; not applied: cc03, dd04"
    )
    assert version(database) == ["bb02"]
    left = {"team"} if database.kind == "mariadb" else set[str]()
    assert tables(database) == {"alembic_version", "hero"} | left
    assert ("'cc03' changed before may stay" in last) == (database.kind == "mariadb")


@pytest.mark.skipif(os.name == "nt", reason="a test cannot press Ctrl-C on Windows")
def test_an_interrupted_upgrade_goes_on_where_it_was(placed: Project, database: Database) -> None:
    here = placed.path / "here"
    slow = f"open({str(here)!r}, 'w').close(); {SLEEP}"
    add_revision(placed, "cc03", "bb02", "slow", upgrade=slow)
    assert interrupted(placed, "upgrade").returncode == 130
    add_revision(placed, "cc03", "bb02", "quick", upgrade=CREATE_TEAM)
    assert placed.cli("upgrade").code == 0
    assert version(database) == ["cc03"]
    assert "team" in tables(database)


LISTED = {
    "postgresql": "SELECT datname FROM pg_database",
    "mariadb": "SELECT schema_name FROM information_schema.schemata",
    "sqlite": "SELECT 1 WHERE 0",
}


@pytest.mark.skipif(os.name == "nt", reason="a test cannot press Ctrl-C on Windows")
def test_ctrl_c_while_a_history_is_replayed(placed: Project, database: Database) -> None:
    assert placed.cli("upgrade").code == 0
    here = placed.path / "here"
    slow = f"open({str(here)!r}, 'w').close(); {SLEEP}"
    add_revision(placed, "cc03", "bb02", "slow", upgrade=slow)
    here.touch()
    with unchanged(placed, database):
        here.unlink()
        ran = interrupted(placed, "revision", "more heroes")
    assert ran.returncode == 130, ran.stderr
    assert ran.stderr.endswith("error: interrupted\n")
    names = [name for (name,) in database.query(LISTED[database.kind])]
    assert not [name for name in names if f"shadow_{ran.args[0]}_" in name]

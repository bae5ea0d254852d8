"""Ctrl-C and SIGTERM in the middle of a command: real signals to a real process."""

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

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a test cannot press Ctrl-C on Windows")

CREATE_TEAM = "op.create_table('team', sa.Column('id', sa.Integer, primary_key=True))"
SLEEP = "import time; time.sleep(50)"
# Statements that the server takes its time for: so many seconds; or, on SQLite, for ever.
STATEMENTS = {
    "postgresql": "op.execute('SELECT pg_sleep(%s)')",
    "mariadb": "op.execute('SELECT SLEEP(%s)')",
    "sqlite": "op.execute('WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
    " SELECT max(x) FROM c')  # %s",
}
STOPPING = "stopping after the statement that runs; once more stops now\n"


def interrupted(
    project: Project, *command: str, signals: tuple[int, ...] = (signal.SIGINT,)
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, and send it signals once `here` exists."""
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
        for number in signals:
            time.sleep(0.3)
            process.send_signal(number)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    return subprocess.CompletedProcess([str(process.pid)], process.returncode, out, err)


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def add_slow(project: Project, *lines: str) -> None:
    """Add a revision that says it has begun, and one after it that never runs."""
    here = f"open({str(project.path / 'here')!r}, 'w').close()"
    add_revision(project, "cc03", "bb02", "slow", upgrade="\n    ".join((here, *lines)))
    add_revision(project, "dd04", "cc03", "never")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_waits_for_the_statement(
    placed: Project, database: Database, number: int
) -> None:
    quick = STATEMENTS[database.kind] % 1
    if database.kind == "sqlite":
        quick = "import time; time.sleep(1)"
    add_slow(placed, CREATE_TEAM, quick, "op.execute('SELECT nonsense')")
    ran = interrupted(placed, "upgrade", signals=(number,))
    assert ran.returncode == 130, ran.stderr
    word = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}[signal.Signals(number)]
    stopped = ran.stderr[ran.stderr.index(word) :]
    assert stopped.startswith(
        f"{word}: {STOPPING}error: interrupted\n"
        "  applied before it: aa01, bb02\n  not applied: cc03, dd04\n"
    )
    assert version(database) == ["bb02"]
    left = {"team"} if database.kind == "mariadb" else set[str]()
    assert tables(database) >= {"alembic_version", "hero"} | left
    assert left or "team" not in tables(database)
    assert not list(Path(database.name).parent.glob("*.migrating"))


@pytest.mark.parametrize("where", ["in Python", "in a statement"])
def test_the_second_signal_stops_now(placed: Project, database: Database, where: str) -> None:
    add_slow(placed, CREATE_TEAM, SLEEP if where == "in Python" else STATEMENTS[database.kind] % 50)
    ran = interrupted(placed, "upgrade", signals=(signal.SIGINT, signal.SIGINT))
    assert ran.returncode == 130, ran.stderr
    assert "Traceback" not in ran.stderr
    last = ran.stderr[ran.stderr.index("error: ") :]
    assert last.startswith(
        "error: interrupted\n  applied before it: aa01, bb02\n  not applied: cc03, dd04\n"
    )
    assert version(database) == ["bb02"]
    assert ("'cc03' did before stays" in last) == (database.kind == "mariadb")


def test_an_interrupted_upgrade_goes_on_where_it_was(placed: Project, database: Database) -> None:
    add_slow(placed, SLEEP)
    stopped = interrupted(placed, "upgrade", signals=(signal.SIGINT, signal.SIGTERM))
    assert stopped.returncode == 130
    add_revision(placed, "cc03", "bb02", "quick", upgrade=CREATE_TEAM)
    assert placed.cli("upgrade").code == 0
    assert version(database) == ["dd04"]
    assert "team" in tables(database)


LISTED = {
    "postgresql": "SELECT datname FROM pg_database",
    "mariadb": "SELECT schema_name FROM information_schema.schemata",
    "sqlite": "SELECT 1 WHERE 0",
}


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

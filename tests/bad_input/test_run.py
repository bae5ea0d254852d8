"""What goes wrong while revisions run: it is said what was applied, what was not, what to type."""

from __future__ import annotations

import datetime
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import own_server
import rights
import throwaway
from databases import Database
from heroes import add_revision
from own_server import OwnServer
from project import Project
from refusal import Refusal, refused, tables, unchanged, version
from run.others import reader
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.run import ledger
from zygote import Ran

AGAIN = "then type the command again: it goes on with this revision"
FILL = "op.execute(\"INSERT INTO hero VALUES (1, 'Deadpond')\")"
SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def fails(project: Project, code: int = 5) -> Refusal:
    """Upgrade, which applies aa01 and bb02 and fails in cc03."""
    said = refused(project.cli("upgrade"), code)
    assert "applied before it: aa01, bb02" in said.details
    assert "not applied: cc03" in said.details
    return said


def goes_on(project: Project, database: Database) -> None:
    """Upgrade again, with a script that is right."""
    add_revision(project, "cc03", "bb02", "fill", upgrade=FILL)
    ran = project.cli("upgrade")
    assert ran.code == 0, ran.output
    assert version(database) == ["cc03"]
    assert database.query("SELECT id FROM hero") == [(1,)]


# SQLite refuses the page that would be too many as it does where the disk is full.
FULL = """\
from sqlalchemy import Engine, event

event.listen(Engine, "connect", lambda driver, _: driver.execute("PRAGMA max_page_count = 20"))
"""


@SQLITE
def test_a_full_disk(placed: Project, database: Database) -> None:
    many = "op.execute(\"INSERT INTO hero VALUES (2, '\" + 'x' * 99999 + \"')\")"
    add_revision(placed, "cc03", "bb02", "fill", upgrade=f"{FILL}; {many}")
    env = placed.read("migrations/env.py")
    placed.write({"migrations/env.py": FULL + env})
    said = fails(placed)
    assert said.message == "revision cc03 failed: database or disk is full"
    assert said.hint == f"make room on the disk, {AGAIN}"
    assert database.query("SELECT * FROM hero") == []
    goes_on(placed, database)


def read_only(placed: Project, database: Database, *command: str) -> Refusal:
    with unchanged(placed, database):
        ran = rights.without_override(*command)
        return refused(Ran(ran.returncode, ran.stdout, ran.stderr), ran.returncode)


@SQLITE
@rights.hold
def test_a_read_only_database_file(placed: Project, database: Database) -> None:
    assert placed.cli("upgrade", "aa01").code == 0
    Path(database.name).chmod(0o444)
    said = read_only(placed, database, "upgrade")
    assert said.message == "revision bb02 failed: attempt to write a readonly database"
    assert {"applied before it: nothing", "not applied: bb02"} <= {*said.details}
    assert said.hint == f"check the permissions of the file and of its folder, {AGAIN}"
    Path(database.name).chmod(0o644)
    assert placed.cli("upgrade").code == 0


@SQLITE
@rights.hold
def test_a_directory_without_rights(placed: Project, database: Database) -> None:
    folder = Path(database.name).parent
    assert placed.cli("upgrade", "aa01").code == 0
    folder.chmod(0o555)
    try:
        said = read_only(placed, database, "upgrade")
        assert f"'{database.name}.migrating' cannot be written: Permission denied" in said.message
        assert said.details == ("nothing was run",)
        assert (
            said.hint == "check the permissions of the database's folder; SQLite writes there, too"
        )
        folder.chmod(0)
        ran = rights.without_override("upgrade")
        assert ran.returncode == 4
        assert "error: the database file cannot be opened" in ran.stderr
        assert "hint: check that its folder exists and may be written" in ran.stderr
    finally:
        folder.chmod(0o755)
    assert version(database) == ["aa01"]


@SQLITE
@rights.hold
def test_revisions_that_may_not_be_listed(placed: Project, database: Database) -> None:
    """They are not taken for missing, with the advice to forget them."""
    assert placed.cli("upgrade").code == 0
    versions = placed.path / "migrations" / "versions"
    versions.chmod(0)
    try:
        ran = rights.without_override("upgrade")
    finally:
        versions.chmod(0o755)
    assert ran.returncode == 2
    assert f"error: the folder '{versions}' cannot be read: Permission denied" in ran.stderr
    assert "hint: check its permissions" in ran.stderr


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def own(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    """A server that nobody else uses."""
    if sys.platform != "linux":
        pytest.skip("a server of one's own is started on Linux only")
    try:
        with getattr(own_server, str(request.param))() as started:
            yield started
    except throwaway.Absent as absent:
        pytest.skip(str(absent))


KILL = """\
import os, time
    if not os.path.exists("killed"):
        open("killed", "w").close()
        os.kill({pid}, 9)
        time.sleep(0.1)
    op.execute("INSERT INTO hero VALUES (2, 'Rusty-Man')")"""


@pytest.mark.server
def test_a_server_that_is_killed(
    two: Project, own: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(own.server.kind, own.url)
    monkeypatch.setenv("DATABASE_URL", own.url)
    create = "op.create_table('team', sa.Column('id', sa.Integer, primary_key=True))"
    script = f"{FILL}\n    {create}\n    {KILL.format(pid=own.pid)}"
    add_revision(two, "cc03", "bb02", "killed", upgrade=script)
    said = fails(two, 4)
    assert said.message.startswith("revision cc03: the connection was lost in the middle of it")
    assert said.hint.startswith("look at the server's log, then type the command again")
    assert "cannot be reached" in refused(two.cli("upgrade"), 4).message
    own.start()
    ran = two.cli("upgrade")
    assert ran.code == 0, ran.output
    assert version(database) == ["cc03"]
    assert database.query("SELECT id FROM hero ORDER BY id") == [(1,), (2,)]


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_user_who_may_only_read(placed: Project, database: Database) -> None:
    assert placed.cli("upgrade", "aa01").code == 0
    add_revision(placed, "bb02", "aa01", "fill", upgrade=FILL)
    with unchanged(placed, database), reader(database) as url:
        said = refused(placed.cli("upgrade", env={"DATABASE_URL": url}), 5)
    assert said.message.startswith("revision bb02 failed: ")
    table = {"postgresql": "for table hero", "mariadb": "`sqlmodel_migrations_history`"}
    assert table[database.kind] in said.message
    assert {"applied before it: nothing", "not applied: bb02"} <= {*said.details}
    assert said.hint == f"grant the user of the database URL what it lacks, {AGAIN}"


@pytest.mark.parametrize("code", [0, 3])
def test_a_revision_that_calls_sys_exit(placed: Project, database: Database, code: int) -> None:
    add_revision(placed, "cc03", "bb02", "exit", upgrade=f"{FILL}; import sys; sys.exit({code})")
    said = fails(placed)
    assert said.message == f"revision cc03 failed: the script called sys.exit({code})"
    assert said.hint == f"raise an exception there instead of it, {AGAIN}"
    assert database.query("SELECT id FROM hero") == []
    goes_on(placed, database)


APPLICATION = {"broken": "raise RuntimeError('no settings')\n", "leaving": "raise SystemExit(3)\n"}
SAID = {"broken": "RuntimeError: no settings", "leaving": "the script called sys.exit(3)"}
NO_IMPORT = "let the script import nothing of the application, which goes on changing"


@SQLITE
@pytest.mark.parametrize("way", ["broken", "missing", "leaving"])
def test_a_revision_that_imports_the_application(
    placed: Project, database: Database, way: str
) -> None:
    placed.write({f"{name}.py": text for name, text in APPLICATION.items()})
    add_revision(placed, "cc03", "bb02", "import", upgrade=f"{FILL}; import {way}")
    said = fails(placed)
    missing = "ModuleNotFoundError: No module named 'missing'"
    assert said.message == f"revision cc03 failed: {SAID.get(way, missing)}"
    assert said.hint == (
        f"{NO_IMPORT}, {AGAIN}"
        if way != "leaving"
        else f"raise an exception there instead of it, {AGAIN}"
    )
    # At its top nothing at all has been run: the files are read first.
    assert placed.cli("downgrade", "aa01", "--yes").code == 0
    text = placed.read("migrations/versions/cc03.py")
    placed.write({"migrations/versions/cc03.py": f"{text}\nimport {way}\n"})
    with unchanged(placed, database):
        said = refused(placed.cli("upgrade"), 2)
    assert said.message.startswith("'cc03.py' cannot be imported: ")
    assert said.details[-1] == "nothing was run"
    assert "import nothing of the application" in said.hint
    goes_on(placed, database)


@SQLITE
@pytest.mark.parametrize("command", ["downgrade", "upgrade"])
def test_a_revision_without_its_function(placed: Project, database: Database, command: str) -> None:
    assert placed.cli("upgrade").code == 0
    add_revision(placed, "cc03", "bb02", "half", upgrade=FILL)
    text = placed.read("migrations/versions/cc03.py")
    if command == "downgrade":
        assert placed.cli("upgrade").code == 0
    placed.write({"migrations/versions/cc03.py": text.replace(f"def {command}", "def forgotten")})
    arguments = ("base", "--yes") if command == "downgrade" else ()
    with unchanged(placed, database):
        said = refused(placed.cli(command, *arguments), 2)
    ends = {"downgrade": "taken back", "upgrade": "run"}
    assert said.message == (
        f"'cc03.py' has no function '{command}': the revision cannot be {ends[command]}"
    )
    assert said.details[-1] == "nothing was run"
    assert said.hint.startswith(f"write 'def {command}():' in it")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_error_of_python_has_no_addresses(placed: Project, database: Database) -> None:
    drop = "op.drop_constraint(None, 'hero', type_='foreignkey')"
    add_revision(placed, "cc03", "bb02", "drop", upgrade=f"{FILL}\n    {drop}")
    said = fails(placed)
    assert "it has no name" in said.message
    assert "object at 0x" not in str(said)


def test_a_clock_that_jumps(
    placed: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every look at the clock is a day before the one before it."""
    add_revision(placed, "cc03", "bb02", "fill", upgrade=FILL)
    days = iter(range(9999))
    now, nanoseconds = datetime.datetime.now(datetime.UTC), time.time_ns()

    def earlier() -> datetime.datetime:
        return now - datetime.timedelta(days=next(days))

    with monkeypatch.context() as clock:
        clock.setattr(ledger, "_now", earlier)
        clock.setattr(time, "time", lambda: earlier().timestamp())
        clock.setattr(time, "time_ns", lambda: nanoseconds - next(days) * 86400 * 10**9)
        migrations = Migrations.find()
        assert [one.id for one in migrations.upgrade().applied] == ["aa01", "bb02", "cc03"]
        assert migrations.upgrade().applied == ()
    ran = placed.cli("history", "--applied", "--json")
    assert ran.code == 0, ran.output
    found = json.loads(ran.stdout)["result"]["revisions"]
    assert [one["id"] for one in found] == ["cc03", "bb02", "aa01"]
    assert all(0 <= one["run"]["seconds"] < 60 for one in found)
    assert [one["script"] for one in found] == ["same"] * 3
    starts = [one["run"]["at"] for one in found]
    assert starts == sorted(starts)
    assert tables(database) == {"alembic_version", "hero"}

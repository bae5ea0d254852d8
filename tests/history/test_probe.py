"""The probe says what env.py would have said, to the letter, or leaves it to env.py."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from databases import Database
from project import Project
from proxy import Proxy
from sqlmodel_migrations.history import drivers, probe
from sqlmodel_migrations.project import settings
from zygote import Ran

REVISION = '"""{id}"""\nrevision = {id!r}\ndown_revision = {down!r}\n\n\ndef upgrade():\n    pass\n'
ENV = "from sqlmodel_migrations import environment\n\nenvironment.run()\n"
READING = [
    ("current", "--check-heads"),
    ("current", "--verbose"),
    ("current", "--json"),
    ("current", "--quiet"),
    ("history", "--indicate-current"),
    ("show", "current"),
]
MOVING = [
    ("upgrade",),
    ("upgrade", "heads"),
    ("upgrade", "a1"),
    ("upgrade", "--json"),
    ("upgrade", "--quiet"),
    ("upgrade", "+1"),
    ("upgrade", "nothing"),
    ("upgrade", "a:b"),
]


@pytest.fixture
def two(project: Project) -> Project:
    """A project with two revisions, whose database is the one of DATABASE_URL."""
    project.write(
        {
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "migrations/env.py": ENV,
            "migrations/script.py.mako": "",
            "migrations/versions/a1.py": REVISION.format(id="a1", down=None),
            "migrations/versions/b2.py": REVISION.format(id="b2", down="a1"),
        }
    )
    return project


@pytest.fixture
def at_head(two: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The same, at head."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    database.run(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
        "INSERT INTO alembic_version VALUES ('b2')",
    )
    return two


on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def both(project: Project, *arguments: str) -> Ran:
    """Run a command with an env.py that is plain and with one that is not; the answers are one."""
    fast = project.cli(*arguments)
    plain = project.read("migrations/env.py")
    project.write({"migrations/env.py": f"{plain}\nanything = 'else'\n"})
    assert project.cli(*arguments) == fast
    project.write({"migrations/env.py": plain})
    return fast


def probed(project: Project, url: str | None = None) -> tuple[str, ...] | None:
    found = probe.applied(settings.find(project.path), url)
    return found and found.ids


def test_at_head(at_head: Project) -> None:
    assert probed(at_head) == ("b2",)
    for arguments in [*READING, *MOVING]:
        both(at_head, *arguments)


@on_sqlite
def test_nothing_to_do_is_said_as_env_py_lets_us_say_it(at_head: Project) -> None:
    assert both(at_head, "upgrade") == Ran(
        0,
        "",
        "INFO  [alembic.runtime.migration] Context impl SQLiteImpl.\n"
        "nothing to do: database is at b2 (head)\n",
    )


# Where the version table does not say `head`.

ROWS = {
    "behind": ["a1"],
    "empty": [],
    "unknown": ["zz"],
    "known and unknown": ["a1", "zz"],
    "two": ["b2", "c3"],
    "a revision and its parent": ["a1", "b2"],
    "the same twice": ["b2", "b2"],
}


@on_sqlite
@pytest.mark.parametrize("rows", ROWS)
def test_other_rows(at_head: Project, database: Database, rows: str) -> None:
    database.run(
        "DROP TABLE alembic_version",
        "CREATE TABLE alembic_version (version_num VARCHAR(32))",
        *(f"INSERT INTO alembic_version VALUES ('{row}')" for row in ROWS[rows]),
    )
    if rows == "two":
        at_head.write({"migrations/versions/c3.py": REVISION.format(id="c3", down="a1")})
    assert probed(at_head) == (tuple(dict.fromkeys(ROWS[rows])) or None)
    both(at_head, "current", "--json")
    both(at_head, "history", "--indicate-current")
    if rows in ("unknown", "known and unknown", "two", "the same twice"):
        both(at_head, "upgrade")
        both(at_head, "upgrade", "heads")


@on_sqlite
def test_what_is_pending_is_run(at_head: Project, database: Database) -> None:
    database.run("UPDATE alembic_version SET version_num = 'a1'")
    assert at_head.cli("upgrade").stderr.endswith("database is at b2 (head)\n")
    assert database.query("SELECT version_num FROM alembic_version") == [("b2",)]


@on_sqlite
@pytest.mark.parametrize("made", ["nothing", "a file", "a database", "another table", "a folder"])
def test_no_version_table(
    two: Project, database: Database, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    path = Path(database.name)
    if made == "a file":
        path.touch()
    if made == "a folder":
        path.mkdir()
    if made == "a database":
        database.run("CREATE TABLE hero (id INTEGER)")
    if made == "another table":
        database.run("CREATE TABLE alembic_version (version TEXT)")
    assert probed(two) is None
    both(two, "current", "--check-heads")
    assert path.exists() == (made != "nothing")


@on_sqlite
@pytest.mark.parametrize("value", ["NULL", "x'6232'", "7"])
def test_a_row_that_is_no_id(at_head: Project, database: Database, value: str) -> None:
    database.run(
        "DROP TABLE alembic_version",
        "CREATE TABLE alembic_version (version_num)",
        f"INSERT INTO alembic_version VALUES ({value})",
    )
    assert probed(at_head) is None


# Where the version table is.


def test_another_name(at_head: Project, database: Database) -> None:
    name = 'Heroes "of" `the` table'
    quote = "`" if database.kind == "mariadb" else '"'
    quoted = quote + name.replace(quote, 2 * quote) + quote
    database.run(f"ALTER TABLE alembic_version RENAME TO {quoted}")
    assert probed(at_head) is None
    ini = f"[alembic]\nscript_location = migrations\nsqlmodel.version_table = {name}\n"
    at_head.write({"alembic.ini": ini})
    assert probed(at_head) == ("b2",)
    both(at_head, "current")
    both(at_head, "upgrade")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_another_schema(at_head: Project, database: Database) -> None:
    database.run('CREATE SCHEMA "Other"', 'ALTER TABLE alembic_version SET SCHEMA "Other"')
    assert probed(at_head) is None
    ini = "[alembic]\nscript_location = migrations\nsqlmodel.version_table_schema = Other\n"
    at_head.write({"alembic.ini": ini})
    assert probed(at_head) == ("b2",)
    both(at_head, "current")
    both(at_head, "upgrade")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_search_path_in_the_url(
    at_head: Project, database: Database, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.run("CREATE SCHEMA tenant", "ALTER TABLE alembic_version SET SCHEMA tenant")
    url = database.url.replace("+psycopg", f"+{driver}")
    for options, found in (("", None), ("?options=-csearch_path%3Dtenant", ("b2",))):
        monkeypatch.setenv("DATABASE_URL", url + options)
        assert probed(at_head) == found
        both(at_head, "current", "--check-heads")


# Which database it is.


@on_sqlite
def test_the_url_is_found_where_env_py_finds_it(
    at_head: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    assert probed(at_head) is None
    both(at_head, "current")
    assert probed(at_head, database.url) == ("b2",)
    both(at_head, "--url", database.url, "current")
    at_head.write({".env": f"DATABASE_URL={database.url}\n"})
    assert probed(at_head) == ("b2",)
    at_head.write({".env": f"FILE={Path(database.name).name}\n"})
    folder = Path(database.name).parent.as_posix()
    ini = (
        f"[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///{folder}/${{FILE}}\n"
    )
    at_head.write({"alembic.ini": ini})
    assert probed(at_head) == ("b2",)
    both(at_head, "current")


@on_sqlite
@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///missing.db",
        "sqlite:///{path}?timeout=1",
        "sqlite:///file:{path}?uri=true",
        "sqlite+aiosqlite:///{path}",
        "sqlite://host/{path}",
        "postgresql://127.0.0.1:1/nothing",
        "nothing://else",
        "no url",
    ],
)
def test_other_urls_go_the_long_way(at_head: Project, database: Database, url: str) -> None:
    url = url.format(path=database.name)
    assert probed(at_head, url) is None
    both(at_head, "--url", url, "current")


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_server_that_refuses(at_head: Project, database: Database) -> None:
    url = f"{database.url}_not_there"
    assert probed(at_head, url) is None
    for command in ("current", "upgrade"):
        assert both(at_head, "--url", url, command).code == 4


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
@pytest.mark.parametrize("query", ["?charset=utf8mb4", "?charset=latin1", "?connect_timeout=5"])
def test_parameters_of_mariadb(at_head: Project, database: Database, query: str) -> None:
    url = database.url.replace("mysql+", "mariadb+") + query
    assert (probed(at_head, url) is None) == ("timeout" in query)
    both(at_head, "--url", url, "current")
    both(at_head, "--url", url, "upgrade")


@on_sqlite
def test_several_databases(at_head: Project, database: Database) -> None:
    ini = "[alembic]\nscript_location = migrations\n[other]\nscript_location = migrations\n"
    at_head.write({"alembic.ini": ini})
    assert both(at_head, "-n", "other", "current").code == 2
    assert both(at_head, "upgrade", "--all").code == 2
    at_head.write({".env": f"OTHER_DATABASE_URL={database.url}\n"})
    assert both(at_head, "upgrade", "--all").code == 0


# What is done while nothing is done.


@on_sqlite
def test_a_writer_is_not_waited_for(at_head: Project, database: Database) -> None:
    with contextlib.closing(sqlite3.connect(database.name, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert probed(at_head) == ("b2",)
        assert at_head.cli("upgrade").code == 0
        writer.execute("ROLLBACK")
        writer.execute("BEGIN EXCLUSIVE")
        assert probed(at_head) is None


@on_sqlite
def test_a_write_ahead_log(at_head: Project, database: Database) -> None:
    with contextlib.closing(sqlite3.connect(database.name, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE hero (id INTEGER)")
        assert probed(at_head) == ("b2",)
    assert both(at_head, "upgrade").code == 0


@on_sqlite
def test_nothing_is_written(at_head: Project, database: Database) -> None:
    path = Path(database.name)
    before, there = (path.read_bytes(), path.stat().st_mtime_ns), sorted(path.parent.iterdir())
    assert at_head.cli("upgrade").code == 0
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert sorted(path.parent.iterdir()) == there


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_that_may_only_be_read(at_head: Project, database: Database) -> None:
    database.run(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    assert both(at_head, "upgrade").code == 0


@on_sqlite
def test_a_broken_history_is_told(at_head: Project) -> None:
    at_head.write({"migrations/versions/c3.py": REVISION.format(id="c3", down="nothing")})
    assert both(at_head, "upgrade").code == 2
    assert both(at_head, "current").code == 0
    at_head.write({"migrations/versions/c3.py": "not a revision"})
    assert both(at_head, "upgrade").code == 2


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_server_is_asked_in_few_round_trips(at_head: Project, database: Database) -> None:
    with Proxy(database.url) as proxy:
        through = proxy.url.render_as_string(hide_password=False)
        assert at_head.cli("--url", through, "upgrade").code == 0
        assert 0 < proxy.turns <= 5


# When nobody is asked.


@on_sqlite
def test_a_missing_env_py(at_head: Project) -> None:
    (at_head.path / "migrations/env.py").unlink()
    assert probed(at_head) is None
    assert at_head.cli("current").code == 2


def test_other_drivers_are_asked_through_sqlalchemy() -> None:
    for name in ("postgresql+asyncpg", "sqlite+aiosqlite", "mysql+mysqldb", "oracle", ""):
        assert drivers.of(name) is None

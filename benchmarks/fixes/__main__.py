"""Measure how long others wait for a revision, before and after `lint --fix`.

    python benchmarks/fixes

A table of 2,000,000 rows on PostgreSQL, one copy of it for each run; a second process updates one
row after the other, and the longest of these updates is the figure. The first line is the same
for as long without a migration: what the machine itself does. Needs the packages of
requirements/dev.txt, and a server (TEST_POSTGRESQL_URL).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cases import CASES, Case
from sqlalchemy import Connection, create_engine, make_url, text

from sqlmodel_migrations import Migrations
from sqlmodel_migrations.lint.review import Wanted

SERVER = os.environ.get(
    "TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)
BASE = f"smbench_{os.getpid()}"
COPY = f"{BASE}_copy"
FIRST = """
op.create_table("org", sa.Column("id", sa.Integer(), primary_key=True))
op.create_table(
    "account",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("name", sa.Text()),
    sa.Column("code", sa.Text()),
    sa.Column("qty", sa.Integer()),
    sa.Column("org_id", sa.Integer()),
    sa.Column("seen", sa.Integer(), nullable=False, server_default="0"),
)
"""
ROWS = """
INSERT INTO org SELECT generate_series(1, 1000);
INSERT INTO account SELECT n, 'name ' || n, md5(n::text), 0, mod(n, 1000) + 1
FROM generate_series(1, {rows}) AS n;
"""
SCRIPT = '''"""{id}"""

import sqlalchemy as sa
from alembic import op

revision = {id!r}
down_revision = {down!r}


def upgrade():
{up}


def downgrade():
{back}
'''
HEAD = """| rule | longest wait before, ms | after, ms | ratio | upgrade before, s | after, s |
|---|---|---|---|---|---|"""


class Seen(NamedTuple):
    """The longest wait and the whole run, in seconds, and how many updates there were."""

    wait: float
    took: float
    count: int


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder, _base(options.rows, Path(folder)) as admin:
        print(f"{options.rows:,} rows; load {os.getloadavg()[0]:.1f}", flush=True)
        idle = _watched(_url(BASE), options.rows, lambda: time.sleep(10))
        print(f"alone: longest {idle.wait * 1000:.1f} ms of {idle.count:,} updates\n{HEAD}")
        for case in CASES:
            if options.only in case.rule:
                print(_row(case, options.rows, Path(folder), admin), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--only", default="", help="the rules whose name contains this")
    return parser.parse_args()


def _url(database: str) -> str:
    return make_url(SERVER).set(database=database).render_as_string(hide_password=False)


@contextlib.contextmanager
def _base(rows: int, folder: Path) -> Iterator[Connection]:
    """Make the database that is copied, at revision `a1` with its rows."""
    engine = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with engine.connect() as admin:
        admin.execute(text(f"CREATE DATABASE {BASE}"))
        try:
            _project(folder / "base", BASE).upgrade()
            with _connected(BASE) as connection:
                connection.exec_driver_sql(ROWS.format(rows=rows))
                connection.exec_driver_sql("VACUUM ANALYZE")
            yield admin
        finally:
            for name in (COPY, BASE):
                admin.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    engine.dispose()


@contextlib.contextmanager
def _connected(database: str) -> Iterator[Connection]:
    engine = create_engine(_url(database), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _project(folder: Path, database: str, case: Case | None = None) -> Migrations:
    """Write a project with the table, and the revision of a case after it."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    env = "from sqlmodel_migrations import environment\n\nenvironment.run()\n"
    (folder / "migrations" / "env.py").write_text(env)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    _write(versions / "a1.py", "a1", None, FIRST.strip(), "pass")
    if case is not None:
        _write(versions / "b2.py", "b2", "a1", case.up, case.down)
    return Migrations(folder, url=_url(database))


def _write(path: Path, id: str, down: str | None, up: str, back: str) -> None:
    indented = ["\n".join(f"    {line}" for line in text.splitlines()) for text in (up, back)]
    path.write_text(SCRIPT.format(id=id, down=down, up=indented[0], back=indented[1]))


def _row(case: Case, rows: int, folder: Path, admin: Connection) -> str:
    before = _project(folder / case.rule / "before", COPY, case)
    after = _project(folder / case.rule / "after", COPY, case)
    with _copied(admin):
        mended = after.fix(Wanted("a1:b2"))
        assert [found.rule for found in mended.fixed] == [case.rule], mended.left
    seen = []
    for migrations in (before, after):
        with _copied(admin):
            seen.append(_watched(_url(COPY), rows, migrations.upgrade))
    one, other = seen
    return (
        f"| `{case.rule}` | {one.wait * 1000:,.1f} | {other.wait * 1000:,.1f} |"
        f" **{other.wait / one.wait:.4f}** | {one.took:.2f} | {other.took:.2f} |"
    )


@contextlib.contextmanager
def _copied(admin: Connection) -> Iterator[None]:
    admin.execute(text(f"CREATE DATABASE {COPY} TEMPLATE {BASE}"))
    try:
        admin.execute(text("CHECKPOINT"))
        yield
    finally:
        admin.execute(text(f"DROP DATABASE {COPY} WITH (FORCE)"))


def _watched(url: str, rows: int, work: object) -> Seen:
    """Do the work while somebody else updates rows."""
    assert callable(work)
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = [sys.executable, str(Path(__file__).with_name("writer.py")), plain, str(rows)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        start = time.perf_counter()
        try:
            work()
        finally:
            took = time.perf_counter() - start
            said, _ = writer.communicate("stop\n")
    wait, count = said.split()
    return Seen(float(wait), took, int(count))


if __name__ == "__main__":
    main()

"""Print what `lint` of ten pending revisions costs, on a project of fifty tables.

On SQLite, and on PostgreSQL: the embedded server, or the one that TEST_POSTGRESQL_URL names.

    python benchmarks/lint.py
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlmodel_migrations.shadow import embedded

TABLES, PENDING, RUNS = 50, 10, 3
PROGRAM = Path(sysconfig.get_path("scripts")) / "sqlmodel"
REVISION = '''"""step {number}"""

import sqlalchemy as sa
from alembic import op

revision = "r{number:03}"
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
{body}


def downgrade() -> None:
    pass
'''
TABLE = """\
    op.create_table(
        "t{number}",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("size", sa.Integer),
        sa.Column("made", sa.DateTime, server_default=sa.func.now()),
        sa.Column("parent_id", sa.Integer, sa.ForeignKey("t{parent}.id", name="fk_t{number}")),
    )"""
CHANGES = (
    '    op.add_column("t{number}", sa.Column("age", sa.Integer))',
    '    op.create_index("ix_t{number}_name", "t{number}", ["name"])',
    '    op.execute("UPDATE t{number} SET size = 1")',
    '    op.drop_column("t{number}", "size")',
    '    op.rename_table("t{number}", "u{number}")',
)


def main() -> None:
    """Print a line for each database."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        write(Path(folder))
        for name, opened in (("SQLite", sqlite(Path(folder))), ("PostgreSQL", postgresql())):
            with opened as url:
                times = [lint(Path(folder), url) for _ in range(RUNS)]
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            print(f"{name}: {min(times):.2f} s, peak so far {peak:.0f} MiB", flush=True)


def write(folder: Path) -> None:
    """Write the project: a revision with every table, and small ones after it."""
    (folder / "models.py").write_text("from sqlmodel import SQLModel\n")
    run(folder, "sqlite://", "init", "--models", "models:SQLModel")
    versions = folder / "migrations" / "versions"
    tables = (TABLE.format(number=n, parent=max(n - 1, 0)) for n in range(TABLES))
    write_revision(versions, 0, "\n".join(tables))
    for number in range(1, PENDING + 1):
        change = CHANGES[number % len(CHANGES)]
        write_revision(versions, number, change.format(number=number))


def write_revision(versions: Path, number: int, body: str) -> None:
    """Write one revision file."""
    down = f"r{number - 1:03}" if number else None
    text = REVISION.format(number=number, down=down, body=body)
    (versions / f"r{number:03}.py").write_text(text)


@contextlib.contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """Yield the URL of a file."""
    yield f"sqlite:///{folder / 'database.db'}"


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Yield the URL of a server."""
    if given := os.environ.get("TEST_POSTGRESQL_URL"):
        yield given.replace("postgresql://", "postgresql+psycopg://")
        return
    with embedded.server() as url:
        yield url.replace("postgresql://", "postgresql+psycopg://")


def lint(folder: Path, url: str) -> float:
    """Return the seconds that it takes."""
    start = time.perf_counter()
    run(folder, url, "lint", f"r000:r{PENDING:03}", codes=(0, 1))
    return time.perf_counter() - start


def run(folder: Path, url: str, *words: str, codes: tuple[int, ...] = (0,)) -> None:
    """Run a command of ours; raises RuntimeError where it fails."""
    environment = {**os.environ, "DATABASE_URL": url}
    command = [str(PROGRAM), "migrations", *words]
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode not in codes:
        raise RuntimeError(ran.stderr)


if __name__ == "__main__":
    main()

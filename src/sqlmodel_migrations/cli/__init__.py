"""The command line: parse, call one method of `Migrations`, report.

`sqlmodel` holds the group `migrations` and whatever other packages add; `sqlmodel-migrations`
holds the same commands at its top level. Importing this package imports not even click.
"""

from __future__ import annotations

import atexit
import gc

# How many objects are made before Python looks for cycles among them that nobody needs.
_OBJECTS = 50_000


def main() -> int:
    """Run `sqlmodel` with `sys.argv` and return the exit code."""
    _collect_rarely()
    from sqlmodel_migrations.cli import group, program

    return program.run(group.sqlmodel(), "sqlmodel")


def main_migrations() -> int:
    """Run `sqlmodel-migrations` with `sys.argv` and return the exit code."""
    _collect_rarely()
    from sqlmodel_migrations.cli import group, program

    return program.run(group.migrations("sqlmodel-migrations"), "sqlmodel-migrations")


def _collect_rarely() -> None:
    """Let this process, which imports much and ends soon, not look for garbage all the time.

    At its end Python would look at every object once more: frozen ones are passed over.
    """
    gc.set_threshold(_OBJECTS)
    atexit.register(gc.freeze)

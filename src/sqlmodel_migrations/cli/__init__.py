"""The command line: parse, call one method of `Migrations`, report.

`sqlmodel` holds the group `migrations` and whatever other packages add; `sqlmodel-migrations`
holds the same commands at its top level. Importing this package imports not even click.
"""

from __future__ import annotations


def main() -> int:
    """Run `sqlmodel` with `sys.argv` and return the exit code."""
    from sqlmodel_migrations.cli import group, program

    return program.run(group.sqlmodel(), "sqlmodel")


def main_migrations() -> int:
    """Run `sqlmodel-migrations` with `sys.argv` and return the exit code."""
    from sqlmodel_migrations.cli import group, program

    return program.run(group.migrations("sqlmodel-migrations"), "sqlmodel-migrations")

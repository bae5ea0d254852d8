"""Help, completion and errors of spelling must come at once: nothing heavy is imported for them."""

from __future__ import annotations

import json

import pytest

from databases import Database
from project import Project

HEAVY = ("sqlalchemy", "alembic", "sqlmodel", "pydantic", "rich", "mako", "asyncio")
COMMANDS = "sqlmodel_migrations.cli."
PROGRAM = """
import json, sys
sys.argv = {argv!r}
from sqlmodel_migrations.cli import main
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def modules(project: Project, *argv: str, env: dict[str, str] | None = None) -> set[str]:
    """Run `argv` in a fresh interpreter and return the names of what it imported."""
    ran = project.cli.subprocess("python", "-c", PROGRAM.format(argv=list(argv)), env=env)
    return set(json.loads(ran.stderr.splitlines()[-1]))


LIGHT = [
    ("sqlmodel", "--help"),
    ("sqlmodel", "--version"),
    ("sqlmodel", "migrations", "--help"),
    ("sqlmodel", "migrations", "upgrade", "--help"),
    ("sqlmodel", "migrations", "revision", "--help"),
    ("sqlmodel", "migrations", "upgrade", "--bogus"),
    ("sqlmodel", "migrations", "completion", "bash"),
]


@pytest.mark.parametrize("argv", LIGHT, ids=" ".join)
def test_nothing_heavy_is_imported(project: Project, argv: tuple[str, ...]) -> None:
    assert not modules(project, *argv) & set(HEAVY)


def test_click_itself_is_imported_by_the_first_command_only(project: Project) -> None:
    ran = project.cli.subprocess(
        "python", "-c", "import sys, sqlmodel_migrations.cli; sys.exit('click' in sys.modules)"
    )
    assert ran.code == 0


def test_completing_revisions_imports_nothing_heavy(project: Project) -> None:
    project.write(
        {
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "migrations/versions/a1.py": '"""first"""\nrevision = "a1"\ndown_revision = None\n',
        }
    )
    env = {"_SQLMODEL_COMPLETE": "zsh_complete", "COMP_WORDS": "sqlmodel migrations upgrade ",
           "COMP_CWORD": "3"}  # fmt: skip
    assert not modules(project, "sqlmodel", env=env) & set(HEAVY)


@pytest.mark.parametrize("command", ["history", "heads", "branches", "show", "index"])
def test_the_history_is_read_without_anything_heavy(project: Project, command: str) -> None:
    project.write(
        {
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "migrations/versions/a1.py": '"""first"""\nrevision = "a1"\ndown_revision = None\n',
        }
    )
    assert not modules(project, "sqlmodel", "migrations", command) & set(HEAVY)


def test_the_group_imports_no_command_to_list_them(project: Project) -> None:
    imported = modules(project, "sqlmodel", "migrations", "--help")
    assert not {f"{COMMANDS}upgrade", f"{COMMANDS}init", f"{COMMANDS}status"} & imported


def test_a_command_imports_no_other(project: Project) -> None:
    imported = modules(project, "sqlmodel", "migrations", "upgrade", "--help")
    assert f"{COMMANDS}upgrade" in imported
    assert not {f"{COMMANDS}downgrade", f"{COMMANDS}init", f"{COMMANDS}status"} & imported


def test_installed_packages_are_read_only_for_a_bare_help(project: Project) -> None:
    assert "importlib.metadata" in modules(project, "sqlmodel", "--help")
    assert "importlib.metadata" not in modules(project, "sqlmodel", "migrations", "--help")


AT_HEAD = {
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "models.py": "raise RuntimeError('nobody may import the models')\n",
    "migrations/env.py": "from sqlmodel_migrations import environment\n\n"
    'target_metadata = ["models"]\n\nenvironment.run(target_metadata)\n',
    "migrations/versions/a1.py": '"""first"""\nrevision = "a1"\ndown_revision = None\n',
}


@pytest.mark.parametrize("command", ["upgrade", "current", "history -i", "show current"])
def test_a_database_at_head_is_asked_without_anything_heavy(
    project: Project, sqlite: Database, command: str
) -> None:
    project.write(AT_HEAD)
    sqlite.run("CREATE TABLE alembic_version (version_num TEXT)")
    sqlite.run("INSERT INTO alembic_version VALUES ('a1')")
    env = {"DATABASE_URL": sqlite.url}
    imported = modules(project, "sqlmodel", "migrations", *command.split(), env=env)
    assert "sqlite3" in imported
    assert not imported & {*HEAVY, "models", "tomllib", "importlib.metadata"}


def test_files_that_were_read_before_are_not_read_again(project: Project) -> None:
    project.write(AT_HEAD)
    env = {"PYTHONDONTWRITEBYTECODE": ""}
    reader = "sqlmodel_migrations.history.source"
    assert reader in modules(project, "sqlmodel", "migrations", "heads", env=env)
    assert project.cli("index").code == 0
    assert reader not in modules(project, "sqlmodel", "migrations", "heads", env=env)

"""Sub-commands of other packages: found when they are needed, harmless when they are broken."""

from __future__ import annotations

import os

import pytest

from project import Project

ENTRY_POINTS = """
    [sqlmodel]
    seed = seeds:command
    broken = nothing_here:command
    odd = seeds:NUMBER
    """
METADATA = "Metadata-Version: 2.1\nName: seeds\nVersion: 1.0\n"
SEEDS = """
    import click

    NUMBER = 3

    @click.command()
    @click.argument("word")
    def command(word):
        "Fill the database."
        click.echo(f"seeded {word}")
        raise SystemExit(7)
    """


@pytest.fixture
def extended(project: Project) -> dict[str, str]:
    """An environment in which a package adds three sub-commands."""
    project.write(
        {
            "site/seeds.py": SEEDS,
            "site/seeds-1.0.dist-info/METADATA": METADATA,
            "site/seeds-1.0.dist-info/entry_points.txt": ENTRY_POINTS,
        }
    )
    places = [str(project.path / "site"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return {"PYTHONPATH": os.pathsep.join(filter(None, places))}


def test_help_names_them_without_importing_them(project: Project, extended: dict[str, str]) -> None:
    ran = project.cli.subprocess("sqlmodel", "--help", env=extended)
    assert ran.code == 0
    assert "  seed        (from seeds)\n" in ran.stdout
    assert "  broken      (from seeds)\n" in ran.stdout
    assert "  migrations  Migrate a database" in ran.stdout


def test_one_runs_with_its_own_arguments_and_exit_code(
    project: Project, extended: dict[str, str]
) -> None:
    ran = project.cli.subprocess("sqlmodel", "seed", "heroes", env=extended)
    assert (ran.code, ran.stdout) == (7, "seeded heroes\n")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("broken", "cannot be imported: ModuleNotFoundError"),
        ("odd", "is no click or Typer command: seeds:NUMBER"),
        ("seeed", "no such command 'seeed'"),
    ],
)
def test_what_cannot_be_used(
    project: Project, extended: dict[str, str], word: str, said: str
) -> None:
    ran = project.cli.subprocess("sqlmodel", word, env=extended)
    assert (ran.code, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_our_group_cannot_be_replaced(project: Project, extended: dict[str, str]) -> None:
    project.write(
        {"site/seeds-1.0.dist-info/entry_points.txt": "[sqlmodel]\nmigrations = seeds:command\n"}
    )
    ran = project.cli.subprocess("sqlmodel", "migrations", "--version", env=extended)
    assert ran.stdout.startswith("sqlmodel-migrations ")
    listed = project.cli.subprocess("sqlmodel", "--help", env=extended).stdout
    assert "from seeds" not in listed

"""The demonstration: what a person types on the first day and the second, with what is seen.

Run by `scripts/demo`. It ends with 0 where every command ended as it should.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

HERO = """\
from sqlmodel import Field, SQLModel


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str
    secret_name: str
"""
HERO_IN_A_TEAM = HERO.replace("secret_name: str", "alias: str\n    team: str")
ROWS = [("Deadpond", "Dive Wilson"), ("Spider-Boy", "Pedro Parqueador")]

# What the console script `sqlmodel` does, wherever it was installed.
SQLMODEL = "import sys; from sqlmodel_migrations.cli import main; sys.exit(main())"

_BOLD, _CYAN = "1", "36"
_HAS_COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def main() -> int:
    """Play the demonstration in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="heroes-", ignore_cleanup_errors=True) as folder:
        play(Path(folder).resolve())
    return 0


def play(folder: Path) -> None:
    """Go from models to a migrated database, and on to a second migration."""
    say("A project has one file with models.")
    write(folder / "models.py", HERO)

    say("Set up migrations: the models are found, and there is nothing to edit.")
    run(folder, "init")

    say("Write the first revision from the models, and run it.")
    run(folder, "revision", "add heroes")
    run(folder, "upgrade")

    say("Heroes move in.")
    insert(folder)
    show_rows(folder)

    say(
        "The next day a column has another name, and a new one is required.",
        "A guess could lose the names, so there is none: the answers to choose from are shown.",
    )
    write(folder / "models.py", HERO_IN_A_TEAM)
    run(folder, "revision", "teams", code=3)

    say("With the answers the revision is written.")
    answers = ["--rename", "hero.secret_name:alias", "--fill", "hero.team='Preventers'"]
    run(folder, "revision", "teams", *answers)
    show_revision(folder)

    say("It runs, and every row is still there.")
    run(folder, "upgrade")
    show_rows(folder)

    say("Back and forth, and a last look.")
    run(folder, "downgrade", "--yes")
    show_rows(folder)
    run(folder, "upgrade")
    run(folder, "status")
    say("That is all. Next: docs/tutorial.md")


def say(*lines: str) -> None:
    """Tell what happens next."""
    print("\n" + "\n".join(paint(f"# {line}", _CYAN) for line in lines) + "\n", flush=True)


def write(path: Path, text: str) -> None:
    """Write a file and show it."""
    path.write_text(text, encoding="utf-8")
    type_in("cat", path.name)
    print(text, end="", flush=True)


def run(folder: Path, *arguments: str, code: int = 0) -> None:
    """Run a command and show what it writes; end the demonstration where it ends differently."""
    type_in("sqlmodel", "migrations", *arguments)
    program = [sys.executable, "-P", "-c", SQLMODEL, "migrations", *arguments]
    ended = subprocess.run(program, cwd=folder, env=environment(), check=False).returncode
    if ended != code:
        sys.exit(f"the demonstration stops: that ended with {ended} instead of {code}")


def environment() -> dict[str, str]:
    """The environment without what would name another database or write byte code.

    Byte code is found by the second and the size of its source, and models.py changes quickly.
    """
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}


def insert(folder: Path) -> None:
    """Put two heroes into the table."""
    with closing(sqlite3.connect(folder / "database.db")) as connection, connection:
        connection.executemany("INSERT INTO hero (name, secret_name) VALUES (?, ?)", ROWS)


def show_rows(folder: Path) -> None:
    """Show the table as it is."""
    type_in("sqlite3", "-header", "database.db", "SELECT * FROM hero")
    with closing(sqlite3.connect(folder / "database.db")) as connection:
        cursor = connection.execute("SELECT * FROM hero ORDER BY id")
        rows = [[column[0] for column in cursor.description], *cursor]
    for row in rows:
        print("|".join(map(str, row)), flush=True)


def show_revision(folder: Path) -> None:
    """Show the function of the newest revision that changes the table."""
    path = next((folder / "migrations" / "versions").glob("*_teams.py"))
    type_in("cat", path.relative_to(folder).as_posix())
    source = path.read_text(encoding="utf-8")
    print("...", source[source.index("def upgrade") :], sep="\n", end="", flush=True)


def type_in(*words: str) -> None:
    """Show a command as it is typed."""
    print(paint(f"$ {typed(words)}", _BOLD), flush=True)


def typed(words: Sequence[str]) -> str:
    """Quote what a shell would split or take for quotes; the words here need no more."""
    return " ".join(f'"{word}"' if "'" in word or " " in word else word for word in words)


def paint(text: str, colour: str) -> str:
    """Colour a line, on a terminal only."""
    return f"\x1b[{colour}m{text}\x1b[0m" if _HAS_COLOUR else text


if __name__ == "__main__":
    sys.exit(main())

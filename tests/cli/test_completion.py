"""What the shell offers: commands, options, revisions with their messages."""

from __future__ import annotations

import shutil
import sys

import pytest

from project import Project


@pytest.fixture
def history(project: Project) -> Project:
    """A project with two branches; files only, no database."""
    project.write(
        {
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "migrations/versions/one.py": """
            \"\"\"add heroes\"\"\"
            revision = "1e606859995a"
            down_revision = None
            """,
            "migrations/versions/two.py": """
            \"\"\"add teams\"\"\"
            revision = "27c6a30d7c24"
            down_revision = "1e606859995a"
            branch_labels = ("teams",)
            """,
        }
    )
    return project


def offered(project: Project, line: str, shell: str = "zsh") -> dict[str, str]:
    """What is offered for the last word of `line`, with the text beside it."""
    words = line.split(" ")
    env = {f"_{words[0].upper().replace('-', '_')}_COMPLETE": f"{shell}_complete",
           "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}  # fmt: skip
    ran = project.cli.run(words[0], env=env)
    assert (ran.code, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    return dict(zip(lines[1::3], lines[2::3], strict=True))


def test_commands_with_their_summaries(project: Project) -> None:
    found = offered(project, "sqlmodel migrations up")
    assert found == {"upgrade": "Upgrade the database to a later revision."}


def test_the_group(project: Project) -> None:
    assert "migrations" in offered(project, "sqlmodel m")


def test_the_other_program(project: Project) -> None:
    assert list(offered(project, "sqlmodel-migrations down")) == ["downgrade"]


def test_options_with_their_texts(project: Project) -> None:
    found = offered(project, "sqlmodel migrations upgrade --sq")
    assert found == {"--sql": "Print the SQL instead of running it; no database is needed."}


@pytest.mark.parametrize("command", ["upgrade", "downgrade", "show", "edit", "stamp", "merge"])
def test_revisions_newest_first_with_their_messages(history: Project, command: str) -> None:
    found = offered(history, f"sqlmodel migrations {command} ")
    ids = [word for word in found if word[0].isdigit()]
    assert ids == ["27c6a30d7c24", "1e606859995a"]
    assert found["27c6a30d7c24"] == "add teams"
    assert {"head", "heads", "base", "teams@head"} <= set(found)


def test_the_beginning_of_an_id(history: Project) -> None:
    assert list(offered(history, "sqlmodel migrations upgrade 1e6")) == ["1e606859995a"]


def test_a_second_revision(history: Project) -> None:
    assert list(offered(history, "sqlmodel migrations merge 1e606859995a 27")) == ["27c6a30d7c24"]


@pytest.mark.parametrize("option", ["--head", "--depends-on"])
def test_revisions_as_values_of_options(history: Project, option: str) -> None:
    assert list(offered(history, f"sqlmodel migrations revision {option} 27")) == ["27c6a30d7c24"]


@pytest.mark.parametrize("before", ["-c other/alembic.ini upgrade", "upgrade -c other/alembic.ini"])
def test_the_configuration_that_was_named(history: Project, before: str) -> None:
    history.write(
        {
            "other/alembic.ini": "[alembic]\nscript_location = %(here)s/scripts\n",
            "other/scripts/versions/x.py": 'revision = "abcd"\ndown_revision = None\n',
        }
    )
    assert list(offered(history, f"sqlmodel migrations {before} ab")) == ["abcd"]


def test_without_a_project_the_words_remain(project: Project) -> None:
    assert set(offered(project, "sqlmodel migrations upgrade ")) == {
        "head", "heads", "base", "current",
    }  # fmt: skip


def test_a_broken_project_is_no_traceback_at_the_prompt(history: Project) -> None:
    history.write({"alembic.ini": "[alembic\n"})
    assert "head" in offered(history, "sqlmodel migrations upgrade ")


def test_a_broken_file_leaves_the_others(history: Project) -> None:
    history.write({"migrations/versions/three.py": "revision = (\n"})
    assert "27c6a30d7c24" in offered(history, "sqlmodel migrations upgrade ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(project: Project, shell: str) -> None:
    ran = project.cli("completion", shell)
    assert (ran.code, ran.stderr) == (0, "")
    assert f"_SQLMODEL_COMPLETE={shell}_complete" in ran.stdout


def test_the_script_is_for_the_program_that_was_started(project: Project) -> None:
    ran = project.cli.run("sqlmodel-migrations", "completion", "bash")
    assert "_SQLMODEL_MIGRATIONS_COMPLETE=bash_complete" in ran.stdout


def test_the_shell_is_known_from_the_environment(project: Project) -> None:
    given = project.cli("completion", "zsh").stdout
    assert project.cli("completion", env={"SHELL": "/usr/local/bin/zsh"}).stdout == given
    ran = project.cli("completion", env={"SHELL": "/bin/dash"})
    assert (ran.code, ran.stdout) == (2, "")
    assert "hint: type bash, zsh or fish" in ran.stderr


PROGRAM = """
import sys
from sqlmodel_migrations.cli import main
sys.exit(main())
"""
SHELL = """
#!/bin/sh
exec "$PYTHON" "${0%/*}/program.py" "$@"
"""
BASH = """
PATH="$PWD/bin:$PATH"
eval "$(sqlmodel migrations completion bash)"
COMP_WORDS=(sqlmodel migrations upgrade 27)
COMP_CWORD=3
_sqlmodel_completion sqlmodel
echo "${COMPREPLY[@]}"
"""


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_completes_with_the_script(history: Project) -> None:
    history.write({"bin/sqlmodel": SHELL, "bin/program.py": PROGRAM, "complete.sh": BASH})
    (history.path / "bin/sqlmodel").chmod(0o755)
    ran = history.cli.subprocess("bash", "complete.sh", env={"PYTHON": sys.executable})
    assert (ran.stdout, ran.stderr) == ("27c6a30d7c24\n", "")

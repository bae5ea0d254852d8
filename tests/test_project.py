"""The project and the command line that tests get."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from project import Project
from zygote import Zygote, run_subprocess

PRINT = "import sys; print('out'); print('err', file=sys.stderr); print(sys.stdin.read())"


def test_the_command_line_runs_in_the_project(project: Project) -> None:
    ran = project.cli.alembic("init", "migrations")

    assert ran.code == 0, ran.output
    assert "alembic.ini" in project.files()


THREAD = (
    "import threading, time; threading.Thread(target=lambda: (time.sleep(0.1), print(1))).start()"
)

STATE = """\
import gc, logging, sys, tempfile, warnings
from sqlmodel import SQLModel
logger = logging.getLogger("alembic")
print(
    list(SQLModel.metadata.tables), list(SQLModel._sa_registry._class_registry),
    "models" in sys.modules, sys.dont_write_bytecode, sys.argv[1:], gc.get_threshold(),
    logger.level, logger.handlers, logger.propagate, logger.disabled, logging.root.handlers,
    warnings.filters, tempfile.tempdir,
)
"""


@pytest.mark.parametrize(
    "env_py",
    [
        "print(1)",
        "raise SystemExit('a text')",
        "raise SystemExit(3)",
        "raise SystemExit",
        "import atexit; atexit.register(print, 'the end')",
        "from alembic.util import CommandError; raise CommandError('no')",
        THREAD,
        STATE,
    ],
)
def test_a_fork_and_a_fresh_process_say_the_same(project: Project, env_py: str) -> None:
    project.cli.alembic("init", "migrations")
    project.write({"migrations/env.py": env_py})

    forked = project.cli.alembic("current")

    assert forked == project.cli.subprocess("alembic", "current")


def test_an_exception_is_a_traceback(project: Project) -> None:
    project.cli.alembic("init", "migrations")
    project.write({"migrations/env.py": "1 / 0"})

    ran = project.cli.alembic("current")

    assert ran.code == 1
    assert ran.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_a_module_of_one_run_is_unknown_to_the_next(project: Project) -> None:
    project.cli.alembic("init", "migrations")
    env_py = "import models\nprint(models.NAME, 'models' in sys.modules)"
    project.write({"migrations/env.py": f"import sys\n{env_py}", "models.py": "NAME = 'one'"})
    first = project.cli.alembic("current")
    project.write({"models.py": "NAME = 'two'"})
    second = project.cli.alembic("current")

    assert (first.stdout, second.stdout) == ("one True\n", "two True\n")


def test_streams_are_merged_in_the_order_written(project: Project) -> None:
    project.cli.alembic("init", "migrations")
    lines = [f"print({n}, file=sys.{'stderr' if n % 2 else 'stdout'})" for n in range(6)]
    project.write({"migrations/env.py": "\n".join(["import sys", *lines])})

    ran = project.cli.alembic("current", merged=True)

    assert ran.stdout.split() == list("012345")
    assert ran.stderr == ""


def test_input_and_environment_reach_the_command(project: Project) -> None:
    project.cli.alembic("init", "migrations")
    project.write({"migrations/env.py": "import os\nprint(input(), os.environ.get('NAME'))"})

    assert project.cli.alembic("current", env={"NAME": "x"}, input="yes\n").stdout == "yes x\n"
    assert project.cli.alembic("current", input="yes\n").stdout == "yes None\n"


def test_any_program_runs_in_a_fresh_process(project: Project) -> None:
    ran = project.cli.subprocess("python", "-c", PRINT, input="in")

    assert (ran.code, ran.stdout, ran.stderr) == (0, "out\nin\n", "err\n")


def test_settings_of_the_machine_are_taken_away(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    for name in ("CI", "DATABASE_URL", "ANALYTICS_DATABASE_URL", "GITHUB_ACTIONS"):
        monkeypatch.setenv(name, "1")
    request.getfixturevalue("project")

    assert not {"CI", "DATABASE_URL", "ANALYTICS_DATABASE_URL", "GITHUB_ACTIONS"} & set(os.environ)


def test_a_command_that_hangs_is_killed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zygote.SECONDS", 0.3)
    project.cli.alembic("init", "migrations")
    project.write({"migrations/env.py": "import time; time.sleep(60)"})

    assert project.cli.alembic("current").code == -9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no os.fork here")
def test_the_zygote_ends_when_it_is_closed(tmp_path: Path) -> None:
    zygote = Zygote()
    zygote.run(["alembic", "--version"], environment=os.environ)
    zygote.close()

    assert zygote._process
    assert zygote._process.returncode == 0


def test_a_console_script_does_not_see_the_current_folder(project: Project) -> None:
    project.write({"alembic/__init__.py": "raise SystemExit('the wrong alembic')"})

    ran = run_subprocess(["alembic", "--version"], environment=os.environ)

    assert ran.code == 0, ran.output


MEET = """\
import os, pathlib, time
pathlib.Path(str(os.getpid())).touch()
while len([name for name in os.listdir() if name.isdigit()]) < 2:
    time.sleep(0.01)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_commands_run_at_the_same_time(project: Project) -> None:
    project.cli.alembic("init", "migrations")
    project.write({"migrations/env.py": MEET})

    first, second = project.cli.together(2, "current")

    assert (first.code, second.code) == (0, 0), first.output + second.output


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_command_that_is_killed(project: Project) -> None:
    project.cli.alembic("init", "migrations")
    project.write({"migrations/env.py": "import time\ntime.sleep(50)"})

    child = project.cli.start("current")
    os.kill(child.pid, signal.SIGKILL)

    assert child.wait().code == -signal.SIGKILL

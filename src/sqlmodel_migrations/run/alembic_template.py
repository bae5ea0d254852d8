"""Alembic's own templates, written by Alembic."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import scaffold, settings
from sqlmodel_migrations.project.scaffold import Scaffold
from sqlmodel_migrations.run.checkout import commands


def names() -> tuple[str, ...]:
    """Return the templates of the installed Alembic."""
    folder = Path(Config().get_template_directory())
    return tuple(sorted(path.name for path in folder.iterdir() if (path / "env.py").is_file()))


def write(
    root: Path,
    directory: str | None,
    template: str,
    config: Sequence[str],
    *,
    package: bool,
    say: Callable[[str], None],
) -> Scaffold:
    """Let Alembic write a project, all or nothing, and give its lines to `say`.

    Raises `UsageError` for an unknown template or a used folder.
    """
    if template not in names():
        raise UsageError(
            f"there is no template '{template}'", hint=f"use one of: {', '.join(names())}"
        )
    ini, pyproject = settings.config_files(root, config)
    for file in (ini, pyproject):
        if file.is_dir():
            raise UsageError(f"'{file}' is a folder", hint="move it away")
    folder = (root / (directory or scaffold.DIRECTORY)).absolute()
    said = io.StringIO()
    with commands(), _undone(folder, ini, pyproject), contextlib.redirect_stdout(said):
        command.init(Config(ini, pyproject), _relative(folder), template, package)
    for line in said.getvalue().splitlines():
        say(line)
    file = pyproject if template.startswith("pyproject") else ini
    return Scaffold(folder, file, (), None)


def _relative(folder: Path) -> str:
    """The folder from here: Alembic writes `%(here)s/…` for a relative one only."""
    try:
        return os.path.relpath(folder)
    except ValueError:  # another drive
        return str(folder)


@contextlib.contextmanager
def _undone(folder: Path, *files: Path) -> Iterator[None]:
    """Take back what was written if Alembic fails on the way."""
    missing = next((p for p in (*reversed(folder.parents), folder) if not p.exists()), None)
    before = {file: file.read_bytes() if file.is_file() else None for file in files}
    try:
        yield
    except BaseException:
        if missing is not None:
            shutil.rmtree(missing, ignore_errors=True)
        for file, content in before.items():
            _restore(file, content)
        raise


def _restore(file: Path, content: bytes | None) -> None:
    with contextlib.suppress(OSError):
        if content is None:
            file.unlink(missing_ok=True)
        elif file.read_bytes() != content:
            file.write_bytes(content)

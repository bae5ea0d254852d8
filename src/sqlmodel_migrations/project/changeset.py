"""A changeset: folders and files that are written all or none."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel_migrations.errors import UsageError


@dataclass
class Changeset:
    """What is to be written, in order; `lines` say it to people."""

    lines: list[str] = field(default_factory=list)
    _steps: list[tuple[Callable[[Path, bytes], None], Path, bytes]] = field(default_factory=list)
    _undo: list[Callable[[], None]] = field(default_factory=list)

    def folder(self, path: Path) -> None:
        """Make a folder unless it exists, and those that it is in."""
        if not path.is_dir():
            self.lines.append(f"Creating directory '{path}' ...  done")
        self._steps.append((self._make_folder, path, b""))

    def file(self, path: Path, text: str, *, verb: str = "Generating") -> None:
        """Write a file that does not exist yet."""
        name = f"'{path}'" if verb == "Adding" else str(path)
        self.lines.append(f"{verb} {name} ...  done")
        self._steps.append((self._make_file, path, text.encode()))

    def change(self, path: Path, content: bytes) -> None:
        """Replace the content of a file that exists."""
        self.lines.append(f"Appending to existing {path} ...  done")
        self._steps.append((self._replace, path, content))

    def apply(self) -> None:
        """Write everything; if anything fails, undo what was written and raise `UsageError`."""
        path = Path()
        try:
            for write, path, content in self._steps:
                write(path, content)
        except BaseException as error:
            self._take_back()
            if isinstance(error, OSError):
                raise _refused(path, error) from error
            raise

    def _take_back(self) -> None:
        for undo in reversed(self._undo):
            with contextlib.suppress(OSError):
                undo()

    def _make_folder(self, path: Path, _: bytes) -> None:
        missing = [p for p in (path, *path.parents) if not p.exists()]
        for folder in reversed(missing):
            folder.mkdir()
            self._undo.append(folder.rmdir)

    def _make_file(self, path: Path, content: bytes) -> None:
        with path.open("xb") as stream:
            self._undo.append(path.unlink)
            stream.write(content)

    def _replace(self, path: Path, content: bytes) -> None:
        before = path.read_bytes()
        _write_at_once(path, content)
        self._undo.append(lambda: _write_at_once(path, before))


def _write_at_once(path: Path, content: bytes) -> None:
    """Replace a file so that a reader, or a full disk, never meets half of it."""
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        shutil.copymode(target, beside)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _refused(path: Path, error: OSError) -> UsageError:
    reason = error.strerror or type(error).__name__
    return UsageError(
        f"'{path}' cannot be written: {reason}; nothing was changed",
        hint=f"make '{path.parent}' writable, or choose another folder",
    )

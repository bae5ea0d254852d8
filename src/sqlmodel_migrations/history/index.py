"""The index: every revision file of a project as a value, and the files that are broken.

`folder` finds the files, `script` reads one, `cache` keeps what it said for the next time, and
`graph` joins what was found.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlmodel_migrations.history import cache, folder

if TYPE_CHECKING:
    from sqlmodel_migrations.history.cache import Entries, Entry, Facts
    from sqlmodel_migrations.history.folder import File, Folder


class Revision(NamedTuple):
    """One revision as its file states it; `doc` is the whole docstring, stripped."""

    id: str
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    doc: str
    file: str

    @property
    def path(self) -> Path:
        """The file, absolute."""
        return Path(self.file)

    @property
    def message(self) -> str:
        """The docstring's first paragraph."""
        return self.doc.partition("\n\n")[0]

    @property
    def is_merge(self) -> bool:
        """Whether the revision joins several branches."""
        return len(self.down_revisions) > 1


class BrokenFile(NamedTuple):
    """A file among the revisions that is none: the line where one is known, and the reason."""

    path: Path
    line: int | None
    message: str
    hint: str | None = None


class Index(NamedTuple):
    """What the version locations hold, in Alembic's order (by location, folder and file name)."""

    revisions: tuple[Revision, ...]
    broken: tuple[BrokenFile, ...] = ()


def read(locations: Iterable[Path], *, recursive: bool = False, sourceless: bool = False) -> Index:
    """Read the revision files of the version locations; a missing location has none.

    What was read before and is the same is taken from the cache. A file whose ids are not literals
    is run, whatever is wrong with it.
    """
    return _read(folder.listed(locations, recursive=recursive, sourceless=sourceless), _try_to_save)


def store(locations: Iterable[Path], *, recursive: bool = False, sourceless: bool = False) -> Index:
    """Read as `read` does, and write the cache even where Python writes no bytecode.

    Raises OSError where it cannot be written.
    """
    return _read(folder.listed(locations, recursive=recursive, sourceless=sourceless), cache.save)


def _read(folders: Iterable[Folder], save: Callable[[str, Entries], None]) -> Index:
    revisions: list[Revision] = []
    broken: list[BrokenFile] = []
    for each in folders:
        known = cache.load(each.path)
        entries = _read_folder(each, known, revisions, broken)
        if entries != known:
            save(each.path, entries)
    return Index(tuple(revisions), tuple(broken))


def _try_to_save(folder: str, entries: Entries) -> None:
    """Write a cache that nobody asked for, where Python would write bytecode."""
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError):
            cache.save(folder, entries)


def _read_folder(
    each: Folder, known: Entries, revisions: list[Revision], broken: list[BrokenFile]
) -> Entries:
    """Read the files of a folder into the two lists, and return what the cache is to hold."""
    now = time.time_ns()
    entries: Entries = {}
    for file in each.files:
        entry = known.get(file.name)
        if entry is None or entry[0] != file.stamp:
            try:
                facts, entry = _read_file(file, entry, now)
            except (Exception, SystemExit) as error:  # a file that is run may raise anything
                broken.append(_broken(Path(file.path), error))
                continue
        else:
            facts = entry[2]
        revisions.append(Revision(*facts, file.path))
        if entry is not None:
            entries[file.name] = entry
    return entries


def _read_file(file: File, known: Entry | None, now: int) -> tuple[Facts, Entry | None]:
    """Read a file that has another stamp than it had; gives what the cache may keep of it."""
    path = Path(file.path)
    content = path.read_bytes()
    digest = cache.digest(content)
    if known is not None and known[1] == digest:
        facts, is_literal = known[2], True
    else:
        from sqlmodel_migrations.history import script

        facts, is_literal = script.read(path, content)
    if file.stamp is None or not is_literal:
        return facts, None
    stamp = file.stamp if cache.is_settled(file.stamp, now) else ()
    return facts, (stamp, digest, facts)


def _broken(path: Path, error: BaseException) -> BrokenFile:
    from sqlmodel_migrations.history.script import NotARevision

    if isinstance(error, NotARevision):
        return BrokenFile(path, None, str(error), error.hint)
    if isinstance(error, SyntaxError):
        return BrokenFile(path, error.lineno, f"{type(error).__name__}: {error.msg}")
    if isinstance(error, OSError):
        return BrokenFile(path, None, f"the file cannot be read: {error.strerror or error}")
    return BrokenFile(path, _line(error, path), f"{type(error).__name__}: {error}")


def _line(error: BaseException, path: Path) -> int | None:
    """Find the last line of the file itself in a traceback."""
    line, traceback = None, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line

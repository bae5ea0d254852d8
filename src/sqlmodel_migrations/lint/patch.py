"""The patch: what becomes of the files when revisions are rewritten, as a value.

It is shown as a diff, tried from a folder of its own, and written all or nothing.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.generate.source import Edit, Source, end, start
from sqlmodel_migrations.history import script as history_script
from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.history.index import Index, Revision
from sqlmodel_migrations.lint.fixes.base import Plan
from sqlmodel_migrations.lint.script import NotMechanical, Script
from sqlmodel_migrations.lint.split import (
    Head,
    Part,
    assigned,
    first_file,
    further_file,
    quoted_like,
    split,
)
from sqlmodel_migrations.project.changeset import Changeset

_SLUG_LENGTH = 40  # alembic/script/base.py, truncate_slug_length


@dataclass(frozen=True)
class Patch:
    """New texts of files by their paths; `old` are those that were there, and `last` says by the id
    of a split revision with which one it now ends.
    """

    new: Mapping[Path, str] = field(default_factory=dict)
    old: Mapping[Path, str] = field(default_factory=dict)
    last: Mapping[str, str] = field(default_factory=dict)

    @property
    def added(self) -> tuple[Path, ...]:
        """The files that are new, in order."""
        return tuple(path for path in self.new if path not in self.old)

    def diff(self, root: Path) -> str:
        """Return a unified diff, with paths from `root`; `patch -p0` takes it."""
        return "".join(
            line
            for path, text in self.new.items()
            for line in difflib.unified_diff(
                self.old.get(path, "").splitlines(keepends=True),
                text.splitlines(keepends=True),
                _shown(path, root) if path in self.old else "/dev/null",
                _shown(path, root),
            )
        )

    def files(self, folder: Path) -> dict[Path, Path]:
        """Write the new texts into a folder; return the file there for each path."""
        files = {path: folder / f"{number}_{path.name}" for number, path in enumerate(self.new)}
        for path, file in files.items():
            file.write_bytes(self.new[path].encode())
        return files

    def graph(self, graph: Graph, files: Mapping[Path, Path]) -> Graph:
        """Return the history with the new texts, which `files` hold."""
        left = [r for r in graph.revisions.values() if r.path not in files]
        return Graph(Index((*left, *map(_read, files.values()))))

    def write(self) -> None:
        """Write the files, all or none.

        Raises `UsageError` where one cannot be written, or was changed meanwhile.
        """
        for path, text in self.old.items():
            if not path.is_file() or path.read_bytes() != text.encode():
                raise UsageError(
                    f"'{path}' was changed meanwhile; nothing was written", hint="type it again"
                )
        changes = Changeset()
        for path in self.added:
            changes.file(path, self.new[path])
        for path in self.old:
            changes.change(path, self.new[path].encode())
        changes.apply()


def make(graph: Graph, plans: Mapping[Script, Sequence[Plan]], new_id: Callable[[], str]) -> Patch:
    """Return what the plans make of the files; raises `NotMechanical` with the reason.

    Revisions that follow a split one follow its last part then.
    """
    by_path = {revision.path: revision for revision in graph.revisions.values()}
    new: dict[Path, str] = {}
    last: dict[str, str] = {}
    further: dict[Path, str] = {}
    for script, own in plans.items():
        revision = by_path[script.path]
        first, *others = split(script, own)
        new[script.path] = first_file(script, first, others)
        for path, text, id in _further(script, revision, others, last, new_id):
            if path in by_path or path in further:
                raise NotMechanical(f"there is a file '{path.name}' already")
            further[path] = text
            last[revision.id] = id
    new |= _relinked(graph, new, last)
    old = {path: _text(path) for path in new}
    return Patch({**new, **further}, old, last)


def _further(
    script: Script,
    revision: Revision,
    parts: Sequence[Part],
    last: Mapping[str, str],
    new_id: Callable[[], str],
) -> Iterator[tuple[Path, str, str]]:
    before = revision.id
    for part in parts:
        message = f"{revision.message}: {part.title}" if revision.message else part.title
        head = Head(new_id(), before, message)
        yield _path(revision, head), further_file(script, part, head), head.id
        before = head.id


def _path(revision: Revision, head: Head) -> Path:
    """A file beside the revision's own, named as that one is."""
    before, id, after = revision.path.stem.partition(revision.id)
    if not id:
        before, after = f"{before}_", ""
    slug, new = _slug(revision.message), _slug(head.message)
    after = after.replace(slug, new) if slug and slug in after else f"{after}_{new}"
    return revision.path.with_name(f"{before}{head.id}{after}.py")


def _slug(message: str) -> str:
    """A message as Alembic writes it into the names of files."""
    words = re.findall(r"\w+", message.lower())
    slug = "_".join(words)
    if len(slug) <= _SLUG_LENGTH:
        return slug
    return slug[:_SLUG_LENGTH].rsplit("_", 1)[0] + "_"


def _relinked(graph: Graph, new: Mapping[Path, str], last: Mapping[str, str]) -> dict[Path, str]:
    """The files of the revisions that follow, or depend on, a split one."""
    found: dict[Path, str] = {}
    for revision in graph.revisions.values():
        if not last.keys() & {*revision.down_revisions, *revision.depends_on}:
            continue
        text = new.get(revision.path) or _text(revision.path)
        found[revision.path] = _with_links(Source(text), revision, last)
    return found


def _with_links(source: Source, revision: Revision, last: Mapping[str, str]) -> str:
    edits: list[Edit] = []
    done: set[str] = set()
    for name in ("down_revision", "depends_on"):
        value = assigned(source, name)
        for node in ast.walk(value) if value is not None else ():
            id = node.value if isinstance(node, ast.Constant) else None
            if isinstance(id, str) and id in last:
                text = quoted_like(source.segment(node), last[id])
                edits.append(Edit(start(node), end(node), text))
                done.add(id)
    left = last.keys() & {*revision.down_revisions, *revision.depends_on} - done
    if left:
        raise NotMechanical(f"revision '{revision.id}' does not write out which one it follows")
    edits += _docstring_edits(source, last)
    return source.edited(edits)


def _docstring_edits(source: Source, last: Mapping[str, str]) -> Iterator[Edit]:
    first = source.tree.body[0]
    if ast.get_docstring(source.tree, clean=False) is None:
        return
    text = source.segment(first)
    line = re.search(r"^Revises:.*$", text, re.MULTILINE)
    if line is None:
        return
    new = re.sub(r"[^\s,:]+", lambda found: last.get(found[0], found[0]), line[0])
    if new != line[0]:
        yield Edit(start(first), end(first), text[: line.start()] + new + text[line.end() :])


def _read(file: Path) -> Revision:
    try:
        facts, _ = history_script.read(file, file.read_bytes())
    except (Exception, SystemExit) as error:
        raise NotMechanical(f"what was written cannot be read: {error}") from error
    return Revision(*facts, str(file))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeError) as error:
        raise NotMechanical(f"'{path.name}', which would change too, cannot be read") from error


def _shown(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()

"""What is wrong with a history, each thing said once: broken files, and links that do not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmodel_migrations.history.index import BrokenFile, Index, Revision
from sqlmodel_migrations.history.links import Links

if TYPE_CHECKING:
    from sqlmodel_migrations.diagnostics import Diagnostic


def find(index: Index, links: Links) -> tuple[Diagnostic, ...]:
    """List the problems: files first, then ids, labels, parents and cycles."""
    return (
        *(_broken(file) for file in index.broken),
        *_duplicate_ids(index.revisions, links),
        *_duplicate_labels(links),
        *_unknown_parents(index, links),
        *(_cycle(cycle, links) for cycle in links.cycles),
    )


def nearest(name: str, names: Sequence[str], count: int = 3) -> list[str]:
    """Find the names that look most like `name`."""
    import difflib

    return difflib.get_close_matches(name, names, n=count)


def _error(
    rule: str, message: str, remedy: str, file: Path | None = None, line: int | None = None
) -> Diagnostic:
    from sqlmodel_migrations.diagnostics import Diagnostic, Severity

    return Diagnostic(rule, Severity.ERROR, message, remedy, file, line)


def _broken(file: BrokenFile) -> Diagnostic:
    message = f"'{file.path.name}' is no revision: {file.message}"
    return _error("broken-revision", message, file.hint or "correct the file", file.path, file.line)


def _duplicate_ids(revisions: Sequence[Revision], links: Links) -> Iterator[Diagnostic]:
    if len(revisions) == len(links.revisions):
        return
    files: dict[str, list[Path]] = {}
    for revision in revisions:
        files.setdefault(revision.id, []).append(revision.path)
    for rev, paths in files.items():
        if len(paths) > 1:
            yield _error(
                "duplicate-revision",
                f"{len(paths)} files declare revision '{rev}': {_listed(map(str, paths))}",
                "give each file an id of its own, or delete the copy",
                paths[1],
            )


def _duplicate_labels(links: Links) -> Iterator[Diagnostic]:
    for revision in links.revisions.values():
        for label in revision.branch_labels:
            owner = label if label in links.revisions else links.labels[label]
            if label in links.revisions or owner != revision.id:
                yield _error(
                    "duplicate-label",
                    f"the branch label '{label}' of revision '{revision.id}' is used already, "
                    f"by revision '{owner}'",
                    "choose another label",
                    revision.path,
                )


def _unknown_parents(index: Index, links: Links) -> Iterator[Diagnostic]:
    for revision in links.revisions.values():
        for name in dict.fromkeys(revision.down_revisions):
            if name not in links.revisions and not _is_broken(name, index.broken):
                yield _unknown(revision, name, "follows", links.revisions)
        for name in dict.fromkeys(revision.depends_on):
            known = name in links.revisions or name in links.labels
            if not known and not _is_broken(name, index.broken):
                yield _unknown(revision, name, "depends on", links.revisions)


def _is_broken(rev: str, broken: Sequence[BrokenFile]) -> bool:
    """Say whether a file that was named already is, by its name, the one that is missing."""
    word = re.compile(rf"(?<![^\W_]){re.escape(rev)}(?![^\W_])")
    return bool(rev) and any(word.search(file.path.name) for file in broken)


def _unknown(
    revision: Revision, name: str, verb: str, revisions: Mapping[str, Revision]
) -> Diagnostic:
    near = nearest(name, [rev for rev in revisions if rev != revision.id], 1)
    remedy = f"write '{near[0]}' if that is meant, or" if near else "correct the id, or"
    return _error(
        "unknown-parent",
        f"revision '{revision.id}' {verb} '{name}', which no file declares",
        f"{remedy} restore the file of '{name}'",
        revision.path,
    )


def _cycle(cycle: Sequence[str], links: Links) -> Diagnostic:
    first = links.revisions[cycle[0]]
    names = " -> ".join(f"'{rev}'" for rev in (*cycle, cycle[0]))
    return _error(
        "revision-cycle",
        f"revisions need each other in a circle: {names}",
        "correct the 'down_revision' or 'depends_on' of one of them",
        first.path,
    )


def _listed(names: Iterator[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)

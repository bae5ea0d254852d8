"""The branch: which files it added, as Git says."""

from __future__ import annotations

import subprocess
from pathlib import Path

from sqlmodel_migrations.errors import UsageError


def added(folder: Path, since: str) -> frozenset[Path]:
    """Return the files that were added after the branch left `since`, uncommitted ones too.

    `folder` is any folder of the repository. Raises `UsageError` where Git refuses.
    """
    root = Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))
    base = _git(folder, "merge-base", "--end-of-options", since, "HEAD").strip()
    known = _git(root, "diff", "--name-only", "-z", "--diff-filter=AR", base)
    new = _git(root, "ls-files", "-z", "--others", "--exclude-standard")
    return frozenset((root / name).resolve() for name in f"{known}{new}".split("\0") if name)


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise UsageError("git is not installed", hint="name the revisions: BASE:HEAD") from None
    if done.returncode:
        said = next(iter(done.stderr.strip().splitlines()), "no message")
        raise UsageError(f"Git refuses: {said}", hint="name the revisions instead: BASE:HEAD")
    return done.stdout

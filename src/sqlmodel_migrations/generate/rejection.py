"""A rejected script: it leaves the history, and its text is kept where people can read it."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sqlmodel_migrations.diagnostics import Diagnostic, Severity
from sqlmodel_migrations.errors import NotProven
from sqlmodel_migrations.history.index import Revision


def raise_if_wrong(found: Sequence[Diagnostic], written: Sequence[Revision]) -> None:
    """Raise `NotProven` where there are errors; copies of the scripts are kept first."""
    errors = [each.message for each in found if each.severity is Severity.ERROR]
    if not errors:
        return
    kept = tuple(str(_kept(revision.path)) for revision in written)
    raise NotProven(
        "the revision that was written is wrong, so it is not kept among the revisions",
        details=(*errors, *(f"its text is in {path}" for path in kept)),
        hint="give --no-verify to write it all the same, and correct it by hand",
        rejected=kept,
    )


def remove(written: Sequence[Revision]) -> None:
    """Remove the files, and the byte code that running them left."""
    for revision in written:
        revision.path.unlink(missing_ok=True)
        Path(importlib.util.cache_from_source(str(revision.path))).unlink(missing_ok=True)


def _kept(path: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sqlmodel-migrations-rejected-"))
    return Path(shutil.copy2(path, folder / path.name))

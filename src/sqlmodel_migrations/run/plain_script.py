"""Plain scripts: they define things through the connection they are given, and can do no more.

Where the script of a revision is plain, nobody but its server can tell whether the revision before
it is committed already.
"""

from __future__ import annotations

from typing import Any

from alembic.runtime.migration import RevisionStep

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.history import checksum, reach


def is_plain(step: Any) -> bool:
    """Whether a step is a script, and one that neither connects elsewhere nor asks for its bind."""
    if not isinstance(step, RevisionStep):
        return False
    text = checksum.read(_alembic.step_path(step))
    return text is not None and reach.only_defines(text)

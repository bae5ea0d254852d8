"""SQLite: no types of its own, no foreign key that is added, and names that a rebuild gives."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel_migrations.generate.rewriters import (
    batch,
    cast,
    computed,
    enum_value,
    fill,
    guard,
    identity,
    loss,
    names,
    order,
    plain,
    sequence,
)
from sqlmodel_migrations.generate.rewriters.base import RewriterModule

REWRITERS: Sequence[RewriterModule] = (
    computed,
    sequence,
    identity,
    cast,
    enum_value,
    fill,
    guard,
    loss,
    plain,
    names,
    order,
    batch,
)

"""MariaDB and MySQL: renames in place, and foreign keys in the way of every change of type."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel_migrations.generate.rewriters import (
    batch,
    cast,
    computed,
    cycle,
    enum_value,
    fill,
    foreign_key,
    guard,
    identity,
    loss,
    names,
    order,
    plain,
    rename,
    sequence,
)
from sqlmodel_migrations.generate.rewriters.base import RewriterModule

REWRITERS: Sequence[RewriterModule] = (
    cycle,
    rename,
    computed,
    sequence,
    identity,
    cast,
    enum_value,
    fill,
    guard,
    foreign_key,
    loss,
    plain,
    names,
    order,
    batch,
)

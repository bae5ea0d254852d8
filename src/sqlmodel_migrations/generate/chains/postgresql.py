"""PostgreSQL: enum types, what depends on a column, and parts of tables besides."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel_migrations.generate.rewriters import (
    batch,
    cast,
    computed,
    cycle,
    dependent,
    enum,
    enum_value,
    fill,
    foreign_key,
    guard,
    identity,
    loss,
    names,
    order,
    part,
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
    enum,
    cast,
    enum_value,
    fill,
    guard,
    foreign_key,
    dependent,
    loss,
    part,
    plain,
    names,
    order,
    batch,
)

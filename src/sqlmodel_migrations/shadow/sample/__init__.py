"""Sample rows: `fill` puts a few into every table, `spoil` makes one that a constraint refuses."""

from sqlmodel_migrations.shadow.sample.rows import Filled, fill, reflect
from sqlmodel_migrations.shadow.sample.spoiler import spoil

__all__ = ["Filled", "fill", "reflect", "spoil"]

"""Facts: what one statement does to a database, measured on it; one module per dialect."""

from __future__ import annotations

from sqlalchemy import Connection

from sqlmodel_migrations.database import family
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.lint.facts.base import Back, FactsModule, Measured, Meter, Send, attempt

__all__ = ["Back", "Measured", "Meter", "Send", "attempt", "of"]


def of(connection: Connection) -> Meter:
    """Return the meter of the dialect, at the moment before the first pending revision.

    Raises `UsageError` for a dialect that is not known.
    """
    name = connection.dialect.name
    if not family.is_known(name):
        raise UsageError(
            f"what a revision does to a '{name}' database cannot be measured",
            hint=f"it can on: {', '.join(family.DIALECTS)}",
        )
    module: FactsModule = family.member(__name__, name)
    return module.meter(connection)

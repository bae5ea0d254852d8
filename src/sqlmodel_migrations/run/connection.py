"""The connection that revisions run on: env.py's own, with its transaction taken over.

One `SELECT 1` before `context.configure` makes SQLAlchemy begin a transaction that Alembic then
takes for the caller's: the log looks perfect, the exit is 0, and nothing is stored. A second
connection would lose what env.py set on its own (`SET search_path`, roles, pragmas). So the same
DBAPI connection gets a Connection of ours, whose transactions we own.
"""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.exc import InvalidRequestError

from sqlmodel_migrations.database import dialects, driver


def take_over(connection: Connection) -> Connection | None:
    """Return a Connection of ours over the same DBAPI connection; None where that cannot be done.

    What env.py began is committed. A two-phase transaction cannot be taken over (None).
    An engine in AUTOCOMMIT would leave half a revision behind, so the driver's default
    isolation level is set; on MariaDB and MySQL, where that takes a while, only then. Raises
    `DBAPIError` for a connection that is lost.
    """
    pooled = connection.connection
    try:
        pooled.commit()
    except InvalidRequestError:
        return None
    except Exception:  # a two-phase transaction: every driver has its own words
        if connection.in_transaction() and _is_two_phase(connection):
            return None
        with driver.reported(connection):
            raise
    # Once lost it stays so: another one would have neither the lock nor what env.py set.
    ours = Connection(connection.engine, connection=pooled, _allow_revalidate=False)
    options = {
        k: v for k, v in connection.get_execution_options().items() if k != "isolation_level"
    }
    ours = ours.execution_options(**options)
    if dialects.of(ours.dialect.name).commits_ddl() and not _is_autocommit(ours):
        return ours
    with driver.reported(ours):
        return ours.execution_options(isolation_level=ours.default_isolation_level)


def _is_autocommit(connection: Connection) -> bool:
    """Ask the driver; one that cannot say may be."""
    raw = connection.connection.dbapi_connection
    try:
        return raw is None or connection.dialect.detect_autocommit_setting(raw)
    except NotImplementedError:
        return True


def _is_two_phase(connection: Connection) -> bool:
    transaction = connection.get_transaction()
    return type(transaction).__name__ == "TwoPhaseTransaction"

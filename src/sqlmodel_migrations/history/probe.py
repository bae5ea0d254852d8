"""The probe: what the version table holds, read through the driver alone.

It answers where env.py could only say the same: where that is ours and only names the models, so
that the database is the one of the settings. Everywhere else, and whatever goes wrong, the answer
is None: then env.py is run, and says what is wrong.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history import drivers
from sqlmodel_migrations.history.drivers.base import Rows
from sqlmodel_migrations.project import address, env_source
from sqlmodel_migrations.project.address import Address
from sqlmodel_migrations.project.settings import Settings

# Alembic's own, with what it says of itself before it does anything.
log = logging.getLogger("alembic.runtime.migration")
_TABLE, _COLUMN = "alembic_version", "version_num"
_SAID = {
    "sqlite": ("SQLiteImpl", "non-transactional"),
    "postgresql": ("PostgresqlImpl", "transactional"),
    "mysql": ("MySQLImpl", "non-transactional"),
    "mariadb": ("MariaDBImpl", "non-transactional"),
}


class Applied(NamedTuple):
    """The ids in the version table, in the server's order, and SQLAlchemy's name of its driver."""

    ids: tuple[str, ...]
    drivername: str

    def say(self) -> None:
        """Log what Alembic would have logged; whoever goes the long way leaves it to Alembic."""
        implementation, ddl = _SAID[self.drivername.partition("+")[0]]
        log.info("Context impl %s.", implementation)
        log.info("Will assume %s DDL.", ddl)


def applied(settings: Settings, url: str | None = None) -> Applied | None:
    """Read the version table; None where env.py must tell.

    `url` goes before all other places where it may stand.
    """
    if not env_source.is_plain(settings.env_py):
        return None
    found = _address(settings, url)
    rows = found and _rows(found, settings)
    if not found or not rows or not all(isinstance(id, str) for (id,) in rows):
        return None
    return Applied(tuple(dict.fromkeys(id for (id,) in rows)), found.drivername)


def _address(settings: Settings, url: str | None) -> Address | None:
    try:
        text = address.text(settings, url)
    except UsageError:
        return None
    return None if text is None else address.parse(text)


def _rows(found: Address, settings: Settings) -> Rows | None:
    driver = drivers.of(found.drivername)
    if driver is None:
        return None
    names = (settings.version_table_schema, settings.version_table or _TABLE)
    try:
        return driver.read(found, [name for name in names if name], _COLUMN)
    except Exception:  # of any driver, which is raised again the long way
        return None

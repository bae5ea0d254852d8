"""The address of a database: its URL as text, where it is looked for, and what it consists of.

Order: what was given explicitly; `DATABASE_URL` (`ANALYTICS_DATABASE_URL` for a section
`analytics`) in the environment, then in the project's `.env`; then the configuration, in which
`${VAR}` is replaced. SQLAlchemy is not imported here; `url` makes its `URL`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project.settings import Settings

PLACEHOLDER = "driver://user:pass@localhost/dbname"
_REFERENCE = r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*"
_VARIABLE = r"\$\{(\w+)\}"
# A user's name or password as it may stand in a URL: what is not allowed there is written %40.
_SPELLED = r"(?a:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
# SQLAlchemy's own pattern (sqlalchemy/engine/url.py: `_parse_url`).
_URL = (
    r"(?P<drivername>[\w\+]+)://(?:(?P<username>[^:/]*)(?::(?P<password>[^@]*))?@)?"
    r"(?:(?:\[(?P<ipv6>[^/\?]+)\]|(?P<ipv4>[^/:\?]+))?(?::(?P<port>[^/\?]*))?)?"
    r"(?:/(?P<database>[^\?]*))?(?:\?(?P<query>.*))?"
)

# The drivers of a URL that names none, in the order in which an installed one is chosen:
# (module to find, SQLAlchemy's spelling).
_DRIVERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "postgresql": (
        ("psycopg", "postgresql+psycopg"),
        ("psycopg2", "postgresql+psycopg2"),
        ("asyncpg", "postgresql+asyncpg"),
        ("pg8000", "postgresql+pg8000"),
    ),
    "mysql": (
        ("pymysql", "mysql+pymysql"),
        ("MySQLdb", "mysql+mysqldb"),
        ("asyncmy", "mysql+asyncmy"),
        ("aiomysql", "mysql+aiomysql"),
    ),
}
_DRIVERS = {
    **_DRIVERS,
    "mariadb": tuple((m, d.replace("mysql", "mariadb", 1)) for m, d in _DRIVERS["mysql"]),
}
_ALIASES = {"postgres": "postgresql"}


class Address(NamedTuple):
    """The parts of a URL, unquoted, as SQLAlchemy's `URL` has them; parameters given once."""

    drivername: str
    username: str | None
    password: str | None
    host: str | None
    port: int | None
    database: str | None
    query: Mapping[str, str]


def variable(name: str) -> str:
    """Return the environment variable of a section: `DATABASE_URL` for the default one."""
    prefix = "" if name == "alembic" else re.sub(r"\W", "_", name).upper() + "_"
    return f"{prefix}DATABASE_URL"


def text(settings: Settings, explicit: str | None = None) -> str | None:
    """Return the URL of the database; None where it is an object of the application.

    Raises `UsageError` where there is none.
    """
    found = explicit or from_environment(settings)
    if found:
        return found
    if not settings.url:
        raise UsageError(
            f"the database '{settings.name}' has no URL",
            hint=f"set {variable(settings.name)}, or give --url",
        )
    if settings.url == PLACEHOLDER:
        raise UsageError(
            f"'sqlalchemy.url' is still the placeholder '{PLACEHOLDER}'",
            hint=f"write your database's URL into {settings.ini}, or set {variable(settings.name)}",
        )
    if re.fullmatch(_REFERENCE, settings.url):
        return None
    if "${" not in settings.url:
        return settings.url
    return expand(settings.url, environment(settings.root))


def from_environment(settings: Settings) -> str | None:
    """Return what the environment or the project's `.env` says, or None."""
    name = variable(settings.name)
    found = os.environ.get(name)
    return (environment(settings.root).get(name) if found is None else found) or None


def environment(root: Path) -> Mapping[str, str]:
    """Return the environment over the `.env` of the folder `root`, without changing either."""
    path = root / ".env"
    if not path.is_file():
        return os.environ
    from dotenv import dotenv_values

    values = {name: value for name, value in dotenv_values(path).items() if value is not None}
    return {**values, **os.environ}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace every `${VAR}`; raises `UsageError` that names a variable which is not set.

    In the place of a user's name or password the value may hold any character.
    """
    secret = range(text.find("://"), text.find("@"))

    def value(match: re.Match[str]) -> str:
        if match[1] not in variables:
            raise UsageError(
                f"the database URL uses '${{{match[1]}}}', which is not set",
                hint=f"set {match[1]} in the environment or in .env",
            )
        found = variables[match[1]]
        is_spelled = match.start() not in secret or re.fullmatch(_SPELLED, found)
        return found if is_spelled else quote(found, safe="")

    return re.sub(_VARIABLE, value, text)


def parse(text: str) -> Address | None:
    """Take a URL apart and choose its driver, as SQLAlchemy and `url` do.

    None where they may see more in it: an error, or a parameter that is given twice.
    """
    match = re.match(_URL, text)
    if match is None:
        return None
    pairs = parse_qsl(match["query"] or "")
    try:
        port = None if match["port"] is None else int(match["port"])
    except ValueError:
        return None
    if len(dict(pairs)) < len(pairs):
        return None
    username, password, database = (
        None if match[part] is None else unquote(match[part])
        for part in ("username", "password", "database")
    )
    return Address(
        drivername=with_driver(match["drivername"]),
        username=username,
        password=password,
        host=match["ipv4"] or match["ipv6"],
        port=port,
        database=database,
        query=dict(pairs),
    )


def with_driver(drivername: str) -> str:
    """Name the driver that is installed, where a URL says only `postgresql` or `mysql`."""
    dialect = _ALIASES.get(drivername, drivername)
    if dialect not in _DRIVERS:
        return dialect
    import importlib.util

    for module, found in _DRIVERS[dialect]:
        if importlib.util.find_spec(module):
            return found
    return dialect

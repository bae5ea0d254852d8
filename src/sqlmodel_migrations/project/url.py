"""The database URL: where it is looked for, and which driver it gets.

Order: what was given explicitly; `DATABASE_URL` (`ANALYTICS_DATABASE_URL` for a section
`analytics`) in the environment, then in the project's `.env`; then the configuration, in
which `${VAR}` is replaced and `app.database:engine` names an object of the application.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import URL

PLACEHOLDER = "driver://user:pass@localhost/dbname"
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
# A user's name or password as it may stand in a URL: what is not allowed there is written %40.
_SPELLED = re.compile(r"(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*", re.ASCII)

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


def variable(name: str) -> str:
    """Return the environment variable of a section: `DATABASE_URL` for the default one."""
    prefix = "" if name == "alembic" else re.sub(r"\W", "_", name).upper() + "_"
    return f"{prefix}DATABASE_URL"


def resolve(settings: Settings, explicit: str | None = None) -> URL:
    """Return the URL of the database; raises `UsageError` where there is none.

    The password stays inside SQLAlchemy's `URL`, which hides it when it is printed.
    """
    text = explicit or from_environment(settings)
    if text:
        return parse(text)
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
    if _REFERENCE.fullmatch(settings.url):
        return _from_object(settings.url, settings)
    return parse(expand(settings.url, environment(settings.root)))


def from_environment(settings: Settings) -> str | None:
    """Return what the environment or the project's `.env` says, or None."""
    return environment(settings.root).get(variable(settings.name)) or None


def environment(root: Path) -> Mapping[str, str]:
    """Return the environment over the `.env` of the folder `root`, without changing either."""
    from dotenv import dotenv_values

    path = root / ".env"
    values = dotenv_values(path) if path.is_file() else {}
    return {**{k: v for k, v in values.items() if v is not None}, **os.environ}


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
        is_spelled = match.start() not in secret or _SPELLED.fullmatch(found)
        return found if is_spelled else quote(found, safe="")

    return _VARIABLE.sub(value, text)


def parse(text: str) -> URL:
    """Parse a URL, choosing an installed driver where it names none; raises `UsageError`."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if text == PLACEHOLDER:
        raise UsageError(
            f"the database URL is still the placeholder '{PLACEHOLDER}'",
            hint="give your database's URL",
        )
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise UsageError(
            "the database URL cannot be parsed",
            hint="write it as dialect://user:password@host/name",
        ) from error
    return with_driver(url)


def with_driver(url: URL) -> URL:
    """Name the driver that is installed, where a URL says only `postgresql://` or `mysql://`."""
    dialect = _ALIASES.get(url.drivername, url.drivername)
    for module, drivername in _DRIVERS.get(dialect, ()):
        if importlib.util.find_spec(module):
            return url.set(drivername=drivername)
    return url.set(drivername=dialect)


def _from_object(reference: str, settings: Settings) -> URL:
    """The URL of a str, URL, Engine or callable of the application."""
    from sqlmodel_migrations.project.models import import_object

    value = import_object(reference, settings.root)
    value = value() if callable(value) and not hasattr(value, "url") else value
    return _url_of(value, reference)


def _url_of(value: Any, reference: str) -> URL:
    from sqlalchemy import URL

    found = getattr(value, "url", value)
    if isinstance(found, URL):
        return with_driver(found)
    if isinstance(found, str):
        return parse(found)
    raise UsageError(
        f"'{reference}' is a {type(value).__name__}, which has no database URL",
        hint="name a str, a URL, an Engine, or a function that returns one",
    )

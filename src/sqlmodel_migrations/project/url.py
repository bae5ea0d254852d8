"""The database URL as SQLAlchemy's `URL`, from what `address` found as text.

A URL that names no driver gets one that is installed. The configuration may name an object of the
application instead, `app.database:engine`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import address
from sqlmodel_migrations.project.address import PLACEHOLDER
from sqlmodel_migrations.project.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import URL


def resolve(settings: Settings, explicit: str | None = None) -> URL:
    """Return the URL of the database; raises `UsageError` where there is none.

    The password stays inside SQLAlchemy's `URL`, which hides it when it is printed.
    """
    text = address.text(settings, explicit)
    return _from_object(settings) if text is None else parse(text)


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
    return url.set(drivername=address.with_driver(url.drivername))


def _from_object(settings: Settings) -> URL:
    """The URL of a str, URL, Engine or callable of the application."""
    from sqlmodel_migrations.project.models import import_object

    reference = str(settings.url)
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

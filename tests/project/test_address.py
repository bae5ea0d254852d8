"""A URL is taken apart without SQLAlchemy, and the parts are those that SQLAlchemy finds."""

from __future__ import annotations

import random

import pytest
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from sqlmodel_migrations.project import address, url

SPELLINGS = [
    "sqlite://",
    "sqlite:///",
    "sqlite:///:memory:",
    "sqlite:///database.db",
    "sqlite:////var/lib/app/data base.db",
    "sqlite:///C:\\data\\app.db",
    "sqlite:///a%20b.db",
    "sqlite:///file:app.db?mode=ro&uri=true",
    "sqlite+aiosqlite:///app.db",
    "postgresql://",
    "postgresql:///app",
    "postgresql://localhost",
    "postgresql://localhost/app",
    "postgresql://me@localhost/app",
    "postgresql://me:secret@localhost:5433/app",
    "postgresql+psycopg://me:p%40ss%2Fw%3Ard@db.internal/app",
    "postgresql+psycopg2://me:@localhost/app",
    "postgresql://:secret@localhost/app",
    "postgresql+asyncpg://me:se:cret@[::1]:5432/app",
    "postgresql://[2001:db8::1%25eth0]/app",
    "postgresql://me@/app?host=/var/run/postgresql",
    "postgresql://me@/app?host=one:5432&host=two:5433",
    "postgresql://localhost/app?sslmode=require&options=-csearch_path%3Dtenant",
    "postgresql://localhost/app?application_name=&connect_timeout=5",
    "postgresql://localhost:/app",
    "postgresql://localhost:five/app",
    "postgres://localhost/app",
    "mysql://root@127.0.0.1:3306/app?charset=utf8mb4",
    "mysql+pymysql://me:p+w@localhost/app",
    "mariadb+pymysql://me:%C3%BCber@localhost/app",
    "mysql+mysqldb://me:secret@/app?unix_socket=/run/mysqld/mysqld.sock",
    "oracle://me:secret@host/service",
    "driver://user:pass@localhost/dbname",
    "postgresql//localhost/app",
    "postgresql",
    "",
    "post-gresql://localhost/app",
    "postgresql://me:a@b@localhost/app",
    "postgresql://localhost/app/more",
    "postgresql://localhost?x=1",
    "postgresql://localhost/app#fragment",
    "postgresql://lo calhost/app",
    "postgresql://localhost/app\n",
    "postgresql://grüße:größe@größe.example/größe",
]


def theirs(text: str) -> URL | None:
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        return None


def is_the_same(text: str) -> bool:
    """Whether we take `text` apart as SQLAlchemy does, or leave it to SQLAlchemy."""
    found, expected = address.parse(text), theirs(text)
    if found is None:
        return expected is None or any(isinstance(v, tuple) for v in expected.query.values())
    assert expected is not None, text
    parts = expected.set(drivername=address.with_driver(expected.drivername))
    return found == address.Address(
        *(getattr(parts, part) for part in address.Address._fields[:-1]), dict(parts.query)
    )


@pytest.mark.parametrize("text", SPELLINGS)
def test_the_parts_are_those_that_sqlalchemy_finds(text: str) -> None:
    assert is_the_same(text)


def test_the_parts_of_random_texts_are_those_that_sqlalchemy_finds() -> None:
    chance = random.Random(7)
    pieces = [*"://@?=&%[]+#.", "a", "ü", "%40", "5432", "postgresql", "sqlite", "localhost", " "]
    for _ in range(5000):
        text = "".join(chance.choices(pieces, k=chance.randint(1, 14)))
        for candidate in (text, f"postgresql://{text}", f"sqlite:///{text}"):
            assert is_the_same(candidate), candidate


@pytest.mark.parametrize(
    "text", ["postgresql://h/d", "mysql://h/d", "mariadb://h/d", "postgres://h"]
)
def test_the_driver_is_the_one_that_is_used(text: str) -> None:
    found = address.parse(text)
    assert found is not None
    assert found.drivername == url.parse(text).drivername

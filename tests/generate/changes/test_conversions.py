"""Conversions: each value that fits has its meaning in the new type, each other one is refused."""

from __future__ import annotations

import contextlib
import datetime as dt
import shlex
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from databases import Database
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.errors import AnswerNeeded, StepFailed
from sqlmodel_migrations.generate.answers import Answers

TEXT = sa.String(60)
MOMENT = dt.datetime(2026, 2, 28, 12, 30, 15)
ID = uuid.UUID("0a0a0a0a-1111-4222-8333-444444444444")


@dataclass(frozen=True)
class Case:
    """A column's types, what its values become, and values that must be refused."""

    old: Any
    new: Any
    good: Mapping[Any, Any]
    bad: Sequence[Any]


EVERYWHERE = {
    "to_int": Case(TEXT, sa.Integer, {"42": 42, "-7": -7}, ["", "x", "1.5", "9" * 30]),
    "to_decimal": Case(
        TEXT, sa.Numeric(6, 2), {"1.25": Decimal("1.25"), "7": 7}, ["", "x", "1.255", "12345"]
    ),
    "to_float": Case(TEXT, sa.Double, {"1.5": 1.5, "-2e3": -2000.0}, ["", "x", "1,5"]),
    "to_uuid": Case(TEXT, sa.Uuid, {str(ID): ID, str(ID).upper(): ID}, ["", "x", f"{ID}0"]),
    "to_bool": Case(TEXT, sa.Boolean, {"true": True, "0": False, " Yes": True}, ["", "2", "maybe"]),
    "to_date": Case(
        TEXT, sa.Date, {"2024-02-29": dt.date(2024, 2, 29)}, ["", "x", "2023-02-29", "2023-13-01"]
    ),
    "to_datetime": Case(
        TEXT,
        sa.DateTime,
        {"2026-02-28 12:30:15": MOMENT, "2026-02-28T12:30:15": MOMENT},
        ["", "2026-02-30 12:30:15", "2026-02-28 25:00:00", "2026-02-28 12:30:15+01:00"],
    ),
    "to_time": Case(TEXT, sa.Time, {"12:30:15": dt.time(12, 30, 15)}, ["", "x", "12:61:00"]),
    "day": Case(sa.DateTime, sa.Date, {dt.datetime(2026, 2, 28): dt.date(2026, 2, 28)}, [MOMENT]),
    "moment": Case(sa.Date, sa.DateTime, {dt.date(2026, 2, 28): dt.datetime(2026, 2, 28)}, []),
    "fewer_digits": Case(sa.Double, sa.Numeric(6, 2), {1.25: Decimal("1.25")}, [1.255, 99_999.0]),
    "whole": Case(sa.Double, sa.Integer, {3.0: 3}, [3.5]),
    "counted": Case(sa.Boolean, sa.Integer, {True: 1, False: 0}, []),
}
JSON = Case(TEXT, sa.JSON, {'{"a": 1}': {"a": 1}}, ["", "{"])
FLAG = Case(sa.Integer, sa.Boolean, {1: True, 0: False}, [2])
NARROW = Case(sa.BigInteger, sa.SmallInteger, {7: 7}, [70_000])
SHORT = Case(TEXT, sa.String(5), {"short": "short"}, ["too long"])
OTHERS = {
    "sqlite": {"json": JSON, "flag": FLAG},
    "mariadb": {
        "json": JSON,
        "narrow": NARROW,
        "short": SHORT,
        "seconds": Case(mysql.DATETIME(fsp=6), sa.DateTime, {MOMENT: MOMENT},
                        [MOMENT.replace(microsecond=5)]),
        "bytes": Case(sa.LargeBinary(60), mysql.VARBINARY(5), {b"short": b"short"}, [b"too long"]),
        "size": Case(mysql.LONGTEXT, mysql.TINYTEXT, {"short": "short"}, ["x" * 256]),
        "single": Case(sa.Double, mysql.FLOAT, {1.5: 1.5}, [1e39]),
    },
    "postgresql": {
        "flag": FLAG,
        "narrow": NARROW,
        "short": SHORT,
        "small_flag": Case(sa.SmallInteger, sa.Boolean, {1: True}, [2]),
        "seconds": Case(sa.DateTime, postgresql.TIMESTAMP(precision=0), {MOMENT: MOMENT},
                        [MOMENT.replace(microsecond=5)]),
        "single": Case(sa.Double, sa.REAL, {1.5: 1.5}, [1e39]),
        "no_decimal": Case(sa.Double, sa.Numeric(4, 1), {1.5: Decimal("1.5")},
                           [float("inf"), float("nan")]),
        "words": Case(TEXT, sa.Double, {"Infinity": float("inf"), ".5": 0.5}, ["1e999", "1e-999"]),
        "aware": Case(
            TEXT,
            sa.DateTime(timezone=True),
            {"2026-02-28 12:30:15+00": MOMENT.replace(tzinfo=dt.UTC)},
            ["2026-02-28 12:30:15", "2026-02-28 12:30:15+99"],
        ),
        "wide_array": Case(
            sa.ARRAY(sa.Integer), sa.ARRAY(sa.BigInteger), {(1, 2): [1, 2]}, []
        ),
        "narrow_array": Case(
            sa.ARRAY(sa.BigInteger), sa.ARRAY(sa.Integer), {(1, 2): [1, 2]}, [[1, 2**40]]
        ),
        "read_array": Case(sa.ARRAY(sa.Text), sa.ARRAY(sa.Integer), {("1", "2"): [1, 2]}, [["x"]]),
        "said_array": Case(sa.ARRAY(sa.Integer), sa.ARRAY(sa.Text), {(1, 2): ["1", "2"]}, []),
    },
}  # fmt: skip


def cases(database: Database) -> dict[str, Case]:
    return EVERYWHERE | OTHERS[database.kind]


def models(types: Mapping[str, Any]) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [sa.Column(name, type_) for name, type_ in types.items()]
    sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    return metadata


@pytest.fixture
def project(tmp_path: Path) -> Path:
    Migrations.init(root=tmp_path, models=["none"], url="sqlite://")
    return tmp_path


def begun(project: Path, database: Database, types: Mapping[str, Any]) -> Migrations:
    migrations = Migrations(project, url=database.url, metadata=models(types))
    migrations.revision("before", rev_id="before")
    migrations.upgrade()
    return migrations


def test_what_fits_is_converted_and_what_does_not_is_refused(
    project: Path, database: Database
) -> None:
    known = cases(database)
    old = {name: case.old for name, case in known.items()}
    new = {name: case.new for name, case in known.items()}
    begun(project, database, old)
    migrations = Migrations(project, url=database.url, metadata=models(new))
    migrations.revision("after", rev_id="after")

    with connected(database) as connection:
        table = models(old).tables["item"]
        for name, value in ((name, value) for name, case in known.items() for value in case.bad):
            connection.execute(table.insert().values({"id": 1, name: value}))
            connection.commit()
            with pytest.raises(StepFailed, match=f"1 rows of 'item' have a value in '{name}' that"):
                migrations.upgrade()
            connection.execute(table.delete())
            connection.commit()
        put(connection, table, known)
    migrations.upgrade()
    with connected(database) as connection:
        assert read(connection, models(new).tables["item"], known) == expected(known)

    assert migrations.check() == ()
    migrations.downgrade("-1")
    migrations.upgrade()
    with connected(database) as connection:
        assert read(connection, models(new).tables["item"], known) == expected(known)


@contextlib.contextmanager
def connected(database: Database) -> Iterator[sa.Connection]:
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def put(connection: sa.Connection, table: sa.Table, known: Mapping[str, Case]) -> None:
    for name, case in known.items():
        for number, value in enumerate(case.good):
            shown = list(value) if isinstance(value, tuple) else value
            id_ = len(known) * number + list(known).index(name) + 1
            connection.execute(table.insert().values({"id": id_, name: shown}))
    connection.commit()


def read(
    connection: sa.Connection, table: sa.Table, known: Mapping[str, Case]
) -> dict[str, list[Any]]:
    query = {
        name: sa.select(table.c[name]).where(table.c[name].is_not(None)).order_by(table.c.id)
        for name in known
    }
    return {name: list(connection.scalars(query[name])) for name in known}


def expected(known: Mapping[str, Case]) -> dict[str, list[Any]]:
    return {name: list(case.good.values()) for name, case in known.items()}


UNKNOWN = {
    "number_of_moment": (sa.DateTime, sa.Integer),
    "text_of_bytes": (sa.LargeBinary(50), TEXT),
    "bytes_of_text": (TEXT, sa.LargeBinary(50)),
    "number_of_enum": (sa.Enum("a", "b", name="kind", create_constraint=True), sa.Integer),
    "enum_of_number": (sa.Integer, sa.Enum("a", "b", name="kind", create_constraint=True)),
    "time_of_moment": (sa.DateTime, sa.Time),
}


def test_what_has_no_one_meaning_is_asked_for(project: Path, database: Database) -> None:
    known = dict(UNKNOWN)
    if database.kind == "sqlite":  # which keeps an enum as text
        del known["number_of_enum"], known["enum_of_number"]
    if database.kind == "postgresql":
        known["moment_of_date"] = (sa.Date, sa.DateTime(timezone=True))
    begun(project, database, {name: old for name, (old, _) in known.items()})
    for name in known:
        types = {column: new if column == name else old for column, (old, new) in known.items()}
        with pytest.raises(AnswerNeeded, match=f"column 'item.{name}' changes from") as caught:
            Migrations(project, url=database.url, metadata=models(types)).revision("after")
        option, value = shlex.split(caught.value.flags[0])
        assert (option, value.partition("=")[0]) == ("--using", f"item.{name}")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_zone_of_dates_is_said_once(project: Path, database: Database) -> None:
    """The way back takes the zone of the way up, whatever the server's own is."""
    database.run(f"ALTER DATABASE {database.name} SET TimeZone = 'America/New_York'")
    begun(project, database, {"day": sa.Date})
    database.run("INSERT INTO item (id, day) VALUES (1, '2026-07-01')")
    new = models({"day": sa.DateTime(timezone=True)})
    migrations = Migrations(project, url=database.url, metadata=new)
    zone = "day::timestamp AT TIME ZONE 'Asia/Tokyo'"
    migrations.revision("after", rev_id="after", answers=Answers(usings={"item.day": zone}))
    migrations.upgrade()
    query = "SELECT (day AT TIME ZONE 'UTC')::text FROM item"
    assert database.query(query) == [("2026-06-30 15:00:00",)]
    migrations.downgrade("-1")
    assert database.query("SELECT day::text FROM item") == [("2026-07-01",)]

"""An answer that is kept as text is read again as the same values."""

from __future__ import annotations

import datetime
import decimal
import enum
import ipaddress
import math
import uuid
import zoneinfo
from typing import Any

import pytest

from sqlmodel_migrations.run import answer
from sqlmodel_migrations.run.answer import Answer, Unkeepable

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
VALUES: list[Any] = [
    None,
    True,
    -(2**70),
    1.5,
    math.inf,
    0.1 + 0.2,
    "it's \x00 \U0001f9b8 \ud800",
    decimal.Decimal("1.50"),
    decimal.Decimal("-0"),
    datetime.datetime(2026, 1, 31, 12, 0, 0, 7),
    datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC),
    datetime.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
    datetime.date(2026, 1, 31),
    datetime.time(12, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
    datetime.timedelta(days=-1, microseconds=3),
    uuid.UUID(int=7),
    b"\x00\xff",
    bytearray(b"a"),
    ipaddress.ip_address("::1"),
    ipaddress.ip_interface("10.0.0.1/8"),
    ipaddress.ip_network("10.0.0.0/8"),
    [1, [decimal.Decimal(2)], None],
    (1, "a"),
    {"a"},
    {"key": [b"a"], 1: {"decimal": "1"}},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_is_what_it_was(value: Any) -> None:
    kept = answer.encode(Answer(columns=(("a", 23),), rows=((value,),)))
    ((found,),) = answer.decode(kept).rows
    assert found == value
    assert repr(found) == repr(value)
    assert kept.isascii()


def test_not_a_number_is_none() -> None:
    kept = answer.encode(Answer(columns=(("a", None),), rows=((math.nan,),)))
    assert math.isnan(answer.decode(kept).rows[0][0])


def test_a_view_of_memory_is_one_again() -> None:
    kept = answer.encode(Answer(columns=(("a", None),), rows=((memoryview(b"abc"),),)))
    (found,) = answer.decode(kept).rows[0]
    assert isinstance(found, memoryview)
    assert bytes(found) == b"abc"


def test_the_rest_of_an_answer_is_what_it_was() -> None:
    whole = Answer((("id", 3), ("name", 253)), ((1, "a"), (2, None)), 2, 7)
    assert answer.decode(answer.encode(whole)) == whole
    failed = Answer(error=("ProgrammingError", (1146, "no such table")))
    assert answer.decode(answer.encode(failed)) == failed
    lost = Answer(columns=(), lost="its rows are more than 1024 kB")
    assert answer.decode(answer.encode(lost)) == lost


class Colour(enum.Enum):
    RED = 1


class Pair(tuple[int, int]):
    """A composite type, as a driver may make one."""


@pytest.mark.parametrize("value", [Colour.RED, object(), Pair((1, 2))])
def test_what_cannot_be_read_again_is_not_kept(value: Any) -> None:
    with pytest.raises(Unkeepable, match="it has a value of the type"):
        answer.encode(Answer(columns=(("a", None),), rows=((value,),)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": "1"}),
        ([{"a": 1}], [{"a": 2}]),
        ((b"a",), ("a",)),
        ((decimal.Decimal("1.0"),), (decimal.Decimal("1.00"),)),
        ((None,), ("None",)),
    ],
)
def test_other_parameters_are_told_apart(one: Any, other: Any) -> None:
    assert answer.canonical(one) != answer.canonical(other)


def test_equal_parameters_are_equal_in_every_process() -> None:
    assert answer.canonical({"a": {"x", "y"}}) == "{'a': {'x', 'y'}}"
    assert answer.canonical([memoryview(b"a")]) == answer.canonical((b"a",))


def test_a_driver_s_json_is_compared_whole() -> None:
    psycopg_json = pytest.importorskip("psycopg.types.json")
    one, other = ({"text": "a" * 50 + end} for end in "bc")
    assert repr(psycopg_json.Jsonb(one)) == repr(psycopg_json.Jsonb(other))
    assert answer.canonical(psycopg_json.Jsonb(one)) != answer.canonical(psycopg_json.Jsonb(other))

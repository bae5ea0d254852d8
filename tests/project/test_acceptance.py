"""Accepted drift, as the configuration says it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project.acceptance import Acceptance, parse

ENTRY: dict[str, Any] = {"difference": "a", "reason": "b", "until": date(2030, 1, 31)}


def test_nothing_is_accepted_unless_it_is_said() -> None:
    assert parse(None) == ()


def test_tables() -> None:
    assert parse([ENTRY]) == (Acceptance("a", "b", date(2030, 1, 31)),)
    assert parse([{**ENTRY, "until": "2030-01-31"}]) == parse([ENTRY])


def test_lines() -> None:
    text = """
        2030-01-31 | by hand in May | check 'c' of 'hero': (a || b) | c, not (a)

        2030-02-01 | another | index 'i' of 'hero' is missing
    """
    first = "check 'c' of 'hero': (a || b) | c, not (a)"
    assert parse(text) == (
        Acceptance(first, "by hand in May", date(2030, 1, 31)),
        Acceptance("index 'i' of 'hero' is missing", "another", date(2030, 2, 1)),
    )


def test_a_text_over_several_lines_is_one_line() -> None:
    assert parse([{**ENTRY, "difference": "a\n  b"}])[0].difference == "a b"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["a"], "is not a list of tables"),
        ({"a": 1}, "is not a list of tables"),
        ([{"difference": "a", "until": date(2030, 1, 31)}], "has no 'reason'"),
        ([{"difference": "a", "reason": "b"}], "has no 'until'"),
        ([{**ENTRY, "untill": 1}], "has an unknown 'untill'"),
        ([{**ENTRY, "reason": " "}], "'reason' of an entry of 'accept_drift' is no text"),
        ([{**ENTRY, "until": "soon"}], "'soon' in 'accept_drift' is no day"),
        ([{**ENTRY, "until": datetime(2030, 1, 31, 12)}], "is no day"),
        ("2030-01-31 | no difference", "cannot be read: 2030-01-31 | no difference"),
        ("soon | b | a", "'soon' in 'accept_drift' is no day"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_write(value: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(value)
    assert said in raised.value.message
    assert "2026-12-31" in str(raised.value.hint)

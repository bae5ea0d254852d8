"""A duration as it is typed and as it is said."""

from __future__ import annotations

import pytest

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("500ms", 0.5),
        ("5s", 5.0),
        ("1.5s", 1.5),
        ("2m", 120.0),
        ("1h", 3600.0),
        ("30", 30.0),
        (" 5 s ", 5.0),
        ("0", 0.0),
        ("0ms", 0.0),
        ("1ms", 0.001),
        (5, 5.0),
        (0.25, 0.25),
    ],
)
def test_written(written: object, seconds: float) -> None:
    assert duration.parse(written) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "written", ["", "s", "5 sec", "-5s", -5, "1m30s", "inf", "nan", "1e3", "٥s", True, None, [5]]
)
def test_what_is_none(written: object) -> None:
    with pytest.raises(UsageError, match="is no duration") as raised:
        duration.parse(written)
    assert raised.value.hint is not None
    assert "500ms, 5s, 2m, 1h" in raised.value.hint


@pytest.mark.parametrize("written", ["0.5ms", 0.0001, "600h", 2_147_484])
def test_what_a_server_would_take_for_none_or_refuse(written: object) -> None:
    with pytest.raises(UsageError, match="is out of range"):
        duration.parse(written)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (0.34, "0.3 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200.0, "3 min 20 s"),
        (3599.7, "1 h 0 min"),
        (7500.0, "2 h 5 min"),
    ],
)
def test_said(seconds: float, words: str) -> None:
    assert duration.said(seconds) == words

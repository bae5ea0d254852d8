"""Names in a message: all of a few, the first of many."""

from __future__ import annotations

import pytest

from sqlmodel_migrations.lint.rules.base import names


@pytest.mark.parametrize(
    ("things", "text"),
    [
        ("", ""),
        ("a", "'a'"),
        ("ba", "'a' and 'b'"),
        ("abcdef", "'a', 'b', 'c', 'd', 'e' and 'f'"),
        ("abcdefg", "'a', 'b', 'c', 'd', 'e' and 2 more"),
    ],
)
def test_names(things: str, text: str) -> None:
    assert names(things) == text

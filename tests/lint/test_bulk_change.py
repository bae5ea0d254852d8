"""One UPDATE or DELETE, taken apart so that it can be sent in batches."""

from __future__ import annotations

import pytest

from sqlmodel_migrations.lint import bulk_change
from sqlmodel_migrations.lint.bulk_change import BulkChange
from sqlmodel_migrations.lint.script import NotMechanical

on = pytest.mark.parametrize


def read(sql: str) -> BulkChange:
    return bulk_change.read(sql, "postgresql")


@on(
    ("sql", "text", "condition"),
    [
        ("UPDATE hero SET age = 1", "UPDATE hero SET age = 1", None),
        ("update hero set age=1;", "update hero set age=1", None),
        (
            "UPDATE a.\"Hero\" SET age = 1 WHERE name = 'WHERE' OR id > 3",
            'UPDATE a."Hero" SET age = 1',
            "name = 'WHERE' OR id > 3",
        ),
        ("DELETE FROM hero", "DELETE FROM hero", None),
        (
            "DELETE FROM hero WHERE id IN (SELECT id FROM old WHERE x)",
            "DELETE FROM hero",
            "id IN (SELECT id FROM old WHERE x)",
        ),
    ],
)
def test_the_condition_apart(sql: str, text: str, condition: str | None) -> None:
    change = read(sql)
    assert (change.text, change.condition) == (text, condition)


@on(
    "sql",
    [
        "SELECT 1",
        "UPDATE hero SET age = 1; UPDATE hero SET age = 2",
        "UPDATE hero h SET age = 1",
        "UPDATE hero AS h SET age = 1",
        "UPDATE ONLY hero SET age = 1",
        "UPDATE hero SET age = o.age FROM other o WHERE o.id = hero.id",
        "UPDATE hero SET age = 1 RETURNING id",
        "DELETE FROM hero USING other WHERE other.id = hero.id",
        "WITH x AS (SELECT 1) UPDATE hero SET age = 1",
        "DELETE FROM hero WHERE CURRENT OF c",
    ],
)
def test_what_is_more_than_that(sql: str) -> None:
    with pytest.raises(NotMechanical):
        read(sql)


@on(
    ("sql", "is_repeatable"),
    [
        ("UPDATE hero SET age = 1", True),
        ("UPDATE hero SET age = size, name = 'age'", True),
        ("UPDATE hero SET (age, size) = (1, 2)", True),
        ("UPDATE hero SET age = (SELECT max(years) FROM old WHERE old.id = hero.size)", True),
        ("DELETE FROM hero WHERE age = 1", True),
        ("UPDATE hero SET age = age + 1", False),
        ("UPDATE hero SET age = size, size = 1", False),
        ('UPDATE hero SET "Age" = lower("Age")', False),
        ("UPDATE hero SET id = 1", False),
    ],
)
def test_whether_a_second_run_changes_nothing_more(sql: str, is_repeatable: bool) -> None:
    change = read(sql)
    if is_repeatable:
        change.require_repeatable("id")
    else:
        with pytest.raises(NotMechanical):
            change.require_repeatable("id")

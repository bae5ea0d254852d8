"""How objects of two catalogs are matched, and which names count."""

from __future__ import annotations

import pytest

from sqlmodel_migrations.database.catalog.base import (
    Catalog,
    Column,
    Constraint,
    Enum,
    Index,
    Table,
)
from sqlmodel_migrations.database.catalog.difference import differences


def check(name: str | None, text: str = "a > 0") -> Constraint:
    return Constraint("check", name, ("a",), f"CHECK ({text})")


def index(name: str, column: str = "a") -> Index:
    return Index(name, False, (column,), f"({column})", f"CREATE INDEX {name} ON hero ({column})")


def hero(*parts: Constraint | Index, name: str = "hero", owner: str | None = None) -> Catalog:
    table = Table(
        schema=None,
        name=name,
        columns={"a": Column("a", "integer", True)},
        constraints=tuple(part for part in parts if isinstance(part, Constraint)),
        indexes=tuple(part for part in parts if isinstance(part, Index)),
        owner=owner,
    )
    return Catalog(tables={table.key: table})


def texts(before: Catalog, after: Catalog, *named: str) -> list[str]:
    found = differences(before, after, named=lambda table, name: name in named)
    return [difference.text for difference in found]


def test_names_that_the_models_do_not_give_are_no_difference() -> None:
    assert texts(hero(check("x")), hero(check("y"))) == []
    assert texts(hero(check("x")), hero(check(None))) == []
    assert texts(hero(index("x")), hero(index("y"))) == []


def test_names_that_the_models_give_are_compared() -> None:
    assert texts(hero(check("x")), hero(check("y")), "y") == [
        "constraint CHECK (a > 0) of 'hero': named 'x', not named 'y'"
    ]
    assert texts(hero(check(None)), hero(check("y")), "y") == [
        "constraint CHECK (a > 0) of 'hero': unnamed, not named 'y'"
    ]
    assert texts(hero(index("x")), hero(index("y")), "y") == [
        "index (a) of 'hero': named 'x', not named 'y'"
    ]


def test_a_swapped_name_is_a_difference_of_both() -> None:
    before = hero(check("x", "a > 0"), check("y", "a > 1"))
    after = hero(check("x", "a > 1"), check("y", "a > 0"))

    assert len(texts(before, after, "x", "y")) == 2
    assert texts(before, after) == []


def test_twins_are_counted() -> None:
    assert texts(hero(check("x"), check("y")), hero(check("y"))) == [
        "constraint 'x' of 'hero' should not be there"
    ]
    assert texts(hero(check(None)), hero(check(None), check(None))) == [
        "constraint 'CHECK (a > 0)' of 'hero' is missing"
    ]


def test_sides_and_places_are_fields() -> None:
    (found,) = differences(hero(check("x", "a > 0")), hero(check("x", "a > 1")))

    assert (found.kind, found.table, found.name) == ("constraint", "hero", "x")
    assert (found.before, found.after) == ("CHECK (a > 0)", "CHECK (a > 1)")
    assert str(found) == found.text == "constraint 'x' of 'hero': CHECK (a > 0), not CHECK (a > 1)"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (Catalog(), hero(), "table 'hero' is missing"),
        (hero(), Catalog(), "table 'hero' should not be there"),
        (hero(), hero(owner="extension x"), "table 'hero': owner none, not extension x"),
    ],
)
def test_tables(before: Catalog, after: Catalog, text: str) -> None:
    (found,) = differences(before, after)

    assert found.text == text


def test_users_of_an_enum_are_told_by_their_columns() -> None:
    before = Catalog(enums={"mood": Enum(None, "mood", ("a",), users=("hero.a",))})
    after = Catalog(enums={"mood": Enum(None, "mood", ("a",))})

    assert differences(before, after) == ()


def test_tables_of_sqlite_do_not_count() -> None:
    own = hero(name="sqlite_sequence", owner="sqlite")

    assert differences(own, Catalog()) == differences(Catalog(), own) == ()

"""Expressions that mean the same, and those that do not, as each database sees them."""

from __future__ import annotations

import pytest

from databases import Database
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog.base import Expression
from sqlmodel_migrations.database.catalog.difference import differences

from .sides import connected, execute

HERO = {
    "sqlite": "CREATE TABLE hero (a INTEGER, b VARCHAR(9), c REAL)",
    "postgresql": "CREATE TABLE hero (a integer, b varchar(9), c timestamp with time zone)",
    "mariadb": "CREATE TABLE IF NOT EXISTS hero (a integer, b varchar(9), c datetime)",
}

CASES: dict[str, list[tuple[Expression, str, str, str, bool]]] = {
    "sqlite": [
        ("check", "a", "a > 0", "(A>0)", True),
        ("check", "a", "CHECK (a > 0)", 'CHECK ("a" > 0)', True),
        ("check", "a", "CHECK (a > 0)", "CHECK (a > 1)", False),
        ("check", "a", "CHECK (b IN ('x', 'y'))", "CHECK (b = 'x' OR b = 'y')", False),
        ("check", "a", "b LIKE '5%'", "b like '5%'", True),
        ("check", "a", "b = x'00aa'", "b = x'00bb'", False),
        ("check", "a", "b != 'x'", "b <> 'x'", True),
        ("check", "a", "unknown(a)", "unknown(b)", False),
        ("default", "a", "5", "'5'", True),
        ("default", "b", "5", "'5'", True),
        ("default", "a", "0", "'x'", False),
        ("default", "a", "1", "1.0", True),
        ("default", "a", "1", "1.5", False),
        ("default", "c", "CURRENT_TIMESTAMP", "current_timestamp", True),
        ("default", "c", "(1 + 1)", "1+1", True),
        ("default", "c", "CURRENT_TIMESTAMP", "CURRENT_DATE", False),
        ("computed", "a", "a * 2", "a*2", True),
        ("computed", "a", "a * 2", "a + 2", False),
        ("index", "a", "(lower(b) desc) WHERE a<>1", "(LOWER(b) DESC) WHERE a != 1", True),
        ("index", "a", "(lower(b) desc)", "(lower(b))", False),
        ("index", "a", "(a, b)", "(a)", False),
        ("index", "a", "(a)", "UNIQUE (a)", False),
        ("index", "a", "(a)", "(a) WHERE a > 1", False),
        ("index", "a", "(a) WHERE a > 2", "(a) WHERE a > 1", False),
    ],
    "postgresql": [
        ("check", "a", "CHECK ((a > 0))", "CHECK (a > 0)", True),
        ("check", "a", "a > 0", "(a)::integer > 0", True),
        ("check", "a", "CHECK ((a > 0))", "CHECK ((a > 1))", False),
        ("check", "a", "CHECK ((a > 0))", "CHECK ((a > 0)) NOT VALID", False),
        ("check", "a", "b LIKE '5%'", "b ~~ '5%'", True),
        ("check", "a", "CHECK ((b = 'x'))", "CHECK (((b)::text = 'x'::text))", True),
        ("check", "a", "b IN ('x', 'y')", "(b)::text = ANY (ARRAY['x'::text, 'y'::text])", True),
        ("check", "a", "1 / 0 > a", "1 / 0 > a + 0", False),
        ("check", "a", "nothing > 0", "a > 0", False),
        ("default", "c", "now()", "CURRENT_TIMESTAMP", True),
        ("default", "c", "'now()'::text", "'CURRENT_TIMESTAMP'::text", False),
        ("default", "c", "now()", "CURRENT_TIMESTAMP(0)", False),
        ("default", "a", "5", "'5'::integer", True),
        ("default", "a", "5", "6", False),
        ("default", "b", "'x'::character varying", "'x'::text", True),
        ("default", "b", "'100%'", "'100%'::text", True),
        ("computed", "a", "a * 2", "(a * 2)", True),
        ("computed", "a", "a * 2", "a + 2", False),
        ("index", "a", "USING btree (lower(b))", "USING btree (lower((b)::text))", True),
        ("index", "a", "USING btree (lower(b) DESC)", "USING btree (lower((b)::text))", False),
        (
            "index",
            "a",
            "USING btree (lower((b)::text) text_pattern_ops)",
            "USING btree (lower(b))",
            False,
        ),
        ("index", "a", "USING btree (a) WHERE a > 0", "USING btree (a) WHERE (a > 0)", True),
        ("index", "a", "USING btree (a) WHERE a > 0", "USING btree (a)", False),
        ("index", "a", "USING btree (a)", "USING hash (a)", False),
        ("index", "a", "USING btree (a, (b))", "USING btree (a)", False),
    ],
    "mariadb": [
        ("check", "a", "CHECK (`a` > 0)", "CHECK (`a`>0)", True),
        ("check", "a", "CHECK (`b` = 'x y')", "CHECK (`b` = 'x  y')", False),
        ("default", "a", "5", "6", False),
    ],
}


def _cases() -> list[object]:
    return [
        pytest.param(
            dialect,
            *case,
            id=f"{dialect} {case[2]} {case[3]}",
            marks=[pytest.mark.server] if dialect != "sqlite" else [],
        )
        for dialect, cases in CASES.items()
        for case in cases
    ]


@pytest.mark.parametrize(("dialect", "kind", "column", "one", "other", "is_same"), _cases())
def test_equivalent(
    request: pytest.FixtureRequest,
    dialect: str,
    kind: Expression,
    column: str,
    one: str,
    other: str,
    is_same: bool,
) -> None:
    shared = dialect if dialect == "sqlite" else f"shared_{dialect}"
    database: Database = request.getfixturevalue(shared)
    with connected(database) as connection:
        execute(connection, HERO[dialect])
        table = catalog.read(connection).tables["hero"]
        of = table.columns[column] if kind in ("default", "computed") else None

        assert catalog.equivalent(connection, table, kind, one, other, column=of) is is_same
        assert catalog.equivalent(connection, table, kind, other, one, column=of) is is_same
        # The transaction goes on, whatever the texts were.
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        assert [*catalog.read(connection).tables] == ["hero"]


def test_equivalent_in_autocommit(postgresql: Database) -> None:
    with connected(postgresql) as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        execute(connection, HERO["postgresql"])
        table = catalog.read(connection).tables["hero"]

        assert catalog.equivalent(connection, table, "check", "a > 0", "(a > 0)")
        assert not catalog.equivalent(connection, table, "check", "x > 0", "(a > 0)")


def test_a_changed_type_leaves_casts_behind_that_are_no_difference(postgresql: Database) -> None:
    with connected(postgresql) as connection:
        execute(
            connection,
            "CREATE TABLE hero (b varchar(9) DEFAULT 'x', CHECK (b <> ''));\n"
            "CREATE INDEX i ON hero (lower(b)) WHERE b <> 'y';\n"
            "ALTER TABLE hero ALTER b TYPE text",
        )
        before = catalog.read(connection)
        execute(
            connection,
            "DROP TABLE hero;\nCREATE TABLE hero (b text DEFAULT 'x', CHECK (b <> ''));\n"
            "CREATE INDEX i ON hero (lower(b)) WHERE b <> 'y'",
        )
        after = catalog.read(connection)

        assert differences(before, after, connection=connection) == ()
        assert len(differences(before, after)) > 0

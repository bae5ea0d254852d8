"""What running code can no longer do: which statements break it, and which mend it again."""

from __future__ import annotations

import pytest

from databases import KINDS
from lint.conftest import OURS, History

on = pytest.mark.parametrize
ALL = on("database", KINDS, indirect=True)
SQLITE = on("database", ["sqlite"], indirect=True)
POSTGRESQL = on("database", ["postgresql"], indirect=True)


def broken(history: History) -> list[tuple[str, int, str]]:
    return [
        (f.rule, (f.line or 0) - 10, f.severity.value)
        for f in history.lint("a1:b2")
        if f.hazard == "breaks-running-code"
    ]


@ALL
def test_each_column_that_goes_breaks_it(history: History) -> None:
    history.env(OURS)
    history.add("b2", 'op.drop_column("hero", "age")\nop.drop_column("hero", "name")')
    assert broken(history) == [("drop-column", 1, "error"), ("drop-column", 2, "error")]


@ALL
def test_a_table_that_loses_a_column_and_its_name(history: History) -> None:
    history.env(OURS)
    history.add("b2", 'op.drop_column("hero", "age")\nop.rename_table("hero", "person")')
    assert broken(history) == [("drop-column", 1, "error"), ("rename-table", 2, "error")]


@ALL
def test_a_name_that_comes_back_breaks_nothing(history: History) -> None:
    history.env(OURS)
    history.add("b2", 'op.rename_table("hero", "x")\nop.rename_table("x", "hero")')
    assert broken(history) == []


@SQLITE
@on("env", ["ours", "plain"])
def test_a_value_that_a_rebuilt_table_demands_is_a_warning(history: History, env: str) -> None:
    if env == "ours":
        history.env(OURS)
    history.add(
        "b2",
        """
        with op.batch_alter_table("hero") as batch_op:
            batch_op.alter_column("name", nullable=False)
        """,
    )
    assert broken(history) == [("break-running-code", 2, "warning")]


@SQLITE
def test_two_rebuilds_lose_a_column_each(history: History) -> None:
    history.add(
        "b2",
        """
        with op.batch_alter_table("hero", recreate="always") as batch_op:
            batch_op.drop_column("age")
        with op.batch_alter_table("hero", recreate="always") as batch_op:
            batch_op.drop_column("name")
        """,
    )
    found = [(f.rule, (f.line or 0) - 10) for f in history.lint("a1:b2")]
    assert found == [("drop-column", 2)] * 2 + [("drop-column", 4)] * 2


@POSTGRESQL
def test_a_table_that_no_statement_names(history: History) -> None:
    history.add("b2", 'op.execute("DROP SEQUENCE hero_id_seq CASCADE")')
    assert broken(history) == [("break-running-code", 1, "error")]


@POSTGRESQL
def test_code_looks_for_tables_where_it_did_before(history: History) -> None:
    history.add(
        "b2",
        """
        op.execute("CREATE SCHEMA other")
        op.execute("SET LOCAL search_path TO other")
        op.execute("CREATE TABLE note (id integer)")
        op.execute("ALTER TABLE public.hero ADD COLUMN size integer")
        op.execute("SET LOCAL search_path TO public")
        """,
    )
    assert history.lint("a1:b2") == ()

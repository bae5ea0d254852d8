"""Expressions in scripts mean what they meant in the models."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations, ops
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.sql.elements import conv

from sqlmodel_migrations.generate.plain_types import render_item
from sqlmodel_migrations.generate.sql_text import (
    escape_parameters,
    readable_back,
    render_server_default,
)

from .rendering import DIALECTS, context, create_table, read_back

DEFAULTS: list[Any] = [
    "a%b: :c",
    "it's",
    "'quoted'",
    "back\\slash",
    "both \"and' é 字",
    sa.text("'50%'"),
    sa.text(r"'a\:b'"),
    sa.text(r"' \:b'"),
    sa.text("'a'::text"),
    sa.text(r"'\\:b'"),
    sa.literal("x% :y"),
    sa.literal_column("'%'"),
    sa.func.coalesce(sa.literal("%"), sa.literal(":x")),
    sa.Computed(r"'50%' || ' \:b'", persisted=True),
    sa.Identity(start=3, always=True),
    sa.FetchedValue(),
    sa.Sequence("s").next_value(),
]


def column(default: Any) -> sa.Column[Any]:
    """Return a column that has the default where it belongs."""
    if isinstance(default, sa.Computed | sa.Identity):
        return sa.Column("c", sa.Integer(), default)
    return sa.Column("c", sa.String(9), server_default=default)


def _without_address(value: object) -> str:
    # Two processes must call a test by the same name.
    return re.sub(r" object at 0x\w+", "", str(value))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("default", DEFAULTS, ids=_without_address)
def test_defaults_come_back(default: Any, dialect: str) -> None:
    if isinstance(default, sa.sql.functions.next_value) and dialect in ("sqlite", "mysql"):
        pytest.skip("the database has no sequences")
    here = context(dialect)
    before = create_table(column(default), dialect=dialect)
    text = _column_text(column(default), here)
    after = create_table(read_back(text, here), dialect=dialect)
    # SQLite wants parentheses around expressions, which Alembic adds.
    assert after.replace("(", "").replace(")", "") == before.replace("(", "").replace(")", "")


def _column_text(column: sa.Column[Any], here: Any) -> str:
    operation = ops.AddColumnOp("t", column)
    code = render_python_code(
        ops.UpgradeOps([operation]),
        render_item=render_item,
        migration_context=here.migration_context,
    )
    return code[code.index("sa.Column(") : code.rindex(")\n")]


CHECKS = [
    "c LIKE '%x'",
    r"c <> ' \:b'",
    r"c <> '\\:b'",
    "c <> 'it''s \\ \"é\"'",
    sa.column("c").like("%x"),
    sa.column("c") % 2 == 0,
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("text", CHECKS, ids=str)
def test_checks_come_back(text: Any, dialect: str) -> None:
    check = sa.CheckConstraint(text, name="k")
    here = context(dialect)
    again = read_back(str(render_item("check", check, here)), here)
    after = create_table(sa.Column("c", sa.Text()), again, dialect=dialect)
    assert after == create_table(sa.Column("c", sa.Text()), check, dialect=dialect)


def test_a_conventional_name_is_marked() -> None:
    check = sa.CheckConstraint("a > 1", name=conv("ck_t_a"))
    text = render_item("check", check, context())
    assert text == "sa.CheckConstraint('a > 1', name=op.f('ck_t_a'))"


def test_a_check_of_a_type_comes_with_its_type() -> None:
    table = sa.Table(
        "t", sa.MetaData(), sa.Column("c", sa.Boolean(create_constraint=True, name="k"))
    )
    (check,) = (c for c in table.constraints if isinstance(c, sa.CheckConstraint))
    assert render_item("check", check, context()) is False


CONDITION = r"c LIKE '%x' AND c <> ' \:b'"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_expressions_of_indexes_come_back(dialect: str) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("c", sa.Text()))
    expression = sa.func.replace(table.c.c, ":x", "%")
    index = sa.Index("i", expression, postgresql_where=sa.text(CONDITION))
    statement = _statement(ops.CreateIndexOp.from_index(index), dialect)
    assert statement == str(sa.schema.CreateIndex(index).compile(dialect=DIALECTS[dialect]))


@pytest.mark.parametrize("dialect", ["postgresql", "asyncpg", "mysql"])
def test_added_checks_come_back(dialect: str) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("c", sa.Text()))
    table.append_constraint(check := sa.CheckConstraint(CONDITION, name="k"))
    try:
        statement = _statement(ops.CreateCheckConstraintOp.from_constraint(check), dialect)
    except NotImplementedError:
        pytest.skip("this Alembic renders no CHECK that is added")
    assert statement == str(sa.schema.AddConstraint(check).compile(dialect=DIALECTS[dialect]))


def _statement(operation: ops.MigrateOperation, dialect: str) -> str:
    """Render an operation, run what was rendered without a database, and return its SQL."""
    here = context(dialect)
    with readable_back(here):
        upgrade = ops.UpgradeOps([operation])
        code = render_python_code(upgrade, migration_context=here.migration_context)
    sql = io.StringIO()
    migration = MigrationContext.configure(
        dialect=DIALECTS[dialect], opts={"as_sql": True, "output_buffer": sql}
    )
    exec("if True:\n    " + code, {"sa": sa, "op": Operations(migration)})
    return sql.getvalue().removesuffix(";\n\n")


@given(st.text(alphabet="a1_:\\' %$", max_size=12))
def test_an_escaped_text_compiles_to_itself(text: str) -> None:
    assert str(sa.text(escape_parameters(text)).compile(dialect=DIALECTS["sqlite"])) == text


def test_rendering_leaves_no_trace() -> None:
    here = context()
    before = dict(vars(here.migration_context.impl))
    with pytest.raises(ZeroDivisionError), readable_back(here):
        _ = 1 / 0
    assert vars(here.migration_context.impl) == before


def test_colon_in_a_reflected_default_is_no_parameter() -> None:
    reflected = sa.DefaultClause(sa.text("'a :b'"), _reflected=True)
    assert render_server_default(reflected, context()) == r"""sa.text("'a \\:b'")"""

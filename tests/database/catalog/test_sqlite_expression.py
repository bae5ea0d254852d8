"""One form for SQLite's texts, which stays the same SQL."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmodel_migrations.database.catalog.sqlite_expression import canonical
from sqlmodel_migrations.database.sqlite_token import fold, significant

FORMS = [
    ("a>0", "a > 0"),
    ("a  <>\n 1 -- why", "a <> 1"),
    ("a - b > c", "a - b > c"),
    ("LOWER( b )||'X  y'", "lower(b) || 'X  y'"),
    ("b IN('x' ,'y')", "b in ('x', 'y')"),
    ("NOT(a)AND(b)", "not (a) and (b)"),
    ("- 1", "-1"),
    ("(- 1,+2)", "(-1, +2)"),
    ("a = - 1", "a = -1"),
    ("(- -1)", "(- - 1)"),
    ("a - -1", "a - - 1"),
    ("j->>'$.x'", "j ->> '$.x'"),
    ("main . hero", "main.hero"),
    ("[a b]+`c`", '"a b" + "c"'),
    ("x'00AA'", "x'00AA'"),
    ("count(*)", "count(*)"),
]


@pytest.mark.parametrize(("typed", "form"), FORMS)
def test_canonical(typed: str, form: str) -> None:
    assert canonical(typed) == canonical(form) == form


def test_quotes_go_where_they_are_not_needed() -> None:
    names = {"a", "order", "a b"}

    assert canonical('"A" + "order" + "a b" + "text"', names) == 'a + "order" + "a b" + "text"'


def test_words_keep_their_case_where_it_is_asked_for() -> None:
    assert canonical("CURRENT_TIMESTAMP", is_folded=False) == "CURRENT_TIMESTAMP"
    assert canonical("varchar( 50 )", is_folded=False) == "varchar(50)"


WORDS = (
    "a",
    "t.a",
    "B_1",
    "NOT",
    "lower",
    "1",
    "2.5",
    "'it''s'",
    '"q r"',
    "x'00'",
    "--x\n",
    "/**/",
)
SIGNS = ("(", ")", ",", "*", "-", "+", "~", "/", "%", "<", ">", "=", "!=", "||", "->", "->>")
PIECES = st.sampled_from((*WORDS, *SIGNS))
OPERATORS = st.sampled_from(("+", "-", "*", "/", "||", "=", "<>", "<<", "AND", "OR", "LIKE"))


@given(st.lists(PIECES, max_size=12), st.sampled_from(["", " ", "\n"]))
def test_canonical_keeps_every_token(pieces: list[str], between: str) -> None:
    sql = between.join(pieces)
    form = canonical(sql)

    def signs(text: str) -> str:
        return "".join(fold(token.text) for token in significant(text))

    assert signs(form) == signs(sql)
    assert canonical(form) == form


EXPRESSIONS = st.recursive(
    st.sampled_from(["a", '"b"', "1", "-1", "'x'", "2.5", "NULL"]),
    lambda inner: st.one_of(
        st.tuples(inner, OPERATORS, inner).map(" ".join),
        inner.map(lambda e: f"({e})"),
        inner.map(lambda e: f"- ({e})"),
        inner.map(lambda e: f"LOWER({e})"),
        inner.map(lambda e: f"CASE WHEN {e} THEN 1 ELSE {e} END"),
        st.tuples(inner, inner).map(lambda p: f"{p[0]} IN({p[1]},2)"),
    ),
    max_leaves=6,
)


@given(EXPRESSIONS)
def test_canonical_means_the_same(expression: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a, b)")
    connection.execute("INSERT INTO t VALUES (3, 'y')")
    form = canonical(expression, {"a", "b"})
    values = [connection.execute(f"SELECT {e} FROM t").fetchone() for e in (expression, form)]
    connection.close()

    assert values[0] == values[1]

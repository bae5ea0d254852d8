"""Changes to CREATE TABLE texts: the wanted span and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from sqlmodel_migrations.database.sqlite_table import parse
from sqlmodel_migrations.database.sqlite_token import columns_in, normalized, tokenize
from sqlmodel_migrations.errors import ChangeRefused
from sqlmodel_migrations.run.sqlite import edit

HARD = """CREATE TABLE "t, (x" ( -- the table, with a ( and a '
\tid INTEGER PRIMARY KEY AUTOINCREMENT, -- the key
\t[na me] VARCHAR(10, 2) DEFAULT -5 NOT NULL ON CONFLICT FAIL COLLATE nocase
		CHECK ("na me" > 'a,b)'),
\t`b``q` DOUBLE PRECISION CONSTRAINT fk REFERENCES "t, (x" (id) ON DELETE SET NULL
\t\tNOT DEFERRABLE INITIALLY DEFERRED UNIQUE,
\t"g" GENERATED ALWAYS AS (id * 2 /* , ( */) STORED,
\t日本 TEXT DEFAULT ('x, y' || ')') NULL,
\t"select" DEFAULT CURRENT_TIMESTAMP,
\tCHECK ("b`q" > 0 AND 日本 <> ',') CONSTRAINT "uq" UNIQUE ("na me", "b`q" COLLATE nocase DESC),
\tFOREIGN KEY (日本) REFERENCES o ON UPDATE NO ACTION ON DELETE SET DEFAULT MATCH FULL
) STRICT, WITHOUT ROWID"""


def test_tokens_joined_are_the_text() -> None:
    assert "".join(token.text for token in tokenize(HARD)) == HARD


def test_a_hard_table_is_read() -> None:
    table = parse(HARD)
    assert table.name.name == "t, (x"
    assert [(c.name, table.type_of(c)) for c in table.columns] == [
        ("id", "INTEGER"),
        ("na me", "VARCHAR(10, 2)"),
        ("b`q", "DOUBLE PRECISION"),
        ("g", ""),
        ("日本", "TEXT"),
        ("select", ""),
    ]
    assert [[clause.kind for clause in c.clauses] for c in table.columns] == [
        ["primary key"],
        ["default", "not null", "collate", "check"],
        ["foreign key", "unique"],
        ["generated"],
        ["default", "null"],
        ["default"],
    ]
    assert [(c.kind, c.name, c.columns) for c in table.constraints] == [
        ("check", None, ()),
        ("unique", "uq", ("na me", "b`q")),
        ("foreign key", None, ("日本",)),
    ]
    assert table.options == {"STRICT", "WITHOUT ROWID"}
    assert table.is_autoincrement
    assert table.stored_columns == ("id", "na me", "b`q", "日本", "select")


SIMPLE = (
    "CREATE TABLE t (\n\ta INTEGER NOT NULL, -- first\n\tb TEXT DEFAULT 'x',\n\tUNIQUE (a, b)\n)"
)


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (lambda s: edit.add_column(s, "c REAL"), "'x',", "'x',\n\tc REAL,"),
        (lambda s: edit.set_type(s, "B", "VARCHAR(3)"), "b TEXT", "b VARCHAR(3)"),
        (
            lambda s: edit.set_type(s, "b", 'VARCHAR(3) COLLATE "NOCASE"'),
            "b TEXT DEFAULT 'x'",
            "b VARCHAR(3) DEFAULT 'x' COLLATE \"NOCASE\"",
        ),
        (lambda s: edit.set_nullable(s, "a", True), "INTEGER NOT NULL", "INTEGER"),
        (lambda s: edit.set_nullable(s, "b", False), "'x',", "'x' NOT NULL,"),
        (lambda s: edit.set_nullable(s, "a", False), "", ""),
        (lambda s: edit.set_default(s, "b", "(1 + 1)"), "DEFAULT 'x'", "DEFAULT (1 + 1)"),
        (lambda s: edit.set_default(s, "b", None), " DEFAULT 'x'", ""),
        (lambda s: edit.set_default(s, "a", "7"), "NOT NULL,", "NOT NULL DEFAULT 7,"),
        (lambda s: edit.set_generated(s, "b", "AS (a)"), "DEFAULT 'x'", "AS (a)"),
        (lambda s: edit.set_collation(s, "b", "RTRIM"), "'x',", "'x' COLLATE RTRIM,"),
        (lambda s: edit.add_constraint(s, "CHECK (a > 0)"), "(a, b)", "(a, b),\n\tCHECK (a > 0)"),
        (lambda s: edit.drop_constraint(s, parse(s).constraints[0]), ",\n\tUNIQUE (a, b)", ""),
        (lambda s: edit.rename_column(s, "b", "c d"), "b TEXT", '"c d" TEXT'),
        (lambda s: edit.set_options(s, ["STRICT"]), "\n)", "\n) STRICT"),
        (lambda s: edit.reorder_columns(s, ["a", "b"]), "", ""),
    ],
)
def test_only_the_wanted_span_changes(change: Callable[[str], str], old: str, new: str) -> None:
    expected = SIMPLE.replace(old, new, 1) if old else SIMPLE
    if '"c d"' in new:
        expected = expected.replace("(a, b)", '(a, "c d")')
    assert change(SIMPLE) == expected
    sqlite3.connect(":memory:").execute(expected)


def test_columns_change_places_and_comments_stay() -> None:
    assert edit.reorder_columns(SIMPLE, ["b", "a"]) == (
        "CREATE TABLE t (\n\tb TEXT DEFAULT 'x', -- first\n\ta INTEGER NOT NULL,"
        "\n\tUNIQUE (a, b)\n)"
    )


def test_a_comment_stays_when_the_column_behind_it_goes() -> None:
    changed = edit.drop_column(SIMPLE, "b", constraints=True)
    assert "-- first" in changed
    sqlite3.connect(":memory:").execute(changed)
    assert [c.name for c in parse(changed).columns] == ["a"]
    assert parse(changed).constraints == ()


def test_a_constraint_is_dropped_with_its_column_only_when_told() -> None:
    with pytest.raises(ChangeRefused, match=r"UNIQUE \(a, b\)"):
        edit.drop_column(SIMPLE, "b")


def test_a_check_over_two_columns_keeps_both() -> None:
    sql = "CREATE TABLE t (a, b, CHECK (a > b))"
    with pytest.raises(ChangeRefused, match=r"CHECK \(a > b\)"):
        edit.drop_column(sql, "b", constraints=True)
    assert edit.drop_column(sql.replace("a > b", "b > 1"), "b", constraints=True) == (
        "CREATE TABLE t (a)"
    )


def test_a_generated_column_keeps_what_it_needs() -> None:
    with pytest.raises(ChangeRefused, match="AS"):
        edit.drop_column("CREATE TABLE t (a, b AS (a))", "a", constraints=True)


def test_a_primary_key_of_two_loses_one() -> None:
    sql = "CREATE TABLE t (a, b, PRIMARY KEY (a, b))"
    assert edit.drop_column(sql, "a", constraints=True) == "CREATE TABLE t (b, PRIMARY KEY (b))"


def test_the_last_column_is_not_dropped() -> None:
    with pytest.raises(ChangeRefused, match="only column"):
        edit.drop_column("CREATE TABLE t (a)", "a")


def test_a_renamed_column_is_renamed_where_the_table_names_it_and_nowhere_else() -> None:
    sql = (
        "CREATE TABLE t (a INT CHECK (a > 0 AND 'a' <> \"A\"), b INT COLLATE a REFERENCES t (a),"
        " c AS (a(t.a) + CAST(a AS a)), d REFERENCES u (a), UNIQUE (a, b), CHECK ([a] <> b))"
    )
    assert edit.rename_column(sql, "a", "z") == (
        'CREATE TABLE t ("z" INT CHECK ("z" > 0 AND \'a\' <> "z"), b INT COLLATE a REFERENCES'
        ' t ("z"), c AS (a(t."z") + CAST("z" AS a)), d REFERENCES u (a), UNIQUE ("z", b),'
        ' CHECK ("z" <> b))'
    )


def test_constraints_without_commas_between_them() -> None:
    sql = "CREATE TABLE t (a, b, CHECK (a > 0) UNIQUE (b) CONSTRAINT p PRIMARY KEY (a))"
    first, second, third = parse(sql).constraints
    for clause, left in ((first, "UNIQUE"), (second, "CHECK"), (third, "CHECK")):
        changed = edit.drop_constraint(sql, clause)
        sqlite3.connect(":memory:").execute(changed)
        assert parse(changed).constraints[0].kind.upper().split()[0] == left
        assert len(parse(changed).constraints) == 2


def test_a_constraint_in_a_column_is_named_at_the_table() -> None:
    sql = "CREATE TABLE t (a INT REFERENCES p (id) ON DELETE CASCADE NOT NULL UNIQUE)"
    key, _, unique = parse(sql).clauses
    assert edit.name_constraint(sql, key, "fk") == (
        "CREATE TABLE t (a INT NOT NULL UNIQUE,"
        ' CONSTRAINT "fk" FOREIGN KEY(a) REFERENCES p (id) ON DELETE CASCADE)'
    )
    assert edit.name_constraint(sql, unique, "uq") == (
        "CREATE TABLE t (a INT REFERENCES p (id) ON DELETE CASCADE NOT NULL,"
        ' CONSTRAINT "uq" UNIQUE (a))'
    )


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a)",
        "CREATE TABLE t (id INTEGER, a, PRIMARY KEY (id))",
        "CREATE TABLE t (id INTEGER CONSTRAINT k PRIMARY KEY ASC ON CONFLICT FAIL, a)",
    ],
)
def test_autoincrement_comes_and_goes(sql: str) -> None:
    changed = edit.set_autoincrement(sql, True)
    sqlite3.connect(":memory:").execute(changed)
    assert parse(changed).is_autoincrement
    assert edit.set_autoincrement(changed, False) == sql


def test_self_references_keep_the_old_name() -> None:
    sql = "CREATE TABLE t (a REFERENCES T (a), b REFERENCES u)"
    assert edit.set_table_name(sql, "n") == 'CREATE TABLE "n" (a REFERENCES T (a), b REFERENCES u)'


def test_indexes() -> None:
    sql = 'CREATE UNIQUE INDEX "a" ON "a" (a, lower(B) COLLATE a DESC) WHERE a > \'a\''
    assert edit.created_name(sql).name == "a"
    assert {"a", "b"} < set(edit.index_columns(sql))
    assert edit.rename_in_index(sql, "a", "z") == (
        'CREATE UNIQUE INDEX "a" ON "a" ("z", lower(B) COLLATE a DESC) WHERE "z" > \'a\''
    )
    assert edit.in_schema(sql, "aux").startswith('CREATE UNIQUE INDEX "aux"."a" ON')


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ('"A" IN (1, 2)', "(a in(1,2))", True),
        ("a = 'X'", "a = 'x'", False),
        ("(a) + (b)", "a + b", False),
        ("/* why */ a > 0", "a>0", True),
    ],
)
def test_normalized(one: str, other: str, is_same: bool) -> None:
    assert (normalized(one) == normalized(other)) is is_same


def test_columns_in_an_expression() -> None:
    sql = "t.a > f(b) COLLATE c AND CAST(d AS e) <> 'g'"
    keywords = {"AND", "AS", "COLLATE"}
    assert {t.name for t in columns_in(sql)} - keywords == {"a", "b", "d"}


@pytest.mark.parametrize(
    ("sql", "name"),
    [("CREATE VIRTUAL TABLE f USING fts5(a)", "f"), ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v")],
)
def test_what_is_no_table_is_refused_by_name(sql: str, name: str) -> None:
    with pytest.raises(ChangeRefused, match=f"'{name}'"):
        parse(sql)


def test_an_unknown_column_is_refused_with_those_there_are() -> None:
    with pytest.raises(ChangeRefused, match="has no column 'z'") as caught:
        edit.set_type(SIMPLE, "z", "INT")
    assert caught.value.hint == "its columns are 'a', 'b'"

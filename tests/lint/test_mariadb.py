"""What only MariaDB does: ALGORITHM and LOCK, routines, LOCK TABLES, attributes of columns."""

from __future__ import annotations

import pytest

from lint.conftest import History
from sqlmodel_migrations.lint.facts import mysql_alter

on = pytest.mark.parametrize
MARIADB = on("database", ["mariadb"], indirect=True)


def hazards(history: History) -> list[tuple[str | None, int]]:
    found = history.lint("a1:b2")
    kept = [f for f in found if f.hazard != "partial-failure"]
    return [(f.hazard, (f.line or 0) - 10) for f in kept]


@MARIADB
@on(
    ("sql", "hazard"),
    [
        ("ALTER TABLE hero ADD INDEX i (age)", None),
        ("ALTER TABLE hero ADD INDEX i (age), ALGORITHM=INPLACE, LOCK=NONE", None),
        ("ALTER TABLE hero ADD INDEX i (age), LOCK=SHARED", "index-lock"),
        ("ALTER TABLE hero ADD INDEX i (age), ALGORITHM = INPLACE, LOCK = EXCLUSIVE", "index-lock"),
        ("ALTER TABLE hero ADD INDEX i (age), ALGORITHM=COPY", "table-rewrite"),
        ("CREATE INDEX i ON hero (age) ALGORITHM=COPY", "table-rewrite"),
        ("ALTER TABLE hero ADD COLUMN b INT, LOCK=EXCLUSIVE", None),
        ("ALTER TABLE hero PARTITION BY HASH (id) PARTITIONS 2", "table-rewrite"),
        ("ALTER TABLE hero MODIFY age BIGINT, ALGORITHM=INPLACE", "always-fails"),
    ],
)
def test_how_a_table_is_changed_is_as_the_script_says(
    history: History, sql: str, hazard: str | None
) -> None:
    history.add("b2", f"op.execute({sql!r})")
    assert hazards(history) == ([] if hazard is None else [(hazard, 1)])


@MARIADB
def test_the_algorithm_of_the_session_counts(history: History) -> None:
    history.add(
        "b2",
        """
        op.execute("SET SESSION alter_algorithm = 'COPY'")
        op.execute("ALTER TABLE hero ADD INDEX i (age)")
        """,
    )
    assert hazards(history) == [("table-rewrite", 2)]


@on(
    ("sql", "bare", "algorithm", "lock"),
    [
        ("ALTER TABLE t ADD c INT, ALGORITHM=COPY", "ALTER TABLE t ADD c INT", "COPY", None),
        ("ALTER TABLE t LOCK=NONE, ADD c INT", "ALTER TABLE t , ADD c INT", None, "NONE"),
        ("ALTER TABLE t ADD `lock` INT", "ALTER TABLE t ADD `lock` INT", None, None),
        ("ALTER TABLE t ADD lock INT", "ALTER TABLE t ADD lock INT", None, None),
        ("CREATE INDEX i ON t (c) LOCK DEFAULT;", "CREATE INDEX i ON t (c)", None, None),
    ],
)
def test_what_is_said(sql: str, bare: str, algorithm: str | None, lock: str | None) -> None:
    found = mysql_alter.read(sql, lambda: None)
    assert found is not None
    assert (found.bare, found.algorithm, found.lock) == (bare, algorithm, lock)


@MARIADB
@on(
    ("body", "expected"),
    [
        ("UPDATE hero SET age = 1;", ["mass-dml"]),
        ("UPDATE hero SET age = 1 WHERE id = 1;", []),
        ("DELETE FROM hero;", ["mass-dml", "data-loss"]),
        (
            "DECLARE n INT DEFAULT 0; WHILE n < 3000 DO"
            " UPDATE hero SET age = 1 WHERE id BETWEEN n AND n + 299; COMMIT;"
            " SET n = n + 300; END WHILE;",
            [],
        ),
    ],
)
def test_what_a_procedure_does_to_rows(history: History, body: str, expected: list[str]) -> None:
    history.add(
        "b2",
        f"""
        op.execute("CREATE PROCEDURE work() BEGIN {body} END")
        op.execute("CALL work()")
        op.execute("DROP PROCEDURE work")
        """,
    )
    assert hazards(history) == [(hazard, 2) for hazard in expected]


@MARIADB
def test_what_a_function_and_a_block_do_to_rows(history: History) -> None:
    history.add(
        "b2",
        """
        op.execute("BEGIN NOT ATOMIC UPDATE hero SET age = 2; END")
        op.execute(
            "CREATE FUNCTION work() RETURNS INT MODIFIES SQL DATA"
            " BEGIN UPDATE hero SET age = 1; RETURN 1; END"
        )
        op.execute("SELECT work()")
        """,
    )
    assert hazards(history) == [("mass-dml", 1), ("mass-dml", 6)]


@MARIADB
def test_batches_that_are_committed_one_by_one(history: History) -> None:
    history.add(
        "b2",
        """
        with op.get_context().autocommit_block():
            for low in range(0, 3001, 300):
                op.execute(f"UPDATE hero SET age = 1 WHERE id BETWEEN {low} AND {low + 299}")
        """,
    )
    assert hazards(history) == []


@MARIADB
def test_tables_that_are_locked_by_name(history: History) -> None:
    history.add("a2", 'op.create_table("pet", sa.Column("id", sa.Integer, primary_key=True))')
    history.add(
        "b2",
        """
        op.execute("LOCK TABLES hero WRITE")
        op.execute("UPDATE hero SET age = 1")
        op.execute("UNLOCK TABLES")
        op.execute("UPDATE hero SET age = 2 WHERE id = 1")
        """,
    )
    found = history.lint("a2:b2")
    assert [(f.hazard, (f.line or 0) - 10) for f in found] == [("mass-dml", 2), ("lock-held", 2)]


@MARIADB
@on(
    ("column", "change", "lost"),
    [
        ("c VARCHAR(9) COMMENT 'x'", "CHANGE c d VARCHAR(9)", "comment"),
        ("c VARCHAR(9) NOT NULL", "CHANGE c d VARCHAR(9)", "not null"),
        ("c VARCHAR(9) COMMENT 'x'", "CHANGE c d VARCHAR(9) COMMENT 'x'", None),
        (
            "c TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP",
            "MODIFY c TIMESTAMP NULL DEFAULT NULL",
            "on update",
        ),
        ("c INT INVISIBLE", "MODIFY c INT", "invisible"),
        ("c INT AS (id * 2) STORED", "MODIFY c INT", "expression"),
    ],
)
def test_attributes_that_are_not_said_again(
    history: History, column: str, change: str, lost: str | None
) -> None:
    history.add("a2", f'op.execute("CREATE TABLE t (id INT PRIMARY KEY, {column})")')
    history.add("b2", f'op.execute("ALTER TABLE t {change}")')
    found = [f.message for f in history.lint("a2:b2") if f.rule == "mariadb-attributes-lost"]
    assert found == ([] if lost is None else [f"'t.c' loses what is not repeated: {lost}"])


@MARIADB
def test_null_that_becomes_a_value(history: History) -> None:
    history.add(
        "b2",
        """
        op.execute("SET sql_mode = ''")
        op.execute("ALTER TABLE hero MODIFY name VARCHAR(50) NOT NULL")
        """,
    )
    assert ("data-loss", 2) in hazards(history)

"""What takes a statement back, where that is known."""

from __future__ import annotations

import pytest

from sqlmodel_migrations.database.statement import Statement, split
from sqlmodel_migrations.run import reverse
from sqlmodel_migrations.run.reverse import Irreversible, Reversal


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ("CREATE TABLE hero (id int)", "DROP TABLE `hero`"),
        ("CREATE TABLE `a b`.`c``d` (id int)", "DROP TABLE `a b`.`c``d`"),
        ("CREATE UNIQUE INDEX i ON hero (name)", "DROP INDEX `i` ON `hero`"),
        (
            "ALTER TABLE hero ADD COLUMN age int DEFAULT (1 + 2)",
            "ALTER TABLE `hero` DROP COLUMN `age`",
        ),
        ("ALTER TABLE hero ADD age decimal(5,2)", "ALTER TABLE `hero` DROP COLUMN `age`"),
        ("ALTER TABLE hero RENAME TO champion", "ALTER TABLE `champion` RENAME TO `hero`"),
        ("RENAME TABLE a TO b, c TO d", "RENAME TABLE `d` TO `c`, `b` TO `a`"),
        (
            "CREATE DEFINER=`a`@`b` TRIGGER t BEFORE INSERT ON hero FOR EACH ROW SET @a = 1",
            "DROP TRIGGER `t`",
        ),
        ("CREATE VIEW v AS SELECT 1", "DROP VIEW `v`"),
        ("CREATE SEQUENCE s", "DROP SEQUENCE `s`"),
    ],
)
def test_what_is_made_is_taken_away(there: str, back: str) -> None:
    assert reverse.of(Statement(there, "mariadb")) == back


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ("CREATE TABLE Hero (id int)", 'DROP TABLE "hero"'),
        ('CREATE INDEX CONCURRENTLY i ON app."Hero" (name)', 'DROP INDEX CONCURRENTLY "app"."i"'),
        ("CREATE TYPE mood AS ENUM ('calm')", 'DROP TYPE "mood"'),
        ("ALTER TABLE ONLY hero ADD COLUMN age int", 'ALTER TABLE "hero" DROP COLUMN "age"'),
    ],
)
def test_as_postgresql_writes_it(there: str, back: str) -> None:
    assert reverse.of(Statement(there, "postgresql")) == back


@pytest.mark.parametrize(
    "there",
    [
        "CREATE TABLE IF NOT EXISTS hero (id int)",
        "CREATE OR REPLACE VIEW v AS SELECT 1",
        "CREATE INDEX IF NOT EXISTS i ON hero (name)",
        "ALTER TABLE hero ADD COLUMN a int, ADD COLUMN b int",
        "ALTER TABLE hero ADD COLUMN IF NOT EXISTS a int",
        "ALTER TABLE hero ADD CONSTRAINT u UNIQUE (name)",
        "ALTER TABLE hero ADD UNIQUE (name)",
        "ALTER TABLE hero DROP COLUMN name",
        "ALTER TABLE hero MODIFY name text",
        "DROP TABLE hero",
        "TRUNCATE hero",
        "INSERT INTO hero VALUES (1)",
        "CALL more()",
        "GRANT SELECT ON hero TO u",
    ],
)
def test_nothing_is_guessed(there: str) -> None:
    with pytest.raises(Irreversible):
        reverse.of(Statement(there, "mariadb"))


def reversal(sql: str) -> list[tuple[int, str]]:
    found = Reversal()
    for position, statement in enumerate(split(sql, "mariadb"), 1):
        found.add(position, statement)
    return [(step.position, step.back) for step in found.steps]


def test_rows_of_a_table_that_goes_need_nothing() -> None:
    sql = """
    SELECT * FROM team; SET @a = 1; CREATE TABLE hero (id int); INSERT INTO Hero VALUES (1);
    UPDATE hero SET id = 2; ALTER TABLE hero ADD COLUMN age int; DELETE FROM hero
    """
    assert reversal(sql) == [
        (3, "DROP TABLE `hero`"),
        (6, "ALTER TABLE `hero` DROP COLUMN `age`"),
    ]


@pytest.mark.parametrize(
    "row", ["INSERT INTO team VALUES (1)", "DELETE hero FROM hero JOIN team", "SELECT f() INTO t"]
)
def test_rows_of_a_table_that_stays_cannot_be_taken_back(row: str) -> None:
    with pytest.raises(Irreversible):
        reversal(f"CREATE TABLE hero (id int); {row}")

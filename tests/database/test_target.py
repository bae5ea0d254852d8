"""Which tables a statement changes is read from its text; what is not sure is unknown."""

from __future__ import annotations

import pytest

from sqlmodel_migrations.database import target
from sqlmodel_migrations.database.statement import Statement


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT * FROM hero", set()),
        ("SAVEPOINT a", set()),
        ("SET foreign_key_checks = 0", set()),
        ("INSERT INTO Hero (name) SELECT name FROM team", {"hero"}),
        ("INSERT IGNORE hero VALUES (1)", {"hero"}),
        ("INSERT OR REPLACE INTO hero VALUES (1)", {"hero"}),
        ("REPLACE INTO app.hero VALUES (1)", {"hero"}),
        ("UPDATE hero SET name = 'a'", {"hero"}),
        ("UPDATE ONLY hero AS h SET name = 'a'", {"hero"}),
        ("UPDATE OR IGNORE hero h SET name = 'a'", {"hero"}),
        ("DELETE FROM hero WHERE id = 1", {"hero"}),
        ("TRUNCATE TABLE a, b", {"a", "b"}),
        ("COPY hero FROM STDIN", {"hero"}),
        ("CREATE TABLE IF NOT EXISTS hero (id int)", {"hero"}),
        ("CREATE TEMPORARY TABLE `my hero` (id int)", {"my hero"}),
        ("ALTER TABLE hero ADD COLUMN team_id int", {"hero"}),
        ("DROP TABLE IF EXISTS a, b CASCADE", {"a", "b"}),
        ("CREATE UNIQUE INDEX i ON hero (name)", {"hero"}),
        ("DROP INDEX i ON hero", {"hero"}),
    ],
)
def test_names_the_tables(sql: str, tables: frozenset[str]) -> None:
    assert target.changed(Statement(sql, "mysql")) == tables


@pytest.mark.parametrize(
    "sql",
    [
        "CALL repair()",
        "UPDATE hero, team SET hero.a = 1",
        "UPDATE hero JOIN team ON 1 SET hero.a = 1",
        "DELETE hero FROM hero JOIN team",
        "SELECT * INTO hero FROM team",
        "WITH gone AS (DELETE FROM hero RETURNING *) SELECT * FROM gone",
        "DROP INDEX i",
        "GRANT SELECT ON hero TO u",
        "DO $$ BEGIN END $$",
    ],
)
def test_does_not_guess(sql: str) -> None:
    assert target.changed(Statement(sql, "postgresql")) is None


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("CREATE TEMPORARY TABLE Copy (id int)", "copy"),
        ("CREATE LOCAL TEMP TABLE IF NOT EXISTS copy AS SELECT 1", "copy"),
        ("CREATE OR REPLACE TEMPORARY VIEW copy AS SELECT 1", "copy"),
        ("CREATE TABLE copy (id int)", None),
        ("DROP TEMPORARY TABLE copy", None),
    ],
)
def test_knows_a_temporary_table(sql: str, name: str | None) -> None:
    assert target.temporary(Statement(sql, "postgresql")) == name

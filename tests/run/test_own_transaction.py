"""What must be outside of a transaction gets there; what ends one by hand is refused."""

from __future__ import annotations

import pytest

from databases import Database
from project import Project
from revisions import Revisions

HERO = """
op.create_table("hero", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
op.execute("INSERT INTO hero VALUES (1, 'Deadpond'), (2, 'Rusty-Man')")
"""
POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
TRANSACTIONAL = pytest.mark.parametrize("database", ["postgresql", "sqlite"], indirect=True)


def tables(database: Database) -> set[str]:
    queries = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        "mariadb": "SHOW TABLES",
    }
    return {row[0] for row in database.query(queries[database.kind])}


@pytest.fixture
def revisions(project: Project, database: Database) -> Revisions:
    return Revisions(project, database)


INDEX = "CREATE INDEX CONCURRENTLY hero_name ON hero (name)"


@POSTGRESQL
@pytest.mark.parametrize(
    "make",
    [
        'op.create_index("hero_name", "hero", ["name"], postgresql_concurrently=True)',
        f'op.execute("{INDEX}")',
        f'op.get_bind().exec_driver_sql("{INDEX}")',
        f'op.get_bind().execute(sa.text("/* now */ {INDEX};"))',
        f'with op.get_context().autocommit_block():\n    op.execute("{INDEX}")',
    ],
)
def test_concurrently(revisions: Revisions, database: Database, make: str) -> None:
    down = 'op.drop_index("hero_name", "hero", postgresql_concurrently=True)'
    revisions.add(
        "a", f"{HERO}\n{make}\nop.execute(\"UPDATE hero SET name = 'x' WHERE id = 2\")", down
    )
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'hero_name'::regclass"
    assert database.query(valid) == [(True,)]
    assert database.query("SELECT name FROM hero WHERE id = 2") == [("x",)]
    assert database.query("SELECT * FROM sqlmodel_migrations_journal") == []
    ran = revisions.run("downgrade", "base", "--yes")
    assert ran.code == 0, ran.output
    assert database.query("SELECT to_regclass('hero_name')::text") == [(None,)]


@TRANSACTIONAL
def test_vacuum(revisions: Revisions, database: Database) -> None:
    revisions.add("a", f'{HERO}\nop.execute("VACUUM")\nop.execute("DELETE FROM hero WHERE id = 2")')
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output
    assert database.query("SELECT id FROM hero") == [(1,)]


@POSTGRESQL
def test_a_value_is_added_inside_unless_it_is_used(
    revisions: Revisions, database: Database
) -> None:
    revisions.add("a", "op.execute(\"CREATE TYPE mood AS ENUM ('calm')\")")
    revisions.add("b", "op.execute(\"ALTER TYPE mood ADD VALUE 'wild'\")\nop.execute('SELECT 1/0')")
    assert revisions.upgrade().code == 5
    values = "SELECT enumlabel FROM pg_enum ORDER BY enumsortorder"
    assert database.query(values) == [("calm",)]
    assert "sqlmodel_migrations_journal" not in tables(database)
    used = """
    op.execute("ALTER TYPE mood ADD VALUE 'wild'")
    op.execute("CREATE TABLE hero (mood mood DEFAULT 'wild')")
    op.execute("INSERT INTO hero DEFAULT VALUES")
    """
    revisions.write("b", used, "pass", "a")
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output
    assert database.query("SELECT mood::text FROM hero") == [("wild",)]


@POSTGRESQL
def test_what_the_server_refuses_inside_is_sent_outside(
    revisions: Revisions, database: Database
) -> None:
    body = """
    op.execute("CREATE TABLE event (id int PRIMARY KEY) PARTITION BY RANGE (id)")
    op.execute("CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (10)")
    op.execute("REINDEX TABLE event")
    op.execute("INSERT INTO event VALUES (1)")
    """
    revisions.add("a", body)
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output
    assert database.query("SELECT id FROM event") == [(1,)]


@POSTGRESQL
def test_nothing_leaves_the_one_transaction_of_all(
    revisions: Revisions, database: Database
) -> None:
    revisions.add("a", HERO)
    revisions.add("b", f'op.execute("{INDEX}")')
    ran = revisions.upgrade("--transaction", "all")
    assert ran.code == 2, ran.output
    assert (
        f"this statement must be outside of a transaction, and all revisions are in one: {INDEX}"
        in ran.stderr
    )
    assert "hint: leave --transaction all out" in ran.stderr
    assert tables(database) == set()
    revisions.write(
        "b", f'with op.get_context().autocommit_block():\n    op.execute("{INDEX}")', "pass", "a"
    )
    assert revisions.upgrade("--transaction", "all").code == 2
    assert tables(database) == set()
    assert revisions.upgrade().code == 0


ENDINGS = [
    ("op.get_bind().commit()", "the script commits the transaction itself: it was not done"),
    ("op.get_bind().rollback()", "the script rolls back the transaction itself: it was not done"),
    ('op.execute("COMMIT")', "COMMIT ends a transaction: it was not sent"),
    ('op.execute("ROLLBACK")', "ROLLBACK ends a transaction: it was not sent"),
    ('op.execute(" -- now\\nBEGIN")', "BEGIN begins a transaction: it was not sent"),
    ('op.get_bind().exec_driver_sql("COMMIT;")', "COMMIT ends a transaction: it was not sent"),
]


@pytest.mark.parametrize(("ending", "said"), ENDINGS)
def test_a_script_does_not_end_its_transaction(
    revisions: Revisions, database: Database, ending: str, said: str
) -> None:
    revisions.add("a", HERO.replace("hero", "team"))
    revisions.add("b", f"op.execute(\"INSERT INTO team VALUES (3, 'a')\")\n{ending}")
    ran = revisions.upgrade()
    assert ran.code == 5, ran.output
    assert f"error: revision b failed: {said}" in ran.stderr
    assert "applied before it: a" in ran.stderr
    assert "not applied: b" in ran.stderr
    assert "hint: take it out of the script" in ran.stderr
    assert database.query("SELECT id FROM team ORDER BY id") == [(1,), (2,)]
    revisions.write("b", "op.execute(\"INSERT INTO team VALUES (3, 'a')\")", "pass", "a")
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output


@POSTGRESQL
def test_nor_in_a_text_of_several_statements(revisions: Revisions, database: Database) -> None:
    revisions.add("a", "op.execute('CREATE TABLE hero (a text); /* ; */ COMMIT; SELECT 1')")
    ran = revisions.upgrade()
    assert ran.code == 5
    assert "COMMIT ends a transaction" in ran.stderr
    assert tables(database) == set()
    revisions.write(
        "a",
        "op.execute(\"CREATE TABLE hero (a text); INSERT INTO hero VALUES (';COMMIT;')\")",
        "pass",
        None,
    )
    assert revisions.upgrade().code == 0


def test_a_savepoint_is_the_script_s_own(revisions: Revisions, database: Database) -> None:
    body = """
    with op.get_bind().begin_nested():
        op.execute("INSERT INTO hero VALUES (3, 'a')")
    point = op.get_bind().begin_nested()
    op.execute("INSERT INTO hero VALUES (4, 'b')")
    point.rollback()
    """
    revisions.add("a", HERO)
    revisions.add("b", body)
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output
    assert database.query("SELECT id FROM hero ORDER BY id") == [(1,), (2,), (3,)]


@TRANSACTIONAL
def test_an_ordinary_revision_makes_no_journal(revisions: Revisions, database: Database) -> None:
    revisions.add("a", HERO)
    assert revisions.upgrade().code == 0
    assert tables(database) == {"hero", "alembic_version", "sqlmodel_migrations_history"}


@POSTGRESQL
def test_the_scratch_database_sends_it_outside_too(revisions: Revisions) -> None:
    down = 'op.drop_index("hero_name", "hero", postgresql_concurrently=True)\nop.drop_table("hero")'
    revisions.add("a", f'{HERO}\nop.execute("{INDEX}")', down)
    revisions.project.write(
        {
            "models.py": """
            from sqlmodel import Field, SQLModel, Text

            class Hero(SQLModel, table=True):
                id: int = Field(primary_key=True)
                name: str | None = Field(default=None, sa_type=Text, index=True)
            """
        }
    )
    ran = revisions.run("verify")
    assert "CONCURRENTLY" not in ran.output, ran.output

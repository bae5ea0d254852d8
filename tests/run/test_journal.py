"""An interrupted revision goes on where it stood: every statement takes effect once."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import Any

import pytest

from databases import Database
from project import Project
from revisions import Revisions
from zygote import Child

MARIADB = pytest.mark.parametrize("database", ["mariadb"], indirect=True)

CREATE = 'op.execute("CREATE TABLE hero (id int PRIMARY KEY AUTO_INCREMENT, name varchar(50))")'


@pytest.fixture
def revisions(project: Project, database: Database) -> Revisions:
    return Revisions(project, database)


def journal(database: Database) -> list[tuple[Any, ...]]:
    return database.query(
        "SELECT position, state, statement FROM sqlmodel_migrations_journal ORDER BY position"
    )


def interrupted(revisions: Revisions, body: str) -> None:
    """Run a revision that dies on its way, and then once more, to its end."""
    revisions.add("a", body)
    assert revisions.upgrade(die_at="here").code == 137
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output


# -- killed anywhere ---------------------------------------------------------------------------

HISTORY = {
    "a": """
        op.create_table(
            "hero",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(50)),
        )
        hero = sa.table("hero", sa.column("id"), sa.column("name"))
        op.bulk_insert(hero, [{"id": n, "name": f"hero {n}"} for n in range(1, 5)])
        op.add_column("hero", sa.Column("age", sa.Integer))
        bind = op.get_bind()
        for row in bind.execute(sa.text("SELECT id FROM hero ORDER BY id")).all():
            bind.execute(
                sa.text("UPDATE hero SET age = coalesce(age, 0) + :id WHERE id = :id"),
                {"id": row.id},
            )
        op.create_index("hero_name", "hero", ["name"])
        op.execute("UPDATE hero SET age = age * 10")
    """,
    "b": """
        op.create_table("team", sa.Column("id", sa.Integer, primary_key=True))
        count = op.get_bind().execute(sa.text("SELECT count(*) FROM hero")).scalar()
        op.execute(f"INSERT INTO team VALUES ({count})")
        op.alter_column("hero", "name", existing_type=sa.String(50), type_=sa.String(80))
        op.execute("DELETE FROM hero WHERE id = 4")
        op.add_column("hero", sa.Column("count", sa.Integer, server_default=str(count)))
        op.execute("UPDATE hero SET age = age + 1")
    """,
}
ROWS = [(1, 11, 4), (2, 21, 4), (3, 31, 4)]
# How many moments there are before and after the statements of the whole run, at least.
MOMENTS = 150


@MARIADB
@pytest.mark.parametrize("die_at", sorted(random.Random(4).sample(range(5, MOMENTS), 8)))
def test_killed_at_any_statement(revisions: Revisions, database: Database, die_at: int) -> None:
    for id, body in HISTORY.items():
        revisions.add(id, body)
    assert revisions.upgrade(die_at=die_at).code == 137
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output
    assert database.query("SELECT id, age, count FROM hero ORDER BY id") == ROWS
    assert database.query("SELECT id FROM team") == [(4,)]
    assert database.query("SHOW INDEX FROM hero WHERE Key_name = 'hero_name'")
    assert journal(database) == []


# -- what Python reads -------------------------------------------------------------------------


@MARIADB
def test_python_reads_again_what_it_read(revisions: Revisions, database: Database) -> None:
    database.run(
        "CREATE TABLE old (a decimal(5,2), b datetime(6), c date, d time, e blob, f double,"
        " g bit(4))",
        "INSERT INTO old VALUES"
        " (1.50, '2026-01-31 12:00:00.000007', '2026-01-31', '-01:02:03', x'00ff', 0.1, b'101')",
    )
    body = f"""
    bind = op.get_bind()
    before = bind.execute(sa.text("SELECT * FROM old")).all()
    columns = [c["name"] for c in sa.inspect(bind).get_columns("old")]
    op.execute("ALTER TABLE old DROP COLUMN g")
    bind.execute(sa.text("UPDATE old SET a = 2"))
    {CREATE}
    die()
    op.execute("ALTER TABLE hero ADD COLUMN said text")
    said = repr(before) + repr(columns)
    bind.execute(sa.text("INSERT INTO hero (said) VALUES (:said)"), {{"said": said}})
    """
    interrupted(revisions, body)
    ((said,),) = database.query("SELECT said FROM hero")
    assert said == (
        "[(Decimal('1.50'), datetime.datetime(2026, 1, 31, 12, 0, 0, 7),"
        " datetime.date(2026, 1, 31), datetime.timedelta(days=-1, seconds=82677), b'\\x00\\xff',"
        " 0.1, b'\\x05')]['a', 'b', 'c', 'd', 'e', 'f', 'g']"
    )


@MARIADB
def test_counts_and_ids_are_those_of_the_first_time(
    revisions: Revisions, database: Database
) -> None:
    body = f"""
    {CREATE}
    bind = op.get_bind()
    hero = sa.table("hero", sa.column("id"), sa.column("name"))
    first = bind.execute(sa.text("INSERT INTO hero (name) VALUES ('a'), ('b')"))
    found = [first.rowcount, first.lastrowid]
    found.append(bind.execute(hero.update().values(name="c")).rowcount)
    many = hero.insert().returning(hero.c.id)
    found += bind.execute(many, [{{"name": n}} for n in "xyz"]).scalars()
    op.execute("ALTER TABLE hero ADD COLUMN said varchar(200)")
    die()
    insert = sa.text("INSERT INTO hero (said, name) VALUES (:said, LAST_INSERT_ID())")
    bind.execute(insert, {{"said": repr(found)}})
    """
    interrupted(revisions, body)
    rows = database.query("SELECT said, name FROM hero ORDER BY id DESC LIMIT 1")
    assert rows == [("[2, 1, 2, 3, 4, 5]", "3")]


@MARIADB
def test_the_orm_goes_on(revisions: Revisions, database: Database) -> None:
    body = f"""
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

    class Base(DeclarativeBase): ...

    class Hero(Base):
        __tablename__ = "hero"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    {CREATE}
    with Session(op.get_bind()) as session:
        heroes = [Hero(name=name) for name in "abc"]
        session.add_all(heroes)
        session.commit()
        op.execute("ALTER TABLE hero ADD COLUMN age int")
        die()
        heroes[1].name = "x"
        session.delete(session.get(Hero, heroes[2].id))
        session.commit()
    """
    interrupted(revisions, body)
    assert database.query("SELECT id, name FROM hero ORDER BY id") == [(1, "a"), (2, "x")]


@MARIADB
def test_an_error_that_the_script_caught_is_raised_again(
    revisions: Revisions, database: Database
) -> None:
    body = f"""
    {CREATE}
    errors = []
    for sql in ("INSERT INTO hero VALUES (1, 'a')", "INSERT INTO hero VALUES (1, 'b')",
                "ALTER TABLE hero ADD COLUMN id int", "ALTER TABLE hero ADD COLUMN age int"):
        try:
            op.execute(sql)
        except sa.exc.DBAPIError as error:
            errors.append((type(error).__name__, error.orig.args[0]))
    op.execute("ALTER TABLE hero ADD COLUMN said varchar(200)")
    die()
    op.get_bind().execute(sa.text("UPDATE hero SET said = :said"), {{"said": repr(errors)}})
    """
    interrupted(revisions, body)
    ((said,),) = database.query("SELECT said FROM hero")
    assert said == "[('IntegrityError', 1062), ('OperationalError', 1060)]"


@MARIADB
def test_an_answer_that_is_too_long_is_not_guessed(
    revisions: Revisions, database: Database
) -> None:
    body = f"""
    {CREATE}
    op.get_bind().execute(sa.text("SELECT repeat('x', 2000000)")).scalar()
    op.execute("ALTER TABLE hero ADD COLUMN age int")
    die()
    """
    revisions.add("a", body)
    assert revisions.upgrade(die_at="here").code == 137
    ran = revisions.upgrade()
    assert ran.code == 5, ran.output
    assert (
        "the answer to statement 2 was not kept, since its rows are more than 1024 kB" in ran.stderr
    )
    assert "hint: see what ran: sqlmodel migrations repair" in ran.stderr


# -- what the session knew ---------------------------------------------------------------------


@MARIADB
def test_what_a_session_knew_is_said_again(revisions: Revisions, database: Database) -> None:
    body = f"""
    {CREATE}
    op.execute("SET @start = 40, foreign_key_checks = 0")
    op.execute("CREATE TEMPORARY TABLE fresh (id int, name varchar(50))")
    op.execute("INSERT INTO fresh VALUES (1, 'a'), (2, 'b')")
    op.execute("ALTER TABLE fresh ADD COLUMN age int DEFAULT 5")
    op.execute("UPDATE fresh SET id = id + 1")
    op.execute("ALTER TABLE hero ADD COLUMN age int")
    die()
    op.execute("INSERT INTO hero SELECT id + @start, name, @@foreign_key_checks FROM fresh")
    """
    interrupted(revisions, body)
    assert database.query("SELECT * FROM hero ORDER BY id") == [(42, "a", 0), (43, "b", 0)]


@MARIADB
def test_a_temporary_copy_of_what_changed_since_is_not_made_again(
    revisions: Revisions, database: Database
) -> None:
    body = f"""
    {CREATE}
    op.execute("INSERT INTO hero (name) VALUES ('a')")
    op.execute("CREATE TEMPORARY TABLE copy AS SELECT * FROM hero")
    op.execute("ALTER TABLE hero DROP COLUMN name")
    die()
    op.execute("CREATE TABLE names AS SELECT name FROM copy")
    """
    revisions.add("a", body)
    assert revisions.upgrade(die_at="here").code == 137
    ran = revisions.upgrade()
    assert ran.code == 5, ran.output
    assert "statement 3 changed what ended with its connection, from tables that" in ran.stderr
    assert "CREATE TEMPORARY TABLE copy AS SELECT * FROM hero" in ran.stderr


# -- what differs ------------------------------------------------------------------------------


@MARIADB
def test_another_statement_stops_with_both(revisions: Revisions, database: Database) -> None:
    body = (
        CREATE
        + "\nop.execute(\"INSERT INTO hero (name) VALUES ('{}')\")\nop.execute('SET @a = 1')\n"
    )
    body += "op.execute('ALTER TABLE hero ADD COLUMN age int')\ndie()"
    revisions.add("a", body.format("a"))
    assert revisions.upgrade(die_at="here").code == 137
    revisions.write("a", body.format("b"), "pass", None)
    ran = revisions.upgrade()
    assert ran.code == 5, ran.output
    assert (
        "revision a failed: statement 2 is not the one that ran before the interruption"
        in ran.stderr
    )
    assert "  ran:\n      INSERT INTO hero (name) VALUES ('a')\n" in ran.stderr
    assert "  now:\n      INSERT INTO hero (name) VALUES ('b')\n" in ran.stderr
    assert database.query("SELECT name FROM hero") == [("a",)]
    revisions.write("a", body.format("a"), "pass", None)
    assert revisions.upgrade().code == 0


@MARIADB
def test_another_value_stops_as_well(revisions: Revisions) -> None:
    body = f"""
    import uuid
    {CREATE}
    insert = sa.text("INSERT INTO hero (name) VALUES (:name)")
    op.get_bind().execute(insert, {{"name": str(uuid.uuid4())}})
    op.execute("ALTER TABLE hero ADD COLUMN age int")
    die()
    """
    revisions.add("a", body)
    assert revisions.upgrade(die_at="here").code == 137
    ran = revisions.upgrade()
    assert ran.code == 5
    assert "statement 2 has other values than that ran before" in ran.stderr


@MARIADB
def test_a_script_that_ends_too_early_stops(revisions: Revisions) -> None:
    revisions.add("a", f"{CREATE}\nop.execute('ALTER TABLE hero ADD COLUMN age int')\ndie()")
    assert revisions.upgrade(die_at="here").code == 137
    revisions.write("a", CREATE, "pass", None)
    ran = revisions.upgrade()
    assert ran.code == 5
    assert "the script ends before statement 2" in ran.stderr


@MARIADB
def test_a_statement_that_failed_may_be_corrected(revisions: Revisions, database: Database) -> None:
    body = CREATE + "\nop.execute(\"INSERT INTO hero (name) VALUES ('a')\")\nop.execute('{}')"
    revisions.add("a", body.format("ALTER TABLE hero ADD COLUMN id int"))
    assert revisions.upgrade().code == 5
    assert [row[1] for row in journal(database)] == ["done", "done"]
    revisions.write("a", body.format("ALTER TABLE hero ADD COLUMN age int"), "pass", None)
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output
    assert database.query("SELECT * FROM hero") == [(1, "a", None)]


@MARIADB
def test_what_cannot_be_told_is_in_doubt(revisions: Revisions, database: Database) -> None:
    database.run(
        "CREATE TABLE hero (id int)", "CREATE PROCEDURE more() INSERT INTO hero VALUES (1)"
    )
    revisions.add("a", 'op.execute("CALL more()")')
    moments = range(1, 200)
    for die_at in moments:
        if revisions.upgrade(die_at=die_at).code == 137 and _is_intended(database):
            break
    ran = revisions.upgrade()
    assert ran.code == 5, ran.output
    assert "it cannot be told whether statement 1 took effect" in ran.stderr
    assert "CALL more()" in ran.stderr


def _is_intended(database: Database) -> bool:
    tables = {row[0] for row in database.query("SHOW TABLES")}
    return "sqlmodel_migrations_journal" in tables and bool(journal(database))


# -- other commands ----------------------------------------------------------------------------


@MARIADB
def test_the_interrupted_revision_comes_first(revisions: Revisions, database: Database) -> None:
    revisions.add("a", CREATE, "op.drop_table('hero')")
    revisions.add(
        "b", "op.execute('ALTER TABLE hero ADD COLUMN age int')\ndie()\nop.execute('SELECT 1')"
    )
    assert revisions.upgrade(die_at="here").code == 137
    ran = revisions.run("downgrade", "base", "--yes")
    assert ran.code == 5, ran.output
    assert "error: revision b was interrupted in the middle of its upgrade" in ran.stderr
    assert "sqlmodel migrations upgrade b" in ran.stderr
    ran = revisions.run("stamp", "b")
    assert ran.code == 0, ran.output
    assert journal(database) == []
    assert revisions.run("downgrade", "base", "--yes").code == 0


@MARIADB
def test_a_downgrade_goes_on_as_well(revisions: Revisions, database: Database) -> None:
    down = "op.execute('ALTER TABLE hero DROP COLUMN name')\ndie()\nop.drop_table('hero')"
    revisions.add("a", CREATE, down)
    assert revisions.upgrade().code == 0
    assert revisions.run("downgrade", "base", "--yes", die_at="here").code == 137
    assert len(journal(database)) == 1
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output  # nothing is pending, and nothing is touched
    ran = revisions.run("downgrade", "base", "--yes")
    assert ran.code == 0, ran.output
    assert "hero" not in {row[0] for row in database.query("SHOW TABLES")}


@MARIADB
def test_a_journal_of_a_newer_version_is_refused(revisions: Revisions, database: Database) -> None:
    revisions.add("a", f"{CREATE}\ndie()\nop.execute('SELECT 1')")
    assert revisions.upgrade(die_at="here").code == 137
    database.run(
        "ALTER TABLE sqlmodel_migrations_journal CHANGE answer response longtext",
        "UPDATE sqlmodel_migrations_journal SET format = 2",
    )
    ran = revisions.upgrade()
    assert ran.code == 2, ran.output
    assert "was written by a newer version of sqlmodel-migrations" in ran.stderr
    assert "\n  nothing was run\n" in ran.stderr
    assert "hint: upgrade this one: pip install --upgrade sqlmodel-migrations" in ran.stderr


@MARIADB
def test_no_password_is_written_down(revisions: Revisions, database: Database) -> None:
    user = database.name[-30:]
    body = f"""
    op.execute("CREATE USER '{user}' IDENTIFIED BY 'hunter2'")
    die()
    op.execute("DROP USER '{user}'")
    """
    revisions.add("a", body)
    ran = revisions.upgrade(die_at="here")
    assert ran.code == 137
    ((_, _, statement),) = journal(database)
    assert statement == f"CREATE USER '{user}' IDENTIFIED BY '***'"
    assert revisions.upgrade().code == 0


# -- PostgreSQL and SQLite: only where something commits in the middle -------------------------

BLOCKS = pytest.mark.parametrize("database", ["postgresql", "sqlite"], indirect=True)
BLOCK = """
op.execute("CREATE TABLE hero (id int PRIMARY KEY, name varchar(50))")
bind = op.get_bind()
count = bind.execute(sa.text("SELECT count(*) FROM hero")).scalar()
with op.get_context().autocommit_block():
    op.execute("INSERT INTO hero VALUES (1, 'a')")
    inside = bind.execute(sa.text("SELECT count(*) FROM hero")).scalar()
    op.execute("UPDATE hero SET id = id + 10")
op.execute("INSERT INTO hero VALUES (2, 'b')")
op.execute("VACUUM")
op.get_bind().execute(sa.text("INSERT INTO hero VALUES (3, :said)"), {"said": f"{count} {inside}"})
"""


@BLOCKS
@pytest.mark.parametrize("die_at", [18, 22, 26, 30, 33, 37, 40, 45])
def test_killed_within_or_after_a_block(
    revisions: Revisions, database: Database, die_at: int
) -> None:
    revisions.add("a", BLOCK)
    assert revisions.upgrade(die_at=die_at).code == 137
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output
    assert database.query("SELECT * FROM hero ORDER BY id") == [(2, "b"), (3, "0 1"), (11, "a")]
    assert journal(database) == []


# -- what goes on in the server without us -----------------------------------------------------


def killed_while(revisions: Revisions, database: Database, holder: Any, at_work: str) -> Child:
    """Kill an upgrade whose statement waits in the server; return the one that was started next."""
    child = revisions.project.cli.start("upgrade")
    while not database.query(at_work):
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait().code == -signal.SIGKILL
    following = revisions.project.cli.start("upgrade")
    while not {"waiting", "error:"} & set(following.stderr().split()):
        time.sleep(0.05)
    holder.close()
    return following


@MARIADB
def test_an_alter_that_outlives_its_client_is_waited_for(
    revisions: Revisions, database: Database
) -> None:
    database.run("CREATE TABLE hero (id int PRIMARY KEY)", "INSERT INTO hero VALUES (1)")
    alter = "ALTER TABLE hero ADD COLUMN age int DEFAULT 5"
    revisions.add("a", f"op.execute('{alter}')\nop.execute('UPDATE hero SET age = age + 1')")
    holder = database.connect()
    holder.cursor().execute("SELECT * FROM hero")
    at_work = f"SELECT 1 FROM information_schema.processlist WHERE info = '{alter}'"
    ran = killed_while(revisions, database, holder, at_work).wait()
    assert ran.code == 0, ran.output
    assert database.query("SELECT * FROM hero") == [(1, 6)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_index_that_outlives_its_client_is_waited_for(
    revisions: Revisions, database: Database
) -> None:
    database.run("CREATE TABLE hero (id int PRIMARY KEY)", "INSERT INTO hero VALUES (1)")
    index = "CREATE INDEX CONCURRENTLY again ON hero (id)"
    revisions.add("a", f"op.execute('{index}')\nop.execute('UPDATE hero SET id = id + 1')")
    holder = database.connect()
    holder.cursor().execute("UPDATE hero SET id = 5")
    at_work = f"SELECT 1 FROM pg_stat_activity WHERE query = '{index}' AND wait_event_type = 'Lock'"
    ran = killed_while(revisions, database, holder, at_work).wait()
    assert ran.code == 0, ran.output
    assert database.query("SELECT id FROM hero") == [(2,)]
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'again'::regclass"
    assert database.query(valid) == [(True,)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_index_that_could_not_be_made_is_made_again(
    revisions: Revisions, database: Database
) -> None:
    database.run("CREATE TABLE hero (id int)", "INSERT INTO hero VALUES (1), (1)")
    down = 'op.drop_index("again", "hero", postgresql_concurrently=True)'
    make = 'op.create_index("again", "hero", ["id"], unique=True, postgresql_concurrently=True)'
    revisions.add("a", make, down)
    ran = revisions.upgrade()
    assert ran.code == 5, ran.output
    assert database.query("SELECT indisvalid FROM pg_index WHERE NOT indisvalid") == [(False,)]
    database.run("DELETE FROM hero WHERE ctid = '(0,1)'")
    ran = revisions.upgrade()
    assert ran.code == 0, ran.output
    assert "Dropping index again of hero, which an interrupted statement left invalid" in ran.stderr
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'again'::regclass"
    assert database.query(valid) == [(True,)]
    assert revisions.run("downgrade", "base", "--yes").code == 0


@MARIADB
def test_a_name_with_a_percent_sign(revisions: Revisions, database: Database) -> None:
    body = """
    op.create_table("100%", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO `100%` VALUES (1)")
    op.execute("ALTER TABLE `100%` ADD COLUMN `5%` int")
    die()
    op.execute("INSERT INTO `100%` VALUES (2, 2)")
    """
    interrupted(revisions, body)
    assert len(database.query("SELECT * FROM `100%`")) == 2

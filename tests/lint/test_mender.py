"""Findings mended in the files of their revisions, on real servers and with rows."""

from __future__ import annotations

import json

import pytest

from databases import Database
from lint.conftest import OURS, History
from project import Project
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.lint import mender, safe_form
from sqlmodel_migrations.lint.mender import Mended
from sqlmodel_migrations.lint.review import Wanted

on = pytest.mark.parametrize
POSTGRESQL = on("database", ["postgresql"], indirect=True)
MARIADB = on("database", ["mariadb"], indirect=True)
SQLITE = on("database", ["sqlite"], indirect=True)

TEAM = """
op.create_table(
    "team",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("code", sa.String(50)),
)
op.add_column("hero", sa.Column("team_id", sa.Integer))
"""


@pytest.fixture
def teams(history: History) -> History:
    """Heroes with teams, applied, with a row each."""
    history.env(OURS)
    history.add("a2", TEAM, 'op.drop_column("hero", "team_id")\nop.drop_table("team")')
    history.migrations.upgrade()
    history.database.run(
        "INSERT INTO team (id, code) VALUES (1, 'x'), (2, 'y')",
        "INSERT INTO hero (id, name, team_id) VALUES (1, 'a', 1), (2, 'b', 2)",
    )
    return history


def fix(history: History, text: str | None = None, *, write: bool = True) -> Mended:
    return history.migrations.fix(Wanted(text), write=write)


def reasons(mended: Mended) -> list[tuple[str, str]]:
    return [(left.finding.rule, left.reason) for left in mended.left]


@POSTGRESQL
def test_all_that_is_mended_runs_on_a_database_with_rows(teams: History) -> None:
    file = teams.add(
        "b2",
        """
        op.add_column("hero", sa.Column("level", sa.Integer()))
        # Nobody told us.
        op.execute("UPDATE hero SET level = 7")
        op.alter_column("hero", "level", existing_type=sa.Integer(), nullable=False)
        op.create_index("ix_hero_level", "hero", ["level"])  # for the list
        op.create_unique_constraint("uq_team_code", "team", ["code"])
        op.create_foreign_key("fk_hero_team", "hero", "team", ["team_id"], ["id"])
        op.create_check_constraint("is_named", "hero", "name <> ''")
        op.add_column(
            "hero",
            # Never shown.
            sa.Column("token", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        )
        """,
        """
        op.drop_column("hero", "token")
        op.drop_constraint("is_named", "hero", type_="check")
        op.drop_constraint("fk_hero_team", "hero", type_="foreignkey")
        op.drop_constraint("uq_team_code", "team", type_="unique")
        op.drop_index("ix_hero_level", table_name="hero")
        op.drop_column("hero", "level")
        """,
    )
    child = teams.add("c3", 'op.add_column("team", sa.Column("size", sa.Integer))',
                      'op.drop_column("team", "size")')  # fmt: skip
    teams.last = "a2"
    other = teams.add("d4", 'op.create_index("ix_team_code", "team", ["code"])',
                      'op.drop_index("ix_team_code")')  # fmt: skip
    mended = fix(teams)
    assert reasons(mended) == []
    assert len(mended.fixed) == 8
    assert {f.rule for f in mended.linted.findings} & {f.rule for f in mended.fixed} == set()
    assert "# for the list" not in file.read_text()
    texts = [path.read_text() for path in mended.patch.added]
    assert sum("# for the list" in text for text in texts) == 1
    assert sum("# Nobody told us." in text for text in texts) == 1
    assert "# Never shown." in file.read_text()
    assert other in mended.patch.old  # a single statement: no revision more

    graph = teams.migrations.graph
    assert {head.id for head in graph.heads} == {"c3", "d4"}
    (parent,) = graph.revisions["c3"].down_revisions
    assert parent not in ("b2", "a2")
    assert f"down_revision = '{parent}'" in child.read_text()

    again = fix(teams)
    assert (again.patch.new, again.fixed) == ({}, ())

    teams.migrations.upgrade("heads")
    for _ in range(2):
        assert teams.database.query("SELECT level, token IS NULL FROM hero") == [(7, False)] * 2
        assert teams.database.query(CONSTRAINTS) == [
            ("fk_hero_team", "f", True),
            ("is_named", "c", True),
            ("uq_team_code", "u", True),
        ]
        assert teams.database.query(REQUIRED) == [("level",), ("token",)]
        assert teams.database.query(INDEXES) == [
            ("ix_hero_level", True), ("ix_team_code", True), ("uq_team_code", True),
        ]  # fmt: skip
        teams.migrations.downgrade("a2", confirm=lambda _: True)
        assert teams.database.query(CONSTRAINTS) == teams.database.query(INDEXES) == []
        assert teams.database.query("SELECT name, team_id FROM hero ORDER BY id") == [
            ("a", 1), ("b", 2),
        ]  # fmt: skip
        teams.migrations.upgrade("heads")


CONSTRAINTS = """
SELECT conname, contype::text, convalidated FROM pg_constraint
WHERE conrelid IN ('hero'::regclass, 'team'::regclass) AND contype IN ('c', 'f', 'u') ORDER BY 1
"""
REQUIRED = """
SELECT attname::text FROM pg_attribute WHERE attrelid = 'hero'::regclass AND attnotnull
AND attnum > 1 AND NOT attisdropped ORDER BY 1
"""
INDEXES = """
SELECT relname::text, indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid
WHERE indrelid IN ('hero'::regclass, 'team'::regclass) AND NOT indisprimary ORDER BY 1
"""


@POSTGRESQL
def test_what_the_database_has_run_is_not_rewritten(teams: History) -> None:
    file = teams.add("b2", 'op.create_index("ix", "hero", ["name"])', 'op.drop_index("ix")')
    before = file.read_bytes()
    teams.migrations.upgrade()
    assert reasons(fix(teams, "a2:b2")) == [("create-index-blocking", mender.APPLIED)]
    assert file.read_bytes() == before


@POSTGRESQL
def test_what_nobody_can_mend_is_left_alone_and_said(teams: History) -> None:
    file = teams.add(
        "b2",
        """
        for column in ("name", "age"):
            op.create_index(f"ix_{column}", "hero", [column])
        with op.batch_alter_table("hero") as batch:
            batch.create_foreign_key("fk", "team", ["team_id"], ["id"])
        op.execute("CREATE INDEX ix ON hero (age)")
        op.execute("UPDATE hero SET age = coalesce(age, 1)")
        op.execute(sa.table("team", sa.column("code")).update().values(code="z"))
        """,
    )
    before = file.read_bytes()
    mended = fix(teams)
    assert sorted(set(reasons(mended))) == [
        ("add-foreign-key-validating", "it stands in a batch"),
        (
            "backfill-in-transaction",
            "'age' is made from itself: what a second run would do to rows that are done is not"
            " known",
        ),
        ("backfill-in-transaction", "its SQL is not one text"),
        ("create-index-blocking", "it stands in a loop"),
        ("create-index-blocking", "only op.create_index can be rewritten"),
    ]
    assert (mended.fixed, mended.patch.new) == ((), {})
    assert file.read_bytes() == before


@POSTGRESQL
def test_what_cannot_be_proven_is_not_written_and_the_rest_is(teams: History) -> None:
    hidden = "ALTER TABLE hero ADD FOREIGN KEY (name) REFERENCES te' || 'am (code)"
    file = teams.add(
        "b2",
        f"""
        op.create_unique_constraint("uq_team_code", "team", ["code"])
        op.execute("DO $$ BEGIN EXECUTE '{hidden}'; END $$")
        op.create_check_constraint("is_named", "hero", "name <> ''")
        """,
        """
        op.drop_constraint("is_named", "hero", type_="check")
        op.drop_constraint("hero_name_fkey", "hero", type_="foreignkey")
        op.drop_constraint("uq_team_code", "team", type_="unique")
        """,
    )
    mended = fix(teams, "a2:b2")
    assert [f.rule for f in mended.fixed] == ["add-check-validating"]
    reason = dict(reasons(mended))["add-unique-blocking"]
    assert reason.startswith("the schema would be another one: constraint")
    assert 'op.create_unique_constraint("uq_team_code", "team", ["code"])' in file.read_text()
    assert "postgresql_not_valid=True" in file.read_text()


@POSTGRESQL
@on("rows", [safe_form.BATCH, safe_form.BATCH + 1, 3 * safe_form.BATCH - 1])
def test_batches_change_each_row_and_commit_each_time(teams: History, rows: int) -> None:
    teams.database.run(
        "DELETE FROM hero",
        f"INSERT INTO hero (id, name) SELECT 3 * n, 'a' FROM generate_series(1, {rows}) AS n",
    )
    teams.add("b2", 'op.execute("UPDATE hero SET age = 7")')
    assert [found.rule for found in fix(teams).fixed] == ["backfill-in-transaction"]
    teams.migrations.upgrade()
    changed = teams.database.query(
        "SELECT count(DISTINCT xmin::text), count(*) FROM hero WHERE age = 7"
    )
    assert changed == [(-(-rows // safe_form.BATCH), rows)]


@POSTGRESQL
def test_a_safe_form_that_is_none_is_not_written(teams: History) -> None:
    teams.database.run(TRIGGER)
    (teams.versions / "a2.py").write_text(
        (teams.versions / "a2.py")
        .read_text()
        .replace("\n\ndef downgrade", f"    op.execute({TRIGGER!r})\n\n\ndef downgrade")
    )
    file = teams.add(
        "b2",
        """
        op.add_column("team", sa.Column("size", sa.Integer))
        op.create_index("ix", "hero", ["name"])
        op.execute("UPDATE hero SET age = 1")
        """,
        """
        op.execute("DROP INDEX ix")
        op.drop_column("team", "size")
        """,
    )
    before = file.read_bytes()
    mended = fix(teams, "a2:b2")
    said = dict(reasons(mended))
    assert said["create-index-blocking"].startswith("revision b2: its downgrade fails")
    assert said["backfill-in-transaction"] == (
        "the safe form is found fault with: most rows of 'team' are locked until the transaction"
        " ends"
    )
    assert (mended.patch.new, file.read_bytes()) == ({}, before)


TRIGGER = (
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN UPDATE team SET code = code WHERE true; RETURN NULL; END $$;"
    " CREATE TRIGGER touch AFTER UPDATE ON hero FOR EACH STATEMENT EXECUTE FUNCTION touch()"
)


@MARIADB
def test_mariadb_keeps_what_an_alter_does_not_say(history: History) -> None:
    history.database.run("CREATE TABLE pet (id INT PRIMARY KEY, name VARCHAR(9) NOT NULL"
                         " DEFAULT 'it''s: so' COMMENT 'who')")  # fmt: skip
    history.last = None
    history.versions.joinpath("a1.py").unlink()
    sql = history.database.query("SHOW CREATE TABLE pet")[0][1].replace("\n", " ")
    history.add("a1", f"op.execute({sql.replace(':', chr(92) + ':')!r})")
    file = history.add(
        "b2",
        """
        op.alter_column(
            "pet",  # a table
            "name",
            existing_type=sa.String(9),
            type_=sa.String(99),
        )
        """,
        """
        op.alter_column("pet", "name", type_=sa.String(9), existing_nullable=False,
                        existing_type=sa.String(99), existing_comment="who",
                        existing_server_default="it's: so")
        """,
    )
    history.migrations.stamp(["a1"])
    history.database.run("INSERT INTO pet (id) VALUES (1)")
    mended = fix(history)
    assert ([f.rule for f in mended.fixed], reasons(mended)) == (["mariadb-attributes-lost"], [])
    assert mended.patch.added == ()
    assert (
        '    op.alter_column(\n        "pet",  # a table\n        "name",\n'
        "        existing_type=sa.String(9),\n        type_=sa.String(99),\n"
        "        existing_nullable=False,\n"
    ) in file.read_text()
    assert fix(history).patch.new == {}
    history.migrations.upgrade()
    history.database.run("INSERT INTO pet (id) VALUES (2)")
    assert history.database.query("SELECT id, name FROM pet") == [(1, "it's: so"), (2, "it's: so")]
    (table,) = history.database.query("SHOW CREATE TABLE pet")
    assert "`name` varchar(99) NOT NULL DEFAULT 'it''s: so' COMMENT 'who'" in table[1]


@SQLITE
def test_without_a_database_nothing_is_rewritten(history: History) -> None:
    history.add("b2", 'op.drop_column("hero", "age")')
    (history.folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    history.env(OURS)
    with pytest.raises(UsageError, match="has no URL"):
        fix(history, "a1:b2")


@SQLITE
@on(
    ("words", "message"),
    [
        (("--fix", "--diff"), "--fix writes and --diff only shows"),
        (("--fix", "--static"), "--fix proves what it writes on a scratch database"),
        (("--diff", "--static"), "--diff proves what it writes on a scratch database"),
    ],
)
def test_options_that_contradict_each_other(
    project: Project, database: Database, words: tuple[str, ...], message: str
) -> None:
    ran = project.cli("lint", *words)
    assert ran.code == 2
    assert message in ran.stderr


MODELS = """
from sqlmodel import Field, SQLModel

class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str{more}
"""


@POSTGRESQL
def test_a_diff_is_shown_and_nothing_written(project: Project, database: Database) -> None:
    project.write({"models.py": MODELS.format(more="")})
    for words in (("init",), ("revision", "heroes"), ("upgrade",)):
        assert project.cli(*words, env={"DATABASE_URL": database.url}).code == 0
    project.write({"models.py": MODELS.format(more=" = Field(index=True)")})
    assert project.cli("revision", "names", env={"DATABASE_URL": database.url}).code == 0
    before = project.files()
    ran = project.cli("lint", "--diff", "--json", env={"DATABASE_URL": database.url})
    told = json.loads(ran.stdout)["result"]
    assert ran.code == 1
    assert project.files() == before
    assert "+            postgresql_concurrently=True,\n" in told["diff"]
    assert ([each["rule"] for each in told["fixed"]], told["left"], told["written"]) == (
        ["create-index-blocking"], [], [],
    )  # fmt: skip


@POSTGRESQL
def test_a_revision_is_written_in_the_safe_form(project: Project, database: Database) -> None:
    env = {"DATABASE_URL": database.url}
    project.write({"models.py": MODELS.format(more="")})
    for words in (("init",), ("revision", "heroes"), ("upgrade",)):
        assert project.cli(*words, env=env).code == 0
    project.write({"models.py": MODELS.format(more=" = Field(index=True)\n    age: int | None")})
    ran = project.cli("revision", "names and ages", "--safe", env=env)
    assert ran.code == 0, ran.output
    new = [line for line in ran.output.splitlines() if "Generating" in line]
    assert len(new) == 2
    assert "build_ix_hero_name" in new[1]
    assert "postgresql_concurrently=True" in project.read(new[1].split()[1])
    for words in (("lint", "--fail-on", "note"), ("upgrade",), ("check",)):
        ran = project.cli(*words, env=env)
        assert ran.code == 0, ran.output

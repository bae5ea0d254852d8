"""Judged by the text alone: what is found without any database, and what is said of it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from lint.conftest import ENV, OURS, REVISION
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.lint.review import Linted, Wanted
from sqlmodel_migrations.migrations import Migrations

on = pytest.mark.parametrize
URLS = {
    "postgresql": "postgresql+psycopg://nobody@127.0.0.1:1/none",
    "mysql": "mysql+pymysql://nobody@127.0.0.1:1/none",
    "sqlite": "sqlite:////nowhere/at/all.db",
}


class Project:
    """Revisions for a database that cannot be reached."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.last = folder, "a1"
        self.versions = folder / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        self.env(ENV.replace("{options}", ""))
        self.add("a1", 'op.create_table("hero", sa.Column("id", sa.Integer))', down=None)

    def add(self, id: str, body: str, *, down: str | None = "a1") -> None:
        text = "\n".join(f"    {line}" for line in body.splitlines())
        (self.versions / f"{id}.py").write_text(
            REVISION.format(id=id, down=down, body=text, back="    op.get_bind()")
        )

    def env(self, text: str) -> None:
        (self.folder / "migrations" / "env.py").write_text(text)

    def lint(self, body: str, kind: str, span: str = "b2") -> Linted:
        ini = f"[alembic]\nscript_location = migrations\nsqlalchemy.url = {URLS[kind]}\n"
        (self.folder / "alembic.ini").write_text(ini)
        self.add("b2", body)
        return Migrations(self.folder).lint(Wanted(span, is_static=True))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def shown(linted: Linted) -> list[tuple[str, int]]:
    """Rules and lines of the body, in order."""
    return sorted((f.rule, (f.line or 0) - 10) for f in linted.findings)


@on(
    ("body", "rules"),
    [
        ('op.create_index("ix", "hero", ["id"])', {"create-index-blocking"}),
        ('op.execute("CREATE INDEX CONCURRENTLY ix ON hero (id)")', {"need-autocommit"}),
        ('op.add_column("hero", sa.Column("b", sa.Integer, nullable=False))',
         {"add-not-null-column"}),
        ('op.execute("ALTER TABLE hero ADD b uuid DEFAULT gen_random_uuid()")',
         {"volatile-default"}),
        ('op.alter_column("hero", "id", type_=sa.BigInteger)', {"change-column-type"}),
        ('op.alter_column("hero", "b", existing_type=sa.String(9), type_=sa.String(8))',
         {"change-column-type"}),
        ('op.alter_column("hero", "id", nullable=False)', {"set-not-null-scan", "fail-on-rows"}),
        ('op.create_check_constraint("ck", "hero", "id > 0")',
         {"add-check-validating", "fail-on-rows"}),
        ('op.create_foreign_key("fk", "hero", "org", ["id"], ["id"])',
         {"add-foreign-key-validating", "fail-on-rows"}),
        ('op.create_unique_constraint("uq", "hero", ["id"])',
         {"add-unique-blocking", "fail-on-rows"}),
        ('op.drop_column("hero", "id")', {"drop-column"}),
        ('op.drop_table("hero")', {"drop-table"}),
        ('op.rename_table("hero", "x")', {"rename-table"}),
        ('op.alter_column("hero", "id", new_column_name="b")', {"rename-column"}),
        ('op.get_bind().execute(sa.text("UPDATE hero SET id = 1"))', {"backfill-in-transaction"}),
        ('op.execute(sa.text("DELETE FROM hero"))', {"backfill-in-transaction", "delete-rows"}),
        ('op.execute("TRUNCATE hero")', {"delete-rows"}),
        ('op.execute("ALTER TABLE hero ADD b int; UPDATE hero SET b = 1")',
         {"backfill-in-transaction", "mixed-transaction"}),
    ],
)  # fmt: skip
def test_what_postgresql_would_do(project: Project, body: str, rules: set[str]) -> None:
    linted = project.lint(body, "postgresql")
    assert {f.rule for f in linted.findings} == rules
    assert {f.line for f in linted.findings} == {11}
    assert all(f.message.endswith(" (not measured)") for f in linted.findings)
    assert linted.is_static


@on(
    "body",
    [
        'op.create_table("note", sa.Column("id", sa.Integer))\n'
        'op.create_index("i", "note", ["id"])',
        'with op.get_context().autocommit_block():\n'
        '    op.create_index("i", "hero", ["id"], postgresql_concurrently=True)',
        'op.add_column("hero", sa.Column("b", sa.Integer, nullable=False, server_default="1"))',
        'op.create_check_constraint("ck", "hero", "id > 0", postgresql_not_valid=True)',
        'op.execute("UPDATE hero SET id = 1 WHERE id = 2")',
        'op.alter_column("hero", "b", existing_type=sa.String(8), type_=sa.String(9))',
        'with op.batch_alter_table("hero") as batch_op:\n'
        '    batch_op.alter_column("b", existing_type=sa.String, type_=sa.Text)',
        'op.execute("COMMENT ON TABLE hero IS \'DROP TABLE hero; DELETE FROM hero\'")',
        'op.execute("SELECT 1 -- TRUNCATE hero")',
    ],
)  # fmt: skip
def test_what_is_left_alone(project: Project, body: str) -> None:
    assert shown(project.lint(body, "postgresql")) == []


def test_mariadb_commits_each_change(project: Project) -> None:
    body = 'op.add_column("hero", sa.Column("b", sa.Integer))\nop.drop_column("hero", "id")'
    assert shown(project.lint(body, "mysql")) == [
        ("drop-column", 2), ("drop-column", 2), ("not-rerunnable", 2),
    ]  # fmt: skip
    body = 'op.execute("ALTER TABLE hero MODIFY id BIGINT")'
    assert shown(project.lint(body, "mysql")) == [("change-column-type", 1)]


def test_a_batch_of_sqlite_is_judged_by_its_operations(project: Project) -> None:
    body = (
        'with op.batch_alter_table("hero") as batch_op:\n'
        '    batch_op.add_column(sa.Column("b", sa.Integer))\n'
        '    batch_op.alter_column("id", type_=sa.Text)\n'
        '    batch_op.drop_column("id")\n'
    )
    linted = project.lint(body, "sqlite")
    assert shown(linted) == [("drop-column", 4), ("drop-column", 4), ("not-measured", 1)]
    (said,) = (f.message for f in linted.findings if f.rule == "not-measured")
    assert said.startswith("not measured: what plain Alembic loses as it makes 'hero' anew: trig")
    project.env(OURS)
    assert shown(project.lint(body, "sqlite")) == [("drop-column", 4), ("drop-column", 4)]


@on(
    "body",
    [
        'with op.batch_alter_table("hero") as batch_op:\n'
        '    batch_op.add_column(sa.Column("b", sa.Integer))',
        'op.create_table("new", sa.Column("id", sa.Integer))\n'
        'with op.batch_alter_table("new") as batch_op:\n'
        '    batch_op.alter_column("id", type_=sa.Text)',
    ],
)
def test_a_batch_that_loses_nothing(project: Project, body: str) -> None:
    assert shown(project.lint(body, "sqlite")) == []


SLOW = 'op.create_index("ix", "hero", ["id"])'
ALTER = 'op.add_column("hero", sa.Column("b", sa.Integer))'


@on(
    ("options", "rules"),
    [
        ("", {"create-index-blocking", "mixed-transaction"}),
        (", transaction_per_migration=False", {"create-index-blocking", "mixed-transaction"}),
        (", transaction_per_migration=True", {"create-index-blocking"}),
        (", **options", {"create-index-blocking", "not-measured"}),
        (", transaction_per_migration=is_each", {"create-index-blocking", "not-measured"}),
    ],
)
def test_whether_revisions_share_a_transaction(
    project: Project, options: str, rules: set[str]
) -> None:
    project.env(ENV.replace("{options}", options))
    project.add("c3", SLOW, down="b2")
    findings = project.lint(ALTER, "postgresql", "a1:c3").findings
    assert {f.rule for f in findings} == rules
    assert {f.revision for f in findings if f.rule != "not-measured"} == {"c3"}
    said = [(f.message, f.file) for f in findings if f.rule == "not-measured"]
    assert [m.startswith("not measured: env.py does not show whether one") for m, _ in said] == (
        [True] if "not-measured" in rules else []
    )
    assert all(file == project.folder / "migrations" / "env.py" for _, file in said)
    alone = project.lint(f"{ALTER}\n{SLOW}", "postgresql").findings
    assert {f.rule for f in alone} == {"create-index-blocking", "mixed-transaction"}


def test_ours_commits_each_revision(project: Project) -> None:
    project.env(OURS)
    project.add("c3", SLOW, down="b2")
    findings = project.lint(ALTER, "postgresql", "a1:c3").findings
    assert {f.rule for f in findings} == {"create-index-blocking"}
    settings = '[tool.sqlmodel.migrations.lint]\nrunner = "alembic"\n'
    (project.folder / "pyproject.toml").write_text(settings)
    findings = project.lint(ALTER, "postgresql", "a1:c3").findings
    assert {f.rule for f in findings} == {"create-index-blocking"}


@on(
    ("body", "reason"),
    [
        ("sa.inspect(op.get_bind())", "NoInspectionAvailable"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise RuntimeError('no')", "RuntimeError: no"),
    ],
)
def test_what_cannot_be_judged_is_said(project: Project, body: str, reason: str) -> None:
    (found,) = project.lint(body, "postgresql").findings
    assert found.rule == "not-measured"
    assert f"without a database the revision ends here: {reason}" in found.message
    assert found.line == 11


def test_answers_are_empty(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    body = (
        "found = op.get_bind().execute(sa.text('SELECT id FROM hero')).fetchall()\n"
        "print(found, op.get_bind().scalar(sa.text('SELECT 1')))\n"
        "some = sa.text('DELETE FROM hero WHERE id = :x')\n"
        "while op.get_bind().execute(some, {'x': 1}).rowcount:\n"
        "    pass\n"
    )
    assert shown(project.lint(body, "postgresql")) == [("delete-rows", 4)]
    assert capsys.readouterr().out == ""


def test_no_database_says_what_is_pending(project: Project) -> None:
    project.lint("pass", "sqlite")
    migrations = Migrations(project.folder)
    for wanted in (Wanted(is_static=True), Wanted("b2", is_live=True, is_static=True)):
        with pytest.raises(UsageError, match="--static uses no database"):
            migrations.lint(wanted)


def test_a_kind_of_database_that_is_not_known(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(URLS, "mssql", "mssql+pyodbc://x/y")
    with pytest.raises(UsageError, match="'mssql'"):
        project.lint("pass", "mssql")


def dedented(body: str) -> str:
    return textwrap.dedent(body).strip()


def found(project: Project, kind: str, body: str) -> list[tuple[str | None, int]]:
    """The hazards, and the lines of the body."""
    findings = project.lint(dedented(body), kind).findings
    kept = [f for f in findings if f.hazard not in ("partial-failure", None)]
    return [(f.hazard, (f.line or 0) - 10) for f in kept]


@on(
    ("sql", "hazards"),
    [
        ("WITH x AS (SELECT 1) DELETE FROM hero", ["mass-dml", "data-loss"]),
        ("DELETE FROM hero WHERE age > 5", ["data-loss"]),
        ("UPDATE hero SET age = 1 WHERE id = 5", []),
        (
            "MERGE INTO hero h USING hero o ON h.id = o.id WHEN MATCHED THEN DELETE",
            ["mass-dml", "data-loss"],
        ),
        (
            "INSERT INTO hero SELECT * FROM hero ON CONFLICT (id) DO UPDATE SET age = 1",
            ["mass-dml"],
        ),
        ("REFRESH MATERIALIZED VIEW totals", ["table-rewrite"]),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY totals", []),
        ("CLUSTER hero USING ix", ["table-rewrite"]),
        ("ALTER TABLE hero SET UNLOGGED", ["table-rewrite"]),
        ("REINDEX TABLE hero", ["index-lock"]),
        ("ALTER TABLE hero SET SCHEMA other", ["breaks-running-code"]),
        ("DROP VIEW names", ["breaks-running-code"]),
        ("ALTER TABLE hero VALIDATE CONSTRAINT c", ["fails-on-data"]),
        (
            "ALTER TABLE hero ATTACH PARTITION p FOR VALUES FROM (1) TO (2)",
            ["fails-on-data", "scan-lock"],
        ),
        ("ALTER TABLE hero DETACH PARTITION p", ["breaks-running-code"]),
        ("ALTER TYPE mood RENAME VALUE 'a' TO 'b'", ["breaks-running-code"]),
    ],
)
def test_what_a_text_says(project: Project, sql: str, hazards: list[str]) -> None:
    assert sorted(found(project, "postgresql", f"op.execute({sql!r})"), key=str) == [
        (hazard, 1) for hazard in sorted(hazards)
    ]


@on(
    ("sql", "hazard"),
    [
        ("ALTER TABLE hero ADD FULLTEXT INDEX f (name)", "index-lock"),
        ("ALTER TABLE hero ADD INDEX f (name)", None),
        ("ALTER TABLE hero CONVERT TO CHARACTER SET latin1", "table-rewrite"),
        ("ALTER TABLE hero ADD COLUMN u CHAR(36) DEFAULT (UUID())", "table-rewrite"),
        ("ALTER TABLE hero ADD COLUMN u INT NOT NULL", "breaks-running-code"),
        ("ALTER TABLE hero DROP PARTITION p", "data-loss"),
        ("ALTER TABLE hero PARTITION BY HASH (id)", "table-rewrite"),
        ("REPLACE INTO hero SELECT * FROM hero", "mass-dml"),
    ],
)
def test_what_a_text_says_on_mariadb(project: Project, sql: str, hazard: str | None) -> None:
    assert found(project, "mysql", f"op.execute({sql!r})") == (
        [] if hazard is None else [(hazard, 1)]
    )


@on(
    ("clauses", "rule", "lock"),
    [
        ("ADD COLUMN b INT, ALGORITHM=COPY", "volatile-default", "SHARED"),
        ("ADD COLUMN b INT, LOCK=SHARED", None, None),
        ("DROP INDEX i, ALGORITHM=COPY, LOCK=EXCLUSIVE", "rewrite-table", "EXCLUSIVE"),
        ("ALTER age SET DEFAULT 5, ALGORITHM = COPY", "rewrite-table", "SHARED"),
        ("ALTER age SET DEFAULT 5, ALGORITHM=INPLACE", None, None),
        ("ADD INDEX i (age), LOCK=NONE", None, None),
        ("ADD INDEX i (age), LOCK=SHARED", "create-index-blocking", "SHARED in place"),
        ("ADD INDEX i (age), ALGORITHM=COPY", "rewrite-table", "SHARED"),
        ("ADD UNIQUE (age), LOCK=EXCLUSIVE", "add-unique-blocking", "EXCLUSIVE in place"),
        ("MODIFY age BIGINT, LOCK=EXCLUSIVE", "change-column-type", "EXCLUSIVE"),
        ("ENGINE=InnoDB, ALGORITHM=COPY, LOCK=SHARED", "rewrite-table", "SHARED"),
    ],
)
def test_what_mariadb_is_told_of_the_way(
    project: Project, clauses: str, rule: str | None, lock: str | None
) -> None:
    findings = project.lint(f"op.execute('ALTER TABLE hero {clauses}')", "mysql").findings
    assert {f.rule for f in findings} - {"fail-on-rows"} == ({rule} if rule else set())
    assert all(f"({lock} lock)" in f.message for f in findings if f.rule == rule)


@on(
    "sql",
    [
        "CREATE INDEX i ON hero (age) ALGORITHM=COPY LOCK=SHARED",
        "DROP INDEX i ON hero ALGORITHM=COPY",
    ],
)
def test_a_copy_for_an_index_of_mariadb(project: Project, sql: str) -> None:
    (said,) = project.lint(f"op.execute({sql!r})", "mysql").findings
    assert said.rule == "rewrite-table"


def test_a_copy_for_a_column_that_old_code_does_not_fill(project: Project) -> None:
    sql = "ALTER TABLE hero ADD COLUMN b INT NOT NULL, ALGORITHM=COPY"
    hazards = {hazard for hazard, _ in found(project, "mysql", f"op.execute({sql!r})")}
    assert hazards == {"breaks-running-code", "table-rewrite"}


@on(
    ("clauses", "said"),
    [
        ("MODIFY age BIGINT, ALGORITHM=INPLACE", "ALGORITHM=INPLACE"),
        ("MODIFY age BIGINT, LOCK=NONE", "LOCK=NONE"),
        ("ADD FULLTEXT INDEX f (name), LOCK=NONE", "LOCK=NONE"),
    ],
)
def test_what_mariadb_may_refuse_is_not_measured(project: Project, clauses: str, said: str) -> None:
    (found,) = project.lint(f"op.execute('ALTER TABLE hero {clauses}')", "mysql").findings
    assert found.rule == "not-measured"
    assert found.message == (
        f"not measured: whether the server accepts {said} here does not stand in the text"
    )


def test_mariadb_gives_locks_back_at_each_change(project: Project) -> None:
    body = """
    op.execute("ALTER TABLE hero MODIFY age BIGINT")
    op.execute("UPDATE hero SET age = 1")
    op.execute("LOCK TABLES hero WRITE")
    op.execute("UPDATE hero SET age = 1")
    op.execute("UNLOCK TABLES")
    op.execute("UPDATE hero SET age = 1")
    """
    held = [line for hazard, line in found(project, "mysql", body) if hazard == "lock-held"]
    assert held == [4]


@on(
    ("sql", "is_again"),
    [
        ("ALTER TABLE hero ADD b INT", True),
        ("ALTER TABLE hero DROP COLUMN b", True),
        ("ALTER TABLE hero CHANGE a b INT", True),
        ("RENAME TABLE hero TO person", True),
        ("ALTER TABLE hero MODIFY b INT", False),
        ("ALTER TABLE hero ALTER b DROP DEFAULT", False),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", False),
        ("DROP TABLE IF EXISTS other", False),
    ],
)
def test_what_can_be_said_twice(project: Project, sql: str, *, is_again: bool) -> None:
    body = f'op.execute("{sql}")\nop.create_table("new", sa.Column("id", sa.Integer))'
    rules = {f.rule for f in project.lint(body, "mysql").findings}
    assert ("not-rerunnable" in rules) == is_again


@on(
    ("condition", "is_known"),
    [
        ("age = 5", True),
        ("hero.id IN (1, 2) AND age > 5", True),
        ("id = 5 OR name = 'x'", True),
        ("id BETWEEN 1 AND 500", True),
        ("id IN (SELECT id FROM hero WHERE age > 5 LIMIT 5000)", True),
        ("age > 5", False),
        ("age IS NULL", False),
        ("is_new = true", False),
        ("id = 5 OR age > 5", False),
        ("id = other.id", False),
        ("id IN (SELECT id FROM other WHERE id = 5)", False),
        ("id IN (SELECT id FROM hero LIMIT 50000)", False),
    ],
)
@on("verb", ["UPDATE hero SET age = 1", "DELETE FROM hero"])
def test_how_many_rows_a_condition_leaves(
    project: Project, verb: str, condition: str, *, is_known: bool
) -> None:
    sql = f"{verb} WHERE {condition}"
    findings = project.lint(f"op.execute({sql!r})", "postgresql").findings
    said = [f.message for f in findings if f.rule == "not-measured"]
    reason = "how many rows of 'hero' this changes does not stand in its text"
    assert said == ([] if is_known else [f"not measured: {reason}"])
    assert "backfill-in-transaction" not in {f.rule for f in findings}


def test_the_condition_of_a_query_is_not_that_of_the_statement(project: Project) -> None:
    sql = "UPDATE hero SET age = (SELECT max(x) FROM other WHERE id = 5 LIMIT 1)"
    assert found(project, "postgresql", f"op.execute({sql!r})") == [("mass-dml", 1)]


def test_a_new_column_is_null_in_every_row(project: Project) -> None:
    body = """
    op.add_column("hero", sa.Column("b", sa.Integer))
    op.add_column("hero", sa.Column("c", sa.Integer, server_default="1"))
    op.execute("UPDATE hero SET b = 1 WHERE hero.b IS NULL")
    op.execute("UPDATE hero SET b = 2 WHERE b IS NULL")
    op.execute("UPDATE hero SET c = 2 WHERE c IS NULL")
    op.execute("UPDATE hero SET b = 3 WHERE b IS NULL LIMIT 5000")
    """
    findings = project.lint(dedented(body), "mysql").findings
    kept = [(f.rule, (f.line or 0) - 10) for f in findings if f.hazard in ("mass-dml", None)]
    assert kept == [
        ("backfill-in-transaction", 3), ("not-measured", 4), ("not-measured", 5),
    ]  # fmt: skip


@on(
    ("sql", "hazard"),
    [
        ("ALTER TABLE hero ADD COLUMN u TEXT UNIQUE", "always-fails"),
        ("ALTER TABLE hero ADD COLUMN u TEXT DEFAULT CURRENT_TIMESTAMP", "fails-on-data"),
        ("ALTER TABLE hero ADD COLUMN u TEXT DEFAULT (random())", "fails-on-data"),
        ("ALTER TABLE hero ADD COLUMN u TEXT DEFAULT 'x'", None),
    ],
)
def test_what_a_text_says_on_sqlite(project: Project, sql: str, hazard: str | None) -> None:
    assert found(project, "sqlite", f"op.execute({sql!r})") == (
        [] if hazard is None else [(hazard, 1)]
    )


def test_a_constraint_that_a_batch_adds(project: Project) -> None:
    batch = """
    with op.batch_alter_table("hero") as batch_op:
        batch_op.create_unique_constraint("uq", ["name"])
    """
    assert found(project, "sqlite", batch) == [("fails-on-data", 2)]


def test_a_name_that_is_given_again_is_not_gone(project: Project) -> None:
    swap = """
    op.execute("CREATE TABLE hero2 (LIKE hero INCLUDING ALL)")
    op.execute("DROP TABLE hero")
    op.execute("ALTER TABLE hero2 RENAME TO hero")
    op.execute("DROP VIEW names")
    op.execute("CREATE VIEW names AS SELECT id FROM hero")
    """
    assert found(project, "postgresql", swap) == []
    findings = project.lint(dedented(swap), "postgresql").findings
    said = [f.message for f in findings if f.rule == "not-measured"]
    assert said == ["not measured: what the table in the place of 'hero' leaves out is not read"]


@on(
    "sql",
    [
        "DO $$ BEGIN DELETE FROM hero; END $$",
        "CALL work()",
        "DROP TYPE mood CASCADE",
        "SET SESSION alter_algorithm = 'COPY'",
    ],
)
def test_what_is_not_read_is_said(project: Project, sql: str) -> None:
    findings = project.lint(f"op.execute({sql!r})", "postgresql").findings
    assert [f.rule for f in findings if f.rule != "irreversible"] == ["not-measured"]


def test_what_is_rolled_back_by_its_text(project: Project) -> None:
    body = """
    op.execute("SAVEPOINT trial")
    op.execute("DROP TABLE hero")
    op.execute("ROLLBACK TO trial")
    """
    assert found(project, "postgresql", body) == []


@on("is_ours", [True, False])
def test_a_transaction_is_left_by_ours(project: Project, *, is_ours: bool) -> None:
    if is_ours:
        project.env(OURS)
    body = """
    op.execute("ALTER TYPE mood ADD VALUE 'sad'")
    op.execute("UPDATE hero SET mood = 'sad' WHERE id = 1")
    op.execute("CREATE INDEX CONCURRENTLY i ON hero (age)")
    """
    findings = project.lint(dedented(body), "postgresql").findings
    outside = [f for f in findings if f.hazard == "fails-in-transaction"]
    assert [((f.line or 0) - 10, f.severity.value) for f in outside] == [
        (2, "note" if is_ours else "error"), (3, "note" if is_ours else "error"),
    ]  # fmt: skip

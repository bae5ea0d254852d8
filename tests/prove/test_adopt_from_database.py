"""`adopt --from-database`: a script that makes again whatever stands in a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import Database
from heroes import MODELS
from project import Project
from sqlmodel_migrations.migrations import Migrations

# Statements with `;;` between them.
EVERYTHING = Path(__file__).parent / "everything"
NOT_WRITTEN = {
    "sqlite": "",
    "postgresql": "not written: rule 'r' of 'plain', policy 'pol' of 'secured', aggregate 'agg'\n",
    "mariadb": "not written: event 'ev', view 'broken' (Table 'gone' doesn't exist (1146))\n",
}


@pytest.fixture
def empty(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project without models, and an empty database."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    assert project.cli("init").code == 0
    return project


def make(database: Database, statements: str) -> None:
    for sql in statements.split("\n;;\n"):
        database.run(sql.strip())


def script(project: Project) -> str:
    (path,) = (project.path / "migrations" / "versions").glob("b0_*.py")
    return path.read_text(encoding="utf-8")


def test_everything_that_a_database_can_have(empty: Project, database: Database) -> None:
    make(database, (EVERYTHING / f"{database.kind}.sql").read_text(encoding="utf-8"))
    ran = empty.cli("adopt", "--from-database", "--rev-id", "b0")
    assert ran.code == 0, ran.output
    assert "adopted: the database is what revision b0 makes, and that is recorded\n" in ran.stderr
    assert NOT_WRITTEN[database.kind] in ran.stderr
    assert Migrations(empty.path).drift().differences == ()
    assert database.name not in script(empty)


PLAIN = """
CREATE TABLE team (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50) DEFAULT 'a')
;;
CREATE TABLE hero (
    id INTEGER NOT NULL PRIMARY KEY, team_id INTEGER,
    CONSTRAINT fk_team FOREIGN KEY (team_id) REFERENCES team (id)
)
;;
CREATE INDEX ix_team ON hero (team_id)
"""


def test_what_operations_can_say_is_said_by_them(empty: Project, database: Database) -> None:
    make(database, PLAIN)
    ran = empty.cli("adopt", "--from-database", "--rev-id", "b0")
    assert ran.code == 0, ran.output
    path = empty.path / "migrations" / "versions" / "b0_baseline.py"
    assert ran.stdout == f"  Generating {path} ...  done\n"
    upgrade = script(empty).partition("def downgrade")[0]
    assert "op.execute" not in upgrade
    assert upgrade.index('"team",') < upgrade.index('"hero",')
    assert "mysql_" not in upgrade
    assert "postgresql_" not in upgrade


EXTRA = (
    "CREATE TABLE notes (id INTEGER NOT NULL PRIMARY KEY)",
    "CREATE VIEW of_notes AS SELECT id FROM notes",
    "CREATE VIEW names AS SELECT name FROM hero",
)


def test_only_the_tables_of_the_models_where_there_are_some(
    empty: Project, database: Database
) -> None:
    empty.write({"models.py": MODELS.replace("name: str", "name: str = Field(max_length=50)")})
    ini = empty.read("alembic.ini").replace("[alembic]\n", "[alembic]\nsqlmodel.models = models\n")
    empty.write({"alembic.ini": ini})
    column = "id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50)"
    database.run(f"CREATE TABLE hero ({column}, age INTEGER)", *EXTRA)
    ran = empty.cli("adopt", "--from-database", "--rev-id", "b0")
    assert ran.code == 0, ran.output
    assert "written as SQL: view 'names'\n" in ran.stderr
    said = "left alone, because no revision made it: table 'notes', view 'of_notes'\n"
    assert said in ran.stderr
    assert "notes" not in script(empty)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_the_models_want_otherwise_is_the_next_revision(
    empty: Project, database: Database
) -> None:
    empty.write({"models.py": MODELS})
    ini = empty.read("alembic.ini").replace("[alembic]\n", "[alembic]\nsqlmodel.models = models\n")
    empty.write({"alembic.ini": ini})
    database.run("CREATE TABLE hero (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR NOT NULL)")
    empty.write({"models.py": MODELS + "    age: int | None = None\n"})
    assert empty.cli("adopt", "--from-database", "--rev-id", "b0").code == 0
    ran = empty.cli("revision", "ages", "--rev-id", "c1")
    assert ran.code == 0, ran.output
    assert empty.cli("upgrade").code == 0
    assert empty.cli("check", "--database").code == 0
    assert empty.cli("drift").code == 0

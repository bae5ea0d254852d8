"""A plan: what it says, and that it is refused where it holds no more."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from databases import Database
from project import Project
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.errors import PlanOutdated, UsageError
from sqlmodel_migrations.plan import file
from sqlmodel_migrations.plan.plan import Plan

REVISION = '''"""{id}"""
from alembic import op
import sqlalchemy as sa

revision = "{id}"
down_revision = {down!r}


def upgrade():
    {upgrade}


def downgrade():
    pass
'''
HERO = """op.create_table(
        "hero", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50))
    )"""
AGE = """op.add_column("hero", sa.Column("age", sa.Integer))
    for name in ("a", "b"):
        op.execute(f"UPDATE hero SET age = 1 WHERE name = '{name}'")"""
WEAPON = 'op.create_table("weapon", sa.Column("id", sa.Integer, primary_key=True))'


def write(project: Project, id: str, down: str | None, upgrade: str) -> None:
    text = REVISION.format(id=id, down=down, upgrade=upgrade)
    project.write({f"migrations/versions/{id}.py": text})


@pytest.fixture
def begun(project: Project, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A table with a row, and two revisions that are pending."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    Migrations.init()
    write(project, "a1", None, HERO)
    Migrations.find().upgrade()
    database.run("INSERT INTO hero (id, name) VALUES (1, 'a')")
    write(project, "b2", "a1", AGE)
    write(project, "c3", "b2", WEAPON)
    return project


def test_statements_are_those_that_are_sent(begun: Project, database: Database) -> None:
    plan = Migrations.find().plan()
    assert [revision.id for revision in plan.revisions] == ["b2", "c3"]
    sent = [[s.sql for s in revision.statements] for revision in plan.revisions]
    assert [sql.split()[:2] for sql in sent[0]] == [["ALTER", "TABLE"], *[["UPDATE", "hero"]] * 2]
    assert [one.line for one in plan.revisions[0].statements] == [10, 12, 12]
    assert sent[1][0].startswith("CREATE TABLE weapon")
    assert plan.sizes["hero"].rows in (0, 1)  # PostgreSQL has not counted yet
    assert set(plan.after) == {"hero", "weapon"}
    assert (plan.current, plan.target) == (("a1",), ("c3",))


BATCH = """with op.batch_alter_table("hero") as batch_op:
        batch_op.alter_column("name", existing_type=sa.String(50), nullable=False)
    op.get_bind().execute(sa.text("SELECT count(*) FROM hero"))"""


def test_what_an_operation_looks_up_is_left_out(begun: Project, database: Database) -> None:
    write(begun, "b2", "a1", BATCH)
    statements = Migrations.find().plan().revisions[0].statements
    *changes, read = [(each.operation, each.sql.split()[0]) for each in statements]
    assert read == ("execute", "SELECT")
    assert {verb for _, verb in changes} <= {"CREATE", "INSERT", "DROP", "ALTER"}
    assert {operation for operation, _ in changes} == {
        "batch_alter_table" if database.kind == "sqlite" else "alter_column"
    }


def test_nothing_is_changed(begun: Project, database: Database) -> None:
    Migrations.find().plan()
    assert Migrations.find().current_ids() == ("a1",)
    with pytest.raises(Exception, match="age"):
        database.query("SELECT age FROM hero")


def test_a_plan_is_carried_out_as_it_was_read(begun: Project, database: Database) -> None:
    path = begun.path / "plan.json"
    file.write(path, Migrations.find().plan("b2"))
    write(begun, "d4", "c3", "op.drop_table('hero')")
    outcome = Migrations.find().upgrade(plan=file.read(path))
    assert [revision.id for revision in outcome.applied] == ["b2"]
    assert database.query("SELECT age FROM hero") == [(1,)]
    assert Migrations.find().upgrade(plan=file.read(path)).applied == ()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestAPlanThatHoldsNoMore:
    @pytest.fixture
    def plan(self, begun: Project) -> Plan:
        return Migrations.find().plan()

    def refused(self, plan: Plan) -> PlanOutdated:
        before = Migrations.find().current_ids()
        with pytest.raises(PlanOutdated) as refusal:
            Migrations.find().upgrade(plan=plan)
        assert Migrations.find().current_ids() == before
        return refusal.value

    def test_at_another_revision(self, plan: Plan) -> None:
        Migrations.find().upgrade("b2")
        assert "is at b2, and was at a1" in self.refused(plan).message

    def test_a_schema_that_was_changed(self, plan: Plan, database: Database) -> None:
        database.run("CREATE TABLE villain (id INTEGER)")
        assert "the schema of the database was changed" in self.refused(plan).message

    def test_a_script_that_was_edited(self, plan: Plan, begun: Project) -> None:
        write(begun, "c3", "b2", WEAPON.replace("weapon", "sword"))
        assert "revision c3 was edited" in self.refused(plan).message

    def test_a_script_that_was_laid_out_anew(self, plan: Plan, begun: Project) -> None:
        write(begun, "c3", "b2", f"# a weapon\n    {WEAPON}")
        assert len(Migrations.find().upgrade(plan=plan).applied) == 2

    def test_another_history(self, plan: Plan, begun: Project) -> None:
        write(begun, "b3", "b2", "pass")
        write(begun, "c3", "b3", WEAPON)
        assert "other revisions are pending: b2, b3, c3" in self.refused(plan).message

    def test_a_result_that_is_not_the_planned_one(self, plan: Plan) -> None:
        other = dataclasses.replace(plan, after={**plan.after, "hero": "0" * 64})
        with pytest.raises(PlanOutdated, match="'hero' is not what the plan says"):
            Migrations.find().upgrade(plan=other)
        assert Migrations.find().current_ids() == ("c3",)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_drift_in_a_touched_table_is_said_and_not_promised(
    begun: Project, database: Database
) -> None:
    database.run("ALTER TABLE hero ADD COLUMN nickname VARCHAR(20)")
    plan = Migrations.find().plan()
    assert "'hero' is not what its revisions make" in plan.notes[0]
    assert set(plan.after) == {"weapon"}
    assert len(Migrations.find().upgrade(plan=plan).applied) == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_is_no_plan(begun: Project) -> None:
    path = begun.path / "plan.json"
    for text in ("", "[]", "{}", '{"format": 1}'):
        path.write_text(text)
        with pytest.raises(UsageError, match="is no plan"):
            file.read(path)
    with pytest.raises(UsageError, match="cannot be read"):
        file.read(begun.path / "missing.json")
    with pytest.raises(UsageError, match="cannot be written"):
        file.write(begun.path / "no" / "plan.json", Migrations.find().plan())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_is_read_as_it_was_written(begun: Project) -> None:
    path = begun.path / "plan.json"
    plan = Migrations.find().plan()
    file.write(path, plan)
    assert file.read(path) == plan
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**values, "new": 1, "format": 2}))
    with pytest.raises(UsageError, match="made by a newer version"):
        file.read(path)


def test_no_password_is_in_a_plan(begun: Project, database: Database) -> None:
    secret = "s3cr3t-word"
    url = database.url.replace("://postgres@", f"://postgres:{secret}@")
    plan = Migrations.find(url=url).plan()
    assert secret not in json.dumps(file.as_json(plan))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_without_a_scratch_database_the_revisions_are_listed_with_the_reason(
    begun: Project, database: Database
) -> None:
    ini = Path("alembic.ini")
    setting = f"[alembic]\nsqlmodel.shadow_url = {database.url}"  # it holds tables
    ini.write_text(ini.read_text().replace("[alembic]", setting, 1))
    plan = Migrations.find().plan()
    assert [revision.id for revision in plan.revisions] == ["b2", "c3"]
    assert "names a database that holds" in str(plan.revisions[0].unknown)

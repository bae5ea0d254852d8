"""`revision` proves what it wrote: a right one passes, each kind of wrong one is taken away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from project import Project

from .conftest import MODELS, Break

AGE = "age: int | None = None"
VERSIONS = "migrations/versions"


def change(project: Project, old: str, new: str) -> None:
    assert old in MODELS
    project.write({"models.py": MODELS.replace(old, new)})


def scripts(project: Project) -> list[str]:
    return sorted(path.name for path in (project.path / VERSIONS).glob("*.py"))


def rejected(project: Project, *arguments: str) -> str:
    """Run `revision`, which must refuse its own script; return what it says."""
    before = scripts(project)
    ran = project.cli("revision", "second", "--rev-id", "b2", "--json", *arguments)
    assert ran.code == 1, ran.stdout + ran.stderr
    error = json.loads(ran.stdout)["error"]
    assert scripts(project) == before
    assert list((project.path / VERSIONS).rglob("*second*")) == []
    (kept,) = error["rejected"]
    assert 'revision: str = "b2"' in Path(kept).read_text()
    assert not Path(kept).is_relative_to(project.path)
    assert "revision b2" in error["details"][0]
    return "\n".join(error["details"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (AGE, f"{AGE}\n        size: int = 5"),
        (AGE, "age: int | None = Field(default=None, index=True)"),
        (AGE, "age: int = 3"),
        (
            "name: str = Field(max_length=50)\n        age",
            "name: str = Field(max_length=80)\n        age",
        ),
        (AGE, ""),
        ("name: str = Field(max_length=50)\n        age",
         "name: str = Field(max_length=50, unique=True)\n        age"),
        (AGE, f"{AGE}\n        code: str = Field(max_length=9)"),
    ],
    ids=["new", "index", "default", "longer", "drop", "unique", "required"],
)  # fmt: skip
def test_a_right_revision_passes(heroes: Project, old: str, new: str) -> None:
    change(heroes, old, new)
    ran = heroes.cli("revision", "second", "--rev-id", "b2")
    assert ran.code == 0, ran.stderr
    assert scripts(heroes) == ["__init__.py", "a1_heroes.py", "b2_second.py"]
    assert "Generating" in ran.stdout
    assert "error" not in ran.stderr


def test_a_wrong_type(heroes: Project, broken: Break) -> None:
    change(heroes, AGE, f"{AGE}\n        size: int = 5")
    broken((r'"size",\s*sa\.Integer\(\)', '"size", sa.BigInteger()'))
    said = rejected(heroes)
    assert (
        "its upgrade does not make what the models say: column 'hero.size': type b" in said.lower()
    )


def test_a_forgotten_index(heroes: Project, broken: Break) -> None:
    change(heroes, AGE, "age: int | None = Field(default=None, index=True)")
    broken((r"\b(batch_op|op)\.create_index\([^\n]*ix_hero_age[^\n]*\)", "pass"))
    assert "index 'ix_hero_age' of 'hero' is missing" in rejected(heroes)


EMPTIED = (
    '    op.drop_column("hero", "age")\n    op.add_column("hero", sa.Column("age", sa.Integer()))\n'
)


def test_values_that_go_away(heroes: Project, broken: Break) -> None:
    change(heroes, AGE, f"{AGE}\n        size: int = 5")
    broken((r"(def upgrade\(\)[^\n]*\n[^\n]*\n)", r"\1" + EMPTIED))
    assert "its upgrade loses data: the value of 'hero.age' is gone" in rejected(heroes)


def test_rows_that_go_away(heroes: Project, broken: Break) -> None:
    change(heroes, AGE, f"{AGE}\n        size: int = 5")
    lost = (
        '    op.create_table("copy", sa.Column("id", sa.Integer(), primary_key=True),'
        ' sa.Column("name", sa.String(50), nullable=False), sa.Column("age", sa.Integer()),'
        ' sa.Column("team_id", sa.Integer(), sa.ForeignKey("team.id", name="fk_copy")))\n'
        '    op.drop_table("hero")\n'
        '    op.rename_table("copy", "hero")\n'
    )
    broken((r"(def upgrade\(\)[^\n]*\n[^\n]*\n)", r"\1" + lost))
    assert "rows of 'hero' are gone" in rejected(heroes)


def test_a_rename_that_empties_the_column(heroes: Project, broken: Break) -> None:
    change(heroes, AGE, "years: int | None = None")
    emptied = EMPTIED.strip().replace('Column("age"', 'Column("years"')
    broken((r'op\.execute\("ALTER TABLE hero RENAME COLUMN age TO years"\)', emptied))
    said = rejected(heroes, "--rename", "hero.age:years")
    assert "its upgrade loses data: the value of 'hero.age' is gone" in said


def test_a_downgrade_that_leaves_something_behind(heroes: Project, broken: Break) -> None:
    change(heroes, AGE, f"{AGE}\n        size: int = 5\n        strength: int | None = None")
    broken((r'(batch_op\.drop_column\("strength"\)|op\.drop_column\("hero", "strength"\))', "pass"))
    said = rejected(heroes)
    assert "its downgrade does not restore it: column 'hero.strength' should not be there" in said


def test_a_guard_that_is_not_there(heroes: Project, broken: Break) -> None:
    """The sample rows satisfy the models; only the row made for the guard shows it."""
    change(heroes, AGE, "age: int")
    broken((r"if rows := op\.get_bind\(\)", "if False and op.get_bind()"),
           (r"\{rows\}", "rows"))  # fmt: skip
    assert "have no value in 'age'" in rejected(heroes)


def test_a_value_that_a_check_gave_up(heroes: Project, broken: Break) -> None:
    """No invented text gets past the old check: the row takes one of the values that it lists."""
    check = """
        __table_args__ = (CheckConstraint("name IN ({})", name="ck_name"),)
        """
    start = "    from sqlmodel"
    head = MODELS.replace(start, f"    from sqlalchemy import CheckConstraint\n{start}")
    checked = head.replace(AGE, f"{AGE}\n{check}")
    heroes.write({"models.py": checked.replace("{}", "'a', 'b', 'c'")})
    assert heroes.cli("revision", "check", "--rev-id", "a2").code == 0
    heroes.write({"models.py": checked.replace("{}", "'a', 'b'")})
    broken((r"if rows := op\.get_bind\(\)", "if False and op.get_bind()"), (r"\{rows\}", "rows"))
    assert "rows of 'hero' do not satisfy the check 'ck_name'" in rejected(heroes)


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_a_guard_that_comes_too_late(heroes: Project, broken: Break) -> None:
    """Where DDL cannot be rolled back a change before the guard stays."""
    change(heroes, AGE, "age: int")
    early = '    op.execute("CREATE TABLE early (id INTEGER PRIMARY KEY)")\n'
    gone = '\n    op.execute("DROP TABLE early")\n\n\ndef downgrade'
    broken((r"(def upgrade\(\)[^\n]*\n[^\n]*\n)", r"\1" + early), (r"\n+def downgrade", gone))
    ran = heroes.cli("revision", "second", "--rev-id", "b2", "--json")
    assert ran.code == 1
    said = json.loads(ran.stdout)["error"]["details"]
    late = "its upgrade refuses rows after it changed something: table 'early' should not be there"
    assert any(late in line for line in said)


def test_an_upgrade_that_fails(heroes: Project, broken: Break) -> None:
    change(heroes, AGE, f"{AGE}\n        size: int = 5")
    broken((r"(def upgrade\(\)[^\n]*\n[^\n]*\n)", r"\1" + '    op.execute("NOT SQL")\n'))
    assert "its upgrade fails" in rejected(heroes)


def test_a_person_reads_where_the_text_is(heroes: Project, broken: Break) -> None:
    change(heroes, AGE, f"{AGE}\n        size: int = 5")
    broken((r"(def upgrade\(\)[^\n]*\n[^\n]*\n)", r"\1" + '    op.execute("NOT SQL")\n'))
    ran = heroes.cli("revision", "second")
    assert ran.code == 1
    assert "Generating" not in ran.stdout
    assert "error: the revision that was written is wrong" in ran.stderr
    assert "its text is in " in ran.stderr
    assert "--no-verify" in ran.stderr


def test_no_verify(heroes: Project, broken: Break) -> None:
    change(heroes, AGE, f"{AGE}\n        size: int = 5")
    broken((r"(def upgrade\(\)[^\n]*\n[^\n]*\n)", r"\1" + '    op.execute("NOT SQL")\n'))
    ran = heroes.cli("revision", "second", "--rev-id", "b2", "--no-verify")
    assert ran.code == 0, ran.stderr
    assert "b2_second.py" in scripts(heroes)


def test_an_emptied_downgrade_is_a_warning(heroes: Project, broken: Break) -> None:
    change(heroes, AGE, f"{AGE}\n        size: int | None = None")
    broken((r"(def downgrade\(\)[^\n]*\n).*", r"\1    pass\n"))
    ran = heroes.cli("revision", "second", "--json")
    assert ran.code == 0, ran.stderr
    (found,) = json.loads(ran.stdout)["diagnostics"]
    assert (found["rule"], found["severity"]) == ("irreversible", "warning")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_where_no_scratch_database_can_be_had(heroes: Project) -> None:
    """An engine made with creator= is never redirected: compared with its database, not proven."""
    env = """
        import sqlite3
        from alembic import context
        from sqlalchemy import create_engine
        from models import SQLModel

        engine = create_engine("sqlite://", creator=lambda: sqlite3.connect("real.db"))
        with engine.connect() as connection:
            context.configure(connection=connection, target_metadata=SQLModel.metadata)
            with context.begin_transaction():
                context.run_migrations()
        """
    heroes.write({"migrations/env.py": env})
    assert heroes.cli("upgrade").code == 0
    change(heroes, AGE, f"{AGE}\n        size: int | None = None")
    ran = heroes.cli("revision", "second")
    assert ran.code == 0, ran.stderr
    assert "the revision is not proven: env.py makes its connections itself" in ran.stderr

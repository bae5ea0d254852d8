"""Lint beside another command: short after `revision`, strict before `upgrade`."""

from __future__ import annotations

import json

import pytest

from heroes import MODELS, add_revision
from project import Project

DROP, BACK = "op.drop_column('hero', 'name')", "op.get_bind()"
SETTING = "[tool.sqlmodel.migrations.lint]\non_revision = {way!r}\n"


@pytest.fixture
def dropping(two: Project) -> Project:
    """A project whose models have lost a column."""
    two.write({"models.py": MODELS.replace("        name: str\n", "")})
    return two


def test_revision_says_what_it_would_do(dropping: Project) -> None:
    ran = dropping.cli("revision", "drop name", "--accept", "hero.name", "--rev-id", "c3")
    assert ran.code == 0
    said = [line for line in ran.stderr.splitlines() if line.endswith("[drop-column]")]
    assert len(said) == 2
    assert said[0].startswith("lint: c3_drop_name.py:")
    assert said[0].endswith(": the values of 'hero.name' are gone (not measured) [drop-column]")
    assert "op.drop_column" not in ran.stderr


@pytest.mark.parametrize("way", ["text", "measure", "off"])
def test_the_setting_says_how(dropping: Project, way: str) -> None:
    dropping.write({"pyproject.toml": SETTING.format(way=way)})
    words = ("drop name", "--accept", "hero.name", "--rev-id", "c3", "--json")
    found = json.loads(dropping.cli("revision", *words).stdout)["diagnostics"]
    lint = [each["is_measured"] for each in found if each["rule"] == "drop-column"]
    assert lint == {"text": [False, False], "measure": [True, True], "off": []}[way]


def test_a_word_that_is_no_way(dropping: Project) -> None:
    dropping.write({"pyproject.toml": SETTING.format(way="sometimes")})
    ran = dropping.cli("revision", "drop name", "--accept", "hero.name")
    assert ran.code == 2
    assert "unknown value of 'lint.on_revision': 'sometimes'" in ran.stderr


def test_quiet_asks_for_no_advice(dropping: Project) -> None:
    ran = dropping.cli("revision", "drop name", "--accept", "hero.name", "-q")
    assert (ran.code, ran.stderr) == (0, "")


def test_an_upgrade_that_lint_refuses_runs_nothing(two: Project) -> None:
    add_revision(two, "c3", "b2", "drop name", upgrade=DROP, downgrade=BACK)
    two.cli("upgrade", "b2")
    ran = two.cli("upgrade", "--lint", "error")
    assert ran.code == 1
    assert "[drop-column]" in ran.stderr
    assert "error: nothing was run: lint found something at or above 'error'" in ran.stderr
    assert two.cli("current").stdout.startswith("b2")
    told = json.loads(two.cli("upgrade", "--lint", "error", "--json").stdout)
    assert (told["result"], told["error"]["exit_code"]) == (None, 1)
    assert {found["rule"] for found in told["diagnostics"]} == {"drop-column"}
    assert two.cli("upgrade").code == 0


def test_an_upgrade_that_lint_has_nothing_against(two: Project) -> None:
    add_revision(two, "c3", "b2", "drop name", upgrade=DROP, downgrade=BACK)
    assert two.cli("upgrade", "b2", "--lint", "error").code == 0
    assert two.cli("current").stdout.startswith("b2")
    assert two.cli("upgrade", "--lint", "error").code == 1


def test_lint_looks_at_a_database(two: Project) -> None:
    ran = two.cli("upgrade", "--sql", "--lint", "error")
    assert ran.code == 2
    assert "--lint looks at the database, and --sql uses none" in ran.stderr


def test_what_is_written_stays_where_lint_cannot_judge(dropping: Project) -> None:
    """An env.py that has the URL from elsewhere: its text does not say which database it is."""
    dropping.write(
        {
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "migrations/env.py": """
                import sqlalchemy as sa
                from alembic import context
                from sqlmodel import SQLModel
                import models
                engine = sa.create_engine("sqlite:///database.db")
                with engine.connect() as connection:
                    context.configure(connection=connection, target_metadata=SQLModel.metadata)
                    with context.begin_transaction():
                        context.run_migrations()
                """,
        }
    )
    ran = dropping.cli("revision", "drop name", "--accept", "hero.name", "--rev-id", "c3")
    assert ran.code == 0, ran.output
    said = "lint: it could not be judged: the database 'alembic' has no URL [not-measured]\n"
    assert said in ran.stderr
    assert "migrations/versions/c3_drop_name.py" in dropping.files()

"""The source of env.py tells whether it does anything that the settings do not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from project import Project
from sqlmodel_migrations.project import env_source

ENV = "from sqlmodel_migrations import environment\n\n{}environment.run()\n"
NAMED = 'target_metadata = ["app.models"]\n\n'


@pytest.mark.parametrize(
    "source",
    [
        ENV.format(""),
        ENV.format("# a comment\n\n"),
        ENV.format('"""A text."""\n'),
        ENV.format(NAMED),
        ENV.format(NAMED).replace("run()", "run(target_metadata)"),
        ENV.format('target_metadata = "app.models"\n').replace("run()", "run(target_metadata)"),
        ENV.format("target_metadata = [\n    'a.b',\n    'c',\n]\n"),
    ],
)
def test_an_env_py_that_is_plain(tmp_path: Path, source: str) -> None:
    (tmp_path / "env.py").write_text(source)
    assert env_source.is_plain(tmp_path / "env.py")


@pytest.mark.parametrize(
    "source",
    [
        "",
        "import os\n" + ENV.format(""),
        ENV.format("import app.models\n"),
        ENV.format("environment = None\n"),
        ENV.format("target_metadata = models()\n"),
        ENV.format("target_metadata = SQLModel.metadata\n"),
        ENV.format("target_metadata = ['a', *more]\n"),
        ENV.format("").replace("run()", "run(version_table='other')"),
        ENV.format("").replace("run()", "run(connection=mine)"),
        ENV.format("").replace("run()", "run(target_metadata)"),
        ENV.format("").replace("run()", "run(['app.models'], **options)"),
        ENV.format("environment.run()\n"),
        ENV.format("if True:\n    "),
        ENV.format("").replace("import environment", "import environment as other"),
        ENV.format("").replace("sqlmodel_migrations", "other"),
        ENV.format("").replace("from sqlmodel_migrations", "from .sqlmodel_migrations"),
        ENV.format("").replace("environment.run()", ""),
        "not Python",
        "\0",
    ],
)
def test_an_env_py_that_is_not(tmp_path: Path, source: str) -> None:
    (tmp_path / "env.py").write_text(source)
    assert not env_source.is_plain(tmp_path / "env.py")


def test_an_env_py_that_is_missing(tmp_path: Path) -> None:
    assert not env_source.is_plain(tmp_path / "env.py")


@pytest.mark.parametrize("options", [(), ("--models", "app.models"), ("--pyproject",)])
def test_what_init_writes_is_plain(project: Project, options: tuple[str, ...]) -> None:
    assert project.cli("init", *options).code == 0
    assert env_source.is_plain(project.path / "migrations/env.py")


@pytest.mark.parametrize(
    ("source", "is_shared"),
    [
        ("context.configure(connection=c)", True),
        ("context.configure(c)", True),
        ("context.configure(url=u, transaction_per_migration=True)\ncontext.configure(c)", True),
        ("context.configure(connection=c, transaction_per_migration=True)", False),
        ("context.configure(connection=c, transaction_per_migration=False)", True),
        ("context.configure(connection=c, transaction_per_migration=x)", None),
        ("context.configure(connection=c, **options)", None),
        ("context.configure(c)\ncontext.configure(c, transaction_per_migration=True)", None),
        ("run_migrations()", None),
        ("def (", None),
    ],
)
def test_whether_one_transaction_goes_on(
    tmp_path: Path, source: str, *, is_shared: bool | None
) -> None:
    (tmp_path / "env.py").write_text(source)
    assert env_source.shares_transaction(tmp_path / "env.py") is is_shared

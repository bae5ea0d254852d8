"""The examples pass their own tests, on every database, from a copy of their folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import make_url

from databases import Database
from project import Project

EXAMPLES = Path(__file__).parents[1] / "examples"
ASYNC_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "mariadb": "asyncmy"}


def async_url(database: Database) -> str:
    url = make_url(database.url)
    driver = f"{url.get_backend_name()}+{ASYNC_DRIVERS[database.kind]}"
    return url.set(drivername=driver).render_as_string(hide_password=False)


def test_fastapi(project: Project, database: Database) -> None:
    skip = shutil.ignore_patterns("__pycache__", "*.db")
    shutil.copytree(EXAMPLES / "fastapi", project.path, dirs_exist_ok=True, ignore=skip)

    ran = project.cli.subprocess(
        "python",
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts="),
        env={"DATABASE_URL": async_url(database), "MIGRATE": None},
        merged=True,
    )

    assert ran.code == 0, ran.stdout
    assert "4 passed" in ran.stdout

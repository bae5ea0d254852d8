"""SQLAlchemy's warnings: once each, on the stream of a command; others as they were."""

from __future__ import annotations

import io
import warnings

import pytest
from sqlalchemy.exc import SAWarning

from databases import Database
from project import Project
from sqlmodel_migrations.report import warning


def said(*given: Warning, quiet: bool = False) -> str:
    stream = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with warning.shown(stream, quiet=quiet):
            for each in given:
                warnings.warn(each, stacklevel=1)
    return stream.getvalue()


def test_a_text_is_said_once() -> None:
    assert said(SAWarning("no keyword"), SAWarning("no keyword")) == "warning: no keyword\n"


def test_quiet_says_nothing() -> None:
    assert said(SAWarning("no keyword"), quiet=True) == ""


def test_others_go_where_they_went() -> None:
    with pytest.warns(UserWarning, match="of the application"):
        assert said(UserWarning("of the application")) == ""


MODELS = """
from sqlmodel import Column, Computed, Field, Integer, SQLModel


class Item(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    price: int
    tax: int = Field(sa_column=Column(Integer, Computed("price * 19 / 100")))
"""


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_command_that_compiles_the_models_often_warns_once(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    project.write({"models.py": MODELS})
    assert project.cli("init").code == 0

    ran = project.cli("revision", "items")

    assert ran.code == 0, ran.output
    lines = [line for line in ran.stderr.splitlines() if "Computed column" in line]
    assert len(lines) <= 1  # since PostgreSQL 18 there is nothing to warn of
    assert all(line.startswith("warning: ") for line in lines)

"""Alembic's log lines: shown while a command runs, the logger as before afterwards."""

from __future__ import annotations

import contextlib
import io
import logging

import pytest

from sqlmodel_migrations.report import log

ALEMBIC = logging.getLogger("alembic")
RUNTIME = logging.getLogger("alembic.runtime.migration")


def said(name: str, message: str, level: int = logging.INFO) -> str:
    stream = io.StringIO()
    with log.shown(stream):
        logging.getLogger(name).log(level, message)
    return stream.getvalue()


def test_the_format_is_that_of_alembic_ini() -> None:
    line = said("alembic.runtime.migration", "Context impl SQLiteImpl.")
    assert line == "INFO  [alembic.runtime.migration] Context impl SQLiteImpl.\n"
    assert said("alembic.x", "y", logging.WARNING) == "WARNI [alembic.x] y\n"


def test_comparisons_have_one_name() -> None:
    line = said("alembic.autogenerate.compare.tables", "Detected added table 'hero'")
    assert line == "INFO  [alembic.autogenerate.compare] Detected added table 'hero'\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("alembic.runtime.migration", "Will assume non-transactional DDL."),
        ("alembic.runtime.migration", "Will assume transactional DDL."),
        ("alembic.ddl.postgresql", "Detected sequence named '%s' as owned by integer column"),
        ("alembic.runtime.plugins", "setup plugin alembic.autogenerate.tables"),
    ],
)
def test_what_is_of_no_use_is_dropped(name: str, message: str) -> None:
    assert said(name, message) == ""
    assert said(name, message, logging.WARNING) != ""


def test_the_connection_is_named_once() -> None:
    stream = io.StringIO()
    with log.shown(stream):
        for name in ("SQLiteImpl", "SQLiteImpl", "PostgresqlImpl"):
            RUNTIME.info("Context impl %s.", name)
    assert stream.getvalue().count("SQLiteImpl") == 1
    assert stream.getvalue().count("PostgresqlImpl") == 1


def test_quiet() -> None:
    stream = io.StringIO()
    with log.shown(stream, quiet=True):
        RUNTIME.warning("x")
    assert stream.getvalue() == ""


def test_the_logger_is_as_before_also_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = logging.NullHandler()
    monkeypatch.setattr(ALEMBIC, "handlers", [mine])
    monkeypatch.setattr(ALEMBIC, "propagate", True)
    monkeypatch.setattr(ALEMBIC, "disabled", True)
    before = (ALEMBIC.level, ALEMBIC.propagate, ALEMBIC.disabled, ALEMBIC.handlers)
    with contextlib.suppress(ZeroDivisionError), log.shown(io.StringIO()):
        ALEMBIC.handlers.clear()
        ALEMBIC.setLevel(logging.CRITICAL)
        raise ZeroDivisionError
    assert (ALEMBIC.level, ALEMBIC.propagate, ALEMBIC.disabled, ALEMBIC.handlers) == before
    assert ALEMBIC.handlers == [mine]


def test_an_application_with_a_root_handler_sees_no_line_twice() -> None:
    root, elsewhere = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(elsewhere)
    root.addHandler(handler)
    try:
        assert said("alembic.runtime.migration", "x").count("x") == 1
    finally:
        root.removeHandler(handler)
    assert elsewhere.getvalue() == ""

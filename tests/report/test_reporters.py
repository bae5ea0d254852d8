"""One report, seen by people and by machines."""

from __future__ import annotations

import json
from pathlib import Path

from sqlmodel_migrations.diagnostics import Diagnostic, Severity
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report.report import Failure, Report, merge
from sqlmodel_migrations.report.reporters.console import ConsoleReporter
from sqlmodel_migrations.report.reporters.json import JsonReporter

BROKEN = Diagnostic("syntax", Severity.ERROR, "cannot be read", "mend it", Path("a.py"), 3)
REMARK = Diagnostic("remark", Severity.NOTE, "by the way")
FAILURE = Failure("it fails", ExitCode.DATABASE, "try again", ("one", "", "two"), {"failed": "a1"})
FULL = Report(
    "history", {"a": 1}, ("line",), ("next: x",), (BROKEN, REMARK), ExitCode.DATABASE, FAILURE
)


def test_people_read_answers_on_stdout_and_the_rest_on_stderr() -> None:
    page = ConsoleReporter().render(FULL)
    assert page.out == "line\n"
    assert page.err == (
        "a.py:3: error: cannot be read\n"
        "  help: mend it\n"
        "note: by the way\n"
        "next: x\n"
        "error: it fails\n"
        "  one\n"
        "\n"
        "  two\n"
        "hint: try again\n"
    )


def test_quiet_leaves_answers_and_errors() -> None:
    page = ConsoleReporter(quiet=True).render(FULL)
    assert page.out == "line\n"
    assert "next" not in page.err
    assert "by the way" not in page.err
    assert "error: cannot be read" in page.err
    assert "error: it fails" in page.err
    assert "hint: try again" in page.err


def test_colour_is_on_the_words_before_a_colon_only() -> None:
    page = ConsoleReporter(colour=True).render(FULL)
    assert "\x1b[1;31merror:\x1b[0m it fails\n" in page.err
    assert "\x1b[36mhint:\x1b[0m try again\n" in page.err
    assert page.out == "line\n"
    assert "\x1b" not in ConsoleReporter().render(FULL).err


def test_machines_read_one_envelope() -> None:
    page = JsonReporter().render(FULL)
    assert page.err == ""
    assert json.loads(page.out) == {
        "version": 1,
        "command": "history",
        "result": {"a": 1},
        "diagnostics": [BROKEN.as_json(), REMARK.as_json()],
        "error": {
            "message": "it fails",
            "hint": "try again",
            "details": ["one", "", "two"],
            "exit_code": 4,
            "failed": "a1",
        },
    }


def test_the_envelope_of_a_success_has_no_error() -> None:
    told = json.loads(JsonReporter().render(Report("heads", {"ä": Path("x")})).out)
    assert told == {"version": 1, "command": "heads", "result": {"ä": "x"}, "diagnostics": []}


def test_the_envelope_is_ascii() -> None:
    assert JsonReporter().render(Report("heads", {"x": "ä"})).out.isascii()


def test_several_databases_are_one_report() -> None:
    good = Report("check", {"x": 1}, diagnostics=(REMARK,))
    bad = Report("check", {"x": 2}, exit_code=ExitCode.NO)
    whole = merge("check", {"one": good, "two": bad})
    assert whole.result == {"databases": {"one": {"x": 1}, "two": {"x": 2}}}
    assert whole.exit_code == ExitCode.NO
    assert whole.diagnostics == (REMARK,)
    assert merge("check", {}).exit_code == ExitCode.YES


def test_a_failure_of_one_database_is_that_of_the_whole() -> None:
    failed = Report("upgrade", None, exit_code=ExitCode.DATABASE, failure=FAILURE)
    whole = merge("upgrade", {"one": Report("upgrade", {}), "two": failed})
    assert whole.failure == FAILURE
    assert whole.exit_code == ExitCode.DATABASE

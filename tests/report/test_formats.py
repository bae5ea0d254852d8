"""What was found, in each format that a server reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from report import sarif
from sqlmodel_migrations.diagnostics import Diagnostic, Severity
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.lint.finding import Finding
from sqlmodel_migrations.report import reporters
from sqlmodel_migrations.report.report import Failure, Report
from sqlmodel_migrations.report.reporters import FORMATS
from sqlmodel_migrations.report.reporters.base import Page, Style

ROOT = Path("/project")
FILE = ROOT / "migrations" / "versions" / "a1 ä.py"
FIX = "op.drop_index(\n    'ix'\n)\n"
LOSS = Finding(
    "drop-column", Severity.ERROR, "100% of 'a' | gone", "wait", FILE, 7, end_line=9, fix=FIX,
)  # fmt: skip
REMARK = Diagnostic("remark", Severity.NOTE, "by the way")
FOUND = Report(
    "lint", {}, notes=("2 revisions judged",), diagnostics=(LOSS, REMARK),
    exit_code=ExitCode.NO, is_verdict=True,
)  # fmt: skip
FAILED = Report(
    "lint", None, exit_code=ExitCode.DATABASE,
    failure=Failure("no answer", ExitCode.DATABASE, "start it", ("one",)),
)  # fmt: skip


def page(format: str, report: Report = FOUND, *, quiet: bool = False) -> Page:
    written = reporters.of(format, Style(quiet=quiet, root=ROOT)).render(report)
    if format == "sarif":
        sarif.require(json.loads(written.out))
    return written


def test_github_annotates_lines() -> None:
    assert page("github").out == (
        "::error file=migrations/versions/a1 ä.py,line=7,endLine=9,title=drop-column::"
        "100%25 of 'a' | gone%0Ahelp: wait%0Aop.drop_index(%0A    'ix'%0A)\n"
        "::notice title=remark::by the way\n"
    )
    assert page("github", FAILED).out == "::error::no answer%0Aone%0Ahint: start it\n"


def test_gitlab_is_given_issues() -> None:
    first, second = json.loads(page("gitlab").out)
    assert first["description"].startswith("100% of 'a' | gone\nhelp: wait\nop.drop_index(")
    assert (first["check_name"], first["severity"]) == ("drop-column", "critical")
    assert first["location"] == {
        "path": "migrations/versions/a1 ä.py",
        "lines": {"begin": 7, "end": 9},
    }
    assert (second["severity"], second["location"]["path"]) == ("info", ".")
    assert page("gitlab", FAILED).out == ""


def test_an_issue_is_known_again_where_lines_moved() -> None:
    moved = Finding("drop-column", Severity.ERROR, LOSS.message, file=FILE, line=70)
    both = Report("lint", {}, diagnostics=(moved, moved))
    prints = [issue["fingerprint"] for issue in json.loads(page("gitlab", both).out)]
    assert prints[0] == json.loads(page("gitlab").out)[0]["fingerprint"]
    assert prints[0] != prints[1]


def test_sarif() -> None:
    log = json.loads(page("sarif").out)
    (run,) = log["runs"]
    first, second = run["results"]
    rules = run["tool"]["driver"]["rules"]
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"] == "drop-column"
    assert rules[first["ruleIndex"]]["properties"]["tags"] == ["data-loss", "breaks-running-code"]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {
            "uri": "migrations/versions/a1%20%C3%A4.py",
            "uriBaseId": "%SRCROOT%",
        },
        "region": {"startLine": 7, "endLine": 9},
    }
    assert "locations" not in second
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 1}]


@pytest.mark.parametrize(
    "report", [FOUND, FAILED, Report("lint", {})], ids=["found", "failed", "clean"]
)
def test_sarif_is_as_its_standard_says(report: Report) -> None:
    assert json.loads(page("sarif", report).out)["version"] == "2.1.0"


PHYSICAL = ("runs", 0, "results", 0, "locations", 0, "physicalLocation")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), "2.2"),
        (("runs", 0, "results", 0, "level"), "fatal"),
        (("runs", 0, "results", 0, "colour"), "red"),
        (("runs", 0, "results", 0, "ruleIndex"), 1),
        (("runs", 0, "tool", "driver", "semanticVersion"), "1"),
        (("runs", 0, "invocations", 0, "executionSuccessful"), "yes"),
        (
            (
                "runs",
                0,
                "results",
                0,
                "locations",
                0,
                "physicalLocation",
                "artifactLocation",
                "uri",
            ),
            "a b.py",
        ),
        (("runs", 0, "results", 0, "locations", 0, "physicalLocation", "region", "startLine"), 0),
    ],
)
def test_what_is_not_as_the_standard_says_is_found(path: tuple[str | int, ...], value: str) -> None:
    log = json.loads(page("sarif").out)
    place = log
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(AssertionError):
        sarif.require(log)


def test_sarif_of_a_failure_says_so() -> None:
    (invocation,) = json.loads(page("sarif", FAILED).out)["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    (said,) = invocation["toolExecutionNotifications"]
    assert said["message"]["text"] == "no answer\none\nstart it"


def test_a_comment_for_a_pull_request() -> None:
    assert page("markdown").out == (
        "### `sqlmodel migrations lint`\n"
        "\n"
        "2 revisions judged\n"
        "\n"
        "| | where | what it does | rule |\n"
        "|---|---|---|---|\n"
        "| ❌ error | `migrations/versions/a1 ä.py:7` | 100% of 'a' \\| gone<br>**help:** wait"
        " | `drop-column` |\n"
        "| ℹ️ note |  | by the way | `remark` |\n"
        "\n"
        "<details><summary>the safe form for <code>drop-column</code> in"
        " <code>migrations/versions/a1 ä.py:7</code></summary>\n"
        "\n"
        "```python\n"
        "op.drop_index(\n    'ix'\n)\n"
        "```\n"
        "\n"
        "</details>\n"
    )
    assert "**no answer**" in page("markdown", FAILED).out


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_says_on_stderr_why_a_command_failed(format: str) -> None:
    assert ("error: no answer" in page(format, FAILED).err) is (format != "json")


@pytest.mark.parametrize("format", sorted({*FORMATS} - {"json"}))
def test_quiet_leaves_notes_out(format: str) -> None:
    said = page(format, quiet=True)
    assert "by the way" not in said.out
    assert "gone" in said.out


def test_a_file_elsewhere_keeps_its_path() -> None:
    far = Finding("drop-column", Severity.ERROR, "gone", file=Path("/elsewhere/a1.py"), line=1)
    report = Report("lint", {}, diagnostics=(far,))
    assert "file=/elsewhere/a1.py," in page("github", report).out
    assert '"uri": "file:///elsewhere/a1.py"' in page("sarif", report).out

"""The pages beside this file: each is tried on each of its databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import Database
from rules import page as pages
from rules.page import Page, Trial
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.fixes import fixes
from sqlmodel_migrations.lint.rules import rules

FOLDER = Path(__file__).parent
CASES = [
    pytest.param(page, kind, id=f"{page.rule}-{kind}")
    for page in pages.pages(FOLDER)
    for kind in page.kinds
]


@pytest.mark.parametrize(("page", "database"), CASES, indirect=["database"])
def test_a_rule_finds_what_its_page_says(
    page: Page, database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    trial = Trial(page, tmp_path / "found", database)
    found = [f for f in trial.lint("found") if f.rule == page.rule]
    assert {(f.file.name, f.line) for f in found if f.file} == trial.expected("found")
    said = pages.shown(found)
    if database.kind == page.kinds[0]:
        if request.config.getoption("--update-transcripts"):
            pages.write_said(page, said)
        assert said == page.said


@pytest.mark.parametrize(("page", "database"), CASES, indirect=["database"])
def test_a_rule_leaves_alone_what_its_page_says(
    page: Page, database: Database, tmp_path: Path
) -> None:
    for title in ("safe", "silent"):
        if title in page.blocks:
            found = Trial(page, tmp_path / title, database).lint(title)
            assert [f for f in found if f.rule == page.rule] == []
            is_error = [f for f in found if f.severity is Severity.ERROR and title == "safe"]
            assert is_error == []


@pytest.mark.parametrize(
    ("page", "database"),
    [
        pytest.param(page, page.kinds[0], id=page.rule)
        for page in pages.pages(FOLDER)
        if page.fixed is not None
    ],
    indirect=["database"],
)
def test_what_is_found_is_mended_as_its_page_says(
    page: Page, database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    fixed = Trial(page, tmp_path / "fixed", database).mend("found")
    if request.config.getoption("--update-transcripts"):
        pages.write_fixed(page, fixed)
    assert fixed == page.fixed


def test_every_fix_is_on_the_page_of_its_rule() -> None:
    shown = {page.rule for page in pages.pages(FOLDER) if page.fixed is not None}
    assert shown == set(fixes())


def test_every_rule_has_a_page() -> None:
    assert {page.rule for page in pages.pages(FOLDER)} == set(rules())


@pytest.mark.parametrize("page", [pytest.param(p, id=p.rule) for p in pages.pages(FOLDER)])
def test_a_page_is_whole(page: Page) -> None:
    text = page.path.read_text(encoding="utf-8")
    rule = rules()[page.rule]
    assert text.startswith(f"# {page.rule}\n\n{rule.SUMMARY}\n")
    assert {"before", "found", "silent"} <= set(page.blocks)
    assert (rule.__doc__ or "").strip()
    assert all(f"`{hazard}`" in text for hazard in rule.HAZARDS)

"""docs/lint.md: every rule, setting and hazard stands in it, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.rules import rules
from sqlmodel_migrations.project.lint_table import KEYS
from sqlmodel_migrations.report.reporters import FORMATS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
OTHERS = ("squawk", "Atlas", "strong_migrations", "django-migration-linter", "pg-schema-diff")
OF_LINTING = {"unused-suppression", "not-measured", "suppression-without-reason"}


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, heading
    lines = [line for line in found[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_every_rule_is_in_the_table() -> None:
    expected = [
        [
            f"[`{slug}`](../tests/rules/{slug}.md)",
            ", ".join(f"`{hazard}`" for hazard in rule.HAZARDS) or "–",
            rule.SEVERITY.value,
            rule.SUMMARY,
        ]
        for slug, rule in rules().items()
    ]
    assert rows("The rules") == expected


def test_every_hazard_has_a_rule() -> None:
    assert {hazard for rule in rules().values() for hazard in rule.HAZARDS} == set(Hazard)


def test_every_setting_is_in_the_table() -> None:
    assert {row[0]: row[2] for row in rows("Settings")} == {
        f"`{key}`": meaning for key, (_, meaning) in KEYS.items()
    }


def test_every_format_is_named() -> None:
    (said,) = re.findall(r"`--format` writes .*?\.", PAGE, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", said)) == set(FORMATS)


@pytest.mark.parametrize("name", OTHERS)
def test_what_another_linter_knows_has_a_rule_or_a_reason(name: str) -> None:
    found = rows(name)
    assert found
    for theirs, ours in found:
        words = set(re.findall(r"`([a-z-]+)`", ours))
        named = words & {*rules(), *OF_LINTING}
        assert {word for word in words - named if "-" in word} == set(), theirs
        assert named or len(ours.split()) > 3, theirs


def test_every_rule_of_a_database_is_known_elsewhere_or_ours_alone() -> None:
    """What no other linter knows is what only measuring finds."""
    named = {
        slug for name in OTHERS for row in rows(name) for slug in re.findall(r"`([a-z-]+)`", row[1])
    }
    assert {*rules()} - named == {
        "mariadb-attributes-lost",
        "sqlite-rebuild-cascade",
    }

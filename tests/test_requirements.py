"""The pinned versions."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
lowest = runpy.run_path(str(ROOT / "scripts" / "lowest.py"))["lowest"]


def names(file: str) -> list[str]:
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return [line.partition("==")[0] for line in lines if not line.startswith("#")]


def test_lowest_versions_are_those_of_pyproject() -> None:
    assert (ROOT / "requirements" / "lowest.txt").read_text() == lowest(ROOT / "pyproject.toml")


def test_newest_and_lowest_are_of_the_same_libraries() -> None:
    assert names("newest.txt") == names("lowest.txt")


def test_a_dependency_without_a_lowest_version_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[project]\ndependencies = ["alembic"]')

    with pytest.raises(ValueError, match="'alembic' does not say which version is the oldest"):
        lowest(file)


@pytest.mark.parametrize("file", ["dev.txt", "test.txt", "newest.txt", "lowest.txt"])
def test_every_requirement_is_pinned_and_names_no_host(file: str) -> None:
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    requirements = [line for line in lines if line and not line.startswith(("#", "-r "))]

    assert requirements
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in requirements)

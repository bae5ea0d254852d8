"""The figures in the documentation are those of a benchmark that is there."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
_ROW = re.compile(r"^\| (?P<name>\S[^|]*?) \| [\d.]+ \|", re.MULTILINE)


@pytest.fixture
def cases() -> Iterator[ModuleType]:
    """The module with the cases of benchmarks/speed, which is no package."""
    folder = ROOT / "benchmarks" / "speed"
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location("cases", folder / "cases.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            del sys.modules[name]


def test_every_figure_names_a_case(cases: ModuleType) -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    named = _ROW.findall(page)
    assert len(named) > 20
    assert set(named) <= {case.name for case in cases.every()}


def test_a_quick_run_has_every_kind_of_case(cases: ModuleType) -> None:
    every = list(cases.every())
    quick = [case for case in every if case.is_quick]
    assert {case.at for case in quick} == {case.at for case in every}
    assert {case.kind for case in quick} == {case.kind for case in every}

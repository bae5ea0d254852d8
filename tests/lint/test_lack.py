"""What a scratch database lacks: not measured, judged by its text, and said."""

from __future__ import annotations

import pytest

from lint.conftest import History

on = pytest.mark.parametrize


@on("database", ["postgresql"], indirect=True)
def test_an_extension_that_is_not_installed(history: History) -> None:
    history.add(
        "b2",
        """
        op.execute("CREATE EXTENSION nowhere_to_be_had")
        op.drop_column("hero", "age")
        """,
    )
    found = [(f.rule, f.is_measured, f.message) for f in history.lint("a1:b2")]
    assert [(rule, is_measured) for rule, is_measured, _ in found if rule != "not-measured"] == [
        ("drop-column", True), ("drop-column", True),
    ]  # fmt: skip
    (said,) = [message for rule, _, message in found if rule == "not-measured"]
    assert "the scratch database cannot do this" in said
    assert '"nowhere_to_be_had"' in said


@on("database", ["sqlite", "postgresql"], indirect=True)
def test_a_revision_that_ends_half_way(history: History) -> None:
    history.add("b2", 'raise RuntimeError("no")')
    history.add("c3", 'op.drop_table("hero")')
    found = [(f.rule, f.is_measured) for f in history.lint("a1:c3") if f.revision == "c3"]
    assert found.count(("drop-table", False)) == 2
    assert ("not-measured", True) in found

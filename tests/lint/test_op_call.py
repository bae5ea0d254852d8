"""Calls of `op` with other arguments, written as they were written before."""

from __future__ import annotations

import pytest

from sqlmodel_migrations.lint.op_call import OpCall, removal, tidy
from sqlmodel_migrations.lint.script import NotMechanical

on = pytest.mark.parametrize


@on(
    ("text", "new"),
    [
        ('op.f("a")', 'op.f("a", x=True)'),
        ("# why\nop.f('a',b = 1)  # so", "# why\nop.f('a',b = 1, x=True)  # so"),
        (
            'op.f(\n    "a",  # first\n    b=1,\n)',
            'op.f(\n    "a",  # first\n    b=1,\n    x=True,\n)',
        ),
        (
            'op.f(\n    "a", b=1\n)',
            'op.f(\n    "a", b=1, x=True\n)',
        ),
        (
            f'op.f("{"a" * 70}")  # so',
            f'op.f(\n    "{"a" * 70}",\n    x=True,\n)  # so',
        ),
    ],
)
def test_an_argument_more(text: str, new: str) -> None:
    assert OpCall(text).adding(x="True") == new


def test_an_argument_less() -> None:
    call = OpCall('op.f("a", b=1, c=2)')
    assert call.replacing([removal(call.source, call.node, "b")]) == 'op.f("a", c=2)'
    assert call.replacing([removal(call.source, call.node, "c")]) == 'op.f("a", b=1)'
    alone = OpCall("op.f(b=1, c=2)")
    assert alone.replacing([removal(alone.source, alone.node, "b")]) == "op.f(c=2)"


def test_a_comment_between_the_arguments_is_not_taken_out() -> None:
    call = OpCall('op.f(\n    "a",  # the first\n    b=1,\n)')
    with pytest.raises(NotMechanical, match="comment"):
        removal(call.source, call.node, "b")


@on("text", ['op.f("a")', 'op.f(op.f("a"))', 'op.f(name="a")', 'op.f(sa.text("a"))'])
def test_a_text_that_is_an_argument(text: str) -> None:
    assert OpCall(text).text_of(0, "name") == "a"


@on("text", ["op.f(A)", "op.f(a.b('x', 1))", "op.f(f'{a}')", "op.f()", "op.f(1)"])
def test_what_is_no_text(text: str) -> None:
    assert OpCall(text).text_of(0, "name") is None


@on("text", ["x = 1", "f()", "pass"])
def test_what_is_no_call(text: str) -> None:
    with pytest.raises(NotMechanical):
        _ = OpCall(text).node


def test_a_call_with_a_comment_inside_stays_in_its_lines() -> None:
    text = f'op.f("{"a" * 80}",  # one\n  "b")'
    assert tidy(text) == text

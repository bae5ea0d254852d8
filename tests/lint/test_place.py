"""The place: which line of a revision is being executed."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from sqlmodel_migrations.lint import place
from sqlmodel_migrations.lint.place import Place


def send() -> None:
    """Stands for `op.execute`: the innermost function that is called from the file."""
    SEEN.append(place.of(FILES[-1]))


def test_a_file_that_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "revision.py"
    batch = "with op.batch_alter_table('hero') as batch:\n    batch.drop_column('age')\n"
    for text, expected in ((batch, (2, 2)), (f"\n{batch}", None), ("", None)):
        file.write_text(text)
        place.forget()
        assert place.in_batch(file, 1, {"age"}) == expected


SEEN: list[Place | None] = []
FILES: list[Path] = []


@pytest.fixture
def places(tmp_path: Path) -> Callable[[str], list[Place | None]]:
    """Run a text as a file, and return where it called `send`."""

    def run(text: str) -> list[Place | None]:
        file = tmp_path / "revision.py"
        file.write_text(text)
        SEEN.clear()
        FILES.append(file)
        runpy.run_path(str(file), {"send": send})
        return SEEN

    return run


def lines(found: list[Place | None]) -> list[tuple[int, int]]:
    return [(place.line, place.end_line) for place in found if place is not None]


def test_a_loop_s_body(places: Callable[[str], list[Place | None]]) -> None:
    found = places("for _ in range(2):\n    send()\n")
    assert lines(found) == [(2, 2), (2, 2)]
    assert [place.operation for place in found if place] == ["send", "send"]


def test_a_call_over_several_lines(places: Callable[[str], list[Place | None]]) -> None:
    assert lines(
        places("def call(*words):\n    pass\ncall(\n    'a',\n    send(\n    ),\n)\n")
    ) == [(5, 6)]


def test_a_helper_of_the_file_itself(places: Callable[[str], list[Place | None]]) -> None:
    assert lines(places("def helper():\n    send()\n\nhelper()\n")) == [(2, 2)]


def test_a_text_that_is_evaluated(places: Callable[[str], list[Place | None]]) -> None:
    assert lines(places("\n\neval('send()')\n")) == [(3, 3)]


def test_outside_of_the_file() -> None:
    assert place.of(Path("/nowhere.py")) is None


@pytest.mark.parametrize(
    ("text", "is_caught"),
    [
        ("send()\n", False),
        ("try:\n    send()\nexcept ValueError:\n    pass\n", True),
        ("try:\n    send()\nfinally:\n    pass\n", False),
        ("try:\n    pass\nexcept ValueError:\n    pass\nsend()\n", False),
        ("import contextlib\nwith contextlib.suppress(ValueError):\n    send()\n", True),
        ("def f():\n    send()\ntry:\n    f()\nexcept ValueError:\n    pass\n", True),
    ],
)
def test_whether_an_error_would_be_caught(
    places: Callable[[str], list[Place | None]], text: str, is_caught: bool
) -> None:
    (found,) = places(text)
    assert found is not None
    assert found.is_caught is is_caught

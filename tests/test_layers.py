"""What import-linter cannot say: which names of Alembic may be used where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sqlmodel_migrations

SOURCE = Path(sqlmodel_migrations.__file__).parent
MODULES = [path for path in SOURCE.rglob("*.py") if not path.name.startswith("_alembic")]


def private_names_of_alembic(source: str) -> list[str]:
    """The dotted names that are imported from Alembic and that begin with an underscore."""
    names = (name for node in ast.walk(ast.parse(source)) for name in imported(node))
    return [name for name in names if name.startswith("alembic.") and "._" in name]


def imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom) and not node.level:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_private_names_of_alembic_stay_in_their_rooms(path: Path) -> None:
    assert private_names_of_alembic(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import alembic.op", []),
        ("from alembic.util._x import y", ["alembic.util._x.y"]),
        ("def f():\n    from alembic.autogenerate.api import _f", ["alembic.autogenerate.api._f"]),
        ("from .alembic import _x", []),
        ("from sqlmodel_migrations._alembic import x", []),
    ],
)
def test_private_names_are_found(source: str, names: list[str]) -> None:
    assert private_names_of_alembic(source) == names

"""The source of a revision, read and not run: its functions, and what it imports."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_MARKS = ("pyproject.toml", "alembic.ini", "setup.py", "setup.cfg", ".git")


@lru_cache(maxsize=256)
def _tree(path: Path) -> ast.Module:
    """The syntax tree of a file; an empty one where it cannot be parsed."""
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


def function(path: Path, name: str) -> ast.FunctionDef | None:
    """Return a function of the file's top level."""
    found = (n for n in _tree(path).body if isinstance(n, ast.FunctionDef) and n.name == name)
    return next(found, None)


def assignment(path: Path, name: str) -> int:
    """Return the line in which a name is given its value; 1 where it is not."""
    for node in _tree(path).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        if any(isinstance(t, ast.Name) and t.id == name for t in targets):
            return node.lineno
    return 1


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Return the modules that a file imports, anywhere in it, with their lines."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def is_of_project(module: str, path: Path) -> bool:
    """Whether a module lies in the project of a revision, and not among its migrations."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return False
    folders = _folders(path)
    migrations = next((f for f in path.parents if (f / "env.py").is_file()), path.parent)
    for folder in (f / part for f in folders for part in ("", "src")):
        found = folder / top
        if found.with_suffix(".py").is_file() or (found / "__init__.py").is_file():
            return found.resolve() != migrations.resolve()
    return False


def _folders(path: Path) -> list[Path]:
    """The folders above a revision, up to that of the project."""
    found: list[Path] = []
    for folder in path.resolve().parents:
        found.append(folder)
        if any((folder / mark).exists() for mark in _MARKS):
            return found
    return found[:3]

"""The source of an env.py: which modules it names as models, read without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from sqlmodel_migrations.project.settings import Settings

_VARIABLE = "target_metadata"


def models(settings: Settings) -> tuple[str, ...]:
    """Return the modules of the models of one database, from its settings and its env.py."""
    return (*settings.models, *named(settings.env_py))


def named(path: Path) -> tuple[str, ...]:
    """Return the modules that an env.py names in `target_metadata`, and those it imports.

    Nothing is returned for a file that is missing or cannot be parsed.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(dict.fromkeys(name for node in ast.walk(tree) for name in _names(node)))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value and _is_target(node):
        constants = (c.value for c in ast.walk(node.value) if isinstance(c, ast.Constant))
        yield from (name.partition(":")[0] for name in constants if isinstance(name, str))


def _is_target(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(t, ast.Name) and t.id == _VARIABLE for t in targets)


def is_ours(path: Path) -> bool:
    """Whether an env.py leaves its work to this package; false for one that cannot be read."""
    package = __name__.partition(".")[0]
    return any(name.partition(".")[0] == package for name in named(path))

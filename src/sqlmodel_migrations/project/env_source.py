"""The source of an env.py: the models that it names, its transactions; read without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from sqlmodel_migrations.project.settings import Settings

_VARIABLE = "target_metadata"
_IMPORT = "from sqlmodel_migrations import environment"
_MODELS = f"{_VARIABLE} = …"
_PLAIN = (
    [_IMPORT, _MODELS, f"environment.run({_VARIABLE})"],
    [_IMPORT, _MODELS, "environment.run()"],
    [_IMPORT, "environment.run()"],
)


def models(settings: Settings) -> tuple[str, ...]:
    """Return the modules of the models of one database, from its settings and its env.py."""
    return (*settings.models, *named(settings.env_py))


def named(path: Path) -> tuple[str, ...]:
    """Return the modules that an env.py names in `target_metadata`, and those it imports.

    Nothing is returned for a file that is missing or cannot be parsed.
    """
    tree = _parsed(path)
    if tree is None:
        return ()
    return tuple(dict.fromkeys(name for node in ast.walk(tree) for name in _names(node)))


def is_plain(path: Path) -> bool:
    """Whether an env.py is as `init` writes it: it names modules and calls `environment.run`.

    Then it does nothing that the settings do not say. False for one that cannot be parsed.
    """
    tree = _parsed(path)
    return tree is not None and [*_kinds(tree)] in _PLAIN


def shares_transaction(path: Path) -> bool | None:
    """Whether plain Alembic runs all revisions in one transaction; None where it is not shown.

    What `context.configure` says counts, where it is given a connection.
    """
    tree = _parsed(path)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
    said = {_share(call) for call in calls if _is_configure(call)}
    return said.pop() if len(said) == 1 else None


def _is_configure(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    has_connection = call.args or any(key.arg in ("connection", None) for key in call.keywords)
    return name == "configure" and bool(has_connection)


def _share(call: ast.Call) -> bool | None:
    values = {key.arg: key.value for key in call.keywords}
    value = values.get("transaction_per_migration")
    if isinstance(value, ast.Constant):
        return not value.value
    return True if value is None and None not in values else None


def _kinds(tree: ast.Module) -> Iterator[str]:
    """Say what each statement is: `_MODELS` where it names modules, else its text."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and _is_target(node) and _is_list_of_names(node.value):
            yield _MODELS
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield ast.unparse(node)


def _is_list_of_names(node: ast.expr) -> bool:
    names = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return all(isinstance(name, ast.Constant) and isinstance(name.value, str) for name in names)


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


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

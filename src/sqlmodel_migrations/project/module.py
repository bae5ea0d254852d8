"""One module as its source tells it: the names it binds, the classes and tables it declares.

Nothing is imported or run, and no name is followed into another module: `source` does that.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlmodel_migrations.project.tree import SourceFile


@dataclass
class Module:
    """What a module binds at its top level; dotted names are as written."""

    file: SourceFile
    names: dict[str, str] = field(default_factory=dict)
    """Imported names, absolute: `sm` → `sqlmodel`, `Base` → `app.db.Base`."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Names bound to another name of this module: `Model` → `db.Model`."""
    stars: list[str] = field(default_factory=list)
    """Modules of which everything is imported."""
    calls: dict[str, str] = field(default_factory=dict)
    """What a name was made by: `Base` → `declarative_base`."""
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    tables: list[tuple[str, ast.Call]] = field(default_factory=list)
    """Calls that may make a table, with the name they are bound to or an empty one."""
    imports: set[str] = field(default_factory=set)
    """Every dotted name that importing the module may import."""


def parse(file: SourceFile) -> Module:
    """Read one file; raises SyntaxError, ValueError, OSError or RecursionError."""
    source = file.path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        tree = ast.parse(source, str(file.path))
    module = Module(file)
    _collect(module, tree.body, is_run=True)
    return module


def dotted_name(node: ast.expr | None) -> str | None:
    """Turn `sa.orm.DeclarativeBase` into a string; None for what is no plain name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted_name(node.value)
        return f"{owner}.{node.attr}" if owner else None
    return None


def called_name(node: ast.expr | None) -> str | None:
    """The dotted name of what is called: of `registry().generate_base()` without the brackets."""
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call):
        owner = called_name(function.value)
        return f"{owner}.{function.attr}" if owner else None
    return dotted_name(function)


def base_names(node: ast.ClassDef) -> Iterator[str]:
    """The bases that are written as names; of `Base[int]` the name before the bracket."""
    for base in node.bases:
        plain = base.value if isinstance(base, ast.Subscript) else base
        name = dotted_name(plain) or called_name(plain)
        if name:
            yield name


def decorator_names(node: ast.ClassDef) -> Iterator[str]:
    """The decorators' dotted names, with or without a call."""
    for decorator in node.decorator_list:
        name = called_name(decorator) or dotted_name(decorator)
        if name:
            yield name


def attribute(node: ast.ClassDef, name: str) -> ast.stmt | None:
    """The statement of the class's body that binds `name`: an assignment or a method."""
    return next((s for s in node.body if name in _bound(s)), None)


def keywords(node: ast.Call | ast.ClassDef) -> dict[str | None, ast.expr]:
    """The keyword arguments by name."""
    return {k.arg: k.value for k in node.keywords}


def is_true(node: ast.expr | None) -> bool:
    """Tell whether an expression is the literal True."""
    return isinstance(node, ast.Constant) and node.value is True


def assigned(statement: ast.stmt | None) -> ast.expr | None:
    """The value of an assignment."""
    return statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None


def _bound(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef):
        return [statement.name]
    if isinstance(statement, ast.AnnAssign):
        return [dotted_name(statement.target) or ""]
    if isinstance(statement, ast.Assign):
        return [dotted_name(target) or "" for target in statement.targets]
    return []


def _collect(module: Module, body: list[ast.stmt], *, is_run: bool) -> None:
    for statement in body:
        if isinstance(statement, ast.Import):
            _collect_import(module, statement, is_run=is_run)
        elif isinstance(statement, ast.ImportFrom):
            _collect_import_from(module, statement, is_run=is_run)
        elif isinstance(statement, ast.ClassDef):
            module.classes[statement.name] = statement
        elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
            _collect_value(module, statement)
        else:
            _collect_inner(module, statement, is_run=is_run)


def _collect_inner(module: Module, statement: ast.stmt, *, is_run: bool) -> None:
    """Go into `if`, `try` and `with`; not into functions, nor what runs as a script only."""
    if isinstance(statement, ast.If):
        condition = ast.unparse(statement.test)
        if "__main__" in condition:
            return
        is_run = is_run and "TYPE_CHECKING" not in condition
    if not isinstance(statement, ast.If | ast.Try | ast.With):
        return
    _collect(module, statement.body, is_run=is_run)
    for handler in getattr(statement, "handlers", []):
        _collect(module, handler.body, is_run=is_run)
    for part in ("orelse", "finalbody"):
        _collect(module, getattr(statement, part, []), is_run=is_run)


def _collect_import(module: Module, statement: ast.Import, *, is_run: bool) -> None:
    for alias in statement.names:
        top = alias.name.partition(".")[0]
        module.names[alias.asname or top] = alias.name if alias.asname else top
        if is_run:
            module.imports.add(alias.name)


def _collect_import_from(module: Module, statement: ast.ImportFrom, *, is_run: bool) -> None:
    origin = _absolute(module.file, statement)
    for alias in statement.names:
        if alias.name == "*":
            module.stars.append(origin)
        else:
            module.names[alias.asname or alias.name] = f"{origin}.{alias.name}"
        if is_run:
            module.imports |= {origin, f"{origin}.{alias.name}"}


def _absolute(file: SourceFile, statement: ast.ImportFrom) -> str:
    """The module that `from … import` names; dots are resolved from the file's own package."""
    if not statement.level:
        return statement.module or ""
    parts = file.module.split(".")
    up = statement.level - file.is_package
    package = parts[: len(parts) - up]
    return ".".join([*package, *([statement.module] if statement.module else [])])


def _collect_value(module: Module, statement: ast.Assign | ast.AnnAssign | ast.Expr) -> None:
    names = [name for name in _bound(statement) if name.isidentifier()]
    value = statement.value
    alias, called = (dotted_name(value), called_name(value)) if value else (None, None)
    for name in names:
        if alias:
            module.aliases[name] = alias
        elif called:
            module.calls[name] = called
    if isinstance(value, ast.Call):
        module.tables.append((names[0] if names else "", value))

"""Plain scripts: they define things through the connection they are given, and can do no more.

Where the script of a revision is plain, nobody but its server can tell whether the revision before
it is committed already.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

# None of these connects to anything, but by the names below.
_MODULES = frozenset(
    (
        *("__future__", "builtins", "collections", "datetime", "decimal", "enum", "functools"),
        *("itertools", "json", "math", "re", "string", "textwrap", "typing", "uuid"),
        *("alembic", "geoalchemy2", "pgvector", "sqlalchemy", "sqlalchemy_utils", "sqlmodel"),
    )
)
_NAMES = frozenset(
    (
        *("get_bind", "get_context", "bind", "engine", "connect", "connection", "Session"),
        *("create_engine", "create_async_engine", "engine_from_config", "create_mock_engine"),
        *("__import__", "import_module", "eval", "exec", "open"),
    )
)
# Where the classes of data are from.
_DATA = ("builtins", "datetime", "decimal", "enum", "typing", "uuid", "sqlalchemy.sql")
_NAMED = (type, FunctionType, BuiltinFunctionType, MethodType)
_IMPORT = dis.opmap["IMPORT_NAME"]


def is_plain(module: Any) -> bool:
    """Whether a revision's module imports and names nothing that may connect elsewhere."""
    if not isinstance(module, ModuleType):
        return False
    return all(
        _is_part(value, module.__name__)
        for name, value in vars(module).items()
        if not (name.startswith("__") and name.endswith("__"))
    )


def _is_part(value: object, home: str) -> bool:
    """Whether a module may have a global and be plain; `home` is the module's name."""
    if isinstance(value, ModuleType):
        return _package(value.__name__) in _MODULES
    if isinstance(value, FunctionType) and value.__module__ == home:
        return all(map(_is_harmless, _codes(value.__code__)))
    if isinstance(value, _NAMED):
        return _package(getattr(value, "__module__", None) or "") in _MODULES
    return _is_data(value)


def _is_data(value: object) -> bool:
    """Whether a value is text, a number or the like, a piece of SQL, or holds nothing else."""
    if isinstance(value, Mapping):
        return all(map(_is_data, [*value, *value.values()]))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_data, value))
    return not isinstance(value, _NAMED) and type(value).__module__.startswith(_DATA)


def _package(name: str) -> str:
    return name.partition(".")[0]


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code, and that of the functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _is_harmless(code: CodeType) -> bool:
    return _NAMES.isdisjoint(code.co_names) and _IMPORT not in code.co_code[::2]

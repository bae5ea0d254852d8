"""The checksum of a script: equal for two texts that do the same.

It is made from the syntax tree, so that formatting, comments and docstrings do not count, and from
what every version of Python says of it: fields that newer ones add are empty in older scripts.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# What says how a thing was written or where it stands, and not what it is.
_LEFT_OUT = frozenset(("ctx", "kind", "type_comment", "type_ignores"))
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Checksum:
    """What a script is known by: the SHA-256 of its syntax tree, and that of its bytes."""

    tree: str
    source: str


def is_edited(path: Path, known: Checksum) -> bool:
    """Whether a script does something else than when it was `known`; it is parsed if need be."""
    content = read(path)
    if content is None:
        return True
    return of_bytes(content) != known.source and of_text(content) != known.tree


def of_tree(path: Path) -> str | None:
    """Return the checksum of the syntax tree; None where there is no source, or a broken one."""
    content = read(path)
    return None if content is None else of_text(content)


def read(path: Path) -> bytes | None:
    """Return the bytes of a script; None where there is no source."""
    try:
        return path.read_bytes() if path.suffix == ".py" else None
    except OSError:
        return None


def of_bytes(content: bytes) -> str:
    """Return the checksum of the bytes."""
    return hashlib.sha256(content).hexdigest()


def of_text(content: bytes) -> str | None:
    """Return the checksum of the syntax tree of a script's bytes; None where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return None
    parts: list[str] = []
    _write(tree, parts.append)
    text = "".join(f"{part}\0" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _write(value: object, add: Callable[[str], None]) -> None:
    """The tree as text. Fields without a value are left out: newer versions of Python add some."""
    if isinstance(value, list):
        add("[")
        for item in value:
            _write(item, add)
        add("]")
    elif not isinstance(value, ast.AST):
        add(repr(value))
    else:
        kind = type(value)
        add(f"({kind.__name__}")
        for name in _told(kind._fields):
            inner = _body(value) if name == "body" else getattr(value, name, None)
            if inner is not None and inner != []:
                add(name)
                _write(inner, add)
        add(")")


@functools.cache
def _told(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in _LEFT_OUT)


def _body(node: ast.AST) -> object:
    """The statements of a node without its docstring."""
    body: object = getattr(node, "body", None)
    if not isinstance(node, _WITH_DOCSTRING) or not isinstance(body, list) or not body:
        return body
    first = body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if is_text and isinstance(first.value.value, str) else body

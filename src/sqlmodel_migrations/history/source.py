"""The source of one revision file: its variables and docstring, read without running it.

Three readers, each slower and more certain than the one before: a scan of the text, the syntax
tree, and running the file as Alembic does. A reader that is not sure answers None.
"""

from __future__ import annotations

import enum
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ast


class Absent(enum.Enum):
    """What a variable is that the file does not set."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


class Variables(NamedTuple):
    """What a file says of itself, as running it would leave it in the module."""

    revision: object = ABSENT
    down_revision: object = ABSENT
    branch_labels: object = ABSENT
    depends_on: object = ABSENT
    doc: str | None = None


_NAMES = ("revision", "down_revision", "branch_labels", "depends_on")
_ANY_NAME = "|".join(_NAMES)

# Whatever can change a module's variables without naming them; seen anywhere, it makes us unsure.
_TRICKS = frozenset(
    (
        "__builtins__",
        "__dict__",
        "__doc__",
        "__setattr__",
        "_getframe",
        "builtins",
        "delattr",
        "eval",
        "exec",
        "f_globals",
        "globals",
        "locals",
        "modules",
        "setattr",
        "vars",
    )
)

_STRING = r"""(?:'[^'\\\n]*'|"[^"\\\n]*")"""
_STRINGS = rf"(?:{_STRING}[ \t]*(?:,[ \t]*{_STRING}[ \t]*)*,?[ \t]*)?"
_VALUE = rf"(?:None|{_STRING}|\([ \t]*{_STRINGS}\)|\[[ \t]*{_STRINGS}\])"
_END = r"[ \t]*(?:\#[^\n]*)?\n"
_BLANK = rf"(?:{_END})"
_IMPORT = rf"(?:(?:import|from)[ \t](?![^\n\#]*\b(?:{_ANY_NAME})\b)[\w., \t]+(?:\#[^\n]*)?\n)"
_ASSIGNMENT = rf"(?:({_ANY_NAME})[ \t]*(?::[ \t]*[A-Za-z_][\w., \t\[\]|]*)?=[ \t]*({_VALUE}){_END})"
_LONG = r'"""[^"\\]*(?:"{1,2}[^"\\]+)*"""' + r"|'''[^'\\]*(?:'{1,2}[^'\\]+)*'''"

_DOCSTRING = re.compile(rf"{_BLANK}*(?:({_LONG}|{_STRING}){_END})?")
_HEAD = re.compile(rf"(?:{_BLANK}|{_IMPORT}|{_ASSIGNMENT})*")
_EACH_ASSIGNMENT = re.compile(rf"^{_ASSIGNMENT}", re.MULTILINE)
_EACH_STRING = re.compile(_STRING)
_NAMED = re.compile(rf"\b(?:{_ANY_NAME})\b")
_TRICK = re.compile(rf"\b(?:{'|'.join(sorted(_TRICKS))})\b|\bimport[\s\\]*\*")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)


def literals(data: bytes, path: Path) -> Variables | None:
    """Read the source `data` of the file at `path`; None where only running the file can tell.

    Raises what compiling it raises.
    """
    check_syntax(data, path)
    return scan(data) or parse(data)


def check_syntax(data: bytes, path: Path) -> None:
    """Raise the SyntaxError (or ValueError) that importing the file would raise.

    Bytecode that the interpreter would run instead of the source is proof enough.
    """
    if _has_bytecode(path):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(data, path, "exec", dont_inherit=True)


def _has_bytecode(path: Path) -> bool:
    """Say whether `__pycache__` holds bytecode of exactly this source (PEP 552, by time)."""
    from importlib.util import MAGIC_NUMBER, cache_from_source

    try:
        with open(cache_from_source(path), "rb") as file:  # noqa: PTH123  (a Path is slower)
            header = file.read(16)
        state = os.stat(path)  # noqa: PTH116
    except (OSError, NotImplementedError):
        return False
    expected = b"".join(
        number.to_bytes(4, "little")
        for number in (0, int(state.st_mtime) & 0xFFFFFFFF, state.st_size & 0xFFFFFFFF)
    )
    return header == MAGIC_NUMBER + expected


def scan(data: bytes) -> Variables | None:
    """Read the head of an ordinary file; None unless nothing in the file can contradict it."""
    text = _decode(data)
    if text is None:
        return None
    opening = _DOCSTRING.match(text)
    assert opening is not None  # the pattern matches the empty text
    code = text[opening.end() :]
    # Python folds identifiers (NFKC), so that a letter outside ASCII can hide a name.
    if not code.isascii() or _TRICK.search(code):
        return None
    end = _end_of_head(code)
    if _NAMED.search(code, end):
        return None
    return _variables(_EACH_ASSIGNMENT.findall(code[:end]), opening[1])


def _decode(data: bytes) -> str | None:
    """Decode as Python does where that is UTF-8 with plain line ends, else None."""
    lines = b"\n".join(data[:400].split(b"\n", 2)[:2])
    cookie = _COOKIE.search(lines)
    if cookie and cookie[1].lower() not in (b"utf-8", b"utf8"):
        return None
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    if b"\r" in data or b"\0" in data or b"\f" in data:
        return None
    try:
        return data.decode() + "\n"
    except UnicodeDecodeError:
        return None


def _end_of_head(code: str) -> int:
    head = _HEAD.match(code)
    assert head is not None  # the pattern matches the empty text
    return head.end()


def _variables(assignments: list[tuple[str, str]], doc: str | None) -> Variables | None:
    """Put together what was scanned, the last value of each; None where a needed one is missing."""
    values = {name: _value(text) for name, text in assignments}
    if not {"revision", "down_revision"} <= values.keys():
        return None
    return Variables(doc=None if doc is None else _cleaned(_unquoted(doc)), **values)


def _value(text: str) -> object:
    if text == "None":
        return None
    strings = tuple(string[1:-1] for string in _EACH_STRING.findall(text))
    around = _EACH_STRING.sub("", text)
    if strings and "," not in around and "[" not in around:
        return strings[0]  # alone, or in brackets that make no tuple
    return list(strings) if text[0] == "[" else strings


def _unquoted(text: str) -> str:
    is_long = len(text) > 5 and text[:3] in ('"""', "'''")
    return text[3:-3] if is_long else text[1:-1]


def _cleaned(doc: str) -> str:
    """Take the indentation away as the compiler does since Python 3.13."""
    if sys.version_info < (3, 13) or not ("\n " in doc or "\t" in doc or doc[:1] == " "):
        return doc
    constant = compile(repr(doc), "<docstring>", "exec", dont_inherit=True, optimize=0)
    return str(constant.co_consts[0])


def parse(data: bytes) -> Variables | None:
    """Read the syntax tree; None where a variable is not a literal, set once and for all."""
    import ast

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(data)
    assigned = [pair for statement in tree.body for pair in _assigned(statement)]
    plain = {id(target) for target, _ in assigned}
    if any(_is_doubtful(node, plain) for node in ast.walk(tree)):
        return None
    try:
        values = {target.id: ast.literal_eval(value) for target, value in assigned}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    doc = ast.get_docstring(tree, clean=False)
    return Variables(doc=None if doc is None else _cleaned(doc), **values)


def _assigned(statement: ast.stmt) -> Iterator[tuple[ast.Name, ast.expr]]:
    """List the variables of ours that a statement sets plainly: `a = 1`, `a = b = 1`, `a: T = 1`.

    A bare `a: T` sets nothing and is left to `_is_doubtful`.
    """
    import ast

    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return
    for target in targets:
        if isinstance(target, ast.Name) and target.id in _NAMES:
            yield target, statement.value


def _is_doubtful(node: ast.AST, plain: set[int]) -> bool:
    """Say whether `node` may set a variable of ours in a way that is not a plain assignment."""
    import ast

    if isinstance(node, ast.Name):
        is_set = isinstance(node.ctx, ast.Store | ast.Del)
        return node.id in _TRICKS or (node.id in _NAMES and is_set and id(node) not in plain)
    if isinstance(node, ast.Attribute):
        return node.attr in _TRICKS
    return any(_is_telling(name) for name in _bound(node))


def _is_telling(name: str) -> bool:
    return name == "*" or name in _NAMES or not _TRICKS.isdisjoint(name.split("."))


def _bound(node: ast.AST) -> Iterator[str]:
    """List the names that imports, definitions, patterns and declarations bind."""
    for field in ("name", "asname", "rest", "names", "module"):
        value = getattr(node, field, None)
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str):
                yield name


def execute(path: Path) -> Variables:
    """Run the file as Alembic's `load_python_file` does; raises what it raises, and ImportError."""
    module = _load(path)
    values = {name: getattr(module, name, ABSENT) for name in _NAMES}
    return Variables(doc=module.__doc__, **values)


def _load(path: Path) -> ModuleType:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(re.sub(r"\W", "_", path.name), path)
    if spec is None or spec.loader is None:
        raise ImportError(f"Python cannot load '{path.name}'")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

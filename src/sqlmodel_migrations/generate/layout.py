"""Expressions laid out within a width: on one line, else one argument a line.

Calls, displays, names and constants are written anew; any other node keeps its own text, which
must stand on one line. Neighbour: `format` asks for it statement by statement.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel_migrations.generate.source import Source, start

WIDTH = 88
"""Columns of a line, as Black and ruff have it when they are not told otherwise."""

_STRING = re.compile(r"(b?)(['\"])((?:\\.|(?!\2)[^\\])*)\2", re.DOTALL)
_BRACKETS: dict[type[ast.expr], str] = {ast.List: "[]", ast.Set: "{}", ast.Dict: "{}"}
_HEADS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)


class NotUnderstood(Exception):
    """An expression that can only be left as it was written."""


@dataclass(frozen=True)
class _Group:
    """What stands between brackets: `head(items)`."""

    head: str
    items: Sequence[_Item]
    brackets: str

    @property
    def flat(self) -> str:
        inside = ", ".join(item.flat for item in self.items)
        comma = "," if self.brackets == "()" and self.head == "" and len(self.items) == 1 else ""
        return f"{self.head}{self.brackets[0]}{inside}{comma}{self.brackets[1]}"


@dataclass(frozen=True)
class _Item:
    """One of them: `name=`, `*`, `key: ` or nothing, then a value."""

    label: str
    value: ast.expr
    source: Source

    @property
    def flat(self) -> str:
        return self.label + flat(self.value, self.source)


def laid_out(node: ast.expr, source: Source, *, indent: str, before: str, after: str) -> str:
    """Return `before`, the expression and `after` in lines of at most 88 columns, if possible.

    The first line comes without its indentation. Raises NotUnderstood.
    """
    line = before + flat(node, source) + after
    if _width(indent + line) > WIDTH and _group(node, source) is None:
        raise NotUnderstood(line)
    lines = _lines(node, source, indent=indent, before=before, after=after, top=True)
    return "\n".join(lines).removeprefix(indent)


def flat(node: ast.expr, source: Source) -> str:
    """Return an expression on one line. Raises NotUnderstood."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, _HEADS):
        return f"{flat(node.value, source)}.{node.attr}"
    group = _group(node, source)
    return group.flat if group else _as_written(node, source)


def _lines(
    node: ast.expr, source: Source, *, indent: str, before: str, after: str, top: bool = False
) -> Iterator[str]:
    line = indent + before + flat(node, source) + after
    group = _group(node, source)
    if _width(line) <= WIDTH or group is None or not group.items:
        yield line
    elif not top and len(chain := _chain(node)) > 2:
        yield from _chain_lines(chain, source, indent=indent, before=before, after=after)
    else:
        yield from _group_lines(group, indent=indent, before=before, after=after)


def _group_lines(group: _Group, *, indent: str, before: str, after: str) -> Iterator[str]:
    yield f"{indent}{before}{group.head}{group.brackets[0]}"
    for item in group.items:
        inside = indent + "    "
        yield from _lines(item.value, item.source, indent=inside, before=item.label, after=",")
    yield f"{indent}{group.brackets[1]}{after}"


def _chain(node: ast.expr) -> list[ast.Call]:
    """Return the calls of `a().b().c()`, the first of them first."""
    calls: list[ast.Call] = []
    while isinstance(node, ast.Call):
        calls.insert(0, node)
        node = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    return calls


def _chain_lines(
    chain: Sequence[ast.Call], source: Source, *, indent: str, before: str, after: str
) -> Iterator[str]:
    yield indent + before + flat(chain[0], source)
    for call in chain[1:]:
        assert isinstance(call.func, ast.Attribute)
        group = _Group(f".{call.func.attr}", _call_items(call, source), "()")
        end = after if call is chain[-1] else ""
        if _width(line := indent + group.flat + end) <= WIDTH or not group.items:
            yield line
        else:
            yield from _group_lines(group, indent=indent, before="", after=end)


def _group(node: ast.expr, source: Source) -> _Group | None:
    if isinstance(node, ast.Call) and isinstance(node.func, _HEADS):
        if any(isinstance(argument, ast.GeneratorExp) for argument in node.args):
            return None
        return _Group(flat(node.func, source), _call_items(node, source), "()")
    if isinstance(node, ast.Dict):
        return _Group("", [*_dict_items(node, source)], "{}")
    if isinstance(node, ast.Tuple) and source.segment(node).startswith("("):
        return _Group("", [_item(element, source) for element in node.elts], "()")
    if isinstance(node, ast.List | ast.Set):
        items = [_item(element, source) for element in node.elts]
        return _Group("", items, _BRACKETS[type(node)])
    return None


def _call_items(call: ast.Call, source: Source) -> list[_Item]:
    arguments: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    return [_item(argument, source) for argument in sorted(arguments, key=start)]


def _item(node: ast.expr | ast.keyword, source: Source) -> _Item:
    if isinstance(node, ast.keyword):
        return _Item(f"{node.arg}=" if node.arg else "**", node.value, source)
    if isinstance(node, ast.Starred):
        return _Item("*", node.value, source)
    return _Item("", node, source)


def _dict_items(node: ast.Dict, source: Source) -> Iterator[_Item]:
    for key, value in zip(node.keys, node.values, strict=True):
        yield _Item(f"{flat(key, source)}: " if key else "**", value, source)


def _as_written(node: ast.expr, source: Source) -> str:
    text = source.segment(node)
    if "\n" in text or "\r" in text:
        raise NotUnderstood(text)
    return requoted(text)


def requoted(text: str) -> str:
    """Return one line of source with its strings in double quotes, where that escapes no more."""
    if _STRING.fullmatch(text):
        return _requoted_string(text)
    columns = [0]
    parts = []
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    if any(tokenize.tok_name[token.type].endswith("STRING_START") for token in tokens):
        return text  # Inside an f-string the quotes depend on those around.
    for token in tokens:
        if token.type == tokenize.STRING and _STRING.fullmatch(token.string):
            parts += [text[columns[-1] : token.start[1]], _requoted_string(token.string)]
            columns.append(token.end[1])
    return "".join(parts) + text[columns[-1] :]


def _requoted_string(text: str) -> str:
    match = _STRING.fullmatch(text)
    assert match
    units = [_bare_quote(unit) for unit in re.findall(r"\\.|[^\\]", match[3], re.DOTALL)]
    quote = '"' if units.count('"') <= units.count("'") else "'"
    body = "".join("\\" + unit if unit == quote else unit for unit in units)
    return f"{match[1]}{quote}{body}{quote}"


def _bare_quote(unit: str) -> str:
    return unit[1] if unit in ("\\'", '\\"') else unit


def _width(line: str) -> int:
    """Return how many columns a line takes; East Asian wide characters take two."""
    if line.isascii():
        return len(line)
    return sum(_columns(character) for character in line)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1

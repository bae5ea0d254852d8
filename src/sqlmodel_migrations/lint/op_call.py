"""A call of `op` in a script, and other texts of it: with an argument more, less or changed.

What the call was written like stays, unless a line would get too long. Neighbour: `script`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from sqlmodel_migrations.generate.layout import WIDTH, NotUnderstood, laid_out
from sqlmodel_migrations.generate.source import Edit, Source, end, start
from sqlmodel_migrations.lint.script import NotMechanical

INDENT = "    "


@dataclass(frozen=True)
class OpCall:
    """One statement `op.name(…)`; `text` may have comments."""

    text: str

    @cached_property
    def source(self) -> Source:
        return Source(self.text)

    @cached_property
    def node(self) -> ast.Call:
        """The call; raises `NotMechanical` where the statement is none."""
        statement = self.source.tree.body[0]
        call = statement.value if isinstance(statement, ast.Expr) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            raise NotMechanical("it is no plain call of op")
        return call

    @property
    def name(self) -> str:
        """The operation."""
        assert isinstance(self.node.func, ast.Attribute)
        return self.node.func.attr

    def argument(self, position: int, name: str) -> ast.expr | None:
        """Return an argument that may be given by place or by name."""
        if position < len(self.node.args):
            return self.node.args[position]
        return keyword(self.node, name)

    def text_of(self, position: int, name: str) -> str | None:
        """Return an argument that is a string, also in `op.f(…)` and `sa.text(…)`."""
        found = self.argument(position, name)
        if isinstance(found, ast.Call) and len(found.args) == 1 and not found.keywords:
            found = found.args[0]
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            return found.value
        return None

    def written(self, node: ast.expr) -> str:
        """Return an argument as it is written; raises `NotMechanical` for one of several lines."""
        text = self.source.segment(node)
        if "\n" in text:
            raise NotMechanical("an argument goes over several lines")
        return text

    def adding(self, **arguments: str) -> str:
        """Return the text with further arguments by name, as source."""
        last = max((*self.node.args, *self.node.keywords), key=end)
        rest = self.source.between(end(last), end(self.node))
        is_open = "\n" in rest and self.source.indentation(last) is not None
        added = [f"{name}={value}" for name, value in arguments.items()]
        if not is_open:
            return self._edited([Edit(end(last), end(last), "".join(f", {a}" for a in added))])
        indent = self.source.indentation(last)
        lines = "".join(f",\n{indent}{each}" for each in added)
        return self._edited([Edit(end(last), end(last), lines)])

    def replacing(self, edits: Iterable[Edit]) -> str:
        """Return the text with edits of its parts."""
        return self._edited(edits)

    def _edited(self, edits: Iterable[Edit]) -> str:
        return tidy(self.source.edited(edits), was=self.source.segment(self.node))


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return the value of an argument that is given by name."""
    return next((k.value for k in call.keywords if k.arg == name), None)


def removal(source: Source, call: ast.Call, name: str) -> Edit:
    """Return the edit that takes an argument out; raises `NotMechanical` if a comment went too."""
    found = next(k for k in call.keywords if k.arg == name)
    parts = sorted([*call.args, *call.keywords], key=start)
    at = parts.index(found)
    first, last = (end(parts[at - 1]), end(found)) if at else (start(found), start(parts[1]))
    if source.has_comment(first[0], last[0]):
        raise NotMechanical("a comment stands between the arguments")
    return Edit(first, last, "")


def tidy(text: str, *, was: str = "", depth: int = 1) -> str:
    """Lay a call out anew where a line of it became too long, `depth` levels deep.

    What it `was` before stays in the lines it has, if these are several.
    """
    indent = INDENT * depth
    if not any(len(indent + line) > WIDTH for line in text.splitlines()):
        return text
    source = Source(text)
    statement = source.tree.body[0]
    is_other = source.has_comment(statement.lineno, end(statement)[0]) or "\n" in was
    if not isinstance(statement, ast.Expr) or is_other:
        return text
    try:
        lines = laid_out(statement.value, source, indent=indent, before="", after="")
    except NotUnderstood:
        return text
    new = lines.replace(f"\n{indent}", "\n")
    return source.edited([Edit(start(statement), end(statement), new)])

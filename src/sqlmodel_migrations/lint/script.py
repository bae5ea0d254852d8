"""The script of a revision as text: statements that can be taken out, replaced, and put elsewhere.

Neighbours: `op_call` changes one of them, `split` puts them into several files.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sqlmodel_migrations.generate.source import Source, end

WORD = re.compile(r"\w+")


class NotMechanical(Exception):
    """Nobody but a person can write the safe form; the message says why."""


@dataclass(frozen=True)
class Block:
    """One statement of `upgrade()` or `downgrade()`: whole lines, with the comments above it.

    `dedented` are these lines without the function's indentation, None where that would change a
    string.
    """

    node: ast.stmt = field(compare=False)
    first: int
    last: int
    dedented: str | None

    @property
    def text(self) -> str:
        """The lines, to be changed or put elsewhere; raises `NotMechanical`."""
        if self.dedented is None:
            raise NotMechanical("a string of it goes over several lines")
        return self.dedented

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word in its strings, in small letters: the names of what it is about."""
        strings = (n.value for n in ast.walk(self.node) if isinstance(n, ast.Constant))
        said = " ".join(value for value in strings if isinstance(value, str))
        return frozenset(word.casefold() for word in WORD.findall(said))

    @property
    def is_empty(self) -> bool:
        """Whether it is `pass`."""
        return isinstance(self.node, ast.Pass)


@dataclass(frozen=True)
class Script:
    """A script with its two functions."""

    path: Path
    source: Source
    up: ast.FunctionDef
    down: ast.FunctionDef

    @cached_property
    def ups(self) -> tuple[Block, ...]:
        """The statements of `upgrade()`; raises `NotMechanical` where they cannot be told apart."""
        return tuple(_blocks(self.source, self.up))

    @cached_property
    def downs(self) -> tuple[Block, ...]:
        """The statements of `downgrade()`, as `ups`."""
        return tuple(_blocks(self.source, self.down))

    @property
    def refuses_to_go_back(self) -> bool:
        """Whether its downgrade only raises."""
        return len(self.downs) == 1 and isinstance(self.downs[0].node, ast.Raise)

    def block(self, line: int, end_line: int) -> Block:
        """Return the statement of `upgrade()` at these lines.

        Raises `NotMechanical` where it is no call that stands there by itself.
        """
        for block in self.ups:
            if block.node.lineno <= line and end_line <= block.last:
                _require_call(block.node)
                return block
        raise NotMechanical("it does not stand in upgrade() itself")

    def unknown_names(self, text: str) -> list[str]:
        """Return the names that code uses and that would not be known in another file."""
        tree = ast.parse(text)
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        known = {node.id for node in names if isinstance(node.ctx, ast.Store)} | self._imported
        used = dict.fromkeys(node.id for node in names if isinstance(node.ctx, ast.Load))
        return [name for name in used if name not in known and not hasattr(builtins, name)]

    @cached_property
    def _imported(self) -> set[str]:
        found = [n for n in self.source.tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
        aliases = [alias for node in found for alias in node.names]
        return {(alias.asname or alias.name).partition(".")[0] for alias in aliases}


def read(path: Path) -> Script:
    """Read a script; raises `NotMechanical` for one that has not the usual shape."""
    try:
        source = Source(path.read_bytes().decode("utf-8"))
        body = source.tree.body
    except (OSError, SyntaxError, ValueError) as error:
        raise NotMechanical(f"its file cannot be read: {error}") from error
    functions = {n.name: n for n in body if isinstance(n, ast.FunctionDef)}
    if not {"upgrade", "downgrade"} <= functions.keys():
        raise NotMechanical("its file has no upgrade() and downgrade() of its own")
    return Script(path, source, functions["upgrade"], functions["downgrade"])


def statements(function: ast.FunctionDef) -> list[ast.stmt]:
    """Return what a function does: its body without the docstring."""
    is_documented = ast.get_docstring(function, clean=False) is not None
    return function.body[1:] if is_documented else function.body


def _blocks(source: Source, function: ast.FunctionDef) -> Iterator[Block]:
    after = function.lineno
    if not statements(function):
        raise NotMechanical(f"{function.name}() of its file is empty")
    for node in statements(function):
        if not source.stands_alone(node) or node.lineno == function.lineno:
            raise NotMechanical("several statements stand on one line of its file")
        last = end(node)[0]
        first = _first_line(source, node, after)
        after = last
        lines = source.between((first, 0), (last, len(source.lines[last - 1])))
        text = textwrap.dedent(lines).replace("\r\n", "\n").rstrip("\n")
        yield Block(node, first, last, text if _is_same(text, node) else None)


def _is_same(text: str, node: ast.stmt) -> bool:
    try:
        return ast.dump(ast.parse(text)) == ast.dump(ast.Module([node], []))
    except SyntaxError:
        return False


def _first_line(source: Source, node: ast.stmt, after: int) -> int:
    """The line of the first comment that stands directly above a statement.

    `# ###` is Alembic's own, and speaks of the whole function.
    """
    line = node.lineno
    comment = source.lines[line - 1][: node.col_offset] + b"#"
    while line - 1 > after and source.lines[line - 2].startswith(comment):
        if source.lines[line - 2].startswith(comment + b" ###"):
            break
        line -= 1
    return line


_SHAPES: dict[type[ast.stmt], str] = {
    ast.For: "in a loop",
    ast.While: "in a loop",
    ast.If: "under a condition",
    ast.Try: "in a try statement",
    ast.FunctionDef: "in a function of its own",
}


def _require_call(node: ast.stmt) -> None:
    if isinstance(node, ast.With):
        is_batch = "batch_alter_table" in ast.unparse(node.items[0])
        raise NotMechanical("it stands in a batch" if is_batch else "it stands in a with block")
    if type(node) in _SHAPES:
        raise NotMechanical(f"it stands {_SHAPES[type(node)]}")
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not ast.unparse(call.func).startswith("op."):
        raise NotMechanical("it is no plain call of op")

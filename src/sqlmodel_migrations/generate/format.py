"""The format of a generated script: what Black or ruff would make of it.

Only imports and the bodies of `upgrade*` and `downgrade*` are touched. A statement with a comment
inside, a string of several lines, or anything else that `layout` does not understand stays as it
was written. Neighbours: `layout`, `import_block`, `source`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel_migrations.generate.import_block import sorted_imports
from sqlmodel_migrations.generate.layout import NotUnderstood, laid_out
from sqlmodel_migrations.generate.source import Edit, Place, Source, end, start


def format_source(text: str) -> str:
    """Lay a script out in 88 columns, one argument a line where a call does not fit.

    A text that does not parse comes back as it is; `script.importable` says what is wrong.
    """
    source = Source(text)
    try:
        body = source.tree.body
    except (SyntaxError, ValueError):
        return text
    edits = [edit for function in body if _is_step(function) for edit in _edits(function, source)]
    return source.edited([*edits, *sorted_imports(source)])


def _is_step(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
        ("upgrade", "downgrade")
    )


def _edits(node: ast.AST, source: Source) -> Iterator[Edit]:
    """Yield the edits of the statements inside a statement."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.With):
            yield from _with_edits(child, source)
        if isinstance(child, ast.Expr | ast.Assign | ast.Return):
            yield from _statement_edits(child, source)
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _edits(child, source)


@dataclass(frozen=True)
class _Part:
    """One expression of a statement with what stands around it, from its start to `stop`.

    `rest` makes the part a statement that parses.
    """

    statement: ast.stmt
    value: ast.expr
    stop: Place
    before: str = ""
    after: str = ""
    rest: str = ""


def _statement_edits(
    statement: ast.Expr | ast.Assign | ast.Return, source: Source
) -> Iterator[Edit]:
    if statement.value is None or not source.stands_alone(statement):
        return
    before = _before_value(statement, source)
    yield from _edit(_Part(statement, statement.value, end(statement), before), source)


def _before_value(statement: ast.Expr | ast.Assign | ast.Return, source: Source) -> str:
    if isinstance(statement, ast.Assign):
        return "".join(f"{source.segment(target)} = " for target in statement.targets)
    return "return " if isinstance(statement, ast.Return) else ""


def _with_edits(statement: ast.With, source: Source) -> Iterator[Edit]:
    """Yield the edit of `with … as …`, up to its colon."""
    item, *others = statement.items
    stop = end(item.optional_vars or item.context_expr)
    rest = source.between(stop, start(statement.body[0])).lstrip()
    if others or not rest.startswith(":") or statement.body[0].lineno == stop[0]:
        return
    after = f" as {source.segment(item.optional_vars)}" if item.optional_vars else ""
    part = _Part(statement, item.context_expr, stop, "with ", after, ":\n    pass")
    yield from _edit(part, source)


def _edit(part: _Part, source: Source) -> Iterator[Edit]:
    """Yield the edit that lays a part out, if there is one that keeps its syntax tree."""
    first = start(part.statement)
    indent = source.indentation(part.statement)
    if indent is None or source.has_comment(first[0], part.stop[0]):
        return
    # The colon of a `with` stays where it is, and counts.
    after = part.after + part.rest[:1]
    try:
        text = laid_out(part.value, source, indent=indent, before=part.before, after=after)
    except NotUnderstood:
        return
    text = text.removesuffix(part.rest[:1])
    old = source.between(first, part.stop)
    if text != old and _parsed(text + part.rest) == _parsed(old + part.rest):
        yield Edit(first, part.stop, text)


def _parsed(text: str) -> str | None:
    try:
        return ast.dump(ast.parse(text))
    except SyntaxError:
        return None

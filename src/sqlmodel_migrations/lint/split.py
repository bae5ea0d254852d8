"""The split of a revision: pieces of safe forms put into as few revisions as they need.

The first keeps the file and its id. Each further one is a file like it, with a head of its own.
Neighbours: `fixes` make the pieces, `patch` knows which files change.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlmodel_migrations.generate.source import Edit, Place, Source, end, start
from sqlmodel_migrations.lint.fixes.base import Piece, Plan, Wait
from sqlmodel_migrations.lint.op_call import INDENT, OpCall
from sqlmodel_migrations.lint.safe_form import literal
from sqlmodel_migrations.lint.script import Block, NotMechanical, Script

_BACK = {
    "add_column": ("drop_column",),
    "drop_column": ("add_column",),
    "create_index": ("drop_index",),
    "drop_index": ("create_index",),
    "alter_column": ("alter_column",),
    "create_foreign_key": ("drop_constraint",),
    "create_unique_constraint": ("drop_constraint",),
    "create_check_constraint": ("drop_constraint",),
}
_HEAD = ("revision", "down_revision", "branch_labels", "depends_on")
_HEAD_LINE = re.compile(r"^(Revision ID|Revises|Create Date):.*$", re.MULTILINE)


@dataclass
class Part:
    """What goes into one revision: the pieces, each with the plan that it is of."""

    is_alone: bool = False
    placed: list[tuple[Plan, Piece]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What it does."""
        return ", ".join(piece.title for _, piece in self.placed)

    @property
    def up(self) -> str:
        scans = [piece.scan for _, piece in self.placed]
        return "\n".join(text for text in (*scans, *(p.up for _, p in self.placed)) if text)

    @property
    def down(self) -> str:
        """The way back, in the other order."""
        texts = [piece.down or piece.moved_down for _, piece in reversed(self.placed)]
        return "\n".join(filter(None, texts))


@dataclass(frozen=True)
class Head:
    """What a new revision's file says of itself."""

    id: str
    down_revision: str
    message: str


def split(script: Script, plans: Sequence[Plan]) -> list[Part]:
    """Put the pieces of all plans into revisions; the first is the script's own.

    What waits for a piece comes after it. Raises `NotMechanical` where that cannot be told apart.
    """
    parts = _placed(script, plans, is_alone=False)
    if not parts[0].placed and not any(_stays(script, parts)):
        parts = _placed(script, plans, is_alone=True)
    for part in parts[1:]:
        for name in script.unknown_names(f"{part.up}\n{part.down}"):
            raise NotMechanical(f"it uses '{name}', which only its own function or file knows")
    return parts


def first_file(script: Script, part: Part, others: Sequence[Part]) -> str:
    """Return the script's text with what is left of it."""
    gone = [plan for other in others for plan, _ in other.placed]
    ups, downs = _Body(script.ups), _Body(script.downs)
    for plan in gone:
        ups.new.setdefault(plan.block, None)
        if plan.back is not None and not script.refuses_to_go_back:
            downs.new.setdefault(plan.back, None)
    for plan, piece in part.placed:
        ups.new[plan.block] = piece.code
        if plan.back is not None:
            downs.new[plan.back] = piece.down
        elif piece.down and not script.refuses_to_go_back:
            downs.before.insert(0, piece.down)
    edits = [*ups.edits(script.source), *downs.edits(script.source)]
    text = script.source.edited(edits)
    _require_known(script, text)
    return text


def further_file(script: Script, part: Part, head: Head) -> str:
    """Return the text of a new revision's file."""
    back = script.downs[0].text if script.refuses_to_go_back else part.down
    edits = [
        *_other_head(script.source, head),
        *_less_others(script.source, script),
        _whole_body(script.source, script.ups, part.up),
        _whole_body(script.source, script.downs, back or "pass"),
    ]
    text = _less_imports(script.source.edited(edits))
    newline = script.source.newline
    return re.sub(r"(\r?\n){4,}", newline * 3, text).rstrip() + newline


# Which piece goes where.


def _placed(script: Script, plans: Sequence[Plan], *, is_alone: bool) -> list[Part]:
    known = {plan.block: plan for plan in plans}
    parts = [Part(is_alone)]
    waits: list[tuple[Wait, int]] = []
    for block in script.ups:
        at = max((i for wait, i in waits if wait.is_for(block.words)), default=0)
        if block.is_empty or (block not in known and not at):
            continue
        plan = known.get(block) or _moved(script, block)
        for piece in plan.pieces:
            at = _place(parts, plan, piece, at)
        waits.append((plan.wait, at))
    return parts


def _place(parts: list[Part], plan: Plan, piece: Piece, earliest: int) -> int:
    """Put a piece into the first part that may have it, and return its position."""
    for position in range(_after_own(parts, plan, earliest), len(parts)):
        part = parts[position]
        if part.is_alone == piece.alone and not (part.is_alone and part.placed):
            break
    else:
        position = len(parts)
        parts.append(Part(piece.alone))
    parts[position].placed.append((plan, piece))
    return position


def _after_own(parts: list[Part], plan: Plan, earliest: int) -> int:
    """The first position after that of an earlier piece of the same plan."""
    own = [i for i, part in enumerate(parts) if any(p is plan for p, _ in part.placed)]
    return max(earliest, own[-1] + 1) if own else earliest


def _moved(script: Script, block: Block) -> Plan:
    """A statement that is kept, but has to wait: it goes with what takes it back."""
    what = f"line {block.node.lineno} has to come after it"
    try:
        call = OpCall(block.text)
        operations = _BACK.get(call.name)
    except NotMechanical:
        operations = None
    if operations is None:
        raise NotMechanical(f"{what}, and it is not known how that is taken back")
    found = [back for back in script.downs if _takes_back(back, block, operations)]
    if len(found) != 1 and not script.refuses_to_go_back:
        raise NotMechanical(f"{what}, and what takes that back in downgrade() is not clear")
    back = found[0] if found else None
    table = call.text_of(0, "table_name") or ""
    title = f"{call.name.replace('_', ' ')} {table}".strip()
    return Plan(block, (Piece(title, block.text, back.text if back else ""),), back)


def _takes_back(back: Block, block: Block, operations: Sequence[str]) -> bool:
    try:
        call = OpCall(back.text)
        is_one = call.name in operations
    except NotMechanical:
        return False
    return is_one and len(call.node.args) > 0 and bool(back.words & block.words)


def _stays(script: Script, parts: Sequence[Part]) -> Iterator[Block]:
    taken = {plan.block for part in parts for plan, _ in part.placed}
    return (block for block in script.ups if block not in taken and not block.is_empty)


def _require_known(script: Script, text: str) -> None:
    """Raise `NotMechanical` where the new text needs an import that the file has not."""
    wanted = {"op", "sa"} & set(script.unknown_names(text))
    if wanted:
        raise NotMechanical(f"its file does not import '{min(wanted)}'")


# What the files say.


@dataclass
class _Body:
    """The statements of a function, with their new texts: None for one that goes.

    `before` are texts that come first.
    """

    blocks: Sequence[Block]
    new: dict[Block, str | None] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)

    def edits(self, source: Source) -> Iterator[Edit]:
        new, before = dict(self.new), "\n".join(self.before)
        left = [b for b in self.blocks if (b not in new or new[b]) and not b.is_empty]
        if not left:
            new[self.blocks[0]] = before or "pass"
        elif before:
            first = (left[0].first, 0)
            yield Edit(first, first, f"{_indented(before)}\n")
        for block, text in new.items():
            yield from _block_edits(source, block, text)


def _block_edits(source: Source, block: Block, text: str | None) -> Iterator[Edit]:
    if text == block.text:
        return
    if text:
        yield Edit((block.first, 0), _line_end(source, block.last), _indented(text))
        return
    first = block.first
    while not source.lines[first - 2].strip():
        first -= 1
    yield Edit(_line_end(source, first - 1), _line_end(source, block.last), "")


def _line_end(source: Source, line: int) -> Place:
    return line, len(source.lines[line - 1].rstrip(b"\r\n"))


def _indented(text: str) -> str:
    return textwrap.indent(text, INDENT)


def _whole_body(source: Source, blocks: Sequence[Block], text: str) -> Edit:
    """The edit that gives a function another body under its docstring."""
    first, last = blocks[0].first, blocks[-1].last
    while _is_comment(source, first - 1):
        first -= 1
    while _is_comment(source, last + 1):
        last += 1
    return Edit((first, 0), _line_end(source, last), _indented(text))


def _is_comment(source: Source, line: int) -> bool:
    """Whether a line is a comment inside of a function."""
    text = source.lines[line - 1] if line <= len(source.lines) else b""
    return text.startswith((b" ", b"\t")) and text.lstrip(b" \t").startswith(b"#")


def _other_head(source: Source, head: Head) -> Iterator[Edit]:
    values = {"revision": head.id, "down_revision": head.down_revision}
    for name in _HEAD:
        found = assigned(source, name)
        if found is None and name in values:
            raise NotMechanical(f"its file does not say what '{name}' is")
        if found is not None:
            text = quoted_like(source.segment(found), values[name]) if name in values else "None"
            yield Edit(start(found), end(found), text)
    first = source.tree.body[0]
    if ast.get_docstring(source.tree, clean=False) is not None:
        yield Edit(start(first), end(first), _docstring(source.segment(first), head))


def _docstring(text: str, head: Head) -> str:
    said = {"Revision ID": head.id, "Revises": head.down_revision}
    lines = [
        f"{found[1]}: {said[found[1]]}" if found[1] in said else found[0].rstrip("\r")
        for found in _HEAD_LINE.finditer(text)
    ]
    message = head.message.replace("\\", "\\\\").replace('"', '\\"')
    if not lines:
        return f'"""{message}"""'
    return "\n".join([f'"""{message}', "", *lines, "", '"""'])


def assigned(source: Source, name: str) -> ast.expr | None:
    """Return the value that a script gives to one of Alembic's variables."""
    for node in source.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            return node.value
    return None


def quoted_like(text: str, value: str) -> str:
    """Return a string as source, in the quotes that another one has."""
    return repr(value) if text.startswith("'") else literal(value)


def _less_others(source: Source, script: Script) -> Iterator[Edit]:
    """The edits that take out what only the first file needs: its own functions and values."""
    for position, node in enumerate(source.tree.body):
        is_docstring = position == 0 and isinstance(node, ast.Expr)
        is_head = any(assigned(source, name) is getattr(node, "value", node) for name in _HEAD)
        is_kept = isinstance(node, ast.Import | ast.ImportFrom) or node in (script.up, script.down)
        if not (is_docstring or is_head or is_kept):
            lines = [d.lineno for d in getattr(node, "decorator_list", ())]
            first = min([node.lineno, *lines])
            yield Edit((first, 0), _line_end(source, end(node)[0]), "")


def _less_imports(text: str) -> str:
    """Leave out imports of one name that nothing uses; those of every template stay."""
    source = Source(text)
    used = {n.id for n in ast.walk(source.tree) if isinstance(n, ast.Name)} | {"op", "sa"}
    edits = []
    for node in source.tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom) or len(node.names) != 1:
            continue
        name = (node.names[0].asname or node.names[0].name).partition(".")[0]
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if name not in used and not is_future and source.stands_alone(node) and node.lineno > 1:
            edits.append(
                Edit(_line_end(source, node.lineno - 1), _line_end(source, end(node)[0]), "")
            )
    return source.edited(edits)

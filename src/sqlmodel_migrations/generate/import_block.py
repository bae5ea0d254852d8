"""The imports of a script, sorted as isort and ruff sort them.

Standard library first, then all others; `import x` before `from x import y`; names of one module
together. Neighbour: `format` applies the edits.
"""

from __future__ import annotations

import ast
import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence

from sqlmodel_migrations.generate.layout import WIDTH
from sqlmodel_migrations.generate.source import Edit, Source, end, start

_Import = ast.Import | ast.ImportFrom


def sorted_imports(source: Source) -> Iterator[Edit]:
    """Yield the edits that sort the module's imports, block by block.

    A block with a comment or two statements on a line stays as it was written.
    """
    for is_import, group in itertools.groupby(source.tree.body, lambda n: isinstance(n, _Import)):
        if not is_import:
            continue
        block = [node for node in group if isinstance(node, _Import)]
        first, last = block[0], block[-1]
        if source.has_comment(first.lineno, end(last)[0] + 1):
            continue
        if all(map(source.stands_alone, block)):
            yield Edit(start(first), end(last), _block_text(block))


def _block_text(block: Sequence[_Import]) -> str:
    sections = sorted({_section(node) for node in block})
    texts = [_section_lines(n for n in block if _section(n) == section) for section in sections]
    return "\n\n".join("\n".join(lines) for lines in texts)


def _section(node: _Import) -> int:
    """Return 0 for `__future__`, 1 for the standard library, 2 for others, 3 for relative ones."""
    if isinstance(node, ast.ImportFrom) and node.level:
        return 3
    module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
    top = (module or "").partition(".")[0]
    if top == "__future__":
        return 0
    return 1 if top in sys.stdlib_module_names else 2


def _section_lines(nodes: Iterable[_Import]) -> list[str]:
    modules: set[tuple[str, str]] = set()
    members: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            modules.update((alias.name, _alias(alias)) for alias in node.names)
            continue
        module = "." * node.level + (node.module or "")
        members.setdefault(module, set()).update(map(_alias, node.names))
    plain = [f"import {text}" for _, text in sorted(modules, key=lambda m: m[1].lower())]
    return plain + [
        line for module in sorted(members, key=str.lower) for line in _from(module, members[module])
    ]


def _alias(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _from(module: str, names: set[str]) -> list[str]:
    ordered = sorted(names, key=_member_order)
    apart = [f"from {module} import {name}" for name in ordered if " as " in name or name == "*"]
    together = [name for name in ordered if " as " not in name and name != "*"]
    if not together:
        return apart
    line = f"from {module} import {', '.join(together)}"
    if len(line) > WIDTH:
        line = "\n".join([f"from {module} import (", *(f"    {n}," for n in together), ")"])
    return [line, *apart]


def _member_order(name: str) -> tuple[int, str]:
    """Order CONSTANTS before Classes before the rest, as isort does."""
    if name.isupper() and len(name) > 1:
        return 0, name.lower()
    return (1 if name[:1].isupper() else 2), name.lower()

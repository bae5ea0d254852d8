"""The tree: a project's Python files, and the dotted names by which the project imports them.

`source` reads the files for tables; `models` imports them with the same import roots.
"""

from __future__ import annotations

import importlib.util
import keyword
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LARGEST = 1_000_000
"""Bytes above which a Python file is generated data rather than models."""

_DEEPEST = 2
_IGNORED = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist"})
_SECONDARY = frozenset(
    {"test", "tests", "example", "examples", "doc", "docs", "benchmark", "benchmarks"}
)
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import|import[ \t]+([.\w]+))", re.M)


@dataclass(frozen=True)
class SourceFile:
    """One Python file; `is_secondary` says that it is a test, an example or documentation."""

    path: Path
    module: str
    is_package: bool
    is_secondary: bool


@dataclass(frozen=True)
class Tree:
    """The project's files by module name, and the folders (`roots`) that their names start from."""

    root: Path
    roots: tuple[Path, ...]
    files: Mapping[str, SourceFile]

    def beneath(self, package: str) -> Iterator[SourceFile]:
        """List the modules inside a package, not the package itself."""
        return (f for m, f in self.files.items() if m.startswith(package + "."))


def read(root: Path) -> Tree:
    """List the project's Python files with their module names; nothing is imported."""
    root = root.absolute()
    paths = tuple(walk(root))
    roots = _Layout(root, paths).roots
    return Tree(root, roots, _named(root, roots, paths))


def import_roots(root: Path, modules: Iterable[str] = ()) -> tuple[Path, ...]:
    """Find the folders to put on `sys.path` to import `modules`: `root`, and `src` or alike.

    A folder that no import can name, such as `my-service`, is one only if it holds a module.
    """
    root = root.absolute()
    layout = _Layout(root, tuple(walk(root)))
    tops = {name.partition(".")[0] for name in modules}
    return tuple(
        folder
        for folder in layout.roots
        if folder == root or _is_name(folder.name) or tops & layout.children[folder]
    )


def walk(root: Path) -> Iterator[Path]:
    """List the application's Python files: no environments, builds, migrations, hidden folders."""
    for folder, folders, files in os.walk(root):
        if folder != os.fspath(root) and _is_foreign(folders, files):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not _is_ignored(name))
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def is_secondary(relative: Path) -> bool:
    """Tell whether a path inside the project belongs to tests, examples or documentation."""
    name = relative.stem
    is_test = name == "conftest" or name.startswith("test_") or name.endswith("_test")
    return is_test or not _SECONDARY.isdisjoint(relative.parts[:-1])


def dotted(relative: Path) -> str | None:
    """Turn `app/models.py` into `app.models`; None if it cannot be written in an import."""
    parts = relative.with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    if not parts or parts[-1] == "__main__" or not all(map(_is_name, parts)):
        return None
    return ".".join(parts)


def text(path: Path) -> str:
    """Read a file for a quick look; an unreadable or too large one is empty."""
    try:
        if path.stat().st_size > LARGEST:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _is_ignored(folder: str) -> bool:
    return folder in _IGNORED or folder.startswith(".") or folder.endswith(".egg-info")


def _is_foreign(folders: Iterable[str], files: Iterable[str]) -> bool:
    """Tell a virtual environment, or a folder of migrations, from a folder of the application."""
    if "pyvenv.cfg" in files or "conda-meta" in folders:
        return True
    return "env.py" in files and ("script.py.mako" in files or "versions" in folders)


def _is_name(part: str) -> bool:
    return part.isidentifier() and not keyword.iskeyword(part)


def _named(root: Path, roots: tuple[Path, ...], paths: Iterable[Path]) -> dict[str, SourceFile]:
    named: dict[str, SourceFile] = {}
    for path in paths:
        start = max((r for r in roots if r in path.parents), key=lambda r: len(r.parts))
        module = dotted(path.relative_to(start))
        if module in named:
            module = dotted(path.relative_to(root))
        if module is None or module in named:
            continue
        is_package = path.name == "__init__.py"
        secondary = is_secondary(path.relative_to(root))
        named[module] = SourceFile(path, module, is_package, secondary)
    return named


@dataclass(frozen=True)
class _Layout:
    """Which folders are import roots, decided by what the project's own files import."""

    root: Path
    paths: tuple[Path, ...]

    @cached_property
    def roots(self) -> tuple[Path, ...]:
        inner = (f for f in self.children if f != self.root and self._may_be_root(f))
        return (self.root, *sorted(f for f in inner if self._is_root(f)))

    @cached_property
    def children(self) -> dict[Path, set[str]]:
        """Each folder with the names that could be imported from it."""
        children: dict[Path, set[str]] = {self.root: set()}
        for path in self.paths:
            for part in (path, *path.parents):
                if part == self.root:
                    break
                name = part.stem if part == path else part.name
                children.setdefault(part.parent, set()).add(name)
        return children

    @cached_property
    def importers(self) -> dict[str, set[tuple[Path, str]]]:
        """The files that import something below a top-level name, with the dotted names."""
        importers: dict[str, set[tuple[Path, str]]] = {}
        for path, names in self._imports:
            for name in names:
                importers.setdefault(name.partition(".")[0], set()).add((path, name))
        return importers

    @cached_property
    def relatives(self) -> dict[Path, set[Path]]:
        """The files that make a folder a package by importing from it with leading dots."""
        relatives: dict[Path, set[Path]] = {}
        for path, names in self._imports:
            dots = max((len(name) - len(name.lstrip(".")) for name in names), default=0)
            for folder in path.parents[:dots]:
                relatives.setdefault(folder, set()).add(path)
        return relatives

    @cached_property
    def _imports(self) -> tuple[tuple[Path, set[str]], ...]:
        return tuple((p, {a or b for a, b in _IMPORT.findall(text(p))}) for p in self.paths)

    @cached_property
    def _is_all_secondary(self) -> bool:
        return all(is_secondary(path.relative_to(self.root)) for path in self.paths)

    def _may_be_root(self, folder: Path) -> bool:
        """Leave out what is deep inside, and folders of tests, which find their own modules."""
        relative = folder.relative_to(self.root)
        is_application = self._is_all_secondary or not is_secondary(relative / "any.py")
        return len(relative.parts) <= _DEEPEST and is_application

    def _is_root(self, folder: Path) -> bool:
        if not _is_name(folder.name):
            return True
        within, whole = len(self._votes_within(folder)), len(self._votes_whole(folder))
        is_plain_src = folder.name == "src" and not (folder / "__init__.py").exists()
        return within > whole or (within == whole and is_plain_src)

    def _votes_within(self, folder: Path) -> set[Path]:
        """The files that import a child of the folder by its bare name."""
        names = self.children[folder] & self.importers.keys()
        names -= self.children[self.root] | sys.stdlib_module_names
        votes: set[Path] = set()
        for name in sorted(names):
            if not _is_installed_outside(name, folder):
                paths = {path for path, _ in self.importers[name]}
                votes |= {path for path in paths if self._means(path, name, folder)}
        return votes

    def _means(self, path: Path, name: str, folder: Path) -> bool:
        if path.stem == name:
            # celery.py that imports celery means the library.
            return False
        if folder in path.parents:
            return True
        nearer = (p for p in path.parents if p != self.root and p in self.children)
        return not any(name in self.children[p] for p in nearer)

    def _votes_whole(self, folder: Path) -> set[Path]:
        """The files that import the folder itself as a package."""
        full = ".".join(folder.relative_to(self.root).parts)
        votes = {path for path, _ in self.importers.get(folder.name, ())}
        beneath = self.importers.get(full.partition(".")[0], ())
        votes |= {path for path, name in beneath if f"{name}.".startswith(f"{full}.")}
        return votes | self.relatives.get(folder, set())


def _is_installed_outside(name: str, folder: Path) -> bool:
    """Tell whether a top-level name is a library; finding a spec imports nothing."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    places = [*(spec.submodule_search_locations or ()), *([spec.origin] if spec.origin else [])]
    return not any(Path(place).is_relative_to(folder) for place in places)

"""The source: which classes and tables a project declares, found by reading its files.

The application is not imported, so that `init` works before it can be: what counts is what
SQLAlchemy would do with the class statements. `models` imports what is found here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sqlmodel_migrations.project import module as modules
from sqlmodel_migrations.project import tree as trees
from sqlmodel_migrations.project.module import Module
from sqlmodel_migrations.project.tree import SourceFile, Tree

# What a file that declares a table cannot do without; most files that use a database lack it.
_TELLING = re.compile(
    r"sqlmodel|table[\"']?\s*[=:]\s*True|__table|\bTable\(|[Mm]apped|Column|relationship|\.Model\b"
)
_MODEL_PACKAGES = frozenset({"model", "models", "table", "tables", "entity", "entities", "orm"})
_MOST_NAMED = 5
_LONGEST_CHAIN = 20

# A class that inherits one of these directly is a base, and has no table.
_ROOT_BASES = frozenset(
    f"{place}.{name}"
    for place in ("sqlalchemy.orm", "sqlalchemy.orm.decl_api")
    for name in ("DeclarativeBase", "DeclarativeBaseNoMeta")
)
_BASE_MAKERS = re.compile(
    r"(sqlalchemy|sqlmodel)\.(.*\.)?(declarative_base|automap_base|registry\.generate_base)"
    r"|.*\.(generate_base|as_declarative_base)"
)
_TABLE_MAKERS = re.compile(r"(sqlalchemy|sqlmodel|flask_sqlalchemy)\.(.*\.)?Table")
# Bases of libraries that give each class a table name.
_NAMING_BASES = re.compile(r"flask_sqlalchemy\..*\.Model|advanced_alchemy\..*Base")
_MAPPERS = frozenset({"mapped", "mapped_as_dataclass"})
# Libraries of which no class is a declarative base, but for those named above.
_PLAIN = frozenset({"abc", "dataclasses", "enum", "pydantic", "sqlalchemy", "sqlmodel", "typing"})


@dataclass(frozen=True)
class DeclaredTable:
    """A class, or an imperative `Table`, in the source; `line` counts from 1."""

    module: str
    class_name: str
    path: Path
    line: int


@dataclass(frozen=True)
class Found:
    """The tables of a project and the modules that declare them, in import order.

    `targets` are what env.py names: as `modules`, with a package of models named as a whole, so
    that a new module in it is taken in. `unreadable` files have syntax errors.
    """

    modules: tuple[str, ...] = ()
    tables: tuple[DeclaredTable, ...] = ()
    targets: tuple[str, ...] = ()
    unreadable: tuple[Path, ...] = ()

    def summary(self) -> str:
        """Say what was found: "2 tables in app.models, app.teams"."""
        if not self.tables:
            return "no tables"
        count = len(self.tables)
        tables = f"{count} {'table' if count == 1 else 'tables'}"
        named = ", ".join(self.targets[:_MOST_NAMED])
        more = len(self.targets) - _MOST_NAMED
        return f"{tables} in {named}{f' and {more} more' if more > 0 else ''}"


def find(root: Path) -> Found:
    """Find the tables that the project in `root` declares; imports and runs nothing."""
    source = _Source(trees.read(root))
    declared = {f.module: t for f in source.files if (t := tuple(source.declared(f.module)))}
    ours = {m: t for m, t in declared.items() if not source.tree.files[m].is_secondary}
    chosen = ours or declared
    ordered = source.in_import_order(chosen)
    return Found(
        modules=ordered,
        tables=tuple(table for module in ordered for table in chosen[module]),
        targets=tuple(dict.fromkeys(source.target(module) for module in ordered)),
        unreadable=tuple(sorted(source.unreadable)),
    )


@dataclass
class _Source:
    """The parsed modules of one tree; a module is parsed when it is first asked for."""

    tree: Tree
    unreadable: set[Path] = field(default_factory=set)
    _modules: dict[str, Module | None] = field(default_factory=dict)
    _is_table: dict[str, bool] = field(default_factory=dict)

    @property
    def files(self) -> Iterator[SourceFile]:
        """The files that may declare tables."""
        return (f for f in self.tree.files.values() if _TELLING.search(trees.text(f.path)))

    def module(self, name: str) -> Module | None:
        """Parse a module of the project; None if it is not one, or cannot be parsed."""
        if name not in self._modules:
            file = self.tree.files.get(name)
            self._modules[name] = self._parse(file) if file else None
        return self._modules[name]

    def _parse(self, file: SourceFile) -> Module | None:
        try:
            return modules.parse(file)
        except (SyntaxError, ValueError, OSError, RecursionError, MemoryError):
            self.unreadable.add(file.path)
            return None

    # -- names ---------------------------------------------------------------------------------

    def resolve(self, module: str, name: str, seen: frozenset[str] = frozenset()) -> str:
        """Follow a name to where it is declared: `sm.SQLModel` → `sqlmodel.SQLModel`."""
        here = f"{module}.{name}"
        parsed = self.module(module)
        if parsed is None or here in seen or len(seen) > _LONGEST_CHAIN:
            return here
        seen |= {here}
        head, dot, rest = name.partition(".")
        if head in parsed.classes:
            return here
        if head in parsed.names:
            return self._absolute(parsed.names[head] + dot + rest, seen)
        if head in parsed.aliases:
            return self.resolve(module, parsed.aliases[head] + dot + rest, seen)
        if head in parsed.calls:
            return self.resolve(module, parsed.calls[head], seen) + dot + rest if dot else here
        return self._through_star(parsed, name, seen) or here

    def _absolute(self, target: str, seen: frozenset[str] = frozenset()) -> str:
        parts = target.split(".")
        for end in range(len(parts) - 1, 0, -1):
            owner = ".".join(parts[:end])
            if owner in self.tree.files:
                return self.resolve(owner, ".".join(parts[end:]), seen)
        return target

    def _through_star(self, parsed: Module, name: str, seen: frozenset[str]) -> str | None:
        for star in parsed.stars:
            if star not in self.tree.files:
                if name[:1].isupper() or name == "declarative_base":
                    return f"{star}.{name}"
                continue
            found = self.resolve(star, name, seen)
            if found != f"{star}.{name}" or self._declares(star, name):
                return found
        return None

    def _declares(self, module: str, name: str) -> bool:
        parsed = self.module(module)
        head = name.partition(".")[0]
        return parsed is not None and (head in parsed.classes or head in parsed.calls)

    def _class(self, qualified: str) -> tuple[str, ast.ClassDef] | None:
        """The module and the statement of a class of the project."""
        module, _, name = qualified.rpartition(".")
        parsed = self.module(module)
        node = parsed.classes.get(name) if parsed else None
        return (module, node) if node else None

    def _maker(self, qualified: str) -> str | None:
        """What a name of the project was made by, resolved: `sqlalchemy.orm.declarative_base`."""
        module, _, name = qualified.rpartition(".")
        parsed = self.module(module)
        called = parsed.calls.get(name) if parsed else None
        return self.resolve_call(module, called) if called else None

    def resolve_call(self, module: str, called: str) -> str:
        """Resolve what is called, through the object that owns the method, if there is one."""
        owner, _, method = called.rpartition(".")
        maker = self._maker(self.resolve(module, owner)) if owner else None
        return f"{maker}.{method}" if maker else self.resolve(module, called)

    def _bases(self, module: str, node: ast.ClassDef) -> tuple[str, ...]:
        return tuple(self.resolve(module, name) for name in modules.base_names(node))

    # -- tables --------------------------------------------------------------------------------

    def declared(self, name: str) -> Iterator[DeclaredTable]:
        """List the tables that one module declares, in the order of its lines."""
        parsed = self.module(name)
        if parsed is None:
            return
        found = [(c.lineno, n) for n, c in parsed.classes.items() if self.is_table(f"{name}.{n}")]
        found += [(call.lineno, n) for n, call in self._imperative(parsed)]
        for line, label in sorted(found):
            yield DeclaredTable(name, label, parsed.file.path, line)

    def _imperative(self, parsed: Module) -> Iterator[tuple[str, ast.Call]]:
        for name, call in parsed.tables:
            called = modules.called_name(call)
            made = self.resolve_call(parsed.file.module, called) if called else ""
            if not _TABLE_MAKERS.fullmatch(made) or len(call.args) < 2:
                continue
            # A reflected table belongs to somebody else's schema.
            if not {"autoload_with", "autoload"} & modules.keywords(call).keys():
                yield name or _literal(call.args[0]), call

    def is_table(self, qualified: str) -> bool:
        """Tell whether a class of the project is mapped to a table of its own."""
        if qualified not in self._is_table:
            self._is_table[qualified] = False
            self._is_table[qualified] = self._decide(qualified)
        return self._is_table[qualified]

    def _decide(self, qualified: str) -> bool:
        found = self._class(qualified)
        if found is None:
            return False
        module, node = found
        if modules.is_true(modules.assigned(modules.attribute(node, "__abstract__"))):
            return False
        if _has_table_keyword(node):
            return True
        if self._is_root_base(module, node):
            return False
        if _is_mapped_by_decorator(node):
            return _names_its_table(node)
        bases = self._bases(module, node)
        if _names_its_table(node):
            return any(self.is_declarative(base) or self._is_unknown(base) for base in bases)
        return any(map(self.is_declarative, bases)) and any(map(self._gives_name, bases))

    def _is_root_base(self, module: str, node: ast.ClassDef) -> bool:
        if not _ROOT_BASES.isdisjoint(self._bases(module, node)):
            return True
        return any(n.rpartition(".")[2] == "as_declarative" for n in modules.decorator_names(node))

    def is_declarative(self, qualified: str, seen: frozenset[str] = frozenset()) -> bool:
        """Tell whether a class descends from a declarative base of SQLAlchemy."""
        if qualified in _ROOT_BASES or _NAMING_BASES.fullmatch(qualified):
            return True
        maker = self._maker(qualified)
        if maker:
            return bool(_BASE_MAKERS.fullmatch(maker))
        found = self._class(qualified)
        if found is None or qualified in seen:
            return bool(_BASE_MAKERS.fullmatch(qualified))
        if self._is_root_base(*found):
            return True
        return any(self.is_declarative(base, seen | {qualified}) for base in self._bases(*found))

    def _is_unknown(self, qualified: str) -> bool:
        """Tell whether a base comes from where the source cannot be read."""
        if self._class(qualified):
            return any(map(self._is_unknown, self._bases_of(qualified)))
        if "." not in qualified or qualified.partition(".")[0] in _PLAIN:
            return False
        owner, _, name = qualified.rpartition(".")
        # `object`, `Exception`: a name that the module does not bind is a builtin.
        return owner not in self.tree.files or self._declares(owner, name)

    def _bases_of(self, qualified: str) -> tuple[str, ...]:
        found = self._class(qualified)
        return tuple(b for b in self._bases(*found) if b != qualified) if found else ()

    def _gives_name(self, qualified: str, seen: frozenset[str] = frozenset()) -> bool:
        """Tell whether a base gives its subclasses a table name, and with it a table."""
        if _NAMING_BASES.fullmatch(qualified):
            return True
        found = self._class(qualified)
        if found is None or qualified in seen:
            return False
        if modules.attribute(found[1], "__tablename__") and not self.is_table(qualified):
            return True
        return any(self._gives_name(base, seen | {qualified}) for base in self._bases(*found))

    # -- modules -------------------------------------------------------------------------------

    def in_import_order(self, names: Iterable[str]) -> tuple[str, ...]:
        """Sort modules by name, those that others import before them."""
        wanted = set(names)
        ordered: dict[str, None] = {}
        for name in sorted(wanted):
            ordered.update(dict.fromkeys(self._imported_by(name)))
        return tuple(name for name in ordered if name in wanted)

    def _imported_by(self, name: str) -> tuple[str, ...]:
        """The modules of the project that importing one imports, in the order they finish."""
        finished: dict[str, None] = {}
        self._visit(name, finished, set())
        return tuple(finished)

    def _visit(self, name: str, finished: dict[str, None], begun: set[str]) -> None:
        if name in begun or name not in self.tree.files:
            return
        begun.add(name)
        parsed = self.module(name)
        for imported in sorted(parsed.imports | set(parsed.stars) if parsed else ()):
            for part in _prefixes(imported):
                self._visit(part, finished, begun)
        finished[name] = None

    def target(self, module: str) -> str:
        """The outermost package of models around a module, else the module itself."""
        for package in _prefixes(module):
            if package != module and package in self._model_packages:
                return package
        return module

    @cached_property
    def _model_packages(self) -> frozenset[str]:
        packages = (f.module for f in self.tree.files.values() if f.is_package)
        named = (p for p in packages if p.rpartition(".")[2] in _MODEL_PACKAGES)
        return frozenset(p for p in named if self._holds_models_only(p))

    def _holds_models_only(self, package: str) -> bool:
        """Tell whether importing all of a package imports no more than its tables need."""
        inside = {f.module for f in self.tree.beneath(package)}
        tables = [m for m in inside if any(self.declared(m))]
        reached = {package}.union(*(map(self._imported_by, tables)))
        return bool(tables) and inside <= reached | {_parent(m) for m in reached}


def _prefixes(dotted: str) -> Iterator[str]:
    parts = dotted.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _parent(dotted: str) -> str:
    return dotted.rpartition(".")[0]


def _literal(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _has_table_keyword(node: ast.ClassDef) -> bool:
    """`class Hero(SQLModel, table=True)`, or the same in `model_config`."""
    if modules.is_true(modules.keywords(node).get("table")):
        return True
    config = modules.assigned(modules.attribute(node, "model_config"))
    if isinstance(config, ast.Call):
        return modules.is_true(modules.keywords(config).get("table"))
    if not isinstance(config, ast.Dict):
        return False
    pairs = zip(config.keys, config.values, strict=True)
    return any(_literal(k) == "table" and modules.is_true(v) for k, v in pairs if k)


def _names_its_table(node: ast.ClassDef) -> bool:
    return any(modules.attribute(node, name) for name in ("__tablename__", "__table__"))


def _is_mapped_by_decorator(node: ast.ClassDef) -> bool:
    return any(n.rpartition(".")[2] in _MAPPERS for n in modules.decorator_names(node))

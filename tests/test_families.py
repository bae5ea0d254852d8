"""Every module of a family offers what its protocol says: no type checker looks at modules."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import sqlmodel_migrations


def families() -> Iterator[tuple[ModuleType, type[Any]]]:
    """The packages whose base.py states the shape of their modules."""
    for found in pkgutil.walk_packages(sqlmodel_migrations.__path__, "sqlmodel_migrations."):
        if found.name.endswith(".base"):
            base = importlib.import_module(found.name)
            for name, value in vars(base).items():
                if name.endswith("Module") and value.__module__ == found.name:
                    yield importlib.import_module(found.name.removesuffix(".base")), value


def members() -> Iterator[Any]:
    for package, protocol in families():
        names = {each.name for each in pkgutil.iter_modules(package.__path__)} - {"base"}
        for name in sorted(names & _known(package)):
            module = f"{package.__name__}.{name}"
            yield pytest.param(module, protocol, id=module.removeprefix("sqlmodel_migrations."))


def _known(package: ModuleType) -> set[str]:
    """The modules that are members, where others stand beside them."""
    if hasattr(package, "family"):
        return {"sqlite", "postgresql", "mysql", "other"}
    known = getattr(package, "_MODULES", None)
    if known is not None:
        return {*known.values(), "other"}
    return {each.name for each in pkgutil.iter_modules(package.__path__)} - {"base"}


@pytest.mark.parametrize(("name", "protocol"), list(members()))
def test_a_module_has_the_shape_of_its_family(name: str, protocol: type[Any]) -> None:
    module = importlib.import_module(name)
    wanted = {member for member in vars(protocol) if not member.startswith("_")}
    assert wanted
    assert {member for member in wanted if not hasattr(module, member)} == set()

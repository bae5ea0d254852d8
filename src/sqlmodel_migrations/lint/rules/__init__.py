"""The rules: one module each, named by its slug; being here is all that it takes."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import cast

from sqlmodel_migrations.lint.rules.base import Match, Rule

__all__ = ["Match", "Rule", "rules", "slug"]


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule by its slug, in the order of the alphabet."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name != "base")
    return {slug(name): cast(Rule, importlib.import_module(f"{__name__}.{name}")) for name in names}


def slug(module: str) -> str:
    """Return the name that reads well after "allow"."""
    return module.replace("_", "-")

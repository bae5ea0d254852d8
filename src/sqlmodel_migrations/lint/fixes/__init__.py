"""The fixes: one module each, named by the rule that it silences; being here is all it takes."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import cast

from sqlmodel_migrations.lint.fixes.base import Case, FixModule, Piece, Plan
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules import Match, slug
from sqlmodel_migrations.lint.script import NotMechanical, Script

__all__ = ["Case", "FixModule", "NotMechanical", "Piece", "Plan", "fixes", "plan"]


@cache
def fixes() -> Mapping[str, FixModule]:
    """Return every fix by the slug of its rule."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name != "base")
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    return {slug(name): cast(FixModule, module) for name, module in modules.items()}


def plan(rule: str, match: Match, recording: Recording, script: Script) -> Plan:
    """Return the safe form of one statement; raises `NotMechanical`."""
    fix = fixes().get(rule)
    if fix is None:
        raise NotMechanical("this rule has no fix")
    statement = match.statement
    if not statement.is_measured:
        raise NotMechanical("what it does was not measured")
    block = script.block(statement.line, statement.end_line)
    return fix.plan(Case(match, recording, script, block))

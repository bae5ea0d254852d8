"""Comparators: one module per kind of difference, registered with Alembic by being here.

They replace Alembic's own comparators of the same kinds where both sides of the comparison are
known (`sides`), and stand down for a kind that another extension compares.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from types import ModuleType

from alembic.runtime.plugins import Plugin

PLUGIN = "sqlmodel_migrations.comparators"
# What ours do instead. Other extensions' comparators and Alembic's of tables and schemas stay.
_REPLACED = ("types", "constraints", "defaults", "comments")
_ALEMBICS = ("alembic.autogenerate.*",)


def siblings() -> Iterator[ModuleType]:
    """Return the modules of this family."""
    for found in pkgutil.iter_modules(__path__):
        if found.name != "base":
            yield importlib.import_module(f"{__name__}.{found.name}")


def setup(plugin: Plugin) -> None:
    """Register every comparator; Alembic calls this."""
    for module in siblings():
        module.setup(plugin)


def plugins(configured: Sequence[str] | None) -> list[str]:
    """Return Alembic's `autogenerate_plugins` with ours in the place of those they replace."""
    _register()
    replaced = [f"~alembic.autogenerate.{kind}" for kind in _REPLACED]
    return [*(configured or _ALEMBICS), *replaced, "~alembic.ext.checkconstraint_byname", PLUGIN]


def _register() -> None:
    from sqlmodel_migrations._alembic import is_registered

    if not is_registered(PLUGIN):
        Plugin.setup_plugin_from_module(importlib.import_module(__name__), PLUGIN)

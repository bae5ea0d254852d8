"""Sub-commands that other packages add to `sqlmodel`, by the entry-point group `sqlmodel`.

They are looked up only for an unknown word and for a bare `sqlmodel --help`: reading the
installed packages costs more than starting the program.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

GROUP = "sqlmodel"


def summaries() -> Mapping[str, str]:
    """Return the names of the added sub-commands and the packages they are from."""
    return {found.name: _origin(found) for found in sorted(entry_points(group=GROUP))}


def load(name: str) -> click.Command | None:
    """Return the added sub-command `name`; raise click's UsageError where it cannot be used."""
    for found in entry_points(group=GROUP, name=name):
        return _command(found)
    return None


def _command(found: EntryPoint) -> click.Command:
    named = f"Sub-command {found.name!r} {_origin(found)}"
    try:
        loaded = _from_typer(found.load())
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise click.UsageError(f"{named} cannot be imported: {reason}") from error
    if isinstance(loaded, click.Command):
        return loaded
    raise click.UsageError(f"{named} is no click or Typer command: {found.value}")


def _from_typer(loaded: Any) -> Any:
    """Typer applications are click commands in disguise."""
    if type(loaded).__name__ != "Typer":
        return loaded
    return importlib.import_module("typer.main").get_command(loaded)


def _origin(found: EntryPoint) -> str:
    return f"(from {found.dist.name})" if found.dist else f"(from {found.value})"

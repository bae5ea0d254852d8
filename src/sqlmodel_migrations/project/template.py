"""The template: the files that a new project starts from, parts of this package."""

from __future__ import annotations

from importlib import resources
from string import Template


def read(name: str) -> str:
    """Read a file of the template."""
    folder = resources.files("sqlmodel_migrations.project") / "templates" / "default"
    return (folder / name).read_text(encoding="utf-8")


def render(name: str, **values: str) -> str:
    """Fill the `$names` of `<name>.template`; raises KeyError where one has no value."""
    return Template(read(f"{name}.template")).substitute(values)

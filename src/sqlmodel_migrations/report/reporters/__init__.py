"""One reporter a format; `base` states their shape."""

from __future__ import annotations

import importlib
from typing import cast

from sqlmodel_migrations.report.reporters.base import Reporter, ReporterModule, Style

TEXT = "text"
_MODULES = {
    TEXT: "console",
    "json": "json",
    "github": "github",
    "gitlab": "gitlab",
    "sarif": "sarif",
    "markdown": "markdown",
}
FORMATS = tuple(_MODULES)
"""The names of the formats; all but the first are for other programs than a terminal."""


def of(format: str, style: Style) -> Reporter:
    """Return the reporter of one of `FORMATS`."""
    name = f"{__name__}.{_MODULES[format]}"
    return cast(ReporterModule, importlib.import_module(name)).reporter(style)

"""Alembic's `Config` of one section of a project."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import Any, TextIO

from alembic.config import Config

from sqlmodel_migrations.project.settings import Settings


def make(
    settings: Settings, *, x: Sequence[str] = (), output: TextIO | None = None, **arguments: Any
) -> Config:
    """Return the configuration as the `alembic` command would make it.

    `x` are the `-x` arguments, `output` gets the SQL of offline mode; `arguments` are the
    command's own, which some env.py files look up in `config.cmd_opts`. Alembic's messages are
    switched off: ours are shown by reporters.
    """
    config = Config(
        file_=settings.ini,
        toml_file=settings.pyproject,
        ini_section=settings.name,
        output_buffer=output,
        cmd_opts=Namespace(
            x=list(x) or None, quiet=True, raiseerr=True, name=settings.name, **arguments
        ),
    )
    for option, value in settings.overrides.items():
        config.set_main_option(option, value.replace("%", "%%"))
    return config

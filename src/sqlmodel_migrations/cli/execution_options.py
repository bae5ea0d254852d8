"""The options of commands that change a database; each stands for the setting of its name."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

import click

from sqlmodel_migrations.cli.options import Decorator, ExecutionOption
from sqlmodel_migrations.cli.scalar import Scalar
from sqlmodel_migrations.project.scalar import Transaction
from sqlmodel_migrations.project.settings import KEYS

# setting: its default, as it would be typed; docs/settings.md shows the same.
DEFAULTS: Mapping[str, str] = {
    "migration_lock_timeout": "60s",
    "lock_timeout": "5s",
    "lock_retries": "10",
    "lock_deadline": "10m",
    "statement_timeout": "the server's",
    "transaction": "each",
    "wait": "0",
    "backup": "--no-backup",
}
# What is no setting, since it would be forgotten there.
_FLAGS = {
    "accept_edited": "Go on although scripts were edited since they were applied; record it.",
    "events": "Write what happens to stderr, as JSON, a line each.",
}
_KINDS: Mapping[type, dict[str, Any]] = {
    float: {"type": Scalar(float), "metavar": "DURATION"},
    int: {"type": Scalar(int), "metavar": "N"},
    bool: {"default": None},
    Transaction: {"type": click.Choice([word.value for word in Transaction])},
}


def execution(*, but: Container[str] = ()) -> Decorator:
    """Add the options of an execution, without those of the names `but`."""
    options = [_setting(key) for key in DEFAULTS if key not in but]
    options += [_flag(name) for name in _FLAGS if name not in but]

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _setting(key: str) -> Decorator:
    kind, meaning = KEYS[key]
    text = f"{meaning.replace('`', '')} [default: {DEFAULTS[key]}]"
    return click.option(_spelled(key, kind), cls=ExecutionOption, help=text, **_KINDS[kind])


def _flag(name: str) -> Decorator:
    return click.option(
        f"--{name.replace('_', '-')}",
        cls=ExecutionOption,
        help=_FLAGS[name],
        is_flag=True,
        default=None,
    )


def _spelled(key: str, kind: type) -> str:
    flag = key.replace("_", "-")
    return f"--{flag}/--no-{flag}" if kind is bool else f"--{flag}"

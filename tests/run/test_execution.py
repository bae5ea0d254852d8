"""How an execution is chosen: what a caller says, then the settings, then the defaults."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from sqlmodel_migrations.cli.execution_options import DEFAULTS
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import duration
from sqlmodel_migrations.project.scalar import READERS, Transaction
from sqlmodel_migrations.project.settings import KEYS, Settings
from sqlmodel_migrations.run import execution
from sqlmodel_migrations.run.execution import Execution, Options, chosen

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
PLAIN = Settings(Path(), None, None, "alembic", Path(), ())
SCALARS = {key for key, (kind, _) in KEYS.items() if kind in READERS}


def test_the_defaults_are_those_of_the_class() -> None:
    assert chosen(PLAIN, {}) == Execution()


def test_settings_go_before_defaults_and_callers_before_settings() -> None:
    settings = PLAIN._replace(wait=3.0, lock_timeout=2.0, backup=True)
    found = chosen(settings, {"lock_timeout": 0.5, "backup": None})
    assert (found.wait, found.lock_timeout, found.backup) == (3.0, 0.5, True)
    assert not chosen(settings, {"backup": False}).backup


def test_none_means_without_an_end() -> None:
    options: Options = {"migration_lock_timeout": 0, "lock_deadline": 0, "lock_timeout": 0}
    found = chosen(PLAIN, options)
    assert (found.migration_lock_timeout, found.lock_deadline) == (math.inf, math.inf)
    assert found.lock_timeout == 0


def test_a_transaction_by_its_word() -> None:
    assert chosen(PLAIN, {"transaction": "all"}).transaction is Transaction.ALL
    with pytest.raises(UsageError, match="'both' is unknown"):
        chosen(PLAIN, {"transaction": "both"})


def test_events_go_to_the_callback() -> None:
    assert chosen(PLAIN, {"on_event": print}).emit is print


def test_everything_that_can_be_set_has_its_setting_and_option() -> None:
    assert SCALARS - {"history", "safe"} == set(DEFAULTS) == set(execution._SETTINGS) - {"history"}
    fields = {field.name for field in dataclasses.fields(Execution)}
    said = {"emit" if key == "on_event" else key for key in Options.__annotations__}
    assert said == fields - {"history"} > set(DEFAULTS)


@pytest.mark.parametrize("key", sorted(DEFAULTS))
def test_the_defaults_that_are_said_are_true(key: str) -> None:
    said, found = DEFAULTS[key], getattr(Execution(), key)
    if key == "backup":
        assert (said, found) == ("--no-backup", False)
    elif isinstance(found, float):
        assert duration.parse(said) == found
    elif key == "lock_timeout":
        assert (said, found) == ("5s", None)
    elif key == "statement_timeout":
        assert (said, found) == ("the server's", None)
    else:
        assert said == str(found)
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{key}`"))
    assert said in row or key == "backup"

"""The plan's file: JSON, with the number of its format; docs/plan.md describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlmodel_migrations.database.sizes import Size
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.plan.plan import Plan, PlannedRevision, PlannedStatement
from sqlmodel_migrations.version import __version__

FORMAT = 1


def write(path: Path, plan: Plan) -> None:
    """Write a plan; raises `UsageError` where the file cannot be written."""
    text = json.dumps(as_json(plan), ensure_ascii=False, indent=2) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the plan cannot be written to '{path}': {error.strerror}",
            hint="name a file in a folder that may be written",
        ) from error


def read(path: Path) -> Plan:
    """Read a plan; raises `UsageError` for a file that is none, or of a newer format."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"the plan '{path}' cannot be read: {error.strerror}",
            hint="make one: sqlmodel migrations plan -o plan.json",
        ) from error
    except ValueError as error:
        raise _no_plan(path) from error
    if (
        isinstance(values, dict)
        and isinstance(values.get("format"), int)
        and (values["format"] > FORMAT)
    ):
        raise UsageError(
            f"the plan '{path}' was made by a newer version ({values.get('tool')}) of this tool",
            hint="install that version, or make the plan again",
        )
    try:
        return _plan(values)
    except (KeyError, TypeError, AttributeError) as error:
        raise _no_plan(path) from error


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as values for JSON."""
    return {"format": FORMAT, "tool": __version__, **asdict(plan)}


def _no_plan(path: Path) -> UsageError:
    return UsageError(
        f"'{path}' is no plan", hint="make one: sqlmodel migrations plan -o plan.json"
    )


def _plan(values: Mapping[str, Any]) -> Plan:
    return Plan(
        database=values["database"],
        server=values["server"],
        dialect=values["dialect"],
        current=tuple(values["current"]),
        target=tuple(values["target"]),
        revisions=tuple(map(_revision, values["revisions"])),
        fingerprint=values["fingerprint"],
        after=dict(values["after"]),
        sizes={table: Size(**size) for table, size in values["sizes"].items()},
        notes=tuple(values["notes"]),
    )


def _revision(values: Mapping[str, Any]) -> PlannedRevision:
    return PlannedRevision(
        id=values["id"],
        message=values["message"],
        file=values["file"],
        checksum=values["checksum"],
        statements=tuple(map(_statement, values["statements"])),
        unknown=values["unknown"],
    )


def _statement(values: Mapping[str, Any]) -> PlannedStatement:
    return PlannedStatement(**{**values, "tables": tuple(values["tables"])})

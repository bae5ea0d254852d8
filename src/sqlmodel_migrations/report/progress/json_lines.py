"""Events for programs: a JSON object a line, the last of them `ended`."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from sqlmodel_migrations.events import Event
from sqlmodel_migrations.report.progress.line_stream import LineStream
from sqlmodel_migrations.report.report import Report
from sqlmodel_migrations.report.reporters import json as envelope

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class JsonLinesProgress:
    """Writes every event; what others write becomes one, too: `log`. `database` is in each."""

    level = logging.WARNING

    def __init__(self, stream: TextIO, database: str) -> None:
        self.stream: TextIO = LineStream(self._log)
        self._target = stream
        self._database = database
        self._lock = threading.Lock()

    def tell(self, event: Event) -> None:
        """Write the event with its fields."""
        facts = {f.name: getattr(event, f.name) for f in dataclasses.fields(event)}
        self._write(name(type(event)), facts)

    def close(self) -> None:
        """Write the line that somebody else has begun."""
        self.stream.flush()

    def end(self, report: Report) -> None:
        """Write how it ended: what else is on stderr, and `error` where it failed."""
        told = envelope.envelope(report)
        facts = {"exit_code": int(report.exit_code), "notes": list(report.notes)}
        self._write("ended", facts | {k: told[k] for k in ("diagnostics", "error") if k in told})

    def _log(self, text: str) -> None:
        self._write("log", {"text": text})

    def _write(self, event: str, facts: Mapping[str, Any]) -> None:
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"event": event, "time": time, "database": self._database}
        text = json.dumps(line | {key: _plain(value) for key, value in facts.items()}, default=str)
        with self._lock:
            self._target.write(f"{text}\n")
            self._target.flush()


def name(kind: type[Event]) -> str:
    """Return the name of a kind of event: `revision_started` for `RevisionStarted`."""
    return _CAPITAL.sub("_", kind.__name__).lower()


def _plain(value: Any) -> Any:
    """Durations without an end are null: JSON has no infinity."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {key: _plain(each) for key, each in dataclasses.asdict(value).items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value

"""The words of events, for people, on whatever they are shown."""

from __future__ import annotations

import math

from sqlmodel_migrations.events import (
    BackupMade,
    BackupRestored,
    Blocked,
    Event,
    Retrying,
    RevisionStarted,
    ServerAwaited,
    StopRequested,
    Waiting,
)
from sqlmodel_migrations.project.duration import said


def sentence(event: Event) -> str | None:
    """Return what a person is to be told of an event; None where log lines say enough."""
    match event:
        case ServerAwaited():
            return f"waiting for the server, {_since(event)}: {event.reason}"
        case Waiting():
            holder = event.holder or "another run"
            return f"waiting for the migration lock, {_since(event)}: it is held by {holder}"
        case Blocked():
            blockers = "; ".join(f"it is held by {blocker}" for blocker in event.blockers)
            return f"waiting for a lock, {said(event.elapsed)}: {blockers}"
        case Retrying():
            again = f"again in {said(event.delay)}, attempt {event.attempt + 1} of {event.attempts}"
            return f"revision {event.revision} was rolled back: {event.reason}; {again}"
        case RevisionStarted(resumed=True):
            return f"revision {event.revision} goes on where it was interrupted"
        case BackupMade():
            return f"the database was copied to {event.path}"
        case BackupRestored():
            return f"the copy {event.path} was put back: the database is as it was before"
        case StopRequested():
            return f"{event.signal}: stopping after the statement that runs; once more stops now"
        case _:
            return None


def rows(count: int) -> str:
    """Return a count of rows: `1 row`, `50,000 rows`."""
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _since(event: ServerAwaited | Waiting) -> str:
    elapsed = said(event.elapsed)
    return elapsed if math.isinf(event.timeout) else f"{elapsed} of {said(event.timeout)}"

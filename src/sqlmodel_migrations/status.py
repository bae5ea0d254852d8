"""The status of a project and its database, in one look that does not stop at a problem."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext

from sqlmodel_migrations.database import dialects
from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.generate import revision
from sqlmodel_migrations.generate.difference import Difference
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.run import journal
from sqlmodel_migrations.run.applied import Applied, Reading, Script
from sqlmodel_migrations.run.checkout import Checkout


@dataclass(frozen=True)
class Status:
    """Where a project and its database stand; None for what could not be had."""

    root: Path
    directory: Path
    name: str
    database: str | None
    server: str | None
    current: tuple[str, ...]
    heads: tuple[Revision, ...]
    pending: tuple[Revision, ...]
    differences: tuple[Difference, ...] | None
    problems: tuple[str, ...] = ()
    edited: tuple[Applied, ...] = ()
    """Revisions whose scripts are not what they were when they ran."""


def look(checkout: Checkout) -> Status:
    """Ask the files, the database and the models; each problem becomes a line."""
    problems: list[str] = [problem.message for problem in checkout.graph.problems]
    seen = _Databases()
    pending: tuple[Revision, ...] = ()
    differences: tuple[Difference, ...] | None = None
    edited: tuple[Applied, ...] = ()
    with _collected(problems):
        checkout.read(seen.look)
        problems.extend((*seen.problems, *seen.behind()))
        checkout.require_known(seen.current)
        pending = checkout.graph.pending_of_any(seen.heads)
        edited = tuple(a for a in seen.reading.applied(checkout) if a.script is Script.EDITED)
    with _collected(problems):
        compared = revision.check(checkout, from_database=False)
        differences = compared.differences
        problems.extend(compared.notes)
    return Status(
        root=checkout.settings.root,
        directory=checkout.settings.script_location,
        name=checkout.settings.name,
        database=", ".join(seen.urls) or None,
        server=", ".join(dict.fromkeys(seen.servers)) or None,
        current=seen.current,
        heads=checkout.graph.heads,
        pending=pending,
        differences=differences,
        problems=tuple(dict.fromkeys(problems)),
        edited=edited,
    )


@dataclass
class _Databases:
    """What each database of env.py says of itself; passwords stay hidden."""

    urls: list[str] = field(default_factory=list)
    servers: list[str] = field(default_factory=list)
    heads: list[tuple[str, ...]] = field(default_factory=list)
    reading: Reading = field(default_factory=Reading)
    problems: list[str] = field(default_factory=list)

    @property
    def current(self) -> tuple[str, ...]:
        """The ids in their version tables."""
        return tuple(dict.fromkeys(id for each in self.heads for id in each))

    def behind(self) -> Iterator[str]:
        """Say where each is, if that is not the same place."""
        if len(set(self.heads)) > 1:
            for url, heads in zip(self.urls, self.heads, strict=True):
                yield f"{url} is at {', '.join(heads) or 'base'}"

    def look(self, context: MigrationContext, arguments: Mapping[str, Any]) -> None:
        connection = context.connection
        assert connection is not None
        self.urls.append(connection.engine.url.render_as_string(hide_password=True))
        self.servers.append(dialects.of(connection.dialect.name).server(connection))
        self.heads.append(tuple(dict.fromkeys(context.get_current_heads())))
        with _collected(self.problems):
            self.reading.look(context, arguments)
        with _collected(self.problems):
            if key := journal.interrupted(context):
                self.problems.append(
                    f"revision {key.revision} was interrupted in the middle of its {key.direction}"
                )


@contextlib.contextmanager
def _collected(problems: list[str]) -> Iterator[None]:
    """Turn an error into a line of a report that goes on."""
    try:
        yield
    except MigrationsError as error:
        problems.append(error.message)

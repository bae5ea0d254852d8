"""MariaDB and MySQL: GET_LOCK on the connection of the statements.

A killed client's ALTER goes on in the server; so does its lock, until the ALTER has ended.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.run.lock.base import key


@contextlib.contextmanager
def opened(context: MigrationContext) -> Iterator[_Named]:
    """Yield the lock; its name holds the database's, since these locks are the server's."""
    assert context.connection is not None
    database = context.connection.execute(select(func.database())).scalar()
    yield _Named(
        context.connection,
        f"sqlmodel_migrations {key(context, database).hex()}",
        _alembic.is_in_external_transaction(context),
    )


@dataclass
class _Named:
    connection: Connection
    name: str
    is_callers: bool

    def attempt(self) -> bool:
        return self._asked(select(func.get_lock(self.name, 0))) == 1

    def holder(self) -> str | None:
        id = self._asked(select(func.is_used_lock(self.name)))
        if id is None:
            return None
        processes = text(
            "SELECT user, host, time FROM information_schema.processlist WHERE id = :id"
        )
        row = self.connection.execute(processes, {"id": id}).first()
        self._end()
        if row is None:  # without the right PROCESS only one's own are seen
            return f"connection {id} of the server"
        return f"connection {id} of the server: '{row[0]}' from {row[1]}, busy for {row[2]} s"

    def confirm(self) -> None:
        """The statements' own connection holds it: where it is lost, they fail."""

    def release(self) -> None:
        with contextlib.suppress(SQLAlchemyError):  # a lost session has released it
            self._asked(select(func.release_lock(self.name)))

    def _asked(self, query: object) -> object:
        answer = self.connection.execute(query).scalar()  # type: ignore[call-overload]
        self._end()
        return answer

    def _end(self) -> None:
        """End the transaction that SQLAlchemy began for the question; a caller's goes on."""
        if not self.is_callers:
            self.connection.rollback()

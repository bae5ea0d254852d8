"""Transactions of a revision's own: what must be outside of one gets there by itself.

CREATE INDEX CONCURRENTLY, VACUUM and their kin are sent between two commits. ALTER TYPE … ADD
VALUE stays inside, and goes out only when a later statement uses the value: the revision is run
again then. What begins or ends a transaction by hand is refused before it is sent, since half a
revision would stay; a savepoint is not.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, event

from sqlmodel_migrations.database import dialects
from sqlmodel_migrations.database.statement import without_secrets
from sqlmodel_migrations.errors import ChangeRefused, UsageError
from sqlmodel_migrations.run import effect
from sqlmodel_migrations.run.call import Call, intercepted
from sqlmodel_migrations.run.effect import Kind

_HINT = (
    "take it out of the script: each revision has its own transaction, and what must be outside"
    " of one gets there by itself"
)

TOGETHER = "all revisions are in one"
CALLERS = "this one is the caller's"
_WAYS_OUT = {
    TOGETHER: "leave --transaction all out",
    CALLERS: "pass an Engine instead of a Connection",
}


@dataclass
class Outside:
    """Which statements must be outside of a transaction; it learns from what the server refuses.

    `bound` is why none may leave, where the transaction is not the revision's own: `TOGETHER` or
    `CALLERS`. `leaves` is called before one does.
    """

    dialect: str
    bound: str | None = None
    leaves: Callable[[], None] = lambda: None
    _digests: set[str] = field(default_factory=set)
    _adds_values: bool = False
    _has_added: bool = False

    def kind(self, call: Call) -> Kind:
        """Say what becomes of a call; raises `UsageError` for one that may not leave."""
        module = effect.of(self.dialect)
        kinds = {module.kind(statement) for statement in call.statements}
        values = any(module.adds_value(statement) for statement in call.statements)
        self._has_added = self._has_added or values
        is_alone = call.digest in self._digests if self._digests else False
        if Kind.ALONE in kinds or is_alone or (values and self._adds_values):
            self.require_free(call.sql)
            return Kind.ALONE
        return Kind.SESSION if kinds == {Kind.SESSION} else Kind.PLAIN

    def note(self, call: Call, error: Exception) -> None:
        """Learn from an error which statements must be outside."""
        module = effect.of(self.dialect)
        if module.must_be_alone(error) and call.digest not in self._digests:
            self.require_free(call.sql)
            self._digests.add(call.digest)
        elif module.wants_values_committed(error) and self._has_added and not self._adds_values:
            self.require_free("ALTER TYPE … ADD VALUE")
            self._adds_values = True

    @property
    def learned(self) -> int:
        """How much was learned; where it grew, a revision that failed may go well now."""
        return len(self._digests) + self._adds_values

    def add(self, call: Call) -> None:
        """Take a call for one that must be outside."""
        self._digests.add(call.digest)

    def require_free(self, text: str) -> None:
        """Raise `UsageError` where no statement may leave the transaction, as `text` has to."""
        if self.bound is None or dialects.of(self.dialect).commits_ddl():
            self.leaves()
            return
        raise UsageError(
            f"this statement must be outside of a transaction, and {self.bound}:"
            f" {without_secrets(text, self.dialect)}",
            hint=_WAYS_OUT[self.bound],
        )


def refuse_control(call: Call) -> None:
    """Raise `ChangeRefused` for what begins or ends a transaction, before it is sent."""
    module = effect.of(call.context.dialect.name)
    for statement in call.statements:
        if (said := module.refusal(statement)) is not None:
            raise ChangeRefused(f"{said}: it was not sent", hint=_HINT)


@contextlib.contextmanager
def outside(context: MigrationContext, outside: Outside) -> Iterator[None]:
    """Send the statements of a script as each has to be; for databases that nobody else uses."""
    connection = context.connection
    assert connection is not None
    module = effect.of(connection.dialect.name)

    def handle(call: Call) -> None:
        with module.apart(connection) if outside.kind(call) is Kind.ALONE else _as_it_is():
            try:
                call.send()
            except Exception as error:
                outside.note(call, error)
                raise

    with intercepted(connection, handle):
        yield


def _as_it_is() -> AbstractContextManager[None]:
    return contextlib.nullcontext()


@dataclass
class Guard:
    """Refuses a script's own commit and rollback; `guarding` opens it for the scripts of a move."""

    connection: Connection
    outside: Outside
    _before_commit: Callable[[], None] | None = None
    _is_alembic: bool = False

    @contextlib.contextmanager
    def script(self, before_commit: Callable[[], None]) -> Iterator[None]:
        """Guard a script while it runs; `before_commit` is called where Alembic commits.

        That is where `autocommit_block` begins and ends.
        """
        self._before_commit = before_commit
        try:
            yield
        finally:
            self._before_commit = None

    def committed(self, _: Connection) -> None:
        if self._before_commit is None:
            return
        if not self._is_alembic:
            self._refuse("commits")
        self._before_commit()

    def rolled_back(self, _: Connection) -> None:
        if self._before_commit is not None and not self._is_alembic:
            self._refuse("rolls back")

    def _refuse(self, does: str) -> None:
        # SQLAlchemy takes a transaction for ended when a listener raises, and sends no ROLLBACK.
        self.connection.connection.rollback()
        raise ChangeRefused(
            f"the script {does} the transaction itself: it was not done", hint=_HINT
        )

    @contextlib.contextmanager
    def edge(self) -> Iterator[None]:
        """Let Alembic commit meanwhile."""
        if self._before_commit is None:
            yield
            return
        self.outside.require_free("autocommit_block()")
        self._is_alembic = True
        try:
            yield
        finally:
            self._is_alembic = False


@contextlib.contextmanager
def guarding(context: MigrationContext, outside: Outside) -> Iterator[Guard]:
    """Set what a guard needs to see, once for many scripts."""
    connection = context.connection
    assert connection is not None
    guard = Guard(connection, outside)
    listeners = {"commit": guard.committed, "rollback": guard.rolled_back}
    for name, listener in listeners.items():
        event.listen(connection, name, listener)
    try:
        with _blocks(context, guard.edge):
            yield guard
    finally:
        for name, listener in listeners.items():
            event.remove(connection, name, listener)


@contextlib.contextmanager
def _blocks(
    context: MigrationContext, edge: Callable[[], AbstractContextManager[None]]
) -> Iterator[None]:
    """Open `edge` around the beginning and around the end of every `autocommit_block`."""
    original = context.autocommit_block

    @contextlib.contextmanager
    def autocommit_block() -> Iterator[None]:
        block = original()
        with edge():
            block.__enter__()
        try:
            yield
        except BaseException:
            with edge():
                if not block.__exit__(*sys.exc_info()):
                    raise
        else:
            with edge():
                block.__exit__(None, None, None)

    vars(context)["autocommit_block"] = autocommit_block
    try:
        yield
    finally:
        del vars(context)["autocommit_block"]

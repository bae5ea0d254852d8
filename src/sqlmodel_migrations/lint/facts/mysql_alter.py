"""An ALTER of MariaDB or MySQL: the ways in which it may be carried out, cheapest first.

What the script says of ALGORITHM and LOCK holds; what it leaves open is tried. A refusal of all
ways means a copy of the whole table. Neighbour: `mysql`, which sends them.
Source: https://mariadb.com/kb/en/innodb-online-ddl-overview/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlmodel_migrations.database.sqlite_token import Kind
from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.lint.recording import Lock, Stops

SHARED = Lock("SHARED", Stops.WRITES)
EXCLUSIVE = Lock("EXCLUSIVE", Stops.READS)
SHARED_IN_PLACE = Lock("SHARED in place", Stops.WRITES)
EXCLUSIVE_IN_PLACE = Lock("EXCLUSIVE in place", Stops.READS)

_VALUES = {
    "ALGORITHM": ("DEFAULT", "COPY", "INPLACE", "NOCOPY", "INSTANT"),
    "LOCK": ("DEFAULT", "NONE", "SHARED", "EXCLUSIVE"),
}


@dataclass(frozen=True)
class Way:
    """One way: the text to send, and the lock that is held meanwhile."""

    sql: str
    lock: Lock | None


@dataclass(frozen=True)
class Alter:
    """A change of a table: the text without ALGORITHM and LOCK, and what is said of these."""

    bare: str
    algorithm: str | None
    lock: str | None
    is_alter: bool

    @property
    def copying(self) -> Lock:
        """The lock that a copy takes."""
        return EXCLUSIVE if self.lock == "EXCLUSIVE" else SHARED

    @property
    def in_place(self) -> Lock | None:
        """The lock that the script asks for, where no copy is made; None where writes go on."""
        return {"SHARED": SHARED_IN_PLACE, "EXCLUSIVE": EXCLUSIVE_IN_PLACE}.get(self.lock or "")

    def ways(self) -> Iterator[Way]:
        """Yield the ways that copy no table, cheapest first."""
        if self.algorithm == "COPY":
            return
        algorithm = self.algorithm or "INPLACE"
        if self.in_place is not None:
            yield self._way("INSTANT", None, None)  # over before anybody could wait
            yield self._way(algorithm, self.lock, self.in_place)
            return
        yield self._way(algorithm, "NONE", None)
        if self.lock is None:
            yield self._way(algorithm, "SHARED", SHARED_IN_PLACE)
            # A new name takes an exclusive lock for a moment, and copies nothing.
            yield self._way(algorithm, None, None)

    def _way(self, algorithm: str, lock: str | None, taken: Lock | None) -> Way:
        said = [f"ALGORITHM={algorithm}", *([f"LOCK={lock}"] if lock else [])]
        between = ", " if self.is_alter else " "
        return Way(f"{self.bare}{between}{between.join(said)}", taken)


def read(sql: str, default: Callable[[], str | None]) -> Alter | None:
    """Read a statement; None for one that changes no table.

    `default` tells the algorithm of the session. Partitions are added, dropped and exchanged in
    ways of their own.
    """
    statement = Statement(sql.strip().rstrip(";"), "mysql")
    if not _is_change(statement):
        return None
    said, cuts = _said(statement)
    bare = statement.text
    for start, end in reversed(cuts):
        bare = bare[:start] + bare[end:]
    algorithm = said.get("ALGORITHM", "DEFAULT")
    algorithm = default() or "DEFAULT" if algorithm == "DEFAULT" else algorithm
    lock = said.get("LOCK", "DEFAULT")
    return Alter(
        bare.rstrip(),
        None if algorithm == "DEFAULT" else algorithm,
        None if lock == "DEFAULT" else lock,
        statement.verb == "ALTER",
    )


def _is_change(statement: Statement) -> bool:
    words = statement.names
    if statement.verb == "ALTER":
        is_partition = bool({"partition", "partitions"} & words)
        return "table" in words and (not is_partition or statement.has("PARTITION", "BY"))
    return statement.verb in ("CREATE", "DROP") and "index" in words and "table" not in words


def _said(statement: Statement) -> tuple[dict[str, str], list[tuple[int, int]]]:
    """What is said of ALGORITHM and LOCK, and where, with the comma before it."""
    said: dict[str, str] = {}
    cuts: list[tuple[int, int]] = []
    tokens = statement.tokens
    for position, token in enumerate(tokens):
        values = _VALUES.get(token.text.upper()) if token.kind is Kind.WORD else None
        following = [t for t in tokens[position + 1 : position + 3] if t.text != "="]
        if values is None or not following or not following[0].is_word(*values):
            continue
        said[token.text.upper()] = following[0].text.upper()
        before = tokens[position - 1]
        start = before.start if before.kind is Kind.COMMA else token.start
        cuts.append((start, following[0].end))
    return said, cuts

"""What every driver's module offers; the modules beside this one are its siblings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlmodel_migrations.project.address import Address

Rows = Sequence[tuple[Any, ...]]

CONNECT_TIMEOUT = 3
"""Seconds; a server that needs longer is asked the long way, which waits as it was told to."""


class Driver(Protocol):
    """The shape of a module in this family."""

    def read(self, address: Address, table: Sequence[str], column: str) -> Rows | None:
        """Read a column of a table, given by its name or by schema and name; change nothing.

        None where SQLAlchemy may make other arguments of the address than those that are known
        here. Raises what the driver raises, and ImportError.
        """


def parameters(address: Address, names: Mapping[str, str], query: frozenset[str]) -> Any:
    """Return the driver's arguments as SQLAlchemy makes them, parts that are empty left out.

    `names` are the driver's words for parts of the address, `query` those that may stand behind
    the question mark; None where another one does.
    """
    if not query.issuperset(address.query):
        return None
    parts = address._asdict()
    return {
        **{name: parts[part] for part, name in names.items() if parts[part]},
        **address.query,
    }


def selection(table: Sequence[str], column: str, quote: str) -> str:
    """Return the SELECT of a column, the names of the table between `quote`."""
    quoted = (f"{quote}{name.replace(quote, 2 * quote)}{quote}" for name in table)
    return f"SELECT {column} FROM {'.'.join(quoted)}"

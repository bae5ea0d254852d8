"""The position of a database in the history: what its version table says."""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    """`heads` are ids, known to the checkout or not.

    `database` is a URL without its password; None where the driver alone was asked.
    """

    heads: tuple[str, ...]
    database: str | None = None

"""What every dialect's module offers to tell how large tables are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection


@dataclass(frozen=True)
class Size:
    """How large a table is; `bytes` with its indexes, None where that is not known."""

    rows: int
    bytes: int | None = None


class SizesModule(Protocol):
    """The shape of a module in this family."""

    def read(self, connection: Connection) -> Mapping[str, Size]:
        """Return the size of every table by its key."""

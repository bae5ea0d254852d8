"""What a chain is: the rewriters that operations go through, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlmodel_migrations.generate.rewriters.base import RewriterModule


class ChainModule(Protocol):
    """The shape of a module in this family."""

    def rewriters(self) -> Sequence[RewriterModule]:
        """Return the rewriters that a dialect needs, in their order."""

"""What a chain is: the rewriters that operations go through, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlmodel_migrations.generate.rewriters.base import RewriterModule


class ChainModule(Protocol):
    """The shape of a module in this family."""

    @property
    def REWRITERS(self) -> Sequence[RewriterModule]:  # noqa: N802
        """Those that the dialect needs, in their order."""

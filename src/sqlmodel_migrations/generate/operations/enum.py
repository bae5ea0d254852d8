"""A change of an enum type, noted until it is rewritten into statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alembic.operations.ops import MigrateOperation


@dataclass
class EnumOp(MigrateOperation):
    """`key` names the type, `words` say what happens to it."""

    key: str
    words: str

    def reverse(self) -> MigrateOperation:
        return EnumOp(self.key, f"undo: {self.words}")

    def to_diff_tuple(self) -> tuple[Any, ...]:
        return ("enum", self.key)

"""A change of a sequence, noted until it is rewritten into statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alembic.operations.ops import MigrateOperation


@dataclass
class SequenceOp(MigrateOperation):
    """`key` names the sequence, `words` say what happens to it."""

    key: str
    words: str

    def reverse(self) -> MigrateOperation:
        return SequenceOp(self.key, f"undo: {self.words}")

    def to_diff_tuple(self) -> tuple[Any, ...]:
        return ("sequence", self.key)

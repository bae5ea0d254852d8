"""Authorship: what the scripts of a history made, read and not run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlmodel_migrations.generate.ownership import Ownership
from sqlmodel_migrations.history.graph import Graph


@dataclass(frozen=True)
class Authorship:
    """The revision files of a history, applied or not."""

    paths: Sequence[Path]

    @classmethod
    def of(cls, graph: Graph) -> Authorship:
        return cls(tuple(revision.path for revision in graph.revisions.values()))

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables that a script makes, by name, also those that a later one drops."""
        return Ownership.of(self.paths).made

    @cached_property
    def _text(self) -> str:
        return "\n".join(path.read_text("utf-8", "replace") for path in self.paths)

    def mentions(self, name: str) -> bool:
        """Whether a script has this name somewhere."""
        return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", self._text) is not None

    def makes(self, kind: str, name: str) -> bool:
        """Whether a script has a statement that makes a schema or an extension of this name."""
        statement = rf"CREATE\s+{kind}\s+(?:IF\s+NOT\s+EXISTS\s+)?\W*{re.escape(name)}\b"
        construct = rf"Create{kind}\(\s*\W*{re.escape(name)}\b"
        found = re.search(f"{statement}|{construct}", self._text, re.IGNORECASE)
        return found is not None

"""Checksums found once for all databases: a script is parsed when its bytes are new.

They are kept beside its bytecode, where Python writes that.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel_migrations.history import checksum, kept_file
from sqlmodel_migrations.history.checksum import Checksum

_NAME, _FORMAT = "checksums", 1


@dataclass
class Checksums:
    """Those of the scripts of one run."""

    _folders: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    _new: set[str] = field(default_factory=set)

    def of(self, path: Path) -> Checksum | None:
        """Return the checksum of a script; None without a source, or with one that is broken."""
        content = checksum.read(path)
        if content is None:
            return None
        folder, name = os.path.split(path)
        if folder not in self._folders:
            self._folders[folder] = kept_file.load(kept_file.path(folder, _NAME), _FORMAT) or {}
        known, source = self._folders[folder].get(name), checksum.of_bytes(content)
        if known is not None and known[0] == source:
            return Checksum(known[1], source)
        tree = checksum.of_text(content)
        if tree is None:
            return None
        self._folders[folder][name] = (source, tree)
        self._new.add(folder)
        return Checksum(tree, source)

    def save(self) -> None:
        """Write what is new, where Python would write bytecode."""
        if sys.dont_write_bytecode:
            return
        for folder in self._new:
            with contextlib.suppress(OSError):
                there = {file.name for file in Path(folder).iterdir()}
                found = {name: of for name, of in self._folders[folder].items() if name in there}
                kept_file.save(kept_file.path(folder, _NAME), _FORMAT, found)
        self._new.clear()

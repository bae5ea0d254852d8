"""The cache of a folder: what its revision files said when they were last read.

A cache that is missing, damaged or of another release is empty; nothing needs it (`kept_file`).

An entry holds while its file's stamp is the same; else while the content is. A file that was
changed less than two seconds before it was read has no stamp in its entry: it might change again
within what its file system takes for the same moment (two seconds on FAT, milliseconds elsewhere).
"""

from __future__ import annotations

from sqlmodel_migrations.history import kept_file
from sqlmodel_migrations.history.folder import Stamp

Facts = tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...], str]
"""Id, down revisions, dependencies, branch labels and docstring of a revision."""

Entry = tuple[Stamp | tuple[()], bytes, Facts]
"""The file's stamp, () where it does not settle the content; a digest of the content; the facts."""

Entries = dict[str, Entry]
"""By the name of the file in its folder."""

_NAME = "revisions"
# To be counted up when a file is read in another way than before.
_FORMAT = 1
_SETTLED = 2_000_000_000


def path(folder: str) -> str:
    """Return where the cache of `folder` is, whether it exists or not."""
    return kept_file.path(folder, _NAME)


def load(folder: str) -> Entries:
    """Read the cache of `folder`; empty unless it is whole and of this release."""
    entries: Entries = kept_file.load(path(folder), _FORMAT) or {}
    return entries


def save(folder: str, entries: Entries) -> None:
    """Write the cache of `folder`, all or nothing; raises OSError."""
    kept_file.save(path(folder), _FORMAT, entries)


def digest(content: bytes) -> bytes:
    """Return what tells one content from another."""
    from hashlib import blake2b

    return blake2b(content, digest_size=16).digest()


def is_settled(stamp: Stamp, now: int) -> bool:
    """Whether a file cannot keep its stamp and change after it was read at `now` or later.

    `now` is in nanoseconds since the epoch.
    """
    return max(stamp[1], stamp[2]) + _SETTLED < now

"""The cache of a folder: what its revision files said when they were last read.

One file in the folder's `__pycache__`, where Python keeps bytecode: one for each version of
Python, written beside and renamed, at the place that PYTHONPYCACHEPREFIX names. A cache that is
missing, damaged or of another release is empty; nothing needs it.

An entry holds while its file's stamp is the same; else while the content is. A file that was
changed less than two seconds before it was read has no stamp in its entry: it might change again
within what its file system takes for the same moment (two seconds on FAT, milliseconds elsewhere).
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import zlib

from sqlmodel_migrations.history.folder import Stamp
from sqlmodel_migrations.version import __version__

Facts = tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...], str]
"""Id, down revisions, dependencies, branch labels and docstring of a revision."""

Entry = tuple[Stamp | tuple[()], bytes, Facts]
"""The file's stamp, () where it does not settle the content; a digest of the content; the facts."""

Entries = dict[str, Entry]
"""By the name of the file in its folder."""

# To be counted up when a file is read in another way than before.
_FORMAT = 1
_HEADER = f"sqlmodel-migrations {__version__} {_FORMAT}\n".encode()
_NAME = f"revisions.{sys.implementation.cache_tag}.index"
_MARSHAL = 4
_SETTLED = 2_000_000_000


def path(folder: str) -> str:
    """Return where the cache of `folder` is, whether it exists or not."""
    if sys.pycache_prefix is None:
        return os.path.join(folder, "__pycache__", _NAME)  # noqa: PTH118  (a Path is slower)
    below = os.path.splitdrive(folder)[1].lstrip(os.sep)
    return os.path.join(sys.pycache_prefix, below, _NAME)  # noqa: PTH118


def load(folder: str) -> Entries:
    """Read the cache of `folder`; empty unless it is whole and of this release."""
    try:
        with open(path(folder), "rb") as file:  # noqa: PTH123
            data = file.read()
    except OSError:
        return {}
    start = len(_HEADER) + 4
    body = memoryview(data)[start:]
    if data[:start] != _HEADER + _checksum(body):
        return {}
    entries: Entries = marshal.loads(body)
    return entries


def save(folder: str, entries: Entries) -> None:
    """Write the cache of `folder`, all or nothing; raises OSError."""
    target = path(folder)
    body = marshal.dumps(entries, _MARSHAL)
    os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
    temporary = f"{target}.{os.getpid()}.{id(entries)}"
    try:
        with open(temporary, "xb") as file:  # noqa: PTH123
            file.write(b"".join((_HEADER, _checksum(body), body)))
        os.replace(temporary, target)  # noqa: PTH105
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def _checksum(body: bytes | memoryview) -> bytes:
    return zlib.crc32(body).to_bytes(4, "big")


def digest(content: bytes) -> bytes:
    """Return what tells one content from another."""
    from hashlib import blake2b

    return blake2b(content, digest_size=16).digest()


def is_settled(stamp: Stamp, now: int) -> bool:
    """Whether a file cannot keep its stamp and change after it was read at `now` or later.

    `now` is in nanoseconds since the epoch.
    """
    return max(stamp[1], stamp[2]) + _SETTLED < now

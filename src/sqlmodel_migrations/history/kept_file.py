"""A kept file: what was found out about the scripts of a folder, for the next time.

It lies in the folder's `__pycache__`, where Python keeps bytecode: one for each version of Python,
written beside and renamed, at the place that PYTHONPYCACHEPREFIX names.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import zlib
from typing import Any

from sqlmodel_migrations.version import __version__

_MARSHAL = 4


def path(folder: str, name: str) -> str:
    """Return where the file `name` of `folder` is, whether it exists or not."""
    name = f"{name}.{sys.implementation.cache_tag}.index"
    if sys.pycache_prefix is None:
        return os.path.join(folder, "__pycache__", name)  # noqa: PTH118  (a Path is slower)
    below = os.path.splitdrive(folder)[1].lstrip(os.sep)
    return os.path.join(sys.pycache_prefix, below, name)  # noqa: PTH118


def load(path: str, format: int) -> Any:
    """Read what was saved; None unless it is whole, and of this release and format."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            data = file.read()
    except OSError:
        return None
    header = _header(format)
    start = len(header) + 4
    body = memoryview(data)[start:]
    if data[:start] != header + _checksum(body):
        return None
    return marshal.loads(body)


def save(path: str, format: int, value: Any) -> None:
    """Write a value that `marshal` knows, all or nothing; raises OSError."""
    body = marshal.dumps(value, _MARSHAL)
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    temporary = f"{path}.{os.getpid()}.{id(value)}"
    try:
        with open(temporary, "xb") as file:  # noqa: PTH123
            file.write(b"".join((_header(format), _checksum(body), body)))
        os.replace(temporary, path)  # noqa: PTH105
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def _header(format: int) -> bytes:
    return f"sqlmodel-migrations {__version__} {format}\n".encode()


def _checksum(body: bytes | memoryview) -> bytes:
    return zlib.crc32(body).to_bytes(4, "big")

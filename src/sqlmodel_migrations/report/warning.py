"""SQLAlchemy's warnings, shown while a command runs: each once, and without a line of our source.

The models are compiled several times by one command, and each of them warned of the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def shown(stream: TextIO, *, quiet: bool = False) -> Iterator[None]:
    """Show each text once on `stream` until the block ends; with `quiet`, none.

    What others warn of is shown as it was before.
    """
    said: set[str] = set()
    before = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not category.__module__.startswith("sqlalchemy."):
            before(message, category, filename, lineno, file, line)
            return
        text = str(message)
        if text not in said and not quiet:
            stream.write(f"warning: {text}\n")
        said.add(text)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before

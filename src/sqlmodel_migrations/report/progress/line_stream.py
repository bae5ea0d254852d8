"""A text stream of whole lines, for what others write while progress is shown."""

from __future__ import annotations

import io
from collections.abc import Callable


class LineStream(io.StringIO):
    """Gives each line to `write_line`, without its end; a line that is begun waits for `flush`."""

    def __init__(self, write_line: Callable[[str], object]) -> None:
        super().__init__()
        self._write_line = write_line
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = f"{self._rest}{text}".split("\n")
        for line in lines:
            self._write_line(line)
        return len(text)

    def flush(self) -> None:
        rest, self._rest = self._rest, ""
        if rest:
            self._write_line(rest)

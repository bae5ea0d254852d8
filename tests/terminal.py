"""A command on a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

import pytest

needs_terminal = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def started(*words: str, **env: str | None) -> Any:
    """Start `sqlmodel migrations …` on a terminal of 100 columns; `env` may take names away."""
    import pexpect

    source = "import sys; from sqlmodel_migrations.cli import main; sys.exit(main())"
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm", **env}
    return pexpect.spawn(
        sys.executable,
        ["-P", "-c", source, "migrations", *words],
        env={name: value for name, value in environment.items() if value is not None},
        encoding="utf-8",
        timeout=30,
        dimensions=(24, 100),
    )


def ended(child: Any) -> tuple[int, str]:
    """Wait for the end; return the exit code and what was written since the last `expect`."""
    import pexpect

    child.expect(pexpect.EOF)
    text: str = child.before
    child.close()
    return child.exitstatus, text


def plain(text: str) -> str:
    """The text without what moves the cursor, clears lines and colours."""
    return _CONTROL.sub("", text).replace("\r\n", "\n").replace("\r", "")

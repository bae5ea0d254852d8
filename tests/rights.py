"""Commands for which the permissions of files and folders hold, also where root runs the tests."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

_IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
_CAN_DROP = sys.platform == "linux"

hold = pytest.mark.skipif(
    os.name == "nt" or (_IS_ROOT and not _CAN_DROP),
    reason="permissions are other ones on Windows, and do not hold for root",
)
"""Marks a test that takes rights away."""


def without_override(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `sqlmodel migrations …` in a process that may do only what permissions say."""
    source = "import sys; from sqlmodel_migrations.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-P", "-c", source, "migrations", *arguments],
        capture_output=True,
        text=True,
        preexec_fn=_drop_override if _IS_ROOT else None,
        check=False,
    )


def _drop_override() -> None:
    """Give up what passes over permissions, for the program that is started next.

    CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (capabilities(7)).
    """
    drop_from_bounding_set = 24
    for capability in (1, 2):
        assert ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0) == 0

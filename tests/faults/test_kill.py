"""An upgrade that is struck down somewhere is finished by the next one, exactly once.

A few points of those that `scripts/faults` goes through, the same ones each time.
"""

from __future__ import annotations

import os
import random
import signal

import pytest

from faults.harness import Harness

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

POINTS = {"sqlite": 3, "postgresql": 5, "mariadb": 5}
CODES = {"kill": {-signal.SIGKILL}, "cut": {0, 4}, "terminate": {0, 4}}


def test_the_next_upgrade_goes_on_from_there(harness: Harness) -> None:
    points = random.Random(harness.kind).sample(harness.points(), POINTS[harness.kind])
    for point in points:
        verdict = harness.strike(point)
        said = f"{point}\n{verdict.first.output}\n{verdict.second.output}"
        assert verdict.outcome == "recovered", said
        assert verdict.first.code in CODES[point.way], said
        assert "Traceback" not in verdict.first.output, said

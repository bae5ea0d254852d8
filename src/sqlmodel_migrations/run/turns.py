"""Turns: others write between two transactions of ours, where no queue lets them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Turns:
    """What several transactions one after the other leave to others.

    `pause` says, given for how many seconds there was no turn of others, how long theirs is.
    """

    pause: Callable[[float], float]
    sleep: Callable[[float], None]
    _since: float = field(default_factory=time.monotonic)

    def end(self) -> None:
        """Note that a transaction has ended; wait where it is others' turn."""
        if pause := self.pause(time.monotonic() - self._since):
            self.sleep(pause)
            self._since = time.monotonic()

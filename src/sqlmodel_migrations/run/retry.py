"""Trying again: a transaction that was rolled back since another session held a lock."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel_migrations.run.execution import Execution

# Seconds before the second attempt; each further one waits twice as long, up to the longest.
_FIRST, _LONGEST = 0.5, 30.0


@dataclass
class Attempts:
    """How often one unit of work was tried, and whether it may be once more."""

    execution: Execution
    made: int = 0
    _started: float = 0.0

    def run(self, work: Callable[[], None], may_retry: Callable[[Exception, float], bool]) -> None:
        """Do the work until it goes well.

        `may_retry` is asked about each error, with the seconds until the next attempt; where
        it says no, and where attempts or deadline are used up, the error is raised.
        """
        self._started = time.monotonic()
        while True:
            self.made += 1
            try:
                work()
            except Exception as error:
                delay = self._delay()
                if self._is_last(delay) or not may_retry(error, delay):
                    raise
                self.execution.sleep(delay)
            else:
                return

    def _delay(self) -> float:
        longest = min(_FIRST * 2.0 ** (self.made - 1), _LONGEST)
        return longest * random.uniform(0.5, 1.0)

    def _is_last(self, delay: float) -> bool:
        elapsed = time.monotonic() - self._started
        return (
            self.made > self.execution.lock_retries
            or elapsed + delay > self.execution.lock_deadline
        )

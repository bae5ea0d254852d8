"""What one run of a command costs, and the medians of several."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

# A command is started by a process that holds little: Linux counts what the parent holds at the
# fork into the peak of the child.
LAUNCHER = """
import json, os, sys, time
given = json.load(sys.stdin)
out = os.open(given["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
start = time.perf_counter()
pid = os.fork()
if pid == 0:
    os.chdir(given["folder"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.execve(given["command"][0], given["command"], given["environment"])
_, status, used = os.wait4(pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), time.perf_counter() - start,
                  used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


class Cost(NamedTuple):
    """Seconds by the clock and of the processor, the most memory in MiB, round trips.

    `disk` is the most that a database took while it was changed, in MiB.
    """

    wall: float
    cpu: float
    memory: float
    trips: float = 0
    disk: float = 0


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str], out: Path) -> Cost:
    """Run a command once; raises RuntimeError, with what it wrote, where it fails."""
    given = {
        "command": list(command),
        "folder": str(folder),
        "environment": {"PATH": os.environ["PATH"], **environment},
        "out": str(out),
    }
    done = subprocess.run(
        [sys.executable, "-ISc", LAUNCHER],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    code, *cost = json.loads(done.stdout)
    if code:
        raise RuntimeError(f"{' '.join(command)} ends with {code}:\n{out.read_text()}")
    return Cost(*cost)


@contextlib.contextmanager
def watched(size: Callable[[], float]) -> Iterator[Callable[[], float]]:
    """Yield what tells the largest `size` so far; it is asked every few milliseconds."""
    most = size()
    is_over = threading.Event()

    def watch() -> None:
        nonlocal most
        while not is_over.wait(0.005):
            most = max(most, size())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: most
    finally:
        is_over.set()
        thread.join()


def medians(costs: Sequence[Cost]) -> Cost:
    """Return the median of each part."""
    return Cost(*(median(part) for part in zip(*costs, strict=True)))


def ratio(ours: Sequence[Cost], theirs: Sequence[Cost], *, is_wall: bool = False) -> float:
    """Return the median of the ratios, turn by turn: of the processor's time, or the clock's."""
    pairs = zip(ours, theirs, strict=True)
    if is_wall:
        return median(one.wall / other.wall for one, other in pairs)
    return median(one.cpu / other.cpu for one, other in pairs)

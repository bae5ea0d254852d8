"""Somebody else: updates single rows, one after the other, until a line comes in.

    python writer.py URL ROWS

prints the longest time that one of them took, in seconds, and how many there were. A commit does
not wait for the disk, so that it is the locks that are measured.
"""

from __future__ import annotations

import random
import select
import sys
import time

import psycopg

PAUSE = 0.001


def main() -> None:
    url, rows = sys.argv[1], int(sys.argv[2])
    chance = random.Random(5)
    longest, count = 0.0, 0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        print("ready", flush=True)
        while not select.select([sys.stdin], [], [], PAUSE)[0]:
            number = chance.randint(1, rows)
            start = time.perf_counter()
            connection.execute("UPDATE account SET seen = seen + 1 WHERE id = %s", [number])
            longest, count = max(longest, time.perf_counter() - start), count + 1
    print(longest, count)


if __name__ == "__main__":
    main()

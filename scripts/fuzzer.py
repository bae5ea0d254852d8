"""Draw pairs of schemas with rows and migrate one to the other, back and forth, for a while."""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from databases import mariadb_server, postgresql_server
from fuzz import property as the_property
from fuzz.changes import pairs
from fuzz.pair import Pair
from fuzz.place import Place, server_place, sqlite_place

BATCH = 100
SERVERS = {"postgresql": postgresql_server, "mariadb": mariadb_server}


@dataclass
class Campaign:
    """Batches of pairs with a seed each; every kind of failure is shown once."""

    place: Place
    is_shrunk: bool
    is_verified: bool
    drawn: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def run(self, seed: int, until: float) -> None:
        while time.monotonic() < until:
            self._batch(seed, until)
            seed += 1

    def _batch(self, seed: int, until: float) -> None:
        pair_found: list[Pair] = []
        phases = [Phase.generate] + [Phase.shrink] * self.is_shrunk

        @hypothesis.seed(seed)
        @settings(
            max_examples=BATCH,
            deadline=None,
            database=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
            report_multiple_bugs=False,
        )
        @given(pair=pairs(self.place.kind))
        def batch(pair: Pair) -> None:
            if not pair_found and time.monotonic() > until:
                return
            self.drawn += 1
            try:
                the_property.holds(pair, self.place, verify=self.is_verified)
            except Exception as error:
                if not self.is_shrunk:
                    self._found(seed, pair, error)
                    return
                pair_found[:] = [pair]
                raise

        try:
            batch()
        except Exception as error:
            self._found(seed, pair_found[0], error)

    def _found(self, seed: int, pair: Pair, error: Exception) -> None:
        words = f"{type(error).__name__}: {error}".splitlines()
        key = "".join(c for c in words[0][:120] if not c.isdigit())
        self.seen[key] += 1
        if self.seen[key] > 1:
            return
        details = getattr(error, "details", ())
        trace = traceback.extract_tb(error.__traceback__)
        where = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in trace][-6:]
        print(f"\n=== seed {seed}: {'  '.join(words)[:1500]}", *details, sep="\n")
        print("at", " < ".join(reversed(where)))
        print(repr(pair), flush=True)


@contextmanager
def place(database: str) -> Iterator[Place]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fuzz-")))
        if database == "sqlite":
            yield stack.enter_context(sqlite_place(folder))
            return
        server = stack.enter_context(SERVERS[database]())
        yield stack.enter_context(server_place(folder, server))


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", *SERVERS], default="sqlite")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--no-shrink", action="store_true", help="show failures as drawn")
    parser.add_argument("--verify", action="store_true", help="with the proof of each revision")
    asked = parser.parse_args()
    print(f"{asked.database}, seeds from {asked.seed}", flush=True)
    with place(asked.database) as where, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        campaign = Campaign(where, not asked.no_shrink, asked.verify)
        with contextlib.suppress(KeyboardInterrupt):
            campaign.run(asked.seed, time.monotonic() + 60 * asked.minutes)
    print(
        f"\n{campaign.drawn} pairs drawn on {asked.database}; {sum(campaign.seen.values())} failed"
    )
    for words, number in campaign.seen.most_common():
        print(f"{number:5}  {words}")
    return 1 if campaign.seen else 0


if __name__ == "__main__":
    sys.exit(main())

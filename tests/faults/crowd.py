"""A crowd: many upgrades of the bank at once, on databases in one state or another."""

from __future__ import annotations

from dataclasses import dataclass

from faults.harness import UPGRADE, Harness, state

# What was applied before the crowd comes.
STARTS = {"empty": "", "half-way": "r06", "at head": "head"}


@dataclass(frozen=True)
class Together:
    """What became of `number` upgrades; `failed` are the outputs of those that did not end well."""

    number: int
    failed: tuple[str, ...]
    is_right: bool


def together(harness: Harness, number: int, start: str) -> Together:
    """Run so many at once; right is what an undisturbed run makes."""
    with harness.database() as database:
        env = {"DATABASE_URL": database.url}
        if start != "empty":
            before = harness.cli.run(*harness.program, "upgrade", STARTS[start], env=env)
            assert before.code == 0, before.output
        ended = harness.cli.together(number, *UPGRADE, env=env, program=harness.program)
        failed = tuple(ran.output for ran in ended if ran.code)
        return Together(number, failed, state(database) == harness.undisturbed[0])

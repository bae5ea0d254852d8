"""The person who is asked, as an object; where nobody may be asked, the flags are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlmodel_migrations.errors import AnswerNeeded


@dataclass(frozen=True)
class Choice:
    """One honest answer: what it means, and the flag that gives it.

    `loses` is the thing that goes away, `name` the new one of a thing that stays.
    """

    words: str
    flag: str
    loses: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Question:
    """What happened to a thing, with the answers ranked, the likeliest first."""

    text: str
    choices: Sequence[Choice]


class Questioner(Protocol):
    """Who answers."""

    def choose(self, question: Question) -> Choice:
        """Return one of the choices."""


class Silent:
    """Nobody: every question ends the command, with the flags to type."""

    def choose(self, question: Question) -> Choice:
        width = max(len(choice.flag) for choice in question.choices)
        raise AnswerNeeded(
            question.text,
            flags=tuple(f"{choice.flag:{width}}  {choice.words}" for choice in question.choices),
            hint="give one of these flags",
        )


class Unasked:
    """Nobody, where nothing is written: every question is left open."""

    def choose(self, question: Question) -> Choice:
        return question.choices[-1]

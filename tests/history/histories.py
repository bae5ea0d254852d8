"""Random histories: branches, merges, dependencies and labels, written as files."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

TEMPLATE = '''"""{message}

Revision ID: {id}
Revises: {down}

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = {id!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends!r}


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
'''


@dataclass(frozen=True)
class Drawn:
    """One revision of a random history."""

    id: str
    down: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    message: str = "message"

    def write(self, folder: Path) -> None:
        text = TEMPLATE.format(
            id=self.id,
            down=scalar(self.down),
            depends=scalar(self.depends),
            labels=self.labels or None,
            message=self.message,
        )
        # Files stand in another order than ids.
        (folder / f"{self.id[::-1]}_{self.id}.py").write_text(text, encoding="utf-8")


def scalar(names: tuple[str, ...]) -> str | tuple[str, ...] | None:
    """Write none, one and several as Alembic's template does."""
    return names if len(names) > 1 else next(iter(names), None)


def draw(chance: random.Random, size: int) -> list[Drawn]:
    """Draw a history of `size` revisions; a revision comes after all that it needs."""
    drawn: list[Drawn] = []
    tips: list[str] = []
    for number in range(size):
        id = f"{chance.randrange(16**8):08x}{number:04x}"
        down = _down(chance, drawn, tips)
        tips = [tip for tip in tips if tip not in down] + [id]
        pool = tips[:-1] if chance.random() < 0.5 else [each.id for each in drawn]
        others = [each for each in pool if each not in down]
        count = chance.choice([1, 1, 2]) if others and chance.random() < 0.25 else 0
        depends = tuple(chance.sample(others, min(count, len(others))))
        labels = (f"label{number}",) if chance.random() < 0.1 else ()
        named = {each.id: each.labels[0] for each in drawn if each.labels}
        depends = tuple(named.get(name, name) for name in depends)
        drawn.append(Drawn(id, down, depends, labels, f"message {number}"))
    return drawn


def _down(chance: random.Random, drawn: list[Drawn], tips: list[str]) -> tuple[str, ...]:
    kind = chance.random()
    if not drawn or kind < 0.06:
        return ()
    if kind < 0.2:
        return (chance.choice(drawn).id,)
    if kind < 0.35 and len(tips) > 1:
        return tuple(chance.sample(tips, chance.randint(2, min(3, len(tips)))))
    return (chance.choice(tips[-2:]),)


def write(drawn: list[Drawn], folder: Path) -> Path:
    """Write the files into `versions` below `folder`; gives that folder."""
    versions = folder / "versions"
    versions.mkdir(parents=True)
    for each in drawn:
        each.write(versions)
    return versions

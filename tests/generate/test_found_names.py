"""Names that MariaDB gave to foreign keys, and whether a script may leave them to it."""

from __future__ import annotations

import sqlalchemy as sa

from sqlmodel_migrations.database.catalog.base import FOREIGN_KEY, Constraint
from sqlmodel_migrations.database.catalog.base import Table as Found
from sqlmodel_migrations.generate import found_names

HERO = (
    Constraint(FOREIGN_KEY, "hero_ibfk_1", ("boss_id",), "", target="hero", target_columns=("id",)),
    Constraint(FOREIGN_KEY, "hero_ibfk_2", ("team_id",), "", target="team", target_columns=("id",)),
)


def named(*, is_cycle: bool) -> list[str | None]:
    metadata = sa.MetaData()
    boss = sa.ForeignKeyConstraint(["boss_id"], ["hero.id"])
    team = sa.ForeignKeyConstraint(["team_id"], ["team.id"])
    hero = sa.Table(
        "hero",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("boss_id", sa.Integer),
        sa.Column("team_id", sa.Integer),
        boss,
        team,
    )
    captain = sa.Column("captain_id", sa.ForeignKey("hero.id") if is_cycle else sa.Integer)
    sa.Table("team", metadata, sa.Column("id", sa.Integer, primary_key=True), captain)
    found_names.take(hero, Found(None, "hero", {}, HERO), [boss, team])
    return [boss.name and str(boss.name), team.name and str(team.name)]


def test_names_are_left_out_that_the_server_gives_again() -> None:
    assert named(is_cycle=False) == [None, None]


def test_names_are_kept_where_a_key_waits_for_a_table_that_is_made_later() -> None:
    """MariaDB counts such a key last, which it may not have been when the database was made."""
    assert named(is_cycle=True) == ["hero_ibfk_1", "hero_ibfk_2"]

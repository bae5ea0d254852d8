"""A bounded sample of pairs on each database; `scripts/fuzz` draws for as long as one likes."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings

from databases import Server

from .changes import pairs
from .pair import Pair
from .place import Place, server_place, sqlite_place
from .property import holds

# Shrinking would take minutes of a test run: `scripts/fuzz --seed` shrinks what was found.
_SETTINGS = settings(
    deadline=None,
    database=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
_SEED = int(os.environ.get("FUZZ_SEED", "20"))


def _try(place: Place, examples: int) -> None:
    """Draw pairs and try each; the seed is shown where one fails."""
    print(f"draw the same again: FUZZ_SEED={_SEED}, or scripts/fuzz --seed {_SEED}")

    @hypothesis.seed(_SEED)
    @settings(_SETTINGS, max_examples=examples)
    @given(pair=pairs(place.kind))
    def property_holds(pair: Pair) -> None:
        with warnings.catch_warnings():
            # Of SQLAlchemy's about what is drawn: a MATCH of collations, a cycle, a long name.
            warnings.simplefilter("ignore", sa.exc.SAWarning)
            holds(pair, place)

    property_holds()


def test_any_change_sqlite(tmp_path: Path) -> None:
    with sqlite_place(tmp_path) as place:
        _try(place, 15)


@pytest.mark.server
@pytest.mark.parametrize(("kind", "examples"), [("postgresql", 6), ("mariadb", 4)])
def test_any_change_server(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, examples: int
) -> None:
    server: Server = request.getfixturevalue(f"_{kind}_server")
    with server_place(tmp_path, server) as place:
        _try(place, examples)

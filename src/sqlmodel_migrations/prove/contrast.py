"""The contrast: a live database beside what revisions make on a scratch database.

Both are read from a server by the same reader, so that each text is the server's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlmodel_migrations.database import catalog, dialects
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.catalog.difference import CatalogDifference, differences
from sqlmodel_migrations.generate.comparison import unseen
from sqlmodel_migrations.prove.authorship import Authorship
from sqlmodel_migrations.prove.live import Live
from sqlmodel_migrations.prove.rehearsal import rehearse
from sqlmodel_migrations.prove.stage import Stage
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.shadow import replay
from sqlmodel_migrations.shadow.shadow import Shadow

_LIMIT = 160
"""Characters above which the text of a difference is cut."""

_OBJECTS = ("table", "view", "enum", "sequence", "domain", "schema")
_HINT = "correct it, so that the revisions run on an empty database"


@dataclass(frozen=True)
class Difference:
    """One difference: `text` says it in a line, by which it can be accepted.

    `database` and `revisions` are what stands in the one and what the others make, None where
    that side has nothing. `kind`, `table` and `name` are as in `CatalogDifference`.
    """

    text: str
    kind: str
    table: str | None
    name: str
    database: str | None
    revisions: str | None
    is_cut: bool = False
    """Whether the text is only a beginning, with a digest of the whole."""

    @classmethod
    def of(cls, found: CatalogDifference) -> Difference:
        whole = " ".join(found.text.split())
        is_cut = len(whole) > _LIMIT
        text = _cut(whole) if is_cut else whole
        return cls(text, found.kind, found.table, found.name, found.before, found.after, is_cut)


@dataclass(frozen=True)
class Contrast:
    """What differs; `left_alone` are objects that no revision made: `table 'spatial_ref_sys'`."""

    differences: tuple[Difference, ...]
    left_alone: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def draw(
    checkout: Checkout, lives: Sequence[Live], heads: Sequence[Sequence[str]]
) -> tuple[Contrast, ...]:
    """Contrast each database with what the revisions up to its `heads` make.

    Raises `StepFailed` for a history that cannot be replayed, `NotMeasured`, and
    `DatabaseError` where no scratch database can be made.
    """
    authorship = Authorship.of(checkout.graph)
    found: list[Contrast] = []

    def work(number: int, stage: Stage, _: Shadow) -> None:
        live = lives[number]
        prepare(stage, live, authorship)
        stage.replay_to(heads[number], hint=_HINT)
        found.append(beside(live, stage, authorship))

    notes = rehearse(checkout, work)
    return tuple(replace(each, notes=(*each.notes, *notes)) for each in found)


def prepare(stage: Stage, live: Live, authorship: Authorship) -> None:
    """Make what the revisions expect to find: schemas and extensions that none of them makes."""
    schemas = [name for name in live.catalog.schemas if not authorship.makes("SCHEMA", name)]
    replay.make_schemas(stage.connection, schemas)
    extensions = [name for name in live.extensions if not authorship.makes("EXTENSION", name)]
    replay.make_extensions(stage.connection, extensions)


def beside(live: Live, stage: Stage, authorship: Authorship) -> Contrast:
    """Contrast a database with the schema that stands on a stage."""
    made = catalog.read(stage.connection, ignore=unseen(stage.context))
    found = differences(live.catalog, made, connection=stage.connection)
    stage.connection.commit()
    strange = [each for each in found if _is_strange(each, live.catalog, authorship)]
    named = [each for each in strange if not _is_nobodys(each, live)]
    return Contrast(
        tuple(Difference.of(each) for each in found if each not in strange),
        tuple(f"{each.kind} '{each.name}'" for each in named),
        tuple(_server_note(live, stage)),
    )


def _is_strange(found: CatalogDifference, live: Catalog, authorship: Authorship) -> bool:
    """Whether it is an object of the database that no revision ever made."""
    if found.after is not None or found.kind not in _OBJECTS:
        return False
    if found.kind == "table":
        return live.tables[found.name].name not in authorship.tables
    return not authorship.mentions(found.name.rpartition(".")[2])


def _is_nobodys(found: CatalogDifference, live: Live) -> bool:
    """Whether it is part of an extension, or the version table of another history."""
    if found.kind == "table":
        return found.name not in live.tables
    if found.kind == "enum":
        return str(live.catalog.enums[found.name].owner).startswith("extension ")
    return str(found.before).startswith("extension ")


def _server_note(live: Live, stage: Stage) -> Iterator[str]:
    server = dialects.of(stage.connection.dialect.name).server(stage.connection)
    if server != live.server:
        yield f"compared on {server}; the database is on {live.server}"


def _cut(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{text[:_LIMIT].rstrip()}… ({digest})"

"""`list-templates`: what `init --template` takes."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from sqlmodel_migrations.cli.init import OURS
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.report.report import Report


@verb(
    "list-templates",
    examples=[("list-templates", "names for init --template")],
    exits=usual(),
)
def command(invocation: Invocation) -> Report:
    """Show our template and Alembic's."""
    templates = {OURS: "Nothing to edit: one database, sync or async.", **dict(_of_alembic())}
    return Report(
        "list-templates",
        {"templates": [{"name": name, "summary": text} for name, text in templates.items()]},
        tuple(f"{name} - {text}" for name, text in templates.items()),
        (f"next: {invocation.typed('init --template NAME')}",),
    )


def _of_alembic() -> Iterator[tuple[str, str]]:
    """Return names and first lines of the README, as Alembic does; it is not imported for it."""
    spec = find_spec("alembic")
    places = spec.submodule_search_locations if spec else None
    for readme in sorted(Path(next(iter(places or ["."])), "templates").glob("*/README")):
        yield readme.parent.name, readme.read_text(encoding="utf-8").partition("\n")[0]

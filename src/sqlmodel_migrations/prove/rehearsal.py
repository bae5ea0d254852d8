"""A rehearsal: env.py run once, with an empty scratch database in the place of each it opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from alembic.runtime.migration import MigrationContext

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.generate import autogenerate, options
from sqlmodel_migrations.generate.autogenerate import Wanted
from sqlmodel_migrations.project import url as project_url
from sqlmodel_migrations.prove.stage import Stage
from sqlmodel_migrations.run import log
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.run.env_script import Session
from sqlmodel_migrations.shadow.shadow import Shadow, shadowed

Work = Callable[[int, Stage, Shadow], None]
"""What is done on each scratch database; they are numbered in the order of env.py."""


class NotMeasured(UsageError):
    """A database that env.py opens by itself, where nothing may be tried."""


def rehearse(checkout: Checkout, work: Work, *, with_models: bool = False) -> tuple[str, ...]:
    """Do `work` on each scratch database; return what is to be said of these.

    An env.py of ours imports the models only where they are wanted. Raises `NotMeasured`, and
    `DatabaseError` where no scratch database can be made.
    """
    config = checkout.config("check", autogenerate=True)
    script = checkout.script(config)
    place = checkout.settings.shadow_url
    numbers = count()
    with log.muted(), shadowed(project_url.parse(place) if place else None) as shadow:

        def task(context: MigrationContext, arguments: Mapping[str, Any]) -> None:
            stage = Stage(context, script, arguments)
            _require_held(shadow, stage)
            work(next(numbers), stage, shadow)

        session = Session(checkout.scratch_request(), task, adjust=options.completed)
        given: dict[str, Any] = {"as_sql": False}
        if with_models:
            asked = autogenerate.revision_context(config, script, Wanted(), autogenerate=True)
            given |= {"revision_context": asked, "template_args": asked.template_args}
        checkout.run(config, script, session, given)
        return (*shadow.notes, *session.notes)


def _require_held(shadow: Shadow, stage: Stage) -> None:
    """Raise `NotMeasured` where a connection escaped to the database itself."""
    if not shadow.holds(stage.connection):
        raise NotMeasured(
            "env.py makes its connections itself, so nothing is tried on a scratch database",
            hint="make the engine from a URL in env.py, without creator=",
        )

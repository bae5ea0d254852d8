"""`init`: set up migrations."""

from __future__ import annotations

import click

from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.report.report import Report

OURS = "default"


@verb(
    "init",
    arguments=[("[DIRECTORY]", "Folder for env.py and the revisions. [default: migrations]")],
    examples=[
        ("init", "find the models, write migrations/ and alembic.ini"),
        ("init --models app.models", "say where the models are"),
        ("init --pyproject", "keep the configuration in pyproject.toml"),
    ],
    exits=usual(yes="set up, now or before"),
)
@click.argument("directory", required=False, type=click.Path(file_okay=False))
@click.option(
    "--models",
    multiple=True,
    metavar="MODULE",
    help="Module with models, as app.models; may be repeated. [default: found by reading]",
)
@click.option("--pyproject", is_flag=True, help="Write to pyproject.toml; no alembic.ini is made.")
@click.option(
    "--package/--no-package",
    default=True,
    help="Write __init__.py into both folders. [default: --package]",
)
@click.option("-t", "--template", metavar="NAME", help="Template of Alembic's; see list-templates.")
def command(
    invocation: Invocation,
    directory: str | None,
    models: tuple[str, ...],
    pyproject: bool,
    package: bool,
    template: str | None,
) -> Report:
    """Write what is missing; a second time, nothing."""
    from sqlmodel_migrations.migrations import Migrations

    scaffold = Migrations.init(
        directory,
        models=models,
        url=invocation.url,
        template=None if template == OURS else template,
        package=package,
        pyproject=pyproject,
        name=invocation.name,
        config=invocation.config,
        say=invocation.say,
    )
    result = {
        "directory": str(scaffold.directory),
        "config": str(scaffold.config),
        "already": scaffold.already,
        "models": list(scaffold.models),
        "found": scaffold.found.summary() if scaffold.found else None,
    }
    done = (f"nothing to do: {scaffold.directory} is set up",) if scaffold.already else ()
    next_step = f"next: {invocation.typed('revision')}"
    return Report("init", result, notes=(*done, *scaffold.notes, next_step))

"""Our options against Alembic's own parser: a release of Alembic that adds one fails here."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterator

import click
import pytest
from alembic.config import CommandLine

from project import Project
from sqlmodel_migrations.cli import group, invocation
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import Verb

MIGRATIONS = group.migrations("migrations")
CONTEXT = click.Context(MIGRATIONS, info_name="migrations")


def alembic_commands() -> dict[str, argparse.ArgumentParser]:
    """Alembic's commands with their parsers."""
    (choice,) = (
        action
        for action in CommandLine().parser._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return dict(choice.choices)


def spellings(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from (option for option in action.option_strings if option != "-h")


def ours(name: str) -> Verb:
    command = MIGRATIONS.get_command(CONTEXT, name)
    assert isinstance(command, Verb)
    return command


def our_spellings(command: click.Command) -> set[str]:
    params = command.get_params(CONTEXT)
    return {word for param in params for word in (*param.opts, *param.secondary_opts)}


PER_COMMAND = [
    (name, option) for name, parser in alembic_commands().items() for option in spellings(parser)
]


@pytest.mark.parametrize(("name", "option"), PER_COMMAND)
def test_every_option_of_an_alembic_command_is_ours(name: str, option: str) -> None:
    assert option in our_spellings(ours(name))


@pytest.mark.parametrize("option", list(spellings(CommandLine().parser)))
def test_every_option_before_the_verb_is_ours(option: str) -> None:
    assert option in our_spellings(MIGRATIONS)


@pytest.mark.parametrize("name", alembic_commands())
def test_shared_options_stand_after_the_verb_too(name: str) -> None:
    taken = {word for param in ours(name).own for word in param.opts}
    shared = {"-c", "--config", "-n", "--name", "-x", "--raiseerr", "-q", "--quiet"}
    assert shared | {"--url", "--json"} <= our_spellings(ours(name)) | taken


@pytest.mark.parametrize("name", alembic_commands())
def test_what_takes_a_value_in_alembic_takes_one_here(name: str) -> None:
    flags = {
        option: action.nargs == 0
        for action in alembic_commands()[name]._actions
        for option in action.option_strings
        if option not in ("-h", "--help")
    }
    found = {
        word: isinstance(param, click.Option) and param.is_flag
        for param in ours(name).own
        for word in param.opts
        if word in flags
    }
    assert found == flags


@pytest.mark.parametrize("name", MIGRATIONS.list_commands(CONTEXT))
def test_every_summary_has_its_command(name: str) -> None:
    command = ours(name)
    assert command.name == name
    assert command.callback is not None
    taken = inspect.signature(command.callback).parameters
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values())
    assert takes_all or {param.name for param in command.own} <= set(taken)


@pytest.mark.parametrize("alias", ["ensure_version", "list_templates"])
def test_alembic_spelling_with_an_underscore(alias: str) -> None:
    assert ours(alias).name == alias.replace("_", "-")


def parsed(*words: str) -> Invocation:
    """What `sqlmodel migrations …` makes of the shared options in `words`."""
    context = MIGRATIONS.make_context("sqlmodel-migrations", list(words))
    with context:
        name, command, rest = MIGRATIONS.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert command is not None
        own = command.make_context(name, rest, parent=context)
        return invocation.of(own, own.params)


def test_options_count_on_either_side_of_the_verb() -> None:
    before = parsed("-c", "a.ini", "-n", "analytics", "-x", "k=v", "-q", "--raiseerr", "upgrade")
    after = parsed("upgrade", "-c", "a.ini", "-n", "analytics", "-x", "k=v", "-q", "--raiseerr")
    assert before == after
    assert before.config == ("a.ini",)
    assert before.name == "analytics"
    assert before.x == ("k=v",)
    assert before.quiet
    assert before.raiseerr


def test_both_sides_are_joined_and_the_later_value_wins() -> None:
    both = parsed("-x", "a=1", "-n", "first", "upgrade", "-x", "b=2", "-n", "second")
    assert both.x == ("a=1", "b=2")
    assert both.name == "second"


def test_c_after_current_means_check_heads() -> None:
    assert parsed("current", "-c").config == ()
    assert parsed("-c", "a.ini", "current", "-c").config == ("a.ini",)
    assert parsed("current", "--config", "a.ini").config == ("a.ini",)


def target(*words: str) -> object:
    """The target that a command reads from `words`."""
    command = ours(words[0])
    return command.make_context(words[0], list(words[1:]), parent=CONTEXT).params["revision"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("downgrade",), "-1"),
        (("downgrade", "-1"), "-1"),
        (("downgrade", "-2", "--sql"), "-2"),
        (("downgrade", "--sql", "-3"), "-3"),
        (("downgrade", "--", "-1"), "-1"),
        (("downgrade", "--tag", "-5", "-1"), "-1"),
        (("upgrade",), "head"),
        (("upgrade", "+1"), "+1"),
        (("upgrade", "ae10+2"), "ae10+2"),
        (("show",), "head"),
        (("show", "-1"), "-1"),
        (("edit",), "head"),
    ],
)
def test_targets(words: tuple[str, ...], expected: str) -> None:
    assert target(*words) == expected


def test_a_number_that_is_the_value_of_an_option_stays_it() -> None:
    context = ours("downgrade").make_context("downgrade", ["--tag", "-5"], parent=CONTEXT)
    assert context.params["tag"] == "-5"


@pytest.mark.parametrize("name", ["stamp", "merge"])
def test_several_targets(name: str) -> None:
    context = ours(name).make_context(name, ["a", "-1"], parent=CONTEXT)
    assert context.params["revisions"] == ("a", "-1")
    default = ours(name).make_context(name, [], parent=CONTEXT)
    assert default.params["revisions"] == ({"stamp": "head", "merge": "heads"}[name],)


@pytest.mark.parametrize("command", ["stamp", "downgrade", "show"])
def test_an_unknown_option_is_no_target(project: Project, command: str) -> None:
    ran = project.cli(command, "--bogus")
    assert ran.code == 2
    assert ran.stderr.startswith("error: no such option '--bogus'") or "--bogus" in ran.stderr
    assert ran.stdout == ""


def test_a_number_is_an_error_where_no_target_is_taken(project: Project) -> None:
    ran = project.cli("heads", "-1")
    assert ran.code == 2
    assert "-1" in ran.stderr


def test_a_second_target_is_named_as_it_was_typed(project: Project) -> None:
    ran = project.cli("downgrade", "base", "-1")
    assert ran.code == 2
    assert "(-1)" in ran.stderr


def test_the_nearest_option_is_named(project: Project) -> None:
    ran = project.cli("upgrade", "--quite")
    assert (ran.code, ran.stdout) == (2, "")
    assert "--quite" in ran.stderr
    assert "--quiet" in ran.stderr
    assert "hint: see sqlmodel migrations upgrade --help" in ran.stderr


def test_the_nearest_command_is_named(project: Project) -> None:
    ran = project.cli("upgarde")
    assert (ran.code, ran.stdout) == (2, "")
    assert "no such command 'upgarde'. Did you mean 'upgrade'" in ran.stderr


def test_a_message_given_twice(project: Project) -> None:
    ran = project.cli("revision", "one", "-m", "two")
    assert ran.code == 2
    assert "error: the message is given twice" in ran.stderr


@pytest.mark.parametrize("flags", [("--url", "sqlite://"), ("-n", "analytics")])
def test_all_and_one_contradict_each_other(project: Project, flags: tuple[str, ...]) -> None:
    ran = project.cli("upgrade", "--all", *flags)
    assert ran.code == 2
    assert "--all means every one" in ran.stderr

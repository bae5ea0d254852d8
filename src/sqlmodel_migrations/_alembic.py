"""Every name of Alembic that Alembic does not promise, one function each.

Nothing else in the package may touch a private name of Alembic; `tests/test_alembic.py` tests
each of these against the installed release, so that a new one shows at once what it moved.
`Any` is allowed here and nowhere else.
"""

from __future__ import annotations

import contextlib
import functools
import io
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from alembic import context as alembic_context
from alembic import op as alembic_op
from alembic.autogenerate import RevisionContext, compare, render
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.compare.util import _InspectorConv
from alembic.config import Config
from alembic.operations import Operations
from alembic.operations.base import AbstractOperations
from alembic.operations.batch import BatchOperationsImpl
from alembic.operations.ops import AlterColumnOp, MigrateOperation
from alembic.runtime import plugins
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import HeadMaintainer, MigrationContext, RevisionStep
from alembic.script import Script, ScriptDirectory, write_hooks
from alembic.script.revision import Revision, RevisionMap
from alembic.util import pyfiles
from sqlalchemy import Column, Inspector, Table, Update, bindparam
from sqlalchemy.types import TypeEngine, to_instance

Options = dict[str, Any]


class Host(Protocol):
    """What decides over a run of env.py: which options hold, and what is done."""

    def configure(self, options: Options) -> Options:
        """Return the options that the migration context is to be made with."""

    def run(self, context: MigrationContext, arguments: Mapping[str, Any]) -> None:
        """Do the work, where env.py says `context.run_migrations(**arguments)`."""


class HostedEnvironment(EnvironmentContext):
    """An environment in which env.py, whoever wrote it, asks its host what to do."""

    def __init__(self, config: Config, script: ScriptDirectory, host: Host, **options: Any):
        super().__init__(config, script, **options)
        self.host = host

    def configure(self, connection: Any = None, url: Any = None, **options: Any) -> None:  # type: ignore[override]
        """Make the migration context with what the host makes of env.py's options."""
        super().configure(**self.host.configure({"connection": connection, "url": url, **options}))

    def begin_transaction(self) -> Any:
        """Leave transactions to the host, except offline, where they are text."""
        return super().begin_transaction() if self.is_offline_mode() else contextlib.nullcontext()

    def run_migrations(self, **kw: Any) -> None:
        context = self.get_context()
        with operations(context):
            self.host.run(context, kw)

    def __enter__(self) -> EnvironmentContext:
        """Make `alembic.context` mean this environment, and remember what it meant before."""
        self._outer: EnvironmentContext | None = vars(alembic_context).get("_proxy")
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        if self._outer is not None:
            self._outer._install_proxy()


class ObservedEnvironment(HostedEnvironment):
    """An environment whose transactions are Alembic's own: its host only looks on."""

    def begin_transaction(self) -> Any:
        return EnvironmentContext.begin_transaction(self)


# The proxies behind `alembic.context` are kept by class: ours must find the same ones.
HostedEnvironment._setups[HostedEnvironment] = EnvironmentContext._setups[EnvironmentContext]
ObservedEnvironment._setups[ObservedEnvironment] = EnvironmentContext._setups[EnvironmentContext]


def _remove_operations_proxy() -> None:
    """Take `alembic.op` away again: `Operations.context` leaves it set when a revision fails."""
    for globals_, _ in Operations._setups[Operations][1]:
        if globals_.get("_proxy") is not None:
            globals_["_proxy"]._remove_proxy()


@contextlib.contextmanager
def operations(context: MigrationContext) -> Iterator[Operations]:
    """Make `alembic.op` mean a context of our own, and put back what it meant in every case."""
    outer: Operations | None = vars(alembic_op).get("_proxy")
    try:
        with Operations.context(context) as op:
            yield op
    finally:
        _remove_operations_proxy()
        if outer is not None:
            outer._install_proxy()


def current_options() -> Mapping[str, Any]:
    """Return the options of the environment that env.py runs in right now."""
    proxy: EnvironmentContext | None = vars(alembic_context).get("_proxy")
    return proxy.context_opts if proxy is not None else {}


def upgrade_steps(
    script: ScriptDirectory, target: str | Sequence[str], heads: Sequence[str]
) -> list[RevisionStep]:
    """Return the steps from the current heads up to `target`, a symbol or several, in order."""
    wanted = target if isinstance(target, str) else tuple(target)
    return list(script._upgrade_revs(wanted, tuple(heads)))  # type: ignore[arg-type]


def downgrade_steps(
    script: ScriptDirectory, target: str, heads: Sequence[str]
) -> list[RevisionStep]:
    """Return the steps from the current heads down to `target`, in order."""
    return list(script._downgrade_revs(target, tuple(heads)))  # type: ignore[arg-type]


def stamp_steps(script: ScriptDirectory, targets: Sequence[str], heads: Sequence[str]) -> list[Any]:
    """Return the steps that move the version table to `targets` without running anything."""
    return list(script._stamp_revs(tuple(targets), tuple(heads)))


def step_of(script: ScriptDirectory, revision: str, *, is_upgrade: bool) -> RevisionStep:
    """Return the step that runs one revision's upgrade or downgrade, wherever it stands."""
    return RevisionStep(script.revision_map, script.get_revision(revision), is_upgrade)


def run_as_configured(
    context: MigrationContext, steps: Sequence[RevisionStep], arguments: Mapping[str, Any]
) -> None:
    """Run steps as Alembic would, in the transactions that env.py's options ask for."""
    context._migrations_fn = lambda heads, _: steps
    context.run_migrations(**arguments)


def wrap_step(
    step: RevisionStep, around: Callable[[RevisionStep], contextlib.AbstractContextManager[None]]
) -> RevisionStep:
    """Enter `around(step)` wherever the function of the step's revision runs; returns the step."""
    function = step.migration_fn

    @functools.wraps(function)  # a step is called after its function
    def run(**arguments: Any) -> None:
        with around(step):
            function(**arguments)

    step.migration_fn = run
    return step


@contextlib.contextmanager
def captured_output(context: MigrationContext) -> Iterator[io.StringIO]:
    """Keep the SQL that is written meanwhile, and hand on what stands in the buffer at the end."""
    stream = context.impl.output_buffer
    assert stream is not None
    with io.StringIO() as page:
        context.impl.output_buffer = page
        try:
            yield page
        finally:
            context.impl.output_buffer = stream
            stream.write(page.getvalue())


def write_by(context: MigrationContext, write: Callable[[str], None], bind: Any) -> None:
    """Give each text that an offline context would write to `write`; `bind` is what scripts get."""
    context.impl.static_output = write  # type: ignore[method-assign, assignment]
    context.impl.connection = bind


def tell_types(context: MigrationContext, tell: Callable[[TypeEngine[Any] | None], None]) -> None:
    """Call `tell` with the type that a script says a column has, and with None when it is altered.

    None where it says nothing.
    """
    original = context.impl.alter_column

    def alter_column(*arguments: Any, existing_type: Any = None, **options: Any) -> None:
        tell(None if existing_type is None else to_instance(existing_type))
        try:
            original(*arguments, existing_type=existing_type, **options)
        finally:
            tell(None)

    context.impl.alter_column = alter_column  # type: ignore[method-assign]


def step_revision(step: Any) -> str | None:
    """Return the id of a step's revision; None for a stamp to several at once."""
    revision = getattr(step, "revision", None)
    return getattr(revision, "revision", None)


def step_path(step: RevisionStep) -> Path:
    """Return the file of a step's revision."""
    return Path(step.revision.path)


def loaded_file(error: BaseException) -> tuple[Path, int] | None:
    """Return the file, and its line, that Alembic was executing as a module when `error` came up.

    That is a revision or env.py itself: whatever was loaded last.
    """
    found: tuple[Path, int] | None = None
    is_next = False
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__") == pyfiles.__name__:
            is_next = True
        elif is_next and frame.f_code.co_name == "<module>":
            found, is_next = (Path(frame.f_code.co_filename), line), False
    return found


def missing_function(error: BaseException) -> tuple[Path, str] | None:
    """Return the file that was asked for a function of a revision, and the function it lacks."""
    if not isinstance(error, AttributeError) or error.name not in ("upgrade", "downgrade"):
        return None
    path = getattr(error.obj, "__file__", None) if isinstance(error.obj, ModuleType) else None
    return None if path is None else (Path(path), error.name)


def written_ids(step: Any) -> tuple[str, ...]:
    """Return the ids that a step may write into the version table."""
    return tuple(step.to_revisions)


def version_column(context: MigrationContext) -> Column[str]:
    """Return the column of the version table as Alembic would make it."""
    return context._version.c.version_num


class Heads:
    """The rows of the version table while steps are run; reads and writes go through Alembic.

    A step that is taken is written later: with others, or along with another statement.
    """

    def __init__(self, context: MigrationContext, heads: Iterable[str]):
        self._context = context
        self._account = _Account(context, heads)
        self._written = frozenset(self._account.heads)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(sorted(self._account.heads))

    def take(self, step: Any) -> None:
        """Take note that a step has run."""
        self._account.update_to_step(step)

    def change(self) -> dict[str, str] | None:
        """Return the parameters of `statement` where it is one row that changes.

        The caller executes it.
        """
        gone, new = self._difference()
        return {"gone": gone[0], "new": new[0]} if len(gone) == len(new) == 1 else None

    @property
    def statement(self) -> Update:
        """The statement that changes one row."""
        version = self._context._version
        which = version.c.version_num == bindparam("gone")
        return version.update().where(which).values(version_num=bindparam("new"))

    def written(self) -> None:
        """Take note that `change` was carried out."""
        self._written = frozenset(self._account.heads)

    def write(self) -> None:
        """Write what was taken and is not written."""
        gone, new = self._difference()
        table = HeadMaintainer(self._context, self._written)
        self.written()
        both = min(len(gone), len(new))
        for old, version in zip(gone, new, strict=False):
            table._update_version(old, version)
        for version in gone[both:]:
            table._delete_version(version)
        for version in new[both:]:
            table._insert_version(version)

    @property
    def is_told(self) -> bool:
        """Whether env.py wants to be told of each step, when it is written."""
        return bool(self._context.on_version_apply_callbacks)

    def tell(self, step: Any, arguments: Mapping[str, Any]) -> None:
        """Tell env.py's `on_version_apply` callbacks of a step."""
        for callback in self._context.on_version_apply_callbacks:
            callback(
                ctx=self._context,
                step=step.info,
                heads=set(self._account.heads),
                run_args=arguments,
            )

    def _difference(self) -> tuple[list[str], list[str]]:
        heads = self._account.heads
        return sorted(self._written - heads), sorted(heads - self._written)


class _Account(HeadMaintainer):
    """Alembic's account of what a step does to the heads; nothing is written."""

    def _insert_version(self, version: str) -> None:
        self.heads.add(version)

    def _delete_version(self, version: str) -> None:
        self.heads.remove(version)

    def _update_version(self, from_: str, to_: str) -> None:
        self.heads.remove(from_)
        self.heads.add(to_)


def ensure_version_table(context: MigrationContext, *, purge: bool = False) -> None:
    """Create the version table where it is missing; `purge` deletes its rows."""
    context._ensure_version_table(purge=purge)


def has_version_table(context: MigrationContext) -> bool:
    """Whether the version table exists; creates nothing."""
    return context._has_version_table()


def transaction_of_step(context: MigrationContext) -> Any:
    """Begin the transaction of one revision, so that `autocommit_block` can interrupt it."""
    return context.begin_transaction(_per_migration=True)


def is_in_external_transaction(context: MigrationContext) -> bool:
    """Whether the caller of the migration owns the transaction."""
    return context._in_external_transaction


class Read(Protocol):
    """What was read of a revision file; lists that are empty stand for None."""

    @property
    def id(self) -> str: ...
    @property
    def down_revisions(self) -> tuple[str, ...]: ...
    @property
    def depends_on(self) -> tuple[str, ...]: ...
    @property
    def branch_labels(self) -> tuple[str, ...]: ...
    @property
    def doc(self) -> str: ...
    @property
    def file(self) -> str: ...


class ReadScript(Script):
    """A revision whose file was read: it is run when its module is asked for."""

    def __init__(self, read: Read):
        Revision.__init__(
            self,
            read.id,
            read.down_revisions,
            branch_labels=read.branch_labels,
            dependencies=read.depends_on,
        )
        self.path = read.file
        self._doc = read.doc

    @functools.cached_property
    def module(self) -> Any:  # type: ignore[override]
        path = Path(self.path)
        return pyfiles.load_python_file(path.parent, path.name)

    @property
    def longdoc(self) -> str:
        return self._doc


def feed(script: ScriptDirectory, read: Callable[[], Iterable[Read] | None]) -> None:
    """Let `script` have the revisions that `read` returns, when it needs them.

    Where that is None it runs all files, as it does by itself.
    """

    def revisions() -> Iterable[Revision]:
        found = read()
        return script._load_revisions() if found is None else map(ReadScript, found)

    script.revision_map = RevisionMap(revisions)


@contextlib.contextmanager
def template_values(
    script: ScriptDirectory, change: Callable[[Options], Options]
) -> Iterator[None]:
    """Let `change` see what every template of `script` is filled with, and return it changed."""
    original = script._generate_template

    def generate(src: Path, dest: Path, **values: Any) -> None:
        original(src, dest, **change(values))

    patched: Any = script
    patched._generate_template = generate
    try:
        yield
    finally:
        del patched._generate_template


def run_post_write_hooks(path: Path, hooks: Sequence[Mapping[str, str]]) -> None:
    """Run the formatters that the project configured on a new revision file."""
    if hooks:
        write_hooks._run_hooks(path, list(hooks))


def last_autogen_context(revision: RevisionContext) -> AutogenContext | None:
    """Return the context that a comparison left for rendering; None for an empty revision."""
    return getattr(revision, "_last_autogen_context", None)


@contextlib.contextmanager
def intercepted_operations(seen: Callable[[Any], None]) -> Iterator[None]:
    """Show every operation to `seen` instead of running it; put the original back in every case.

    `invoke` is the one place that sees all of them, those inside `batch_alter_table` too.
    """
    invoke, flush = AbstractOperations.invoke, BatchOperationsImpl.flush
    patched: Any = AbstractOperations
    batch: Any = BatchOperationsImpl
    patched.invoke = lambda self, operation: seen(operation)
    batch.flush = lambda self: None
    try:
        yield
    finally:
        patched.invoke, batch.flush = invoke, flush


def is_registered(plugin: str) -> bool:
    """Whether an autogenerate plugin of this name is known to Alembic."""
    return plugin in plugins._all_plugins


def has_comparators_of_others(context: MigrationContext) -> bool:
    """Whether anything compares but Alembic's plugins and ours: plugins, callables of env.py."""
    asked = (user_compare_type(context), user_compare_server_default(context))
    ours = ("alembic.", "sqlmodel_migrations.")
    foreign = any(not name.startswith(ours) for name in plugins._all_plugins)
    return any(map(callable, asked)) or foreign or any(compare.comparators._registry.values())


def user_compare_type(context: MigrationContext) -> Any:
    """Return what env.py gave as `compare_type`: True, False or a callable."""
    return context._user_compare_type


def user_compare_server_default(context: MigrationContext) -> Any:
    """Return what env.py gave as `compare_server_default`: True, False or a callable."""
    return context._user_compare_server_default


@contextlib.contextmanager
def nothing_read_for_nothing() -> Iterator[None]:
    """Let autogenerate read nothing ahead where no table is compared: no name means all to it."""
    patched: Any = _InspectorConv
    ahead = patched.pre_cache_tables

    def pre_cache_tables(self: Any, schema: str | None, names: list[str], *others: Any) -> None:
        if names:
            ahead(self, schema, names, *others)

    patched.pre_cache_tables = pre_cache_tables
    try:
        yield
    finally:
        patched.pre_cache_tables = ahead


def reflect_columns(
    context: MigrationContext, correct: Callable[[Inspector, Table, dict[str, Any]], None]
) -> None:
    """Let `correct` change what autogenerate reflects of a column, instead of the dialect's own."""
    context.impl.autogen_column_reflect = correct  # type: ignore[method-assign]


def rendered(context: AutogenContext, operation: MigrateOperation) -> list[str]:
    """Return the lines of Python that an operation is written as."""
    return render.render_op(context, operation)


def rendered_alter_column(context: AutogenContext, operation: AlterColumnOp) -> str:
    """Return `op.alter_column(…)` as Alembic writes it, without what it does not know."""
    return render._alter_column(context, operation)


def is_batched(context: AutogenContext) -> bool:
    """Whether operations are being written as methods of `batch_op`."""
    return context._has_batch


@contextlib.contextmanager
def within_batch(context: AutogenContext) -> Iterator[None]:
    """Let operations be written as methods of `batch_op`."""
    with context._within_batch():
        yield

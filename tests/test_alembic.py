"""Each name of Alembic that Alembic does not promise, against the release that is installed."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import context as alembic_context
from alembic import op as alembic_op
from alembic.autogenerate import RevisionContext, produce_migrations
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.compare import comparators
from alembic.config import Config
from alembic.operations import Operations, ops
from alembic.operations.base import AbstractOperations
from alembic.operations.batch import BatchOperationsImpl
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.runtime.plugins import Plugin
from alembic.script import ScriptDirectory
from alembic.util import pyfiles
from sqlalchemy import Connection

from sqlmodel_migrations import _alembic, _alembic_batch
from sqlmodel_migrations.history import index

MAKO = '''"""${message}"""
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''
REVISION = '''"""message"""
revision = {id!r}
down_revision = {down!r}


def upgrade():
    {upgrade}


def downgrade():
    pass
'''
ENV = """
from alembic import context

context.configure({options})
with context.begin_transaction():
    context.run_migrations(word="said")
"""

# What EnvironmentContext.configure gives to a context.
RENDERING = {
    "sqlalchemy_module_prefix": "sa.",
    "alembic_module_prefix": "op.",
    "user_module_prefix": None,
    "render_as_batch": False,
    "render_item": None,
    "upgrade_token": "upgrades",
    "downgrade_token": "downgrades",
    "process_revision_directives": None,
}


@pytest.fixture
def script(tmp_path: Path) -> ScriptDirectory:
    """Two revisions, a1 and b2, and an env.py for SQL."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "script.py.mako").write_text(MAKO)
    (tmp_path / "env.py").write_text(ENV.format(options="url='sqlite://'"))
    for id, down in (("a1", None), ("b2", "a1")):
        text = REVISION.format(id=id, down=down, upgrade="pass")
        (tmp_path / "versions" / f"{id}.py").write_text(text)
    return ScriptDirectory(tmp_path)


@pytest.fixture
def connection() -> Iterator[Connection]:
    """An empty SQLite database in memory."""
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection)


@pytest.fixture
def rendering(context: MigrationContext) -> AutogenContext:
    return AutogenContext(context, sa.MetaData(), opts=RENDERING)


class Host:
    """A host that notes what it is asked, and answers with options of its own."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.asked: list[Mapping[str, Any]] = []
        self.arguments: Mapping[str, Any] = {}
        self.seen: Mapping[str, Any] = {}

    def configure(self, options: _alembic.Options) -> _alembic.Options:
        self.asked.append(options)
        return {**options, **self.options}

    def run(self, context: MigrationContext, arguments: Mapping[str, Any]) -> None:
        self.arguments = arguments
        self.seen = _alembic.current_options()
        self.op = vars(alembic_op).get("_proxy")


def hosted(script: ScriptDirectory, host: Host, **options: Any) -> _alembic.HostedEnvironment:
    config = Config()
    config.set_main_option("script_location", str(script.dir))
    return _alembic.HostedEnvironment(config, script, host, fn=lambda *_: [], **options)


@pytest.mark.parametrize("module", [_alembic, _alembic_batch])
def test_each_function_has_a_test(module: ModuleType) -> None:
    functions = {
        node.name
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    values = {"Host", "Read", "Entry", "Batch"}  # protocols, and what flushed_by gives
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {_spelled(name) for name in functions - values} <= tested


def _spelled(name: str) -> str:
    spelled = {
        "HostedEnvironment": "hosted_environment",
        "ObservedEnvironment": "observed_environment",
        "Heads": "heads",
        "ReadScript": "read_script",
    }
    return spelled.get(name, name)


def test_hosted_environment(script: ScriptDirectory, connection: Connection) -> None:
    host = Host(connection=connection, compare_type=False)
    with hosted(script, host) as environment:
        script.run_env()
        assert environment.get_context().connection is connection
    (asked,) = host.asked
    assert asked["url"] == "sqlite://"
    assert host.arguments == {"word": "said"}
    assert host.op is not None
    assert vars(alembic_op).get("_proxy") is None
    assert vars(alembic_context).get("_proxy") is None


def test_a_hosted_environment_within_another(script: ScriptDirectory) -> None:
    with EnvironmentContext(Config(), script) as outer:
        with hosted(script, Host(), as_sql=True):
            assert vars(alembic_context)["_proxy"] is not outer
        assert vars(alembic_context)["_proxy"] is outer


def test_a_hosted_environment_whose_host_fails(
    script: ScriptDirectory, connection: Connection
) -> None:
    class Failing(Host):
        def run(self, context: MigrationContext, arguments: Mapping[str, Any]) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), hosted(script, Failing(connection=connection)):
        script.run_env()
    assert vars(alembic_op).get("_proxy") is None
    assert vars(alembic_context).get("_proxy") is None


def test_observed_environment(script: ScriptDirectory, connection: Connection) -> None:
    class Watching(Host):
        def run(self, context: MigrationContext, arguments: Mapping[str, Any]) -> None:
            super().run(context, arguments)
            self.was_in_transaction = context.connection.in_transaction()

    config = Config()
    config.set_main_option("script_location", str(script.dir))
    host = Watching(connection=connection, transactional_ddl=True)
    with _alembic.ObservedEnvironment(config, script, host, fn=lambda *_: []):
        script.run_env()
    assert host.was_in_transaction
    assert host.arguments == {"word": "said"}
    assert vars(alembic_context).get("_proxy") is None


def test_operations(context: MigrationContext) -> None:
    with Operations.context(context) as outer:
        with contextlib.suppress(ZeroDivisionError), _alembic.operations(context) as inner:
            assert vars(alembic_op)["_proxy"] is inner
            _ = 1 / 0
        assert vars(alembic_op)["_proxy"] is outer
    assert vars(alembic_op).get("_proxy") is None


def test_current_options(script: ScriptDirectory, connection: Connection) -> None:
    host = Host(connection=connection)
    with hosted(script, host, revision_context="here"):
        script.run_env()
    assert host.seen["revision_context"] == "here"
    assert _alembic.current_options() == {}


def test_upgrade_steps(script: ScriptDirectory) -> None:
    assert _ids(_alembic.upgrade_steps(script, "heads", ())) == ["a1", "b2"]
    assert _ids(_alembic.upgrade_steps(script, "heads", ("a1",))) == ["b2"]
    assert _ids(_alembic.upgrade_steps(script, ("b2",), ())) == ["a1", "b2"]
    assert _alembic.upgrade_steps(script, (), ()) == []


def test_read_script(script: ScriptDirectory) -> None:
    theirs = script.get_revision("b2")
    read = index.Revision("b2", ("a1",), (), (), "message", str(theirs.path))
    ours = _alembic.ReadScript(read)
    assert (ours.path, ours.doc, ours.down_revision) == (theirs.path, "message", "a1")
    assert "module" not in vars(ours)
    assert ours.module.revision == "b2"


def test_feed(script: ScriptDirectory) -> None:
    versions = Path(str(script.dir)) / "versions"
    _alembic.feed(script, lambda: index.read([versions]).revisions)
    assert all(isinstance(found, _alembic.ReadScript) for found in script.walk_revisions())
    assert script.get_heads() == ["b2"]
    _alembic.feed(script, lambda: None)
    assert not any(isinstance(found, _alembic.ReadScript) for found in script.walk_revisions())
    assert script.get_heads() == ["b2"]


def test_downgrade_steps(script: ScriptDirectory) -> None:
    assert _ids(_alembic.downgrade_steps(script, "base", ("b2",))) == ["b2", "a1"]


def _ids(steps: list[Any]) -> list[str | None]:
    return [_alembic.step_revision(step) for step in steps]


def test_stamp_steps(script: ScriptDirectory, context: MigrationContext) -> None:
    (step,) = _alembic.stamp_steps(script, ["b2"], ())
    _alembic.ensure_version_table(context)
    heads = _alembic.Heads(context, ())
    heads.take(step)
    heads.write()
    assert context.get_current_heads() == ("b2",)


def test_run_as_configured(script: ScriptDirectory, context: MigrationContext) -> None:
    steps = _alembic.upgrade_steps(script, "heads", ())
    _alembic.run_as_configured(context, steps, {})
    assert context.get_current_heads() == ("b2",)


def test_step_of(script: ScriptDirectory) -> None:
    up = _alembic.step_of(script, "b2", is_upgrade=True)
    assert (_alembic.step_revision(up), up.is_upgrade) == ("b2", True)
    assert up.migration_fn is up.revision.module.upgrade
    down = _alembic.step_of(script, "b2", is_upgrade=False)
    assert down.migration_fn is down.revision.module.downgrade
    assert _alembic.written_ids(down) == ("a1",)


def test_step_path(script: ScriptDirectory) -> None:
    (step,) = _alembic.upgrade_steps(script, "a1", ())
    assert _alembic.step_path(step) == Path(script.dir) / "versions" / "a1.py"


def test_wrap_step(script: ScriptDirectory) -> None:
    said: list[str] = []

    @contextlib.contextmanager
    def around(step: Any) -> Iterator[None]:
        said.append(f"before {_alembic.step_revision(step)}")
        yield
        said.append("after")

    (step,) = _alembic.upgrade_steps(script, "a1", ())
    name = str(step)
    assert _alembic.wrap_step(step, around) is step
    assert str(step) == name
    step.migration_fn()
    assert said == ["before a1", "after"]


def test_captured_output() -> None:
    stream = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="sqlite", opts={"as_sql": True, "output_buffer": stream}
    )
    with _alembic.captured_output(context) as page:
        context.impl.static_output("first")
        assert (page.getvalue(), stream.getvalue()) == ("first\n\n", "")
        page.seek(0)
        page.truncate()
        context.impl.static_output("second")
    context.impl.static_output("third")
    assert stream.getvalue() == "second\n\nthird\n\n"


def test_write_by() -> None:
    options = {"as_sql": True, "output_buffer": io.StringIO()}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    written: list[str] = []
    bind = object()
    _alembic.write_by(context, written.append, bind)
    with _alembic.operations(context) as op:
        op.execute("SELECT 1")
        assert op.get_bind() is bind
    assert written == ["SELECT 1;"]


def test_tell_types() -> None:
    options = {"as_sql": True, "output_buffer": io.StringIO()}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    told: list[str | None] = []
    sent: list[list[str | None]] = []
    _alembic.write_by(context, lambda _: sent.append([*told]), None)
    _alembic.tell_types(context, lambda type_: told.append(type_ and str(type_)))
    with _alembic.operations(context) as op:
        op.alter_column("hero", "name", existing_type=sa.String(5), type_=sa.String(9))
        op.alter_column("hero", "name", nullable=True)
    assert sent == [["VARCHAR(5)"], ["VARCHAR(5)", None, None]]
    assert told == ["VARCHAR(5)", None, None, None]


def test_missing_function(tmp_path: Path) -> None:
    (tmp_path / "a1.py").write_text("revision = 'a1'\ndown_revision = None\n")
    module = pyfiles.load_python_file(tmp_path, "a1.py")
    with pytest.raises(AttributeError) as caught:
        module.upgrade  # noqa: B018
    assert _alembic.missing_function(caught.value) == (tmp_path / "a1.py", "upgrade")
    assert _alembic.missing_function(ValueError()) is None


def test_step_revision(script: ScriptDirectory) -> None:
    (step,) = _alembic.upgrade_steps(script, "a1", ())
    assert _alembic.step_revision(step) == "a1"
    (stamp,) = _alembic.stamp_steps(script, ["a1"], ())
    assert _alembic.step_revision(stamp) is None


def test_loaded_file(script: ScriptDirectory) -> None:
    path = Path(script.dir, "versions", "b2.py")
    path.write_text(f"{path.read_text()}\n\nimport no_such_module\n")
    with pytest.raises(ModuleNotFoundError) as caught:
        script.get_heads()
    assert _alembic.loaded_file(caught.value) == (path, len(path.read_text().splitlines()))
    assert _alembic.loaded_file(ValueError()) is None


def test_loaded_file_is_env_py_where_it_fails(script: ScriptDirectory) -> None:
    path = Path(script.dir, "env.py")
    path.write_text("1 / 0\n")
    with pytest.raises(ZeroDivisionError) as caught:
        script.run_env()
    assert _alembic.loaded_file(caught.value) == (path, 1)


def test_written_ids(script: ScriptDirectory) -> None:
    assert [*map(_alembic.written_ids, _alembic.upgrade_steps(script, "b2", ("a1",)))] == [("b2",)]
    down = _alembic.downgrade_steps(script, "base", ("b2",))
    assert [*map(_alembic.written_ids, down)] == [("a1",), ()]
    assert _alembic.written_ids(_alembic.stamp_steps(script, ["b2"], ())[0]) == ("b2",)


def test_version_column(context: MigrationContext, connection: Connection) -> None:
    column = _alembic.version_column(context)
    assert column.name == "version_num"
    assert column.type.length == 32  # type: ignore[attr-defined]
    column.type = sa.String(64)
    _alembic.ensure_version_table(context)
    (made,) = sa.inspect(connection).get_columns("alembic_version")
    assert made["type"].length == 64  # type: ignore[attr-defined]


def test_heads(script: ScriptDirectory, connection: Connection) -> None:
    told: list[Mapping[str, Any]] = []
    options = {"on_version_apply": (lambda **values: told.append(values),)}
    context = MigrationContext.configure(connection, opts=options)
    _alembic.ensure_version_table(context)
    heads = _alembic.Heads(context, ())
    for step in _alembic.upgrade_steps(script, "heads", ()):
        heads.take(step)
        heads.write()
        heads.tell(step, {"word": "said"})
    assert heads.is_told
    assert heads.ids == ("b2",) == context.get_current_heads()
    assert [values["heads"] for values in told] == [{"a1"}, {"b2"}]
    assert told[0]["run_args"] == {"word": "said"}
    assert told[0]["step"].up_revision_id == "a1"


def test_heads_of_several_steps_are_written_at_once(
    script: ScriptDirectory, context: MigrationContext
) -> None:
    _alembic.ensure_version_table(context)
    heads = _alembic.Heads(context, ())
    for step in _alembic.upgrade_steps(script, "heads", ()):
        heads.take(step)
    assert heads.ids == ("b2",)
    assert context.get_current_heads() == ()
    assert heads.change() is None  # no row is there that could change
    heads.write()
    assert context.get_current_heads() == ("b2",)
    for step in _alembic.downgrade_steps(script, "a1", ("b2",)):
        heads.take(step)
    change = heads.change()
    assert change == {"gone": "b2", "new": "a1"}
    assert context.connection is not None
    context.connection.execute(heads.statement, change)
    heads.written()
    assert heads.change() is None
    assert context.get_current_heads() == ("a1",)


def test_ensure_version_table(context: MigrationContext) -> None:
    _alembic.ensure_version_table(context)
    assert context.connection is not None
    context.connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('a1')")
    _alembic.ensure_version_table(context)
    assert context.get_current_heads() == ("a1",)
    _alembic.ensure_version_table(context, purge=True)
    assert context.get_current_heads() == ()


def test_has_version_table(context: MigrationContext) -> None:
    assert not _alembic.has_version_table(context)
    _alembic.ensure_version_table(context)
    assert _alembic.has_version_table(context)


def test_transaction_of_step(connection: Connection) -> None:
    context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
    with _alembic.transaction_of_step(context):
        assert connection.in_transaction()
        with context.autocommit_block():
            assert connection.get_execution_options()["isolation_level"] == "AUTOCOMMIT"
        assert connection.in_transaction()
    assert not connection.in_transaction()


def test_is_in_external_transaction(connection: Connection) -> None:
    assert not _alembic.is_in_external_transaction(MigrationContext.configure(connection))
    with connection.begin():
        assert _alembic.is_in_external_transaction(MigrationContext.configure(connection))


def test_template_values(script: ScriptDirectory) -> None:
    with _alembic.template_values(script, lambda values: {**values, "message": "changed"}):
        made = script.generate_revision("c3", "as typed")
    assert made is not None
    assert made.doc == "changed"
    assert Path(made.path).name == "c3_as_typed.py"
    again = script.generate_revision("d4", "as typed")
    assert again is not None
    assert again.doc == "as typed"


def test_run_post_write_hooks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a1.py"
    path.write_text("x = 1\n")
    hook = {
        "_hook_name": "compile", "type": "module", "module": "py_compile",
        "options": "REVISION_SCRIPT_FILENAME",
    }  # fmt: skip
    _alembic.run_post_write_hooks(path, [])
    assert not (tmp_path / "__pycache__").exists()
    _alembic.run_post_write_hooks(path, [hook])
    assert list((tmp_path / "__pycache__").glob("a1.*.pyc"))


def test_last_autogen_context(script: ScriptDirectory, connection: Connection) -> None:
    arguments = {
        "message": None, "autogenerate": True, "sql": False, "head": "head", "splice": False,
        "branch_label": None, "version_path": None, "rev_id": None, "depends_on": None,
    }  # fmt: skip
    revision = RevisionContext(Config(), script, arguments)
    assert _alembic.last_autogen_context(revision) is None
    options = {**RENDERING, "target_metadata": sa.MetaData(), "script": script}
    context = MigrationContext.configure(connection, opts=options)
    revision.run_autogenerate(("b2",), context)
    found = _alembic.last_autogen_context(revision)
    assert found is not None
    assert found.migration_context is context


def test_intercepted_operations(context: MigrationContext, connection: Connection) -> None:
    seen: list[Any] = []
    before = AbstractOperations.invoke, BatchOperationsImpl.flush
    connection.exec_driver_sql("CREATE TABLE hero (id INTEGER)")
    op = Operations(context)
    with contextlib.suppress(ZeroDivisionError), _alembic.intercepted_operations(seen.append):
        op.create_table("team", sa.Column("id", sa.Integer))
        with op.batch_alter_table("hero") as batch:
            batch.drop_column("id")
        _ = 1 / 0
    assert [type(each) for each in seen] == [ops.CreateTableOp, ops.DropColumnOp]
    assert sa.inspect(connection).get_table_names() == ["hero"]
    assert (AbstractOperations.invoke, BatchOperationsImpl.flush) == before


def test_is_registered() -> None:
    assert _alembic.is_registered("alembic.autogenerate.tables")
    assert not _alembic.is_registered("alembic.autogenerate.no_such_thing")


def test_has_comparators_of_others(connection: Connection) -> None:
    plain = MigrationContext.configure(connection)
    assert not _alembic.has_comparators_of_others(plain)
    asking = MigrationContext.configure(connection, opts={"compare_type": lambda *_: None})
    assert _alembic.has_comparators_of_others(asking)
    with contextlib.closing(_Registered("views")):
        assert _alembic.has_comparators_of_others(plain)
    try:
        comparators.dispatch_for("schema")(print)
        assert _alembic.has_comparators_of_others(plain)
    finally:
        comparators._registry.clear()
    assert not _alembic.has_comparators_of_others(plain)


class _Registered(Plugin):
    """A plugin that is known until it is closed."""

    def close(self) -> None:
        self.remove()


def test_nothing_read_for_nothing(script: ScriptDirectory, connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE hero (id INTEGER)")
    options = {
        **RENDERING,
        "target_metadata": sa.MetaData(),
        "include_name": lambda _, kind, __: kind != "table",
    }
    context = MigrationContext.configure(connection, opts={**options, "script": script})
    asked: list[str] = []

    raw: Any = connection.connection.driver_connection
    raw.set_trace_callback(asked.append)
    produce_migrations(context, sa.MetaData())
    everything = len(asked)
    with _alembic.nothing_read_for_nothing():
        produce_migrations(context, sa.MetaData())
    assert 0 < len(asked) - everything < everything


def test_user_compare_type(connection: Connection) -> None:
    for given in (True, False, lambda *_: None):
        context = MigrationContext.configure(connection, opts={"compare_type": given})
        assert _alembic.user_compare_type(context) is given


def test_user_compare_server_default(connection: Connection) -> None:
    for given in (True, False, lambda *_: None):
        context = MigrationContext.configure(connection, opts={"compare_server_default": given})
        assert _alembic.user_compare_server_default(context) is given


def test_reflect_columns(script: ScriptDirectory, connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE hero (id INTEGER, age INTEGER)")
    options = {**RENDERING, "target_metadata": sa.MetaData(), "script": script}
    context = MigrationContext.configure(connection, opts=options)
    seen = []
    _alembic.reflect_columns(context, lambda _, table, column: seen.append((table.name, column)))
    produce_migrations(context, sa.MetaData())
    assert [(table, column["name"]) for table, column in seen] == [("hero", "id"), ("hero", "age")]


def test_rendered(rendering: AutogenContext) -> None:
    assert _alembic.rendered(rendering, ops.DropTableOp("hero")) == ["op.drop_table('hero')"]


def test_rendered_alter_column(rendering: AutogenContext) -> None:
    operation = ops.AlterColumnOp("hero", "age", modify_nullable=False)
    text = _alembic.rendered_alter_column(rendering, operation)
    assert "".join(text.split()) == "op.alter_column('hero','age',nullable=False)"


def test_is_batched(rendering: AutogenContext) -> None:
    assert not _alembic.is_batched(rendering)
    with _alembic.within_batch(rendering):
        assert _alembic.is_batched(rendering)


def test_within_batch(rendering: AutogenContext) -> None:
    operation = ops.AlterColumnOp("hero", "age", modify_nullable=False)
    with _alembic.within_batch(rendering):
        assert _alembic.rendered_alter_column(rendering, operation).startswith("batch_op.")
    assert _alembic.rendered_alter_column(rendering, operation).startswith("op.")


def test_flushed_by(context: MigrationContext, connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE hero (id INTEGER, name TEXT)")
    original = BatchOperationsImpl.flush
    seen: list[_alembic_batch.Batch] = []

    def flush(batch: _alembic_batch.Batch) -> bool:
        seen.append(batch)
        return len(seen) == 1

    op = Operations(context)
    with _alembic_batch.flushed_by(flush):
        for _ in range(2):
            with op.batch_alter_table("hero") as batch:
                batch.add_column(sa.Column("age", sa.Integer))
    assert BatchOperationsImpl.flush is original
    names = [column["name"] for column in sa.inspect(connection).get_columns("hero")]
    assert names == ["id", "name", "age"]
    first = seen[0]
    assert (first.table, first.schema, first.recreate) == ("hero", None, "auto")
    assert [entry.name for entry in first.entries] == ["add_column"]
    assert first.connection is connection
    assert first.dialect is connection.dialect
    assert not first.would_recreate


def test_noted(context: MigrationContext, connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE hero (id INTEGER)")
    original = BatchOperationsImpl.__init__
    marks, begun = iter(["first", "second"]), []
    with (
        _alembic_batch.noted(lambda names: (next(marks), names), begun.append),
        Operations(context).batch_alter_table("hero", recreate="never") as batch,
    ):
        batch.add_column(sa.Column("age", sa.Integer))
        batch.add_column(sa.Column("name", sa.Text))
        assert begun == []
    age, name = frozenset({"age", "hero"}), frozenset({"name", "hero"})
    assert begun == [("first", age), ("second", name), None]
    assert BatchOperationsImpl.__init__ is original


def test_a_batch_runs_an_entry_by_alter(context: MigrationContext, connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE hero (id INTEGER)")

    def flush(batch: _alembic_batch.Batch) -> bool:
        for entry in batch.entries:
            batch.run(entry)
        return True

    with _alembic_batch.flushed_by(flush), Operations(context).batch_alter_table("hero") as batch:
        batch.add_column(sa.Column("age", sa.Integer))
    assert len(sa.inspect(connection).get_columns("hero")) == 2


def test_is_made(connection: Connection) -> None:
    boolean = sa.Table("hero", sa.MetaData(), sa.Column("flag", sa.Boolean(create_constraint=True)))
    (check,) = (c for c in boolean.constraints if isinstance(c, sa.CheckConstraint))
    assert _alembic_batch.is_made(check, connection.dialect)
    from sqlalchemy.dialects import postgresql

    assert not _alembic_batch.is_made(check, postgresql.dialect())
    plain = sa.CheckConstraint("a > 0")
    assert _alembic_batch.is_made(plain, postgresql.dialect())


def test_is_of_type() -> None:
    table = sa.Table(
        "hero", sa.MetaData(),
        sa.Column("flag", sa.Boolean(create_constraint=True)), sa.CheckConstraint("1 > 0", "own"),
    )  # fmt: skip
    checks = [c for c in table.constraints if isinstance(c, sa.CheckConstraint)]
    assert {(c.name == "own", _alembic_batch.is_of_type(c)) for c in checks} == {
        (True, False),
        (False, True),
    }

"""Importing models: what they contribute, what is refused, and what is left as it was."""

from __future__ import annotations

import gc
import importlib.util
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table
from sqlmodel import SQLModel

from sqlmodel_migrations.errors import ExitCode, UsageError
from sqlmodel_migrations.project import models

# A module is imported once in a process: each test has names of its own.
PLAIN = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Hero(Base):
    __tablename__ = "hero"
    id: Mapped[int] = mapped_column(primary_key=True)
"""

Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Write the files of a project; forget its modules and its SQLModel tables afterwards."""
    tables = set(SQLModel.metadata.tables)

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return tmp_path

    yield write
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]
    for name in set(SQLModel.metadata.tables) - tables:
        SQLModel.metadata.remove(SQLModel.metadata.tables[name])


def table_names(loaded: tuple[MetaData, ...]) -> list[list[str]]:
    return [sorted(metadata.tables) for metadata in loaded]


def sqlmodel_class(name: str) -> str:
    return (
        "from sqlmodel import Field, SQLModel\n"
        f"class {name}(SQLModel, table=True):\n"
        "    id: int | None = Field(default=None, primary_key=True)\n"
    )


def test_sqlmodel_module(write: Write) -> None:
    root = write({"ld_a.py": sqlmodel_class("LdA")})

    assert models.load(["ld_a"], root) == (SQLModel.metadata,)
    assert "lda" in SQLModel.metadata.tables


def test_plain_sqlalchemy_does_not_import_sqlmodel(write: Write) -> None:
    root = write({"ld_plain.py": PLAIN})
    code = (
        "import sys; from pathlib import Path; from sqlmodel_migrations.project import models; "
        "[m] = models.load(['ld_plain'], Path(sys.argv[1])); "
        "print(list(m.tables), 'sqlmodel' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code, root], capture_output=True, text=True)

    assert ran.stdout.split("\n")[0] == "['hero'] False", ran.stderr


def test_package_takes_in_its_submodules(write: Write) -> None:
    root = write(
        {
            "ld_pkg/__init__.py": "",
            "ld_pkg/base.py": PLAIN,
            "ld_pkg/deep/more.py": "from ld_pkg.base import Base, mapped_column, Mapped\n"
            "class Team(Base):\n    __tablename__ = 'team'\n"
            "    id: Mapped[int] = mapped_column(primary_key=True)\n",
            "ld_pkg/__main__.py": "raise SystemExit('was run')",
            "ld_pkg/tests/test_it.py": "raise SystemExit('was run')",
            "ld_pkg/migrations/env.py": "raise SystemExit('was run')",
            "ld_pkg/migrations/script.py.mako": "",
        }
    )

    assert table_names(models.load(["ld_pkg"], root)) == [["hero", "team"]]


@pytest.mark.parametrize(
    ("files", "target"),
    [
        ({"src/ld_layout/__init__.py": "", "src/ld_layout/models.py": PLAIN}, "ld_layout.models"),
        ({"ld_space/models.py": PLAIN}, "ld_space"),
        (
            {"backend/ld_inner/models.py": PLAIN, "backend/main.py": "import ld_inner.models"},
            "ld_inner.models",
        ),
    ],
)
def test_import_roots(write: Write, files: dict[str, str], target: str) -> None:
    root = write(files)

    assert models.find(root).modules[0].startswith(target)
    assert table_names(models.load([target], root)) == [["hero"]]


@pytest.mark.parametrize(
    "target",
    ["ld_attr:Base", "ld_attr:Base.metadata", "ld_attr:Hero", "ld_attr:make", "ld_attr:make_base"],
)
def test_attribute_of_a_module(write: Write, target: str) -> None:
    tail = "def make(): return Base.metadata\ndef make_base(): return Base\n"
    root = write({"ld_attr.py": PLAIN + tail})

    assert table_names(models.load([target], root)) == [["hero"]]


def test_metadata_is_taken_as_it_is_and_once(tmp_path: Path) -> None:
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer))

    assert models.load([metadata, metadata], tmp_path) == (metadata,)


def test_imperative_tables_and_several_metadata(write: Write) -> None:
    text = """
    from sqlalchemy import Column, Integer, MetaData, Table
    first = MetaData()
    empty = MetaData()
    Table("one", first, Column("id", Integer, primary_key=True))
    two = Table("two", MetaData(), Column("id", Integer, primary_key=True))
    """
    root = write({"ld_many.py": text})

    assert table_names(models.load(["ld_many"], root)) == [["one"], ["two"]]


def test_base_imported_from_elsewhere(write: Write) -> None:
    """A module that gathers the models: `from app.base import Base; import app.models`."""
    root = write(
        {"ld_base.py": PLAIN, "ld_gather.py": "from ld_base import Base\nclass Other: metadata = 1"}
    )

    assert table_names(models.load(["ld_gather"], root)) == [["hero"]]


def test_sqlmodel_imported_beside_other_tables_is_not_meant(write: Write) -> None:
    """The second database: SQLModel's tables belong to the first one."""
    root = write(
        {
            "ld_first.py": sqlmodel_class("LdFirst"),
            "ld_second.py": "from sqlmodel import SQLModel\nfrom ld_first import LdFirst\n"
            "class HeroRead(SQLModel): pass\n" + PLAIN,
        }
    )

    assert table_names(models.load(["ld_second"], root)) == [["hero"]]


def test_sqlmodel_imported_in_a_module_that_gathers(write: Write) -> None:
    root = write(
        {
            "ld_tables.py": sqlmodel_class("LdTables"),
            "ld_all.py": "from sqlmodel import SQLModel\nimport ld_tables\n",
        }
    )

    assert models.load(["ld_all"], root) == (SQLModel.metadata,)


def test_sys_path_and_garbage_collection_are_as_before(write: Write) -> None:
    root = write({"ld_path.py": "import sys; sys.path.append('x')\n" + PLAIN, "ld_bad.py": "1/0"})
    before = sys.path[:]

    models.load(["ld_path"], root)
    with pytest.raises(UsageError):
        models.load(["ld_bad"], root)

    assert sys.path == before
    assert gc.isenabled()


def test_module_not_found(write: Write) -> None:
    root = write({"ld_shop/models.py": PLAIN})
    with pytest.raises(UsageError) as caught:
        models.load(["ld_shop.model"], root)

    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.message == "the models cannot be read: there is no module 'ld_shop.model'"
    assert caught.value.hint == "did you mean 'ld_shop.models'?"


def test_models_module_that_fails_to_import(write: Write) -> None:
    root = write(
        {
            "ld_fail/__init__.py": "",
            "ld_fail/models.py": "import importlib\nimportlib.import_module('ld_fail.config')\n",
            "ld_fail/config.py": "def read(): raise KeyError('SECRET_KEY')\nsetting = read()\n",
        }
    )
    with pytest.raises(UsageError) as caught:
        models.load(["ld_fail.models"], root)

    error = caught.value
    assert "importing 'ld_fail.models' raises KeyError: 'SECRET_KEY'" in error.message
    assert "`upgrade` does not need it" in (error.hint or "")
    text = "\n".join(error.details)
    assert 'ld_fail/models.py", line 2' in text.replace("\\", "/")
    assert "config.py" in text
    assert error.details[-1] == "KeyError: 'SECRET_KEY'"
    assert text.count("in import_module") == 1, "theirs, not ours"
    assert "<frozen" not in text
    assert "sqlmodel_migrations" not in text


def test_models_module_with_a_syntax_error(write: Write) -> None:
    root = write({"ld_syntax.py": "from sqlmodel import SQLModel\nclass Hero(:\n"})
    with pytest.raises(UsageError) as caught:
        models.load(["ld_syntax"], root)

    assert "SyntaxError" in caught.value.message
    assert any("ld_syntax.py" in line and "line 2" in line for line in caught.value.details)


def test_models_module_that_ends_the_process(write: Write) -> None:
    root = write({"ld_exit.py": "raise SystemExit(3)"})
    with pytest.raises(UsageError, match="importing 'ld_exit' raises SystemExit"):
        models.load(["ld_exit"], root)


def test_models_module_that_lacks_a_library(write: Write) -> None:
    root = write({"ld_lacks.py": "import no_such_library_anywhere"})
    with pytest.raises(UsageError, match="No module named 'no_such_library_anywhere'"):
        models.load(["ld_lacks"], root)


def test_no_models(write: Write) -> None:
    root = write({"ld_empty.py": "x = 1", "ld_other/models.py": PLAIN})
    with pytest.raises(UsageError, match="no table is declared in 'ld_empty'") as caught:
        models.load(["ld_empty"], root)

    assert caught.value.hint is not None
    assert 'target_metadata = ["ld_other.models"]' in caught.value.hint
    assert caught.value.details == ("the source declares 1 table in ld_other.models",)


def test_no_target_and_an_empty_metadata(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no module with models is named"):
        models.load([], tmp_path)
    with pytest.raises(UsageError, match="holds no table"):
        models.load([MetaData()], tmp_path)


def test_table_declared_in_two_metadata(write: Write) -> None:
    root = write({"ld_x.py": PLAIN, "ld_y.py": PLAIN})
    with pytest.raises(UsageError) as caught:
        models.load(["ld_x", "ld_y"], root)

    assert "table 'hero' is declared twice" in caught.value.message
    assert "'ld_x:Base' and 'ld_y:Base'" in caught.value.message


def test_attribute_that_is_missing_or_no_metadata(write: Write) -> None:
    root = write({"ld_kind.py": PLAIN + "number = 3\n"})
    with pytest.raises(UsageError, match="'ld_kind' has no 'Bose'") as caught:
        models.load(["ld_kind:Bose"], root)
    assert caught.value.hint == "did you mean 'Base'?"
    with pytest.raises(UsageError, match="'ld_kind:number' is a int"):
        models.load(["ld_kind:number"], root)


def test_object_that_a_setting_names(write: Write) -> None:
    root = write({"src/ld_set/db.py": "class Settings:\n    url = 'sqlite://'\n"})
    before = sys.path[:]

    assert models.import_object("ld_set.db:Settings.url", root) == "sqlite://"
    with pytest.raises(UsageError, match=r"setting cannot be read: 'ld_set\.db' has no"):
        models.import_object("ld_set.db:engine", root)
    with pytest.raises(UsageError, match="the setting cannot be read: there is no module 'ld_no'"):
        models.import_object("ld_no:engine", root)
    assert sys.path == before


def test_undeclared_names_what_was_not_imported(write: Write) -> None:
    root = write({"ld_in.py": PLAIN, "ld_out.py": "\n" + sqlmodel_class("LdOut")})
    loaded = models.load(["ld_in"], root)

    [table] = models.undeclared(root, loaded)
    assert (table.module, table.class_name, table.line) == ("ld_out", "LdOut", 3)
    assert table.path == root / "ld_out.py"
    assert models.undeclared(root, loaded, elsewhere=["ld_out"]) == ()


def test_undeclared_names_a_metadata_that_is_not_migrated(write: Write) -> None:
    root = write({"ld_mine.py": PLAIN, "ld_theirs.py": "import ld_mine\n" + PLAIN})
    mine = models.load(["ld_mine"], root)
    theirs = models.load(["ld_theirs"], root)

    assert [t.module for t in models.undeclared(root, mine)] == ["ld_theirs"]
    assert models.undeclared(root, (*mine, *theirs)) == ()


def test_nothing_is_undeclared_where_all_is_loaded(write: Write) -> None:
    tail = "from sqlalchemy import Table, Column, Integer\nlink = Table('link', Base.metadata)\n"
    root = write({"ld_full.py": PLAIN + tail, "tests/models.py": PLAIN})

    assert models.undeclared(root, models.load(["ld_full"], root)) == ()


def test_what_was_imported_under_another_name_is_not_undeclared(write: Write) -> None:
    root = write({"ld_first.py": PLAIN, "ld_other.py": PLAIN})
    first = models.load(["ld_first"], root)
    found = importlib.util.spec_from_file_location("ld_elsewhere", root / "ld_other.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules["ld_elsewhere"] = module
    found.loader.exec_module(module)

    assert [t.module for t in models.undeclared(root, first)] == ["ld_other"]
    assert models.undeclared(root, (*first, module.Base.metadata)) == ()

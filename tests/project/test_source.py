"""What is found by reading the source: nothing here is importable on purpose or by accident."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from sqlmodel_migrations.project import source
from sqlmodel_migrations.project.source import Found

HERO = """
from sqlmodel import Field, SQLModel

class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
"""
PLAIN_BASE = """
from sqlalchemy.orm import DeclarativeBase

class Base(DeclarativeBase):
    pass
"""

Find = Callable[[dict[str, str]], Found]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Write files (an empty text is an empty file) and find their tables."""

    def write_and_find(files: dict[str, str]) -> Found:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return source.find(tmp_path)

    return write_and_find


def names(found: Found) -> list[str]:
    return [f"{t.module}.{t.class_name}" for t in found.tables]


def test_sqlmodel_table(find: Find, tmp_path: Path) -> None:
    found = find({"models.py": HERO})

    assert found.modules == ("models",)
    [table] = found.tables
    assert (table.module, table.class_name, table.line) == ("models", "Hero", 4)
    assert table.path == tmp_path / "models.py"


def test_single_main_py(find: Find) -> None:
    assert find({"main.py": HERO}).modules == ("main",)


def test_nothing_is_imported_or_run(find: Find, tmp_path: Path) -> None:
    find({"ruinous_models.py": HERO + "\nopen('ruin', 'w')\nraise SystemExit"})

    assert "ruinous_models" not in sys.modules
    assert not (tmp_path / "ruin").exists()


@pytest.mark.parametrize(
    "text",
    [
        "import sqlmodel as sm\nclass Hero(sm.SQLModel, table=True): ...",
        "import sqlmodel\nclass Hero(sqlmodel.SQLModel, table=True): ...",
        "from sqlmodel import SQLModel as Model\nclass Hero(Model, table=True): ...",
        "from sqlmodel import *\nclass Hero(SQLModel, table=True): ...",
        "from sqlmodel import SQLModel\nclass HeroBase(SQLModel): ...\n"
        "class Hero(HeroBase, table=True): ...",
        "from sqlmodel import SQLModel\nclass Hero(SQLModel):\n    model_config = {'table': True}",
        "from shared.models import Base\nclass Hero(Base, table = True): ...",
        "try:\n    from sqlmodel import SQLModel\nexcept ImportError:\n    raise\n"
        "if True:\n    class Hero(SQLModel, table=True): ...",
    ],
)
def test_ways_to_write_a_sqlmodel_table(find: Find, text: str) -> None:
    assert names(find({"models.py": text})) == ["models.Hero"]


@pytest.mark.parametrize(
    "base",
    [
        "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): ...",
        "from sqlalchemy import orm\nclass Base(orm.DeclarativeBase): ...",
        "import sqlalchemy.orm\nclass Base(sqlalchemy.orm.DeclarativeBase): ...",
        "from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass\n"
        "class Base(MappedAsDataclass, DeclarativeBase, kw_only=True): ...",
        "from sqlalchemy.ext.asyncio import AsyncAttrs\nimport sqlalchemy.orm as so\n"
        "class Base(AsyncAttrs, so.DeclarativeBase): ...",
        "from sqlalchemy.orm import declarative_base\nBase = declarative_base()",
        "from sqlalchemy.orm import declarative_base\nBase: object = declarative_base()",
        "from sqlalchemy.ext.declarative import declarative_base\nBase = declarative_base()",
        "import sqlalchemy.orm as so\nBase = so.declarative_base()",
        "from sqlalchemy.orm import registry\nBase = registry().generate_base()",
        "from sqlalchemy.orm import registry\nreg = registry()\nBase = reg.generate_base()",
        "from sqlalchemy.orm import as_declarative\n@as_declarative()\nclass Base: ...",
        "from sqlalchemy.orm import declarative_base\nFirst = declarative_base()\nBase = First",
        "from company_library.database import Base",
    ],
)
def test_ways_to_make_a_base(find: Find, base: str) -> None:
    models = base + "\nclass Hero(Base):\n    __tablename__ = 'hero'\n"

    assert names(find({"models.py": models})) == ["models.Hero"]


@pytest.mark.parametrize("line", ["from app.db import Base", "from .db import Base"])
@pytest.mark.parametrize("base", ["db.py", "db/base.py"])
def test_base_in_another_module(find: Find, line: str, base: str) -> None:
    init = "" if base == "db.py" else "from .base import Base"
    found = find(
        {
            "app/__init__.py": "",
            f"app/{base}": PLAIN_BASE,
            **({"app/db/__init__.py": init} if init else {}),
            "app/models.py": f"{line}\nclass Hero(Base):\n    __tablename__ = 'hero'\n",
        }
    )

    assert names(found) == ["app.models.Hero"]


def test_base_of_another_folder_through_star_and_module_attribute(find: Find) -> None:
    found = find(
        {
            "app/__init__.py": "",
            "app/base.py": PLAIN_BASE,
            "app/db.py": "from .base import *\n",
            "app/models.py": "from app import db\nclass A(db.Base):\n    __tablename__ = 'a'\n",
        }
    )

    assert names(found) == ["app.models.A"]


@pytest.mark.parametrize("decorator", ["reg.mapped", "reg.mapped_as_dataclass(kw_only=True)"])
def test_registry_decorators(find: Find, decorator: str) -> None:
    text = f"""
from sqlalchemy.orm import registry
reg = registry()

@{decorator}
class Hero:
    __tablename__ = "hero"
"""
    assert names(find({"models.py": text})) == ["models.Hero"]


def test_imperative_tables(find: Find) -> None:
    text = """
    import sqlalchemy as sa
    from rich.table import Table
    from sqlalchemy import MetaData

    metadata = MetaData()
    heroes = sa.Table("hero", metadata, sa.Column("id", sa.Integer))
    sa.Table("team", metadata)
    reflected = sa.Table("theirs", metadata, autoload_with=engine)
    shown = Table("a", "b")
    """
    assert names(find({"tables.py": text})) == ["tables.heroes", "tables.team"]


def test_abstract_classes_bases_and_mixins_are_no_tables(find: Find) -> None:
    text = """
    from pydantic import BaseModel
    from sqlalchemy.orm import DeclarativeBase, declared_attr
    from sqlmodel import SQLModel

    class Base(DeclarativeBase):
        @declared_attr.directive
        def __tablename__(cls): return cls.__name__.lower()

    class Abstract(Base):
        __abstract__ = True
        __tablename__ = "abstract"

    class Mixin:
        __tablename__ = "mixin"

    class HeroCreate(SQLModel):
        name: str

    class Settings(BaseModel):
        __tablename__ = "no"

    class Error(Exception):
        __tablename__ = "no"

    class Named(Base): ...

    class Concrete(Abstract): ...
    """
    assert names(find({"models.py": text})) == ["models.Named", "models.Concrete"]


def test_table_name_from_a_mixin(find: Find) -> None:
    text = """
    class TableName:
        __tablename__ = "employee"

    class Employee(TableName, Base): ...
    """
    found = find({"models.py": PLAIN_BASE + textwrap.dedent(text)})

    assert names(found) == ["models.Employee"]


def test_single_table_inheritance_has_no_table_of_its_own(find: Find) -> None:
    text = """
    class Employee(Base):
        __tablename__ = "employee"

    class Manager(Employee): ...

    class Engineer(Employee):
        __tablename__ = "engineer"
    """
    found = find({"models.py": PLAIN_BASE + textwrap.dedent(text)})

    assert names(found) == ["models.Employee", "models.Engineer"]


def test_flask_sqlalchemy(find: Find) -> None:
    text = """
    from flask_sqlalchemy import SQLAlchemy
    db = SQLAlchemy()

    class Hero(db.Model): ...

    link = db.Table("link", db.Column("a"))
    """
    other = "from models import db\nclass Team(db.Model): ...\n"
    found = find({"models.py": text, "teams.py": other})

    assert names(found) == ["models.Hero", "models.link", "teams.Team"]


def test_several_modules_and_packages_in_import_order(find: Find) -> None:
    found = find(
        {
            "app/__init__.py": "",
            "app/heroes.py": "from app.teams import Team\n" + HERO,
            "app/teams.py": HERO.replace("Hero", "Team"),
            "other/__init__.py": "",
            "other/models.py": HERO.replace("Hero", "Other"),
        }
    )

    assert found.modules == ("app.teams", "app.heroes", "other.models")
    assert found.summary() == "3 tables in app.teams, app.heroes, other.models"


def test_modules_that_import_each_other(find: Find) -> None:
    found = find(
        {
            "a.py": "from b import B\n" + HERO,
            "b.py": "from a import Hero\n" + HERO.replace("Hero", "B"),
            "loop.py": "from loop import loop\nx = x.y\nclass C(loop, x):\n  __tablename__ = 'c'",
        }
    )

    assert {"a", "b"} <= set(found.modules)


def test_summary_of_one_none_and_many(find: Find) -> None:
    assert find({}).summary() == "no tables"
    assert find({"models.py": HERO}).summary() == "1 table in models"
    many = {f"m{n}.py": HERO.replace("Hero", f"H{n}") for n in range(7)}
    assert find(many).summary() == "8 tables in m0, m1, m2, m3, m4 and 3 more"


def test_package_of_models_is_named_as_a_whole(find: Find) -> None:
    found = find(
        {
            "app/__init__.py": "",
            "app/main.py": "import app.models",
            "app/models/__init__.py": "",
            "app/models/base.py": PLAIN_BASE,
            "app/models/hero.py": "from .base import Base\nclass H(Base):\n  __tablename__ = 'h'",
            "app/models/team.py": "from .base import Base\nclass T(Base):\n  __tablename__ = 't'",
        }
    )

    assert found.modules == ("app.models.hero", "app.models.team")
    assert found.targets == ("app.models",)
    assert found.summary() == "2 tables in app.models"


def test_package_that_holds_more_than_models_is_not_named_as_a_whole(find: Find) -> None:
    found = find(
        {
            "models/__init__.py": "",
            "models/hero.py": HERO,
            "models/train.py": "print('starts a training when imported')",
        }
    )

    assert found.targets == ("models.hero",)


BASE_IN_SRC = {
    "src/models/__init__.py": "",
    "src/models/base.py": PLAIN_BASE,
    "src/models/hero.py": "from src.models.base import Base\n"
    "class Hero(Base):\n    __tablename__ = 'hero'\n",
}


@pytest.mark.parametrize("init", [{"src/__init__.py": ""}, {}])
def test_package_called_src(find: Find, init: dict[str, str]) -> None:
    assert find({**BASE_IN_SRC, **init}).modules == ("src.models.hero",)


@pytest.mark.parametrize(
    "line",
    ["from app.base import Base", "from .base import Base", "import app.base as b; Base=b.Base"],
)
def test_src_layout(find: Find, line: str) -> None:
    found = find(
        {
            "src/app/__init__.py": "",
            "src/app/base.py": PLAIN_BASE,
            "src/app/models.py": f"{line}\nclass Hero(Base):\n    __tablename__ = 'hero'\n",
        }
    )

    assert found.modules == ("app.models",)


def test_src_with_init_that_is_run_from_inside(find: Find) -> None:
    found = find({"src/__init__.py": "", "src/models.py": HERO, "src/main.py": "import models"})

    assert found.modules == ("models",)


def test_src_with_relative_imports(find: Find) -> None:
    files = {"src/models.py": HERO, "src/main.py": "from .models import Hero"}

    assert find(files).modules == ("src.models",)


def test_folder_that_no_import_can_name_is_an_import_root(find: Find) -> None:
    assert find({"my-service/app/models.py": HERO}).modules == ("app.models",)


def test_backend_folder_of_a_monorepo(find: Find) -> None:
    found = find({"backend/app/models.py": HERO, "backend/app/main.py": "import app.models"})

    assert found.modules == ("app.models",)


def test_module_named_as_the_library_that_it_imports(find: Find) -> None:
    """app/click.py with `import click` does not make app/ a folder of top-level modules."""
    found = find(
        {
            "app/click.py": "import click",
            "app/alembic.py": "import click",
            "app/models.py": HERO,
            "app/main.py": "import alembic",
        }
    )

    assert found.modules == ("app.models",)


def test_namespace_packages(find: Find) -> None:
    assert find({"company/shop/models.py": HERO}).modules == ("company.shop.models",)


@pytest.mark.parametrize(
    "folder",
    [
        ".hidden",
        "node_modules",
        "build",
        "dist",
        "env",
        "site-packages",
        "tests",
        "examples",
        "old",
    ],
)
def test_ignored_folders(find: Find, folder: str) -> None:
    found = find(
        {
            "models.py": HERO,
            "env/pyvenv.cfg": "",
            "old/env.py": "",
            "old/script.py.mako": "",
            f"{folder}/lib/models.py": HERO.replace("Hero", "Wrong"),
        }
    )

    assert found.modules == ("models",)


def test_test_files_beside_the_models(find: Find) -> None:
    files = {"models.py": HERO, "test_models.py": HERO, "conftest.py": HERO}

    assert find(files).modules == ("models",)


def test_models_in_tests_where_there_are_no_others(find: Find) -> None:
    assert find({"tests/models.py": HERO}).modules == ("tests.models",)


def test_file_of_more_than_a_megabyte(find: Find) -> None:
    assert find({"data.py": HERO + "#" * 1_000_001}).tables == ()


def test_syntax_error_is_remembered(find: Find, tmp_path: Path) -> None:
    found = find(
        {"models.py": HERO, "broken.py": "import sqlmodel\nclass (", "nul.py": "\0sqlmodel"}
    )

    assert found.modules == ("models",)
    assert found.unreadable == (tmp_path / "broken.py", tmp_path / "nul.py")


def test_invalid_escape_is_no_warning(find: Find) -> None:
    assert find({"models.py": HERO + "\npattern = '\\d'\n"}).modules == ("models",)


def test_declared_encoding(find: Find, tmp_path: Path) -> None:
    text = "# -*- coding: latin-1 -*-\nname = 'caf\xe9'\n" + HERO
    (tmp_path / "models.py").write_bytes(text.encode("latin-1"))

    assert find({}).modules == ("models",)


def test_names_that_cannot_be_imported(find: Find) -> None:
    assert find({"my-models.py": HERO, "class.py": HERO, "__main__.py": HERO}).tables == ()


def test_script_part_and_functions_declare_nothing(find: Find) -> None:
    text = """
    from sqlmodel import SQLModel

    if __name__ == "__main__":
        class A(SQLModel, table=True): ...

    def make():
        class B(SQLModel, table=True): ...
    """

    assert find({"models.py": text}).tables == ()


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a right on Windows")
def test_folder_that_links_to_its_parent(find: Find, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)

    assert find({"models.py": HERO}).modules == ("models",)

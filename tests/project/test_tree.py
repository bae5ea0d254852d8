"""Which folders are put on sys.path to import the application."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmodel_migrations.project import tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_folder_of_tests_is_left_out(root: Path) -> None:
    write(root, {"models.py": "", "tests/factories.py": "", "tests/test_it.py": "import factories"})

    assert tree.import_roots(root) == (root,)


def test_folder_that_no_import_can_name(root: Path) -> None:
    """It is put on the path for its own modules only: it may hold a redis.py."""
    write(root, {"my-scripts/redis.py": "", "my-scripts/models.py": ""})

    assert tree.import_roots(root, ["app.models"]) == (root,)
    assert tree.import_roots(root, ["models"]) == (root, root / "my-scripts")


def test_folder_whose_modules_are_imported_by_their_bare_names(root: Path) -> None:
    write(root, {"app/main.py": "from models import Hero", "app/models.py": ""})

    assert tree.import_roots(root) == (root, root / "app")
    assert set(tree.read(root).files) == {"main", "models"}


def test_module_named_as_a_library_that_is_not_installed(root: Path) -> None:
    write(root, {"app/some_broker.py": "import some_broker", "app/models.py": ""})

    assert tree.import_roots(root) == (root,)


def test_package_that_mostly_imports_itself(root: Path) -> None:
    write(root, {"app/a.py": "import models", "app/models.py": "", "b.py": "import app.models"})

    assert tree.import_roots(root) == (root,)


def test_two_services_with_equal_names(root: Path) -> None:
    files = {f"{s}/{m}.py": "import models" for s in ("one", "two") for m in ("main", "models")}
    write(root, files)

    assert set(tree.read(root).files) == {"main", "models", "two.main", "two.models"}


def test_standard_library_is_not_found_in_the_project(root: Path) -> None:
    write(root, {"app/types.py": "", "app/models.py": "import types"})

    assert tree.import_roots(root) == (root,)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("app/models.py", "app.models"),
        ("app/__init__.py", "app"),
        ("__init__.py", None),
        ("app/__main__.py", None),
        ("my-app/models.py", None),
        ("app/class.py", None),
    ],
)
def test_dotted(path: str, name: str | None) -> None:
    assert tree.dotted(Path(path)) == name

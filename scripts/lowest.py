"""Print the oldest versions that pyproject.toml allows, as requirements.

python scripts/lowest.py > requirements/lowest.txt
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

HEADER = "# The oldest versions that pyproject.toml allows; made by scripts/lowest.py.\n"


def lowest(pyproject: Path) -> str:
    """The text of requirements/lowest.txt. Raises ValueError for a dependency without `>=`."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    return HEADER + "".join(f"{_pin(dependency)}\n" for dependency in project["dependencies"])


def _pin(dependency: str) -> str:
    found = re.fullmatch(r"([\w.-]+)>=([\w.]+)", dependency)
    if found is None:
        raise ValueError(f"{dependency!r} does not say which version is the oldest")
    return f"{found[1]}=={found[2]}"


if __name__ == "__main__":
    print(lowest(Path(__file__).parent.parent / "pyproject.toml"), end="")

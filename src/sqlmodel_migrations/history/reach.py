"""What the text of a revision reaches for: in doubt, more than the connection it is given.

Such a revision may make another schema the next time, or look at what others see of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# What may stand in a revision that does the same each time: other modules, and what these
# words do, reach for files, the environment, the arguments of the command or another database.
_KNOWN = frozenset(
    b"__future__ abc alembic base64 collections contextlib copy dataclasses datetime decimal enum"
    b" functools geoalchemy2 hashlib itertools json logging math operator pgvector re sqlalchemy"
    b" sqlalchemy_utils sqlmodel string textwrap time types typing typing_extensions uuid"
    b" warnings".split()
)
_IMPORT = re.compile(rb"(?:^|[;:])[ \t]*(from|import)[ \t]+([^\n;#]+)", re.MULTILINE)
_REACHING = re.compile(
    rb"(?<![.\w])(?:open|exec|eval|__import__)\s*\("
    rb"|\bimport\b(?:[^\n;(]*|\s*\([^)]*)\bcontext\b|\balembic\.context\b|\.config\b"
    rb"|\bget_x_argument\b|\bcreate_(?:async_|mock_)?engine\b|\bengine_from_config\b"
)
# Every text that `_REACHING` finds has one of these, which are looked for many times faster.
_PARTS = tuple(b"open exec eval __import__ context .config get_x_argument engine".split())
# What leads to a connection, and from it to others; a class may hide any of it.
_CONNECTIONS = (*b"bind get_context engine connect Session sessionmaker".split(), b"class ")


def is_closed(text: bytes) -> bool:
    """Whether a revision depends on nothing but its own text and its database."""
    if any(part in text for part in _PARTS) and _REACHING.search(text):
        return False
    return _KNOWN.issuperset(_imported(text))


def only_defines(text: bytes) -> bool:
    """Whether a revision is closed, and asks for no connection, which might open another."""
    return not any(word in text for word in _CONNECTIONS) and is_closed(text)


def _imported(text: bytes) -> Iterator[bytes]:
    """The first parts of the names of modules that are imported."""
    for word, names in _IMPORT.findall(text):
        modules = names.split(b",") if word == b"import" else [names]
        yield from (module.split()[0].partition(b".")[0] for module in modules if module.strip())

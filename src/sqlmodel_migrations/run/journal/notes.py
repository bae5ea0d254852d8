"""Notes: the entries of statements that are undone with their transaction, until something commits.

They are kept in memory, so a revision that is one transaction writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel_migrations.run import answer
from sqlmodel_migrations.run.answer import Answer, Unkeepable
from sqlmodel_migrations.run.journal.table import Entry, JournalTable, Key

# So many statements or characters are noted in memory; then they go to the table.
_MOST_ENTRIES, _MOST_CHARACTERS = 10_000, 16 * 1024 * 1024


@dataclass
class Notes:
    """What is not written yet of one revision; `has_rows` says whether anything is.

    `is_lasting` says that what was written was about to be committed before the revision was done.
    """

    key: Key
    table: JournalTable
    has_rows: bool = False
    is_lasting: bool = False
    _new: list[Entry] = field(default_factory=list)
    _changed: list[Entry] = field(default_factory=list)
    _characters: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether all is written."""
        return not self._new

    def add(self, entry: Entry) -> None:
        """Note an entry; very many are written at once."""
        self._new.append(entry)
        self._characters += len(entry.answer or "") + len(entry.text)
        if len(self._new) > _MOST_ENTRIES or self._characters > _MOST_CHARACTERS:
            self._write()

    def change(self, entry: Entry) -> None:
        """Note that an entry which is written has another state and answer."""
        self._changed.append(entry)

    def flush(self) -> None:
        """Write what is noted, in the transaction that is open and is committed next."""
        if self._new:
            self._write()
        self.is_lasting = self.has_rows

    def _write(self) -> None:
        self.table.make()
        for entry in self._changed:
            self.table.change(self.key, entry)
        self.table.write(self.key, self._new)
        self._changed.clear()
        self._new.clear()
        self._characters = 0
        self.has_rows = True


def kept(found: Answer) -> str:
    """Return an answer as it is written; one that cannot be kept says why."""
    try:
        return answer.encode(found)
    except Unkeepable as error:
        return answer.encode(Answer(lost=str(error)))

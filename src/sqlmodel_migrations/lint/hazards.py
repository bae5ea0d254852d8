"""The hazards: what may happen when a revision meets a live database. Rules name one each."""

from __future__ import annotations

import enum


class Hazard(enum.StrEnum):
    """The vocabulary of findings; docs/lint.md says which rules tell which."""

    TABLE_REWRITE = "table-rewrite"
    SCAN_LOCK = "scan-lock"
    INDEX_LOCK = "index-lock"
    LOCK_HELD = "lock-held"
    MASS_DML = "mass-dml"
    DATA_LOSS = "data-loss"
    OBJECT_LOSS = "object-loss"
    CASCADE_LOSS = "cascade-loss"
    FAILS_ON_DATA = "fails-on-data"
    ALWAYS_FAILS = "always-fails"
    FAILS_IN_TRANSACTION = "fails-in-transaction"
    PARTIAL_FAILURE = "partial-failure"
    BREAKS_RUNNING_CODE = "breaks-running-code"


BLOCKING = frozenset(
    (
        Hazard.TABLE_REWRITE,
        Hazard.SCAN_LOCK,
        Hazard.INDEX_LOCK,
        Hazard.LOCK_HELD,
        Hazard.MASS_DML,
    )
)
"""Hazards that last as long as the table is large."""

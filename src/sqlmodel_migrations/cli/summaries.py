"""What each command does, in one sentence: help and completion show it without importing one.

The order is that of a first day with the tool.
"""

from __future__ import annotations

from collections.abc import Mapping

SUMMARIES: Mapping[str, str] = {
    "init": "Set up migrations for the project in this folder.",
    "revision": "Write a revision that brings the database to the models.",
    "upgrade": "Upgrade the database to a later revision.",
    "plan": "Show what upgrade would do, statement by statement; nothing is changed.",
    "downgrade": "Take the database back to an earlier revision.",
    "status": "Show project, database, revisions and models on one screen.",
    "check": "Check whether the models have changes that no revision makes.",
    "verify": "Prove the revisions on a scratch database, up, down and up, with rows.",
    "drift": "Compare the live database with what its revisions make.",
    "lint": "Say what pending revisions would do to a live database: lock, lose, break.",
    "adopt": "Bring a database under migrations that has its tables already.",
    "current": "Show the revision that the database is at.",
    "history": "List the revisions, newest first.",
    "show": "Show a revision.",
    "heads": "Show the newest revision of every branch.",
    "branches": "Show the revisions at which the history branches.",
    "merge": "Write a revision that joins several heads.",
    "stamp": "Record that the database is at a revision, without running any.",
    "repair": "Explain a revision that was interrupted, and finish, undo or mark it.",
    "edit": "Open the file of a revision in your editor.",
    "ensure-version": "Create the version table if it does not exist.",
    "index": "Store what the revision files say, for containers that cannot write.",
    "list-templates": "List the templates for init.",
    "completion": "Print the script that completes commands and revisions in your shell.",
}

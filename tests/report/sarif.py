"""What SARIF 2.1.0 demands of a log: its JSON schema, and what that leaves to the text.

`sarif-schema-2.1.0.json` is the schema of the standard as Microsoft's SARIF SDK ships it: the file
sarif-2.1.0.json of the npm package @microsoft/sarif-multitool-linux 5.7.0, but for its line ends.
Copyright (c) Microsoft Corporation, licensed under the MIT License.
Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

_SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text("utf-8"))
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_SEMANTIC_VERSION = re.compile(r"\d+\.\d+\.\d+.*")

_formats = FormatChecker()
_validator = Draft202012Validator(_SCHEMA, format_checker=_formats)


@_formats.checks("uri")
@_formats.checks("uri-reference")
def _is_uri(value: object) -> bool:
    """Whether no letter has to be quoted; the library asks for further packages to look closer."""
    return _URI.fullmatch(str(value)) is not None


def require(log: Any) -> None:
    """Assert that a log is as the standard says."""
    wrong = [f"{error.json_path}: {error.message}" for error in _validator.iter_errors(log)]
    assert wrong == []
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        assert _SEMANTIC_VERSION.fullmatch(driver["semanticVersion"])  # section 3.19.12
        for result in run.get("results", ()):
            assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]  # 3.27.5

"""Reading an OperationOutcome (R4): which entries it blames, and what may be shown of it."""

from __future__ import annotations

import re
from typing import Any

_ENTRY = re.compile(r"Bundle\.entry\[([0-9]{1,6})\]")
_STEP = r"\.ofType\([A-Za-z]+\)|\.[A-Za-z]+(?![A-Za-z(])(?:\[[0-9]{1,6}\])?"
_PLACE = re.compile(rf"Bundle\.entry\[[0-9]{{1,6}}\](?:{_STEP})*")
_COMMENT = re.compile(r"/\*.*?\*/")
_BAD = ("error", "fatal")
_SEVERITIES = {"fatal", "error", "warning", "information"}
# R4 valueset-issue-type. Anything else in its place may be a text about a person.
_CODES = {
    "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired", "forbidden",
    "suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long",
    "code-invalid", "extension", "too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store",
    "exception", "timeout", "incomplete", "throttled", "informational",
}  # fmt: skip


def errors_of(outcome: Any) -> list[dict[str, Any]]:
    """Return the issues of severity error and fatal; some servers list warnings about good entries before them."""
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return []
    issues = outcome.get("issue")
    if not isinstance(issues, list):
        return []
    return [issue for issue in issues if isinstance(issue, dict) and issue.get("severity") in _BAD]


def named_entries(outcome: Any) -> tuple[int, ...]:
    """Return the 0-based positions of bundle entries that errors name by ``Bundle.entry[n]``, in order."""
    found: set[int] = set()
    for issue in errors_of(outcome):
        places = [*_texts(issue.get("expression")), *_texts(issue.get("location"))]
        found.update(int(number) for place in places for number in _ENTRY.findall(place))
    return tuple(sorted(found))


def issue_codes(outcome: Any) -> tuple[str, ...]:
    """Return the issue-type codes (R4) of the errors, without repetition; ``?`` for anything else."""
    return tuple(dict.fromkeys(_known(issue.get("code"), _CODES) for issue in errors_of(outcome)))


def redacted(words: Any) -> list[str]:
    """Return what a server said without its free texts: severity, code and place of each issue.

    Args:
        words: an OperationOutcome, a text, or a list of them.
    """
    if isinstance(words, list):
        return [line for one in words for line in redacted(one)]
    if not isinstance(words, dict) or not isinstance(words.get("issue"), list):
        return ["(a text; show it with --words)"] if words else []
    lines = []
    for issue in words["issue"]:
        if isinstance(issue, dict):
            given = [*_texts(issue.get("expression")), *_texts(issue.get("location"))]
            found = [_PLACE.match(_COMMENT.sub("", place)) for place in given]
            places = ", ".join(dict.fromkeys(match.group() for match in found if match))
            known = f"{_known(issue.get('severity'), _SEVERITIES)} {_known(issue.get('code'), _CODES)}"
            lines.append(f"{known} at {places}" if places else known)
    return lines


def _known(value: Any, words: set[str]) -> str:
    return value if isinstance(value, str) and value in words else "?"


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []

"""Reading an OperationOutcome (R4): which entries it blames, and what may be shown of it."""

from __future__ import annotations

import re
from typing import Any

_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")
_BAD = {"error", "fatal"}


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
    """Return the issue-type codes of the errors, without repetition: codes hold no personal data."""
    return tuple(dict.fromkeys(str(issue.get("code", "?")) for issue in errors_of(outcome)))


def redacted(words: Any) -> list[str]:
    """Return what a server said without its free texts: severity, code and place of each issue."""
    if not isinstance(words, dict) or not isinstance(words.get("issue"), list):
        return ["(a text; show it with --words)"] if words else []
    lines = []
    for issue in words["issue"]:
        if isinstance(issue, dict):
            places = ", ".join([*_texts(issue.get("expression")), *_texts(issue.get("location"))])
            known = " ".join(str(issue.get(part, "?")) for part in ("severity", "code"))
            lines.append(f"{known}{' at ' + places if _ENTRY.match(places) else ''}")
    return lines


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []

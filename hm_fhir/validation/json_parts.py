"""Parts of JSON that may be malformed: what is of another kind counts as absent, because structure.py says so."""

from __future__ import annotations

from typing import Any


def listed(value: Any, key: str) -> list[Any]:
    """Return the list of a property; empty when there is none.

    Args:
        value: a JSON value.
        key: name of the property.
    """
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def text_of(value: Any, key: str) -> str | None:
    """Return the text of a property; None when there is none, or an empty one.

    Args:
        value: a JSON value.
        key: name of the property.
    """
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None

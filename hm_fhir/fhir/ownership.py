"""Elements that belong to the receiver: after creation they are never overwritten (SDOH Clinical Care, BSeR: Task).

The owner of a Task moves its status; the requester may still cancel it while it is open, and may say that it was an
error.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_CLOSED = {"completed", "failed", "rejected", "cancelled", "entered-in-error"}
_SERVER = ("meta",)


def merged(ours: dict[str, Any], held: dict[str, Any], receiver_owns: Collection[str]) -> dict[str, Any]:
    """Return what shall stand at the target: our elements, and the receiver's own as the target holds them.

    Args:
        ours: the resource as the mapping makes it.
        held: the resource as the target holds it.
        receiver_owns: names of the elements that the receiver may change.
    """
    result = {key: value for key, value in ours.items() if key not in receiver_owns}
    result.update({key: value for key, value in held.items() if key in receiver_owns})
    wanted, present = ours.get("status"), held.get("status")
    if wanted == "entered-in-error" or (wanted == "cancelled" and present not in _CLOSED):
        result["status"] = wanted
    return result


def differs(content: dict[str, Any], held: dict[str, Any]) -> bool:
    """Return whether a write of the content would change what the target holds (its own meta aside)."""
    mine = {key: value for key, value in content.items() if key not in _SERVER}
    theirs = {key: value for key, value in held.items() if key not in (*_SERVER, "text")}
    return mine != theirs

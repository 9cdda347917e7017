"""Elements that belong to the receiver: after creation they are never overwritten (SDOH Clinical Care, BSeR: Task).

The owner of a Task moves its status; the requester may still cancel it while it is open, and may say that it was an
error. Of an Appointment the receiver keeps the diary: our word (attended, did not attend, cancelled) moves on one
that still stands there, and never changes what the receiver has settled, nor takes it back to where it was.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_CLOSED = {"completed", "failed", "rejected", "cancelled", "entered-in-error"}
# R4 valueset-appointmentstatus: nothing has become of it yet.
_STANDS = {"proposed", "pending", "waitlist", "booked"}
_MOVES_ON = {
    "booked": {"proposed", "pending", "waitlist"},
    "cancelled": _STANDS,
    "fulfilled": _STANDS | {"arrived", "checked-in"},
    "noshow": _STANDS,
}
_LABELS = ("profile", "security", "tag")


def merged(
    ours: dict[str, Any], held: dict[str, Any], receiver_owns: Collection[str], *, withdrawn_by_us: bool = False
) -> dict[str, Any]:
    """Return what shall stand at the target: our elements, and the receiver's own as the target holds them.

    Args:
        ours: the resource as the mapping makes it.
        held: the resource as the target holds it.
        receiver_owns: names of the elements that the receiver may change.
        withdrawn_by_us: the last thing that we said was that it is an error; that is ours to take back.
    """
    # What JSON says of a primitive element beside its value stands under its name with an underscore.
    result = {key: value for key, value in ours.items() if key.removeprefix("_") not in receiver_owns}
    result.update({key: value for key, value in held.items() if key.removeprefix("_") in receiver_owns})
    wanted, present = ours.get("status"), held.get("status")
    takes_back = withdrawn_by_us and present == "entered-in-error" and wanted is not None
    if takes_back or wanted == "entered-in-error" or _is_for_us_to_say(ours, wanted, present):
        result["status"] = wanted
    if ours.get("resourceType") == "Appointment" and result.get("status") == "entered-in-error":
        result.pop("cancelationReason", None)  # FHIR rule app-4
    return result


def _is_for_us_to_say(ours: dict[str, Any], wanted: str | None, present: str | None) -> bool:
    if ours.get("resourceType") == "Appointment":
        return present in _MOVES_ON.get(wanted or "", ())
    return wanted == "cancelled" and present not in _CLOSED


def differs(content: dict[str, Any], held: dict[str, Any]) -> bool:
    """Return whether a write of the content would change what the target holds.

    What a server adds by itself is no difference: versions and times in ``meta``, and a narrative where we sent none.
    Labels, tags and profiles add up at servers (R4 http.html#update), so only one that is missing there counts.
    """
    mine = {key: value for key, value in content.items() if key != "meta"}
    theirs = {key: value for key, value in held.items() if key != "meta" and (key != "text" or key in content)}
    return mine != theirs or bool(_labels(content) - _labels(held))


def _labels(resource: dict[str, Any]) -> set[tuple[str, str | None, str | None]]:
    meta = resource.get("meta") or {}
    return {
        (kind, None, label) if isinstance(label, str) else (kind, label.get("system"), label.get("code"))
        for kind in _LABELS
        for label in meta.get(kind) or ()
    }

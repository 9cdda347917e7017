"""Everything that is wrong with one record, said together: whoever mends it mends it once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hm_fhir.errors import RecordRejected

_SAID: Final = 5


def joined(faults: Iterable[RecordRejected]) -> RecordRejected:
    """Return several rejections of one record as one; its code is that of the first.

    Args:
        faults: at least one; those that say the same count once.
    """
    found: dict[str, RecordRejected] = {}
    for fault in faults:
        found.setdefault(fault.message, fault)
    first, *others = found.values()
    if not others:
        return first
    fixes = {fault.fix for fault in found.values()}
    said = [_said(fault, with_fix=len(fixes) > 1) for fault in found.values()]
    more = f"; and {len(said) - _SAID} more" if len(said) > _SAID else ""
    return RecordRejected(
        "; ".join(said[:_SAID]) + more,
        code=first.code,
        place=first.place,
        fix=first.fix if len(fixes) == 1 else None,
    )


def _said(fault: RecordRejected, *, with_fix: bool) -> str:
    return f"{fault.message} ({fault.fix})" if with_fix and fault.fix else fault.message

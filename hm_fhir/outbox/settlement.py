"""How a claimed entry ends, and the ledger of what each target last received."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from hm_fhir.outbox.entry import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One resource that the target now has; `settle` turns it into a row of the ledger.

    Args:
        resource_key: ``Type/id``.
        content_digest: digest of the resource as it was sent.
        shared: several activities write it (a Patient, a facility), so none may withdraw it.
        remote_version: the target's version of it, such as the ETag of its answer.
        withdrawn: it was marked as entered in error, revoked or cancelled: its activity no longer produces it.
        order: see `rules.order_key`; None: the version of the entry.
        activity_key: the activity that made it; None: that of the entry.
        replaces: the order in the ledger when it was decided to send this; None: there was none.
    """

    resource_key: str
    content_digest: str
    shared: bool = False
    remote_version: str | None = None
    withdrawn: bool = False
    order: str | None = None
    activity_key: str | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """What one target last received for one resource.

    Args:
        resource_key: see Sent.
        content_digest: see Sent.
        version_key: orders it among the contents of other activities, see `rules.order_key`; empty when its activity
            makes it no more, and others have it to say.
        activity_key: the activity that wrote it last.
        shared: see Sent.
        remote_version: see Sent.
        withdrawn: see Sent.
        sent_at: when its delivery was settled; a confirmation leaves it.
    """

    resource_key: str
    content_digest: str
    version_key: str
    activity_key: str
    shared: bool
    remote_version: str | None
    withdrawn: bool
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How one claimed entry ends.

    Args:
        entry_id: the entry.
        words: what the target said, if it is worth keeping.
        released: keys of resources that the activity does not make any more and leaves to others that do; only of an
            entry that is delivered, unchanged or superseded.
    """

    entry_id: int
    words: Words | None = None
    released: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(Settlement):
    """The target acknowledged it. True whoever says it, so it counts even after the lease was lost.

    Args:
        sent: the resources that the target now has because of this entry.
        confirmed: see Unchanged.
    """

    sent: tuple[Sent, ...] = ()
    confirmed: tuple[Sent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged(Settlement):
    """The target already has the same content; nothing was sent.

    Args:
        confirmed: resources that the target has just so, from an older version; their ledger rows move forward to
            this version, unless somebody wrote another content meanwhile.
    """

    confirmed: tuple[Sent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded(Settlement):
    """The target already has something newer; nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt(Settlement):
    """It could not be delivered now. Later entries of the same person wait with it.

    Args:
        at: not handed out before.
        code: why, a short fixed word.
    """

    at: datetime
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked(Settlement):
    """The target will never take it as it is; a person has to look.

    Args:
        code: why, a short fixed word.
    """

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred(Settlement):
    """It references what the target does not have yet; it was not sent, and the claim is no attempt.

    It is handed out again as soon as the ledger has all of `needs`, or at `at`. Later entries of the person go on.

    Args:
        needs: keys of the missing resources.
        at: when to look again in any case.
        code: why, a short fixed word.
    """

    needs: tuple[str, ...]
    at: datetime
    code: str = "reference-missing"

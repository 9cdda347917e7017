"""What an activity becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hm_fhir.fhir.json import to_json


@dataclass(frozen=True, slots=True)
class Resource:
    """One FHIR resource that a mapping produced.

    Attributes:
        name: of its rule in the mapping.
        type: FHIR resource type.
        id: deterministic, see :mod:`hm_fhir.activities.identity`.
        content: the resource as plain JSON data; it may share parts with other resources, and is not to be changed.
        shared: about a person, mediator or place that other activities carry, too.
        receiver_owns: elements that the receiver may change after creation.
        index: place of the item that it was made for, with ``each``; else None.
        as_of: since when the content holds, as text of :func:`hm_fhir.fhir.moments.moment_text`; None: not said.
        withdrawable: shared, but what an activity makes of it is taken back when it makes it no more.
        encoded: the content as JSON text where that is known already; see `text`.
    """

    name: str
    type: str
    id: str
    content: dict[str, Any] = field(repr=False)
    shared: bool = False
    receiver_owns: tuple[str, ...] = ()
    index: int | None = None
    as_of: str | None = None
    withdrawable: bool = False
    encoded: bytes | None = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> str:
        """``Type/id``."""
        return f"{self.type}/{self.id}"

    def text(self) -> bytes:
        """Return the content as JSON text."""
        return to_json(self.content) if self.encoded is None else self.encoded


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one activity became.

    Attributes:
        mapping: name of the mapping.
        version: of the mapping.
        pack: ``name@version``.
        resources: in the order of the mapping; no key twice.
        outside: keys ``Type/id`` that are referenced but not contained, in order of first use.
        outside_names: the resource name of each of `outside`.
    """

    mapping: str
    version: str
    pack: str
    resources: tuple[Resource, ...]
    outside: tuple[str, ...] = ()
    outside_names: tuple[str, ...] = ()

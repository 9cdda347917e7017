"""Where a reading is, as the cursor that it goes on from: JSON of what its reader must know."""

from __future__ import annotations

from typing import Self

import msgspec

from hm_fhir.sources.base import Checkpoint


class Bookmark(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where a reading is; without any of its fields, at the beginning."""

    @classmethod
    def of(cls, cursor: str | None) -> Self:
        """Return what a cursor says; the beginning when there is none, or when something else has made it."""
        try:
            return msgspec.json.decode(cursor, type=cls) if cursor is not None else cls()
        except (msgspec.DecodeError, UnicodeError):
            return cls()  # what is known already is not sent again

    def checkpoint(self) -> Checkpoint:
        """Return the checkpoint from which reading goes on here."""
        return Checkpoint(msgspec.json.encode(self).decode())

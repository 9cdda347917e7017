"""The outbox in one SQLite file: no server, no set-up, safe for several processes of one machine."""

from __future__ import annotations

from hm_fhir.outbox.sqlite.schema import install
from hm_fhir.outbox.sqlite.store import SqliteStore

__all__ = ["SqliteStore", "install"]

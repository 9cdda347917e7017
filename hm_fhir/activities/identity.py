"""Keyed deterministic ids: the same business key gives the same id for ever, and nobody can go back.

A plain hash of a national id is reversed by trying all of them (an EGN has fewer than 10**9 values); an HMAC with the
deployment's key is not (RFC 2104). The key is read by reference and written nowhere; its name (`key_id`) and a
fingerprint are recorded by the store, so that a changed key is noticed before it makes second ids for everybody.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from hm_fhir.errors import SettingsError

MINIMUM_KEY_BYTES = 32


class Identity:
    """Makes ids, surrogate identifiers and content digests with the deployment's key.

    Args:
        key: at least 32 random bytes.
        key_id: the name of the key; recorded, never secret.
        system: URI of the deployment's surrogate identifiers (FHIR Identifier.system).

    Raises:
        SettingsError: the key is too short.
    """

    def __init__(self, key: bytes, *, key_id: str, system: str) -> None:
        if len(key) < MINIMUM_KEY_BYTES:
            raise SettingsError(
                f"the identity key has {len(key)} bytes",
                code="identity-key",
                fix=f"use at least {MINIMUM_KEY_BYTES} random bytes; `hm-fhir init` makes such a key",
            )
        self._mac = hmac.new(key, digestmod=hashlib.sha256)
        self.key_id = key_id
        self.system = system

    def _digest(self, purpose: str, *parts: str) -> bytes:
        mac = self._mac.copy()
        # Lengths keep ("ab", "c") and ("a", "bc") apart.
        for part in (purpose, *parts):
            data = part.encode()
            mac.update(len(data).to_bytes(4, "big"))
            mac.update(data)
        return mac.digest()

    def resource_id(self, resource_type: str, key: str) -> str:
        """Return the FHIR id of a resource: a version 8 UUID (RFC 9562, section 5.8).

        Args:
            resource_type: FHIR type, such as ``Encounter``.
            key: business key, such as ``egn|...`` or the key of an activity; never leaves this function.
        """
        raw = bytearray(self._digest("resource", resource_type, key)[:16])
        raw[6] = 0x80 | (raw[6] & 0x0F)
        raw[8] = 0x80 | (raw[8] & 0x3F)
        return str(UUID(bytes=bytes(raw)))

    def surrogate(self, resource_type: str, key: str) -> dict[str, str]:
        """Return the surrogate FHIR Identifier of a resource: the deployment's system and the keyed id."""
        return {"system": self.system, "value": self.resource_id(resource_type, key)}

    def pseudonym(self, purpose: str, key: str) -> str:
        """Return a keyed hex name for rows of the store (activity, person), 32 characters."""
        return self._digest("pseudonym", purpose, key).hex()[:32]

    def digest(self, content: bytes) -> str:
        """Return the keyed digest of a content, 64 hex characters."""
        mac = self._mac.copy()
        mac.update(b"content")
        mac.update(content)
        return mac.hexdigest()

    @property
    def fingerprint(self) -> str:
        """Short public check value of the key: equal keys have equal fingerprints."""
        return self._digest("fingerprint").hex()[:16]

"""Keyed deterministic ids: the same business key gives the same id for ever, and nobody can go back.

A plain hash of a national id is reversed by trying all of them (an EGN has fewer than 10**9 values); an HMAC with the
deployment's key is not (RFC 2104). The key is read by reference and written nowhere; its name (`key_id`) and a
fingerprint are recorded by the store, so that a changed key is noticed before it makes second ids for everybody.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import cache, lru_cache

from hm_fhir.errors import SettingsError

MINIMUM_KEY_BYTES = 32
IDS_KEPT = 16_384
"""How many ids are remembered: people, places and cases come again and again."""
_BLOCK_BYTES = 64
# The two highest bits of the variant's digit are 10 (RFC 9562, section 4.1).
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class Identity:
    """Makes ids, surrogate identifiers and content digests with the deployment's key.

    Args:
        key: at least 32 random bytes.
        key_id: the name of the key; recorded, never secret.
        system: URI of the deployment's surrogate identifiers (FHIR Identifier.system).

    Attributes:
        resource_id: called with a FHIR type and a business key (``egn|...``, the key of an activity, which stays
            inside of this object), returns the FHIR id of the resource: a version 8 UUID (RFC 9562, section 5.8).

    Raises:
        SettingsError: the key is too short.
    """

    resource_id: Callable[[str, str], str]

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
        # The two halves of an HMAC (RFC 2104): hmac.copy() by itself takes longer than a whole id does by these.
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
        self.resource_id = lru_cache(maxsize=IDS_KEPT)(self._new_id)

    def _digest(self, purpose: str, *parts: str) -> str:
        mac = self._mac.copy()
        mac.update(b"".join(map(_framed, (purpose, *parts))))
        return mac.hexdigest()

    def _new_id(self, resource_type: str, key: str) -> str:
        data = key.encode()
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(_resource_of(resource_type) + len(data).to_bytes(4, "big") + data)
        outer.update(inner.digest())
        digest = outer.hexdigest()
        variant = _VARIANT[digest[16]]
        return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"

    def surrogate(self, resource_type: str, key: str) -> dict[str, str]:
        """Return the surrogate FHIR Identifier of a resource: the deployment's system and the keyed id."""
        return {"system": self.system, "value": self.resource_id(resource_type, key)}

    def pseudonym(self, purpose: str, key: str) -> str:
        """Return a keyed hex name for rows of the store (activity, person), 32 characters."""
        return self._digest("pseudonym", purpose, key)[:32]

    def digest(self, content: bytes) -> str:
        """Return the keyed digest of a content, 64 hex characters."""
        mac = self._mac.copy()
        mac.update(b"content")
        mac.update(content)
        return mac.hexdigest()

    @property
    def fingerprint(self) -> str:
        """Short public check value of the key: equal keys have equal fingerprints."""
        return self._digest("fingerprint")[:16]


def _framed(text: str) -> bytes:
    """Return a text with its length before it, which keeps ("ab", "c") and ("a", "bc") apart."""
    data = text.encode()
    return len(data).to_bytes(4, "big") + data


@cache
def _resource_of(resource_type: str) -> bytes:
    return _framed("resource") + _framed(resource_type)

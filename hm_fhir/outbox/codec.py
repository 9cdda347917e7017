"""How a payload becomes the bytes of a row, and comes back with every digit.

The first byte of a row names its format. A store that is encrypted later reads its older rows by that byte.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Protocol

import msgspec

from hm_fhir.errors import RecordRejected, StoreError

JSON_FORMAT = b"\x01"


class PayloadCodec(Protocol):
    """Turns payloads, rejected records and targets' words into bytes and back."""

    def encode(self, content: Any) -> bytes:
        """Return the bytes of a JSON-like content, the byte of the format first.

        Raises:
            RecordRejected: the content has a part that the format cannot carry.
        """

    def decode(self, data: bytes) -> Any:
        """Return the content of bytes that `encode` made.

        Raises:
            StoreError: the bytes have another format, or are damaged.
        """


class JsonCodec:
    """JSON in which a decimal keeps its digits: 9.20 comes back as ``Decimal("9.20")``.

    FHIR attaches meaning to them: "the precision of the decimal value has significance"
    (https://hl7.org/fhir/R4/datatypes.html#decimal). A decimal without a fraction, such as 37, comes back as an int;
    the digits are the same.
    """

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder(decimal_format="number")
        self._decoder = msgspec.json.Decoder(float_hook=Decimal)

    def encode(self, content: Any) -> bytes:
        """Return the format byte and the JSON of a content; see PayloadCodec."""
        # No error below is chained: a UnicodeEncodeError carries the whole text that it failed on.
        try:
            data = self._encoder.encode(content)
        except (TypeError, ValueError, RecursionError) as error:
            raise RecordRejected(
                f"a payload cannot be written as JSON: {type(error).__name__}",
                code="payload",
                fix="let the source or the mapping produce text, numbers, lists and objects only",
            ) from None
        # A decimal that is not a number is written as a bare NaN or Infinity, which nobody can read back.
        if (b"NaN" in data or b"Infinity" in data) and not self._is_readable(data):
            raise RecordRejected(
                "a payload holds a decimal that is not a number", code="payload", fix="leave the value out"
            )
        return JSON_FORMAT + data

    def decode(self, data: bytes) -> Any:
        """Return the content of a row; see PayloadCodec."""
        if data[:1] != JSON_FORMAT:
            raise StoreError(
                f"a row of the store has the format {data[:1].hex() or 'empty'}, which is not plain JSON",
                code="payload-format",
                fix="open the store with the codec that wrote it, or with a newer version of hm-fhir",
            )
        try:
            return self._decoder.decode(memoryview(data)[1:])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise StoreError(
                "a row of the store is damaged: its payload is not JSON",
                code="payload-damaged",
                fix="check the disk, then restore the store from a backup",
            ) from None

    def _is_readable(self, data: bytes) -> bool:
        try:
            self._decoder.decode(data)
        except msgspec.DecodeError:
            return False
        return True


def encode_evidence(codec: PayloadCodec, content: Any) -> bytes:
    """Return the bytes of what is kept for a person to read; never raises because of the content.

    A rejected record, or what a target said, can be the very thing that the format cannot carry (half of a surrogate
    pair, an object of a database driver); its Python notation is kept then.
    """
    try:
        return codec.encode(content)
    except RecordRejected:
        return codec.encode(repr(content))

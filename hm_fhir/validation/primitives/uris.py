"""URIs as values of primitives. Source: https://hl7.org/fhir/R4/datatypes.html#uri."""

from __future__ import annotations

import re
from typing import Final

from hm_fhir.validation.primitives.findings import (
    BLANKS,
    CONTROL,
    CONTROLS,
    DIRECTION,
    NOT_STRING,
    Finding,
    blank_finding,
    open_direction,
    wrong_form,
)

_full_uuid: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_full_oid: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+").fullmatch
_full_scheme: Final = re.compile(r"[a-z][a-z0-9_\[\]]*").fullmatch
# An OID as short as 1.2.3 names nothing, but for the few short arcs below 1.3.
_OID_DOTS_AT: Final = 4
_NO_URI: Final = wrong_form("a URI must not hold white space")
_NO_OID_URN: Final = wrong_form("an OID is written urn:oid:1.2.3...")
_NO_UUID_URN: Final = wrong_form("a UUID is written urn:uuid: and 36 characters")
_NO_OID: Final = wrong_form("not an OID: after urn:oid: come numbers with dots, without leading zeros")
_NO_UUID: Final = wrong_form("not a UUID: after urn:uuid: come 36 characters out of 0-9, a-f and -")
_NO_CANONICAL: Final = wrong_form("a canonical must be an absolute URL, or # and the id of a contained resource")


def is_absolute(uri: str) -> bool:
    """Return whether a URI has a scheme (in small letters) and something behind it."""
    scheme, colon, rest = uri.partition(":")
    return bool(colon and rest) and " " not in rest and _full_scheme(scheme) is not None


def check_uri(value: object) -> Finding | None:
    """Return what is wrong with a ``uri`` or a ``url``; it may be relative."""
    if type(value) is str and value[:4] == "http" and value.isprintable() and " " not in value:
        return None
    return _uri_finding(value)


def check_canonical(value: object) -> Finding | None:
    """Return what is wrong with a ``canonical``: an absolute URL, perhaps with ``|version``, or ``#id``."""
    if (
        type(value) is str
        and (value[:7] == "http://" or value[:8] == "https://")
        and value.isprintable()
        and " " not in value
    ):
        return None
    if not isinstance(value, str):
        return NOT_STRING
    # A version after | may hold what a URI does not.
    found = _uri_finding(value.partition("|")[0] if value.startswith("urn:") else value)
    return _NO_CANONICAL if found is None and not value.startswith("#") and not is_absolute(value) else found


def _uri_finding(value: object) -> Finding | None:
    if not isinstance(value, str) or not value or not value.strip(" \t\n\v\f\r"):
        return blank_finding(value)
    if value.strip(BLANKS) != value or any(blank in value for blank in " \t\n\v\f\r"):
        return _NO_URI
    if value.startswith("oid:"):
        return _NO_OID_URN
    if value.startswith("uuid:"):
        return _NO_UUID_URN
    if value.startswith("urn:uuid:") and not _full_uuid(value[9:].partition("#")[0]):
        return _NO_UUID
    if value.startswith("urn:oid:") and not _is_oid(value[8:]):
        return _NO_OID
    if CONTROL.search(value):
        return CONTROLS
    return DIRECTION if open_direction(value) else None


def _is_oid(text: str) -> bool:
    return _full_oid(text) is not None and (text.rfind(".") >= _OID_DOTS_AT or text.startswith("1.3"))


def check_oid(value: object) -> Finding | None:
    """Return what is wrong with an ``oid``: ``urn:oid:1.2.3.4``."""
    found = _uri_finding(value)
    if found is not None or not isinstance(value, str):
        return found
    if not value.startswith("urn:oid:"):
        return _NO_OID_URN
    return None


def check_uuid(value: object) -> Finding | None:
    """Return what is wrong with a ``uuid``: ``urn:uuid:`` and 36 characters."""
    found = _uri_finding(value)
    if found is not None or not isinstance(value, str):
        return found
    if not value.startswith("urn:uuid:"):
        return _NO_UUID_URN
    return None if _full_uuid(value[9:]) else _NO_UUID

"""One function turns a response into an outcome. What a status means depends on the request.

Sources: RFC 9110 (status codes, Retry-After), FHIR R4 http.html (transactions, version-aware updates), and how real
servers answer (``tests/servers/hapi/README.md``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hm_fhir.delivery.target import Closed, Done, Later, Outcome, Refusal, Write
from hm_fhir.fhir.json import from_json
from hm_fhir.fhir.outcomes import errors_of, issue_codes, named_entries
from hm_fhir.http.answers import retry_after_seconds

_LATER = {408, 423, 425, 429, 502, 503, 504, 507}
# A server, or the proxy before it, that gave up on what was sent: too much work, or a content that breaks it.
_GAVE_UP = {408, 502, 504, 507}
_NOT_ALLOWED = {401, 402, 403, 407, 451, 511}
_NO_TRANSACTIONS = {405, 406, 411, 415, 426, 501, 505}
_INNER_LATER = {"408", "409", "423", "425", "429"}
_REFUSED = {400, 404, 409, 410, 412, 422}
# Issue types that say the content is wrong (R4 valueset-issue-type: invalid and its children, and the rules).
_ABOUT_CONTENT = {
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "business-rule",
    "code-invalid",
    "extension",
    "processing",
}


def classify(
    status: int, headers: Mapping[str, str], body: bytes, writes: Sequence[Write], *, now: datetime
) -> Outcome:
    """Return what became of a transaction.

    Args:
        status: HTTP status.
        headers: response headers, case-insensitive mapping.
        body: response body.
        writes: what was sent, in order.
        now: aware time, for a Retry-After that is a date.
    """
    if 300 <= status < 400:
        return Closed("redirect", "put the address that the server redirects to into the url of this target")
    after = retry_after_seconds(headers.get("Retry-After"), now)
    if status in _NOT_ALLOWED:
        return Closed("not-allowed", "look at the auth settings of this target, and at what the server allows")
    if status in _NO_TRANSACTIONS:
        return Closed("no-transactions", "the url of this target must be the base of a FHIR R4 server")
    if status in _LATER:
        return Later(f"http-{status}", after_seconds=after, may_be_content=status in _GAVE_UP)
    if status == 413:
        return Refusal("too-large", too_large=True, words=_words(body))
    if status in (200, 201):
        return _answers(body, writes)
    if status in _REFUSED:
        return _refused(status, body, writes, after)
    return Later(f"http-{status}", after_seconds=after, may_be_content=True)


def _refused(status: int, body: bytes, writes: Sequence[Write], after: float | None) -> Outcome:
    words = _words(body)
    conditional = any(write.if_version for write in writes)
    codes = issue_codes(words)
    if status == 409:
        # HAPI answers a stale If-Match with 409; another 409 is a race with somebody else's write.
        code = "stale" if conditional else "conflict"
        return Later(code, after_seconds=after, stale=conditional, busy=True, may_be_content=True)
    if status == 412 and conditional and not _ABOUT_CONTENT.intersection(codes):
        return Later("stale", stale=True, busy=True, may_be_content=True)
    if status == 404 and not errors_of(words):
        return Closed("not-found", "the url of this target must be the base of a FHIR R4 server")
    named = tuple(writes[position].key for position in named_entries(words) if position < len(writes))
    # A wrong path below the base of a server, or an address that is gone, is answered like an absent reference.
    doubtful = status in (404, 410) and not named
    return Refusal(f"http-{status}" + (f" {codes[0]}" if codes else ""), named=named, doubtful=doubtful, words=words)


def _answers(body: bytes, writes: Sequence[Write]) -> Outcome:
    try:
        bundle = from_json(body)
        if bundle["resourceType"] != "Bundle" or not bundle["type"].endswith("-response"):
            raise ValueError("another resource")
        responses = [entry["response"] for entry in bundle.get("entry", [])]
        if writes and not responses:
            raise ValueError("says nothing")
        failed = {number: str(one["status"])[:3] for number, one in enumerate(responses)}
        failed = {number: status for number, status in failed.items() if not status.startswith("2")}
    except (ValueError, KeyError, TypeError, AttributeError):
        # The transaction may be done or not; to send it again is harmless.
        return Later("unreadable-answer", may_be_content=True)
    if failed:
        return _inner_failure(failed, responses, writes)
    return Done(_versions(responses, writes))


def _inner_failure(
    failed: Mapping[int, str], responses: Sequence[Mapping[str, Any]], writes: Sequence[Write]
) -> Outcome:
    """Return the outcome of a 200 that is none: a server that takes a transaction apart."""
    complete = len(responses) == len(writes)
    if complete and any(writes[number].if_version and status in ("409", "412") for number, status in failed.items()):
        return Later("stale", stale=True, busy=True, may_be_content=True)
    refused = [number for number, status in failed.items() if status[:1] == "4" and status not in _INNER_LATER]
    if not refused:
        only_races = set(failed.values()) == {"409"}
        return Later("inner-failure", busy=only_races, may_be_content=True)
    words = [responses[number].get("outcome") or responses[number]["status"] for number in refused]
    named = tuple(writes[number].key for number in refused) if complete else ()
    return Refusal("inner-failure", named=named, words=words)


def _versions(responses: Sequence[Mapping[str, Any]], writes: Sequence[Write]) -> dict[str, str]:
    """Match by location, since positions shift where a server leaves an answer out; else by ETag and position."""
    versions: dict[str, str] = {}
    known = {write.key for write in writes}
    for position, response in enumerate(responses):
        parts = str(response.get("location", "")).split("/")
        if len(parts) >= 4 and parts[-2] == "_history" and f"{parts[-4]}/{parts[-3]}" in known:
            versions[f"{parts[-4]}/{parts[-3]}"] = parts[-1]
        elif len(responses) == len(writes) and isinstance(response.get("etag"), str):
            versions[writes[position].key] = version_of(response["etag"])
    return versions


def version_of(etag: str) -> str:
    """Return the version in an ETag: ``W/"3"`` (R4) and ``"3"`` (some servers) are both 3."""
    return etag.strip().removeprefix("W/").strip('"')


def _words(body: bytes) -> Any:
    """Return an OperationOutcome as it is; of anything else, which may be a whole bundle or page, the beginning."""
    try:
        said = from_json(body)
    except ValueError:
        said = None
    if isinstance(said, dict) and said.get("resourceType") == "OperationOutcome":
        return said
    return body[:10_000].decode("utf-8", "replace") or None

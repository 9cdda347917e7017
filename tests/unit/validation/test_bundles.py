"""Bundles: URLs of entries, references between them, what a document, a message and a search result need."""

from __future__ import annotations

import pytest

BASE = "http://example.org/fhir/"
URN = "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c"
PATIENT = {"resourceType": "Patient", "id": "p"}
PRACTITIONER = {"resourceType": "Practitioner", "id": "d"}


def observation(reference, **more):
    return {
        "resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
        "subject": {"reference": reference}, **more,
    }  # fmt: skip


def composition(**more):
    return {
        "resourceType": "Composition", "id": "c", "status": "final", "type": {"text": "x"}, "date": "2026",
        "author": [{"reference": "Practitioner/d"}], "title": "x", **more,
    }  # fmt: skip


def bundle(kind, *entries, **more):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries), **more}


def entry(resource=None, url=None, **more):
    return {**({"fullUrl": url} if url else {}), **({"resource": resource} if resource else {}), **more}


def request(kind):
    return {"request": {"method": "PUT", "url": "Patient/p"}} if kind in ("transaction", "batch", "history") else {}


def errors(found):
    return {(rule, place) for severity, rule, place in found if severity == "error"}


def document(*entries, **more):
    return bundle(
        "document", *entries, identifier={"system": "http://e.org/d", "value": "1"},
        timestamp="2026-01-01T00:00:00Z", **more,
    )  # fmt: skip


COMPOSITION = entry(composition(), f"{BASE}Composition/c")
AUTHOR = entry(PRACTITIONER, f"{BASE}Practitioner/d")


@pytest.mark.parametrize(
    ("resource", "url", "right"),
    [
        (PATIENT, f"{BASE}Patient/p", True),
        (PATIENT, f"{URN}1", True),
        ({"resourceType": "Patient"}, f"{URN}1", True),
        (PATIENT, "http://e.org/x", True),
        (PATIENT, "Patient/p", False),
        (PATIENT, f"{BASE}Patient/q", False),
        (PATIENT, f"{BASE}Group/p", False),
        ({"resourceType": "Patient"}, f"{BASE}Patient/p", False),
        (PATIENT, f"{BASE}Patient/p/_history/1", False),
        (PATIENT, None, False),
    ],
)
def test_a_full_url_is_absolute_and_agrees_with_the_resource(findings, resource, url, right):
    found = errors(findings(bundle("collection", entry(resource, url))))
    assert (("bundle-full-url", "Bundle.entry[0]") not in found) == right


def test_requests_and_answers_need_no_full_url(findings):
    assert not errors(findings(bundle("transaction", entry(PATIENT, **request("transaction")))))
    assert not errors(findings(bundle("transaction-response", entry(PATIENT, response={"status": "200"}))))


@pytest.mark.parametrize("kind", ["collection", "transaction", "batch", "history"])
def test_references_between_entries_follow_the_full_url(findings, kind):
    def found(reference, patient_url=f"{BASE}Patient/p", url=f"{BASE}Observation/o"):
        value = bundle(
            kind, entry(PATIENT, patient_url, **request(kind)), entry(observation(reference), url, **request(kind))
        )
        return {
            (severity, rule)
            for severity, rule, place in findings(value)
            if place == "Bundle.entry[1].resource.subject"
        }

    assert not found("Patient/p")
    assert not found("Patient/elsewhere")
    assert not found(f"{BASE}Patient/p")
    assert not found(f"{URN}1", patient_url=f"{URN}1", url=f"{URN}2")
    assert found("Patient/p", patient_url="http://other.org/Patient/p") == {("warning", "bundle-reference")}
    assert found(f"{URN}9") == {("warning", "bundle-reference")}
    assert found("Patient/p", url=None) == {("error", "bundle-reference")}
    assert found("Patient/p/_history/3") == {("warning", "bundle-reference")}
    junk = {("error", "reference-format")}
    assert found("a/b/c") == junk
    assert found("Patient?identifier=a|b") == (set() if kind in ("transaction", "batch") else junk)


def test_the_target_in_the_bundle_must_be_of_a_type_that_is_allowed(findings):
    value = bundle("collection", entry(PRACTITIONER, f"{URN}1"), entry(observation(f"{URN}1"), f"{URN}2"))
    assert ("reference-target", "Bundle.entry[1].resource.subject") in errors(findings(value))


def test_a_full_url_that_several_entries_have_cannot_be_referred_to(findings):
    value = bundle(
        "collection", entry(PATIENT, f"{URN}1"), entry(PATIENT, f"{URN}1"), entry(observation(f"{URN}1"), f"{URN}2")
    )
    assert ("bundle-reference", "Bundle.entry[2].resource.subject") in errors(findings(value))


@pytest.mark.parametrize(("kind", "relation", "right"), [
    ("searchset", "next", True), ("history", "first", True), ("collection", "next", False),
    ("document", "last", False),
    ("transaction", "previous", False), ("collection", "self", True), ("collection", "other", True),
])  # fmt: skip
def test_links_between_pages_belong_to_lists(findings, kind, relation, right):
    value = bundle(kind, link=[{"relation": relation, "url": f"{BASE}Patient?name=x"}])
    del value["entry"]
    assert (("bundle-link", "Bundle.link[0]") not in errors(findings(value))) == right


def test_a_relation_stands_once(findings):
    links = [{"relation": "self", "url": "http://e.org/1"}, {"relation": "self", "url": "http://e.org/2"}]
    assert ("bundle-link", "Bundle.link[1]") in errors(findings(bundle("collection", COMPOSITION, link=links)))


def test_a_document_holds_what_its_composition_names(findings):
    assert not errors(findings(document(COMPOSITION, AUTHOR)))
    place = "Bundle.entry[0].resource.author[0]"
    assert ("bundle-reference", place) in errors(findings(document(COMPOSITION)))
    nested = composition(section=[{"title": "x", "section": [{"title": "y", "entry": [{"reference": f"{URN}9"}]}]}])
    found = errors(findings(document(entry(nested, f"{BASE}Composition/c"), AUTHOR)))
    assert ("bundle-reference", "Bundle.entry[0].resource.section[0].section[0].entry[0]") in found


def test_everything_in_a_document_is_reached_from_its_composition(findings):
    lonely = entry(PATIENT, f"{BASE}Patient/p")
    assert ("bundle-orphan", "Bundle.entry[2]") in errors(findings(document(COMPOSITION, AUTHOR, lonely)))
    backwards = entry(observation("Patient/x", performer=[{"reference": "Practitioner/d"}]), f"{BASE}Observation/o")
    assert ("warning", "bundle-orphan", "Bundle.entry[2]") in findings(document(COMPOSITION, AUTHOR, backwards))
    provenance = {
        "resourceType": "Provenance", "id": "v", "target": [{"reference": "Composition/c"}],
        "recorded": "2026-01-01T00:00:00Z", "agent": [{"who": {"reference": "Practitioner/d"}}],
    }  # fmt: skip
    assert not errors(findings(document(COMPOSITION, AUTHOR, entry(provenance, f"{BASE}Provenance/v"))))


@pytest.mark.parametrize("kind", ["document", "message"])
def test_documents_and_messages_start_with_their_own_resource(findings, kind):
    assert "bundle-first-entry" in {rule for rule, _ in errors(findings(bundle(kind, entry(PATIENT, f"{URN}1"))))}
    empty = bundle(kind)
    del empty["entry"]
    assert ("bundle-first-entry", "Bundle") in errors(findings(empty))


def test_a_message_holds_its_focus_but_may_hold_more(findings):
    header = {
        "resourceType": "MessageHeader", "id": "m", "eventUri": "http://e.org/e", "source": {"endpoint": "http://e.org/s"},
    }  # fmt: skip
    more = entry(PATIENT, f"{BASE}Patient/p")
    with_focus = header | {"focus": [{"reference": "Patient/p"}]}
    assert not findings(
        bundle("message", entry(with_focus, f"{BASE}MessageHeader/m"), more, timestamp="2026-01-01T00:00:00Z")
    )
    found = findings(bundle("message", entry(with_focus, f"{BASE}MessageHeader/m")))
    assert ("error", "bundle-reference", "Bundle.entry[0].resource.focus[0]") in found
    found = findings(bundle("message", entry(header, f"{BASE}MessageHeader/m"), more))
    assert ("warning", "bundle-orphan", "Bundle.entry[1]") in found


def test_a_search_result_fits_its_search(findings):
    def found(resource, mode):
        link = [{"relation": "self", "url": f"{BASE}Patient?name=x"}]
        value = bundle(
            "searchset", entry(resource, f"{URN}1", **({"search": {"mode": mode}} if mode else {})), link=link
        )
        return {(severity, place) for severity, rule, place in findings(value) if rule == "bundle-search"}

    where = "Bundle.entry[0].resource"
    assert not found(PATIENT, "match")
    assert not found(PRACTITIONER, "include")
    assert found(PRACTITIONER, "match") == {("error", where)}
    assert found(PATIENT, "outcome") == {("error", where)}
    assert found({"resourceType": "Patient"}, "match") == {("error", where)}
    assert found(PATIENT, None) == {("warning", "Bundle")}


@pytest.mark.parametrize(("method", "url", "right"), [
    ("POST", "Patient", True), ("PUT", "Patient/p", True), ("PUT", "Patient?identifier=a|b", True),
    ("POST", "Patient/p", False), ("POST", "Group", False), ("PUT", "Patient/q", False), ("PUT", "Group/p", False),
])  # fmt: skip
def test_a_request_that_a_server_would_refuse_is_a_warning(findings, method, url, right):
    found = findings(bundle("transaction", entry(PATIENT, f"{URN}1", request={"method": method, "url": url})))
    assert (("warning", "bundle-request", "Bundle.entry[0].request") in found) != right
    assert not errors(found)


def test_a_bundle_in_a_bundle_has_references_of_its_own(findings):
    inner = bundle("collection", entry(observation("Patient/p"), f"{BASE}Observation/o"), id="b")
    outer = bundle(
        "collection", entry(inner, f"{BASE}Bundle/b"), entry(PRACTITIONER | {"id": "p"}, f"{BASE}Practitioner/p")
    )
    assert not errors(findings(outer))

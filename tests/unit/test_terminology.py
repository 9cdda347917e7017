"""Whether a code is in a value set, is a code at all, stands above another one."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhir.terminology import Resources, Terminology, r4_terminology

HL7 = "http://terminology.hl7.org/CodeSystem"
R4 = "http://hl7.org/fhir/ValueSet"
OWN = "https://example.org/fhir"
Json = dict[str, Any]


def code_system(*codes: str, name: str = "own", **more: Any) -> Json:
    concepts = [{"code": code} for code in codes]
    url = f"{OWN}/CodeSystem/{name}"
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "content": "complete",
        "caseSensitive": True,
        "concept": concepts,
    } | more


def value_set(*include: Json, name: str = "own", **more: Any) -> Json:
    return {"resourceType": "ValueSet", "url": f"{OWN}/ValueSet/{name}", "compose": {"include": list(include)}} | more


@pytest.mark.parametrize(
    ("value_set_name", "system", "code", "expected"),
    [
        ("administrative-gender|4.0.1", "http://hl7.org/fhir/administrative-gender", "female", True),
        ("administrative-gender|4.0.1", "http://hl7.org/fhir/administrative-gender", "Female", False),
        ("administrative-gender|4.0.1", None, "female", True),
        ("administrative-gender|4.0.1", None, "weiblich", False),
        ("administrative-gender|4.0.1", f"{HL7}/v3-ActCode", "female", False),
        ("administrative-gender|5.0.0", "http://hl7.org/fhir/administrative-gender", "female", None),
        ("languages", "urn:ietf:bcp:47", "bg", False),
        ("all-languages", "urn:ietf:bcp:47", "bg", True),
        ("all-languages", None, "bulgarian", False),
        ("mimetypes|4.0.1", None, "application/pdf", True),
        ("ucum-units|4.0.1", None, "mg", True),
        ("ucum-units|4.0.1", None, "mgs", False),
        ("currencies|4.0.1", None, "EUR", True),
        ("currencies|4.0.1", None, "BGN", True),
        ("currencies|4.0.1", None, "EUX", False),
        ("currencies|4.0.1", None, "eur", False),
        ("iso3166-1-2", "urn:iso:std:iso:3166", "BG", True),
        ("iso3166-1-2", "urn:iso:std:iso:3166", "BGR", False),
        ("iso3166-1-3", "urn:iso:std:iso:3166", "BGR", True),
        ("iso3166-1-N", "urn:iso:std:iso:3166", "100", True),
        ("observation-codes", "http://loinc.org", "8302-2", None),
        ("observation-codes", f"{HL7}/v3-ActCode", "AMB", False),
        ("condition-code", "http://snomed.info/sct", "1", None),
        ("v3-ActEncounterCode", f"{HL7}/v3-ActCode", "AMB", None),
        ("nothing-of-the-kind", "http://loinc.org", "8302-2", None),
    ],
)
def test_value_sets_of_r4(value_set_name: str, system: str | None, code: str, expected: bool | None) -> None:
    assert r4_terminology().member(f"{R4}/{value_set_name}", system, code) is expected


def test_codes_in_any_case_where_the_code_system_does_not_say_that_case_matters() -> None:
    table = "http://terminology.hl7.org/ValueSet/v2-0001"
    assert r4_terminology().member(table, f"{HL7}/v2-0001", "f") is True
    assert r4_terminology().code(f"{HL7}/v2-0001", "f") is True
    found = r4_terminology().codes(table)
    assert found is not None
    assert "F" in found.codes
    assert "f" not in found.codes


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        (f"{HL7}/v3-ActCode", "AMB", True),
        (f"{HL7}/v3-ActCode", "AMBX", False),
        (f"{HL7}/v3-ActCode|2018-08-12", "AMB", None),
        ("http://snomed.info/sct", "1", None),
        ("http://loinc.org", "8302-2", None),
        ("http://unitsofmeasure.org", "mg", True),
        ("http://unitsofmeasure.org", "mgs", False),
        (f"{HL7}/service-type", "1", True),
        (f"{HL7}/service-type", "nothing", None),
        ("https://example.org/nothing", "a", None),
    ],
)
def test_whether_a_code_system_has_a_code(system: str, code: str, expected: bool | None) -> None:
    assert r4_terminology().code(system, code) is expected
    assert expected is None or r4_terminology().knows(system) or expected


def test_what_stands_above_what() -> None:
    acts = f"{HL7}/v3-ActCode"
    assert r4_terminology().subsumes(acts, "_ActEncounterCode", "AMB") is True
    assert r4_terminology().subsumes(acts, "AMB", "_ActEncounterCode") is False
    assert r4_terminology().subsumes("http://snomed.info/sct", "1", "2") is None
    assert r4_terminology().subsumes("http://snomed.info/sct", "1", "1") is True


def test_a_membership_says_which_systems_it_takes_codes_of_and_what_it_cannot_decide() -> None:
    gender = r4_terminology().binding(f"{R4}/administrative-gender")
    assert gender.known
    assert gender.only_systems == {"http://hl7.org/fhir/administrative-gender"}
    assert gender.why_open is None
    conditions = r4_terminology().binding(f"{R4}/condition-code")
    assert conditions.only_systems == {"http://snomed.info/sct"}
    assert conditions.why_open is not None
    unknown = r4_terminology().binding(f"{R4}/nothing-of-the-kind")
    assert not unknown.known
    assert unknown.only_systems is None
    assert gender is r4_terminology().binding(f"{R4}/administrative-gender")


def test_parts_of_loinc_and_snomed_ct_have_codes_of_these_only() -> None:
    for url, system in (
        ("http://loinc.org/vs/LL379-9|4.0.1", "http://loinc.org"),
        ("http://snomed.info/sct?fhir_vs=ecl/%3C404684003", "http://snomed.info/sct"),
    ):
        found = r4_terminology().binding(url)
        assert found.known
        assert found.contains(system, "a") is None
        assert found.contains("https://example.org", "a") is False


def test_every_listed_value_set_of_r4_has_only_codes_that_there_are() -> None:
    terminology = r4_terminology()
    stored = json.loads(files("hm_fhir.fhir.r4").joinpath("value_sets.json").read_text(encoding="utf-8"))
    wrong = {
        url
        for url in stored
        for found in [terminology.codes(url)]
        if found is not None
        for system, codes in found.systems.items()
        for code in codes
        if terminology.code(system, code) is False
    }
    assert wrong == set()
    assert sum(terminology.codes(url) is not None for url in stored) > 1200


def test_own_resources_stand_on_those_of_r4_and_leave_them_alone() -> None:
    acts = {
        "system": f"{HL7}/v3-ActCode",
        "filter": [{"property": "concept", "op": "is-a", "value": "_ActEncounterCode"}],
    }
    nested = {"valueSet": [f"{R4}/administrative-gender|4.0.1"]}
    own = r4_terminology().with_resources(
        [code_system("a"), value_set(acts, nested, {"system": f"{OWN}/CodeSystem/own"}), {"resourceType": "Patient"}]
    )
    found = own.codes(f"{OWN}/ValueSet/own")
    assert found is not None
    assert {"AMB", "female", "a"} <= found.codes
    assert own.code(f"{OWN}/CodeSystem/own", "b") is False
    assert r4_terminology().code(f"{OWN}/CodeSystem/own", "b") is None


def test_own_resources_win_over_those_of_r4() -> None:
    gender = {"resourceType": "CodeSystem", "url": "http://hl7.org/fhir/administrative-gender", "content": "complete"}
    own = r4_terminology().with_resources([gender | {"concept": [{"code": "x"}]}])
    assert own.code("http://hl7.org/fhir/administrative-gender", "female") is False
    assert r4_terminology().code("http://hl7.org/fhir/administrative-gender", "female") is True


def test_the_newest_version_of_a_value_set_counts_unless_another_one_is_asked_for() -> None:
    one, ten, nine = (
        value_set({"system": "https://example.org/s", "concept": [{"code": version}]}, version=version)
        for version in ("1.9", "1.10", "1.9.9")
    )
    terminology = Terminology(Resources([one, ten, nine]))
    url = f"{OWN}/ValueSet/own"
    assert terminology.member(url, None, "1.10") is True
    assert terminology.member(f"{url}|1.9", None, "1.9") is True
    assert not terminology.binding(f"{url}|2").known


def test_a_code_system_names_the_value_set_of_all_its_codes() -> None:
    url = f"{OWN}/ValueSet/all"
    terminology = Terminology(Resources([code_system("a", "b", valueSet=f"{url}|1")]))
    assert terminology.binding(url).known
    assert [terminology.member(url, None, code) for code in "abc"] == [True, True, False]


CODES = st.sets(st.sampled_from("abcdef"), max_size=4)


@given(CODES, CODES, CODES)
def test_membership_is_that_of_sets(included: set[str], nested: set[str], excluded: set[str]) -> None:
    def part(codes: set[str]) -> Json:
        return {"system": f"{OWN}/CodeSystem/own", "concept": [{"code": code} for code in sorted(codes)]}

    one = value_set(part(included), {"valueSet": [f"{OWN}/ValueSet/nested"]})
    one["compose"]["exclude"] = [part(excluded)]
    terminology = Terminology(Resources([code_system(*"abcdef"), one, value_set(part(nested), name="nested")]))
    membership = terminology.binding(f"{OWN}/ValueSet/own")
    expected = (included | nested) - excluded
    for system in (f"{OWN}/CodeSystem/own", None):
        assert {code for code in "abcdefg" if membership.contains(system, code)} == expected
    listed = membership.listed
    assert listed is not None
    assert listed.codes == expected

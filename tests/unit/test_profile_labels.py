"""The labels that the profiles ask for are those that the vocabularies name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hm_fhir.activities.catalogue import TYPES
from hm_fhir.activities.vocabulary import BARRIERS, DESTINATIONS, GOALS, REASONS, TESTS, TOPICS, Vocabulary

PACKAGE = Path(__file__).parents[2] / "profiles" / "package"
CODE_SYSTEM = "https://w3id.org/hm-fhir/CodeSystem/"
USED = {
    TYPES: ("hm-encounter", "Encounter.type"),
    REASONS: ("hm-referral", "ServiceRequest.reasonCode"),
    DESTINATIONS: ("hm-referral", "ServiceRequest.code"),
    GOALS: ("hm-goal", "Goal.description"),
    TOPICS: ("hm-communication", "Communication.topic"),
    BARRIERS: ("hm-barrier", "Observation.value[x]"),
}
"""Vocabulary -> a profile and its element that uses the words."""

TEST_PROFILES = {"hm-syphilis-test": "STD", "hm-hiv-test": "HIV", "hm-pregnancy-test": "SEX"}


def demanded(profile: str, element: str, system: str) -> dict[str, set[str]]:
    """Return label -> codes of a code system that ask for it, as the invariants of an element say."""
    definition = json.loads((PACKAGE / f"StructureDefinition-{profile}.json").read_text("utf-8"))
    [found] = [one for one in definition["snapshot"]["element"] if one["id"] == element]
    labels: dict[str, set[str]] = {}
    for constraint in found.get("constraint", ()):
        when, _, then = constraint["expression"].partition(" implies ")
        if f"'{system}'" in when:
            [label] = re.findall(r"code = '([A-Z]+)'", then)
            labels[label] = set(re.findall(r"'([a-z-]+)'", when.partition(" and ")[2]))
    return labels


def sensitive(vocabulary: Vocabulary) -> dict[str, set[str]]:
    labels: dict[str, set[str]] = {}
    for code in vocabulary.terms:
        for label in vocabulary.sensitivity(code):
            labels.setdefault(label, set()).add(code)
    return labels


@pytest.mark.parametrize("vocabulary", USED, ids=lambda vocabulary: vocabulary.name)
def test_words_that_are_sensitive_ask_for_their_label(vocabulary: Vocabulary) -> None:
    assert demanded(*USED[vocabulary], CODE_SYSTEM + vocabulary.name) == sensitive(vocabulary)


def test_tests_ask_for_the_label_of_their_kind() -> None:
    labels = {code: vocabulary_labels for code in TESTS.terms if (vocabulary_labels := TESTS.sensitivity(code))}
    assert set(labels) == set(TESTS.terms)
    for profile, label in TEST_PROFILES.items():
        definition = json.loads((PACKAGE / f"StructureDefinition-{profile}.json").read_text("utf-8"))
        [meta] = [one for one in definition["snapshot"]["element"] if one["id"] == "Observation.meta"]
        keys = {constraint["key"] for constraint in meta["constraint"]}
        assert f"hm-label-{label.lower()}" in keys
        name = profile.removeprefix("hm-").removesuffix("-test")
        assert {label} == {one for code, given in labels.items() if code.startswith(name) for one in given}

"""The catalogue of activity types and the vocabularies: complete, in two languages, and with what they tell."""

from __future__ import annotations

import re

import pytest

from hm_fhir.activities.catalogue import ACTIVITY_TYPES, CATALOGUE, TYPES, encounter_class
from hm_fhir.activities.vocabulary import SETTINGS, VOCABULARIES, Term, Vocabulary

ALL = (TYPES, *VOCABULARIES)
TERMS = [pytest.param(term, id=f"{one.name}:{term.code}") for one in ALL for term in one.terms.values()]
KEBAB_CASE = re.compile(r"[a-z]+[0-9]*(-[a-z0-9]+)*")
CYRILLIC, LATIN = re.compile(r"[А-я]"), re.compile(r"[A-Za-z]")
SENSITIVITY = {"STD", "HIV", "SEX", "SDV"}  # HL7 v3-ActCode, information sensitivity


def test_the_catalogue_is_complete() -> None:
    assert [kind.code for kind in CATALOGUE] == [
        "home-visit",
        "phone-contact",
        "office-consultation",
        "accompaniment",
        "interpretation",
        "gp-registration",
        "insurance-help",
        "document-help",
        "rights-signal",
        "referral",
        "immunisation-recall",
        "pregnancy-detection",
        "postpartum-visit",
        "family-planning-counselling",
        "sti-education",
        "syphilis-test",
        "syphilis-follow-up",
        "partner-notification",
        "congenital-syphilis-follow-up",
        "screening-campaign",
        "group-health-talk",
        "needs-assessment",
        "no-show-tracing",
        "bedside-mediation",
        "discharge-follow-up",
        "case-closure",
    ]
    assert len(ACTIVITY_TYPES) == len(TYPES.terms) == 26


@pytest.mark.parametrize("term", TERMS)
def test_every_term_has_a_code_and_a_label_in_both_languages(term: Term) -> None:
    assert KEBAB_CASE.fullmatch(term.code)
    assert CYRILLIC.search(term.bg)
    assert LATIN.search(term.en)
    assert not CYRILLIC.search(term.en)
    assert term.bg == term.bg.strip()
    assert term.en == term.en.strip()


@pytest.mark.parametrize("term", TERMS)
def test_sensitivity_is_of_the_codes_of_hl7(term: Term) -> None:
    assert set(term.sensitivity) <= SENSITIVITY


@pytest.mark.parametrize("vocabulary", ALL, ids=lambda one: one.name)
def test_labels_are_unique_within_a_vocabulary(vocabulary: Vocabulary) -> None:
    for labels in ([term.bg for term in vocabulary.terms.values()], [term.en for term in vocabulary.terms.values()]):
        assert len(set(labels)) == len(labels)


def test_vocabularies_have_names_of_their_own() -> None:
    assert len({one.name for one in ALL}) == len(ALL)
    assert all(KEBAB_CASE.fullmatch(one.name) for one in ALL)


@pytest.mark.parametrize("word", ["syphilis", "sifilis", "hiv", "pregnan", "partner", "contracep", "violence"])
def test_a_word_that_tells_something_protected_is_sensitive(word: str) -> None:
    told = [term for one in ALL for term in one.terms.values() if word in term.code or word in term.en.lower()]
    assert all(term.sensitivity for term in told), [term.code for term in told if not term.sensitivity]


def test_a_code_that_stands_twice_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="stands twice in vocabulary colour"):
        Vocabulary("colour", "Colours", (Term("red", "Червено", "Red"), Term("red", "Алено", "Scarlet")))


def test_an_unknown_code_is_refused_with_the_nearest_known_one_and_not_shown() -> None:
    with pytest.raises(ValueError, match=r"^unknown setting; did you mean 'hospital'\?$"):
        SETTINGS.check("hospitals")
    with pytest.raises(ValueError, match=r"^unknown setting; known: field, home, hospital, ") as refused:
        SETTINGS.check("6808070004")
    assert "6808070004" not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "setting", "code"),
    [
        ("office-consultation", "home", "HH"),
        ("office-consultation", "field", "FLD"),
        ("office-consultation", "office", "FLD"),
        ("office-consultation", "phone", "VR"),
        ("office-consultation", "online", "VR"),
        ("accompaniment", "practice", "AMB"),
        ("accompaniment", "hospital", "AMB"),
        # the type holds whatever the setting
        ("home-visit", "field", "HH"),
        ("postpartum-visit", "hospital", "HH"),
        ("phone-contact", "office", "VR"),
        ("screening-campaign", "practice", "FLD"),
        ("bedside-mediation", "hospital", "IMP"),
    ],
)
def test_the_class_of_an_encounter_follows_type_and_setting(kind: str, setting: str, code: str) -> None:
    assert encounter_class(kind, setting) == code


@pytest.mark.parametrize(
    ("kind", "setting", "in_ward", "admitted", "code"),
    [
        ("accompaniment", "hospital", True, False, "IMP"),
        ("interpretation", "hospital", True, False, "IMP"),
        # many people are examined in wards
        ("syphilis-test", "hospital", True, False, "AMB"),
        ("syphilis-test", "hospital", False, True, "IMP"),
        ("accompaniment", "practice", True, True, "AMB"),
        ("accompaniment", "phone", True, True, "VR"),
        ("home-visit", "hospital", True, True, "HH"),
    ],
)
def test_only_an_admitted_person_is_an_in_patient(
    kind: str, setting: str, in_ward: bool, admitted: bool, code: str
) -> None:
    assert encounter_class(kind, setting, in_ward=in_ward, admitted=admitted) == code


@pytest.mark.parametrize("kind", ACTIVITY_TYPES)
@pytest.mark.parametrize("setting", SETTINGS.terms)
def test_every_type_has_a_class_in_every_setting(kind: str, setting: str) -> None:
    assert encounter_class(kind, setting) in {"HH", "FLD", "VR", "AMB", "IMP"}

"""The sensitivity of an activity follows from its content; whoever makes it can raise it, and never lower it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hm_fhir.activities.catalogue import CATALOGUE
from hm_fhir.activities.findings import CasePlan, Findings, PlanGoal, Referral, Test
from hm_fhir.activities.model import Activity
from hm_fhir.activities.vocabulary import BARRIERS, DESTINATIONS, GOALS, REASONS, TESTS, TOPICS, Vocabulary

CODES = ["HIV", "SDV", "SEX", "STD"]
PRACTICE = {"local_id": "F-1", "kind": "specialist-practice", "name": "Кабинет Пример"}


def activity(**changes: Any) -> Activity:
    data: dict[str, Any] = {
        "system": "register",
        "local_id": "A-1",
        "updated_at": "2026-03-02T12:00:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M-1", "name": {"family": "Образцова"}},
        "type": "home-visit",
        "period": {"start": "2026-03-02"},
        "setting": "home",
        "persons": [{"local_id": "K-1"}],
    }
    return Activity.model_validate({**data, **changes})


def test_an_ordinary_visit_is_not_sensitive() -> None:
    assert activity(topics=["hygiene"], barriers=["language"]).sensitivity == ()


@pytest.mark.parametrize(
    ("content", "sensitivity"),
    [
        ({"type": "syphilis-test"}, ("STD",)),
        ({"type": "pregnancy-detection"}, ("SEX",)),
        ({"topics": ["hiv"]}, ("HIV",)),
        ({"reasons": ["violence"]}, ("SDV",)),
        ({"barriers": ["violence"]}, ("SDV",)),
        ({"referral": {"destination": "dermato-venereologist"}}, ("STD",)),
        ({"referral": {"destination": "gp", "reasons": ["contraception"]}}, ("SEX",)),
        ({"findings": {"tests": [{"kind": "hiv-rapid"}]}}, ("HIV",)),
        ({"findings": {"pregnancy": {"status": "not-pregnant"}}}, ("SEX",)),
        ({"findings": {"conditions": [{"code": "syphilis"}]}}, ("STD",)),
        ({"findings": {"conditions": [{"code": "congenital-syphilis"}]}}, ("STD",)),
        ({"case_plan": {"goals": [{"code": "safe-from-violence"}]}}, ("SDV",)),
        ({"case_plan": {"steps": [{"type": "partner-notification"}]}}, ("STD",)),
        ({"facility": {**PRACTICE, "specialty": "gynaecology"}}, ("SEX",)),
        ({"facility": {**PRACTICE, "specialty": "surgery"}}, ()),
        ({"referral": {"destination": "hospital", "facility": {**PRACTICE, "specialty": "gynaecology"}}}, ("SEX",)),
        (
            {
                "findings": {
                    "tests": [
                        {"kind": "pregnancy", "facility": {**PRACTICE, "specialty": "dermato-venereology"}},
                    ]
                }
            },
            ("SEX", "STD"),
        ),
        ({"type": "rights-signal", "reasons": ["child-at-risk", "discrimination"]}, ()),
        ({"type": "rights-signal", "reasons": ["violence"]}, ("SDV",)),
        ({"type": "sti-education", "topics": ["hiv", "family-planning"], "reasons": ["violence"]}, tuple(CODES)),
    ],
)
def test_every_part_of_the_content_counts(content: dict[str, Any], sensitivity: tuple[str, ...]) -> None:
    assert activity(**content).sensitivity == sensitivity


@pytest.mark.parametrize(
    "content",
    [
        {"findings": Findings(tests=(Test(kind="syphilis-rapid"),))},
        {"findings": {"tests": [Test(kind="syphilis-rapid")]}},
        {"case_plan": {"goals": (PlanGoal(code="syphilis-treated"),)}},
        {"case_plan": CasePlan(goals=(PlanGoal(code="syphilis-treated"),))},
        {"referral": Referral(destination="gp", reasons=("syphilis-test",))},
        {"topics": {"syphilis"}},
        {"topics": frozenset({"syphilis"})},
        {"reasons": (reason for reason in ["syphilis-test"])},
    ],
    ids=["model", "model in a dict", "models in a tuple", "plan", "referral", "set", "frozen set", "generator"],
)
def test_it_does_not_matter_how_the_content_is_given(content: dict[str, Any]) -> None:
    assert activity(**content).sensitivity == ("STD",)


@pytest.mark.parametrize("given_as", [list, tuple, set, frozenset, iter])
def test_what_is_given_is_added_however_it_is_given(given_as: Any) -> None:
    assert activity(type="syphilis-test", sensitivity=given_as(["SDV"])).sensitivity == ("SDV", "STD")


@pytest.mark.parametrize("wrong", ["STD", ["std"], [{}], [[]], 5, {"STD": 1}, None])
def test_only_the_codes_of_hl7_can_be_given(wrong: object) -> None:
    with pytest.raises(ValidationError, match="sensitivity"):
        activity(sensitivity=wrong)


def words(vocabulary: Vocabulary) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(vocabulary.terms)), max_size=3)


def parts(vocabulary: Vocabulary, field: str) -> st.SearchStrategy[list[dict[str, str]]]:
    return words(vocabulary).map(lambda codes: [{field: code} for code in codes])


CONTENTS = st.fixed_dictionaries(
    {"type": st.sampled_from([kind.code for kind in CATALOGUE if kind.about != "group"])},
    optional={
        "topics": words(TOPICS),
        "reasons": words(REASONS),
        "barriers": words(BARRIERS),
        "referral": st.fixed_dictionaries(
            {"destination": st.sampled_from(sorted(DESTINATIONS.terms)), "reasons": words(REASONS)}
        ),
        "findings": parts(TESTS, "kind").map(lambda tests: {"tests": tests}),
        "case_plan": parts(GOALS, "code").map(lambda goals: {"goals": goals}),
    },
)


@given(CONTENTS, st.sets(st.sampled_from(CODES)))
def test_it_is_raised_and_never_lowered(content: dict[str, Any], raised: set[str]) -> None:
    derived = set(activity(**content).sensitivity)
    assert set(activity(**content, sensitivity=raised).sensitivity) == derived | raised


@given(CONTENTS, CONTENTS)
def test_more_content_is_never_less_sensitive(content: dict[str, Any], more: dict[str, Any]) -> None:
    both = {**more, **content}
    for field in ("topics", "reasons", "barriers"):
        both[field] = [*content.get(field, []), *more.get(field, [])]
    assert set(activity(**both).sensitivity) >= set(activity(**content).sensitivity)


@given(CONTENTS)
def test_mappings_see_it_even_after_an_unchecked_copy(content: dict[str, Any]) -> None:
    made = activity(**content)
    assert made.model_copy(update={"sensitivity": ()}).for_mapping()["sensitivity"] == list(made.sensitivity)


def test_mappings_see_what_an_unchecked_copy_has_added() -> None:
    assert activity().model_copy(update={"topics": ("hiv",)}).for_mapping()["sensitivity"] == ["HIV"]

"""The type model of the activity is what `Activity.for_mapping` gives: no key more, no key less."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError, computed_field

from hm_fhir.activities.model import Activity
from hm_fhir.activities.people import Person
from hm_fhir.activities.vocabulary import DESTINATIONS, TOPICS
from hm_fhir.fhir.definitions import Element, TypeDefinition
from hm_fhir.mapping import activity_types as module
from hm_fhir.mapping.activity_types import ADDED, ROOT, activity_types
from hm_fhir.mapping.cases import load_cases

CASES = Path(__file__).parents[2] / "mappings" / "cases"
RECORDS = [case.spec.activity for case in load_cases(CASES) if case.spec.refused != "invalid-activity"]

FULL: dict[str, Any] = {
    "system": "test-register",
    "local_id": "A-1",
    "updated_at": "2026-03-02T16:40:00+02:00",
    "municipality": {"code": "BGS04", "name": "Бургас"},
    "mediator": {
        "local_id": "M-1",
        "name": {"given": ["Емилия"], "family": "Образцова"},
        "areas": [{"ekatte": "07079", "settlement": "Бургас", "district": "Победа"}],
        "offices": [{"local_id": "O-1", "kind": "office", "name": "Офис Пример"}],
        "hours": [{"days": ["mon", "fri"], "start": "08:30", "end": "17:00"}],
    },
    "type": "home-visit",
    "setting": "home",
    "period": {"start": "2026-03-02", "end": "2026-03-02"},
    "facility": {"local_id": "F-1", "kind": "hospital", "name": "Болница Пример"},
    "persons": [{"local_id": "P-1", "formerly": ["P-0"]}],
    "findings": {
        "tests": [{"kind": "pregnancy", "facility": {"local_id": "F-2", "kind": "laboratory", "name": "Пример"}}]
    },
    "referral": {
        "destination": "gp",
        "facility": {"local_id": "F-3", "kind": "gp-practice", "name": "Практика Пример"},
    },
    "case_id": "C-1",
    "fulfils": ["R-1"],
    "follows": ["A-0"],
}
GROUP: dict[str, Any] = {
    **{name: FULL[name] for name in ("system", "local_id", "updated_at", "municipality", "mediator", "period")},
    "type": "group-health-talk",
    "setting": "field",
    "group": {"size": 12},
    "topics": ["hiv"],
}

MODEL = activity_types()


def activity_type(name: str) -> TypeDefinition:
    found = MODEL.type(name)
    assert found is not None, name
    return found


def element(path: str) -> Element:
    name, _, last = path.rpartition(".")
    return activity_type(name).elements[last]


def mistakes(value: Any, type_name: str) -> Iterator[str]:
    """Yield where JSON is not as its type says."""
    found = MODEL.type(type_name)
    if found is None:
        yield f"{type_name} is no type"
    elif found.kind == "primitive":
        if not IS[type_name](value):
            yield f"a value is no {type_name}"
    elif not isinstance(value, dict):
        yield f"{type_name} is no object"
    else:
        yield from (f"{type_name}.{key} is not in the model" for key in value.keys() - found.elements.keys())
        for one in found.elements.values():
            yield from element_mistakes(value.get(one.name), one, f"{type_name}.{one.name}")


def element_mistakes(value: Any, one: Element, path: str) -> Iterator[str]:
    if one.many != isinstance(value, list) and value is not None:
        yield f"{path} is a list or is none, against the model"
        return
    values = value if isinstance(value, list) else [] if value is None else [value]
    if len(values) < one.minimum:
        yield f"{path} is missing"
    for item in values:
        yield from (f"{path}: {mistake}" for mistake in mistakes(item, one.types[0]))
        if one.codes is not None and item not in one.codes:
            yield f"{path} has a code that the model does not know"


def is_text(value: Any, pattern: str = r"(?s).*") -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


DAY = r"\d{4}-\d\d-\d\d"
IS = {
    "System.String": is_text,
    "System.Integer": lambda value: type(value) is int,
    "System.Decimal": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "System.Boolean": lambda value: isinstance(value, bool),
    "System.Date": lambda value: is_text(value, DAY),
    "System.Time": lambda value: is_text(value, r"\d\d:\d\d:\d\d"),
    "System.DateTime": lambda value: is_text(value, DAY + r"(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?"),
    "instant": lambda value: is_text(value, DAY + r"T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
}


def paths(value: Any, path: str = ROOT) -> Iterator[str]:
    """Yield the path of everything in JSON."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield f"{path}.{key}"
            yield from paths(below, f"{path}.{key}")
    elif isinstance(value, list):
        for below in value:
            yield from paths(below, path)


@pytest.mark.parametrize("record", [*RECORDS, FULL, GROUP], ids=lambda record: record["type"])
def test_the_activity_of_a_case_is_as_the_model_says(record: dict[str, Any]) -> None:
    assert list(mistakes(Activity.model_validate(record).for_mapping(), ROOT)) == []


@settings(deadline=None)
@given(st.data())
def test_an_activity_with_less_in_it_is_as_the_model_says(data: st.DataObject) -> None:
    record = copy.deepcopy(data.draw(st.sampled_from([*RECORDS, FULL, GROUP])))
    for path in data.draw(st.lists(st.sampled_from(sorted(set(paths(record, "")))), max_size=6)):
        remove(record, path.split(".")[1:])
    try:
        activity = Activity.model_validate(record)
    except ValidationError:
        return  # what was taken away has to be there
    assert list(mistakes(activity.for_mapping(), ROOT)) == []


def remove(value: Any, steps: list[str]) -> None:
    if isinstance(value, list):
        for one in value:
            remove(one, steps)
    elif isinstance(value, dict) and len(steps) == 1:
        value.pop(steps[0], None)
    elif isinstance(value, dict) and steps[0] in value:
        remove(value[steps[0]], steps[1:])


def test_a_wrong_activity_would_be_found() -> None:
    right = Activity.model_validate(FULL).for_mapping()
    assert list(mistakes(right | {"colour": "red"}, ROOT)) == ["Activity.colour is not in the model"]
    assert list(mistakes(right | {"version": "1"}, ROOT)) == ["Activity.version: a value is no System.Integer"]
    assert list(mistakes(right | {"setting": "moon"}, ROOT)) != []
    assert list(mistakes(right | {"topics": "hiv"}, ROOT)) != []
    assert list(mistakes({key: right[key] for key in right if key != "key"}, ROOT)) == ["Activity.key is missing"]


def test_the_fields_are_those_of_the_json_schema_and_what_is_added() -> None:
    schema = Activity.model_json_schema(mode="serialization")

    def compare(name: str, described: dict[str, Any], added: frozenset[str]) -> int:
        elements = activity_type(name).elements
        assert elements.keys() - added == described["properties"].keys()
        below = 0
        for key, one in described["properties"].items():
            text = re.findall(r"'#/\$defs/(\w+)'", str(one))
            if text:
                model = schema["$defs"][text[0]]
                below += compare(elements[key].types[0], model, ADDED_TO.get(text[0], frozenset()))
        return 1 + below

    assert compare(ROOT, schema, ADDED_TO["Activity"]) > 20


ADDED_TO = {model.__name__: frozenset(added) for model, added in ADDED.items()}


def test_everything_that_is_declared_as_added_is_added_somewhere() -> None:
    seen = {path for record in (FULL, GROUP) for path in paths(Activity.model_validate(record).for_mapping())}
    assert {f"{ROOT}.{name}" for name in ADDED[Activity]} <= seen
    holders = {
        "person": Person.__name__,
        "persons": Person.__name__,
        "mediator": "Mediator",
        "mediator.areas": "ServiceArea",
        "municipality": "Municipality",
        "facility": "Facility",
        "group": "Group",
    }
    assert set(holders.values()) | {"Activity"} == ADDED_TO.keys()
    for holder, model in holders.items():
        assert {f"{ROOT}.{holder}.{name}" for name in ADDED_TO[model]} <= seen
    others = ("referral.facility.key", "findings.tests.facility.key", "mediator.offices.key", "person.replaced.key")
    assert {f"{ROOT}.{path}" for path in others} <= seen


def test_values_have_the_type_that_their_json_stands_for() -> None:
    assert element("Activity.updated_at").types == ("instant",)
    assert element("Activity.referral.appointment.start").types == ("instant",)
    assert element("Activity.period.start").types == ("System.DateTime",)
    assert element("Activity.person.birth_date").types == ("System.Date",)
    assert element("Activity.version").types == ("System.Integer",)
    assert element("Activity.findings.pregnancy.confirmed").types == ("System.Boolean",)
    assert element("Activity.mediator.occupation").types == ("System.String",)
    assert element("Activity.findings.measurements.value").types == ("System.String",)


def test_what_may_be_absent_and_what_may_repeat_is_known() -> None:
    assert (element("Activity.period.end").minimum, element("Activity.period.end").maximum) == (0, 1)
    assert (element("Activity.status").minimum, element("Activity.status").maximum) == (1, 1)
    assert (element("Activity.persons").minimum, element("Activity.persons").maximum) == (0, None)
    assert element("Activity.findings.tests").many


def test_the_codes_of_literals_and_vocabularies_are_known() -> None:
    assert "entered-in-error" in (element("Activity.status").codes or ())
    assert element("Activity.topics").codes == set(TOPICS.terms)
    assert element("Activity.referral.destination").codes == set(DESTINATIONS.terms)
    assert element("Activity.persons.identifiers.kind").codes == {"egn", "lnch", "nhis-newborn", "passport"}
    assert element("Activity.person.gender").codes == {"male", "female", "other", "unknown"}
    assert element("Activity.class").codes == {"HH", "FLD", "VR", "AMB", "IMP"}
    assert element("Activity.note").codes is None
    assert element("Activity.key").codes is None


def test_parts_are_named_by_their_path() -> None:
    assert element("Activity.person").types == ("Activity.person",)
    assert element("Activity.findings.pregnancy").types == ("Activity.findings.pregnancy",)
    assert activity_type("Activity.person").elements.keys() == activity_type("Activity.persons").elements.keys()
    assert activity_type(ROOT).namespace == "hm"


def test_fhir_is_below() -> None:
    assert MODEL.type("Encounter.participant") is not None
    assert ROOT not in MODEL.resource_types
    assert activity_types() is MODEL


class Part(BaseModel):
    """A part of a model of the kind that activities are made of."""

    days: Annotated[tuple[date, ...], Field(min_length=1)]
    at: datetime | None = None
    hidden: str = Field(default="", exclude=True)
    names: list[str] = []

    @computed_field  # type: ignore[prop-decorator]
    @property
    def half(self) -> float | None:
        """Return a computed value."""
        return None


def test_a_new_field_needs_no_change_here() -> None:
    types: dict[str, TypeDefinition] = {}
    module._add(types, "Part", Part)
    assert types["Part"].elements == {
        "days": Element("days", ("System.Date",), 1, None),
        "at": Element("at", ("instant",), 0, 1),
        "names": Element("names", ("System.String",), 0, None),
        "half": Element("half", ("System.Decimal",), 0, 1),
    }


class Odd(BaseModel):
    """A model with a field that has no type for mappings."""

    odd: dict[str, int]


def test_a_field_of_a_strange_kind_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Odd\.odd has no type"):
        module._add({}, "Odd", Odd)

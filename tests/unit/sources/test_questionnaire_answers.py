"""Answers to the form become the activity that they tell of, whichever form filler wrote them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.sources.base import Record, SourceContext, Understood
from hm_fhir.sources.fields.source import open_source, source_options
from hm_fhir.sources.kinds import reader_kind
from hm_fhir.testing.activities import generate_activities
from hm_fhir.testing.filled_forms import Style, filled_form, link_ids

DIRECTORY: dict[str, Any] = {
    "municipality": {"code": "SFO39", "name": "Самоков"},
    "mediators": {f"M{number}": {"family": "Примерова"} for number in range(1, 13)},
    "facilities": {f"F-{number}": {"kind": "hospital", "name": "Примерна болница"} for number in range(1, 41)},
}
STYLES: tuple[Style, ...] = get_args(Style)
KIND = reader_kind("questionnaire-response")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("forms")
    (made / "directory.yaml").write_text(json.dumps(DIRECTORY, ensure_ascii=False), encoding="utf-8")
    return made


def source_of(folder: Path, **chosen: Any) -> Any:
    options = source_options(KIND).model_validate({"path": "responses.json", "directory": "directory.yaml", **chosen})
    return open_source(KIND, options, SourceContext("forms", folder, ZoneInfo("Europe/Sofia")))


def read(folder: Path, *responses: Mapping[str, Any], **chosen: Any) -> list[Any]:
    (folder / "responses.json").write_text(json.dumps(responses, ensure_ascii=False), encoding="utf-8")
    return list(source_of(folder, **chosen).records())


def told(folder: Path, response: Mapping[str, Any]) -> Activity:
    """Return the activity of the only response."""
    (record,) = read(folder, response)
    assert isinstance(record, Record)
    if record.error is not None:
        raise record.error
    understood = source_of(folder).activity(record)
    assert isinstance(understood, Understood)
    return understood.activity


VISIT: dict[str, Any] = {
    "system": "forms",
    "local_id": "V-1",
    "updated_at": "2026-03-02T16:40:00+02:00",
    "municipality": {"code": "SFO39", "name": "Самоков"},
    "mediator": {"local_id": "M1", "name": {"family": "Примерова"}},
    "type": "home-visit",
    "setting": "home",
    "period": {"start": "2026-03-02T10:00:00+02:00"},
    "persons": [{"local_id": "P-1", "name": {"given": ["Мостра", "Мостра"], "family": "Примерова"}}],
}


def asked(data: Any, prefix: str = "") -> Any:
    """Return what the form asks of an activity."""
    known = {"system", "local_id", "updated_at", "municipality", "mediator"} if not prefix else set()
    kept: dict[str, Any] = {}
    for name, value in data.items():
        path = f"{prefix}{name}"
        if name in known or path in link_ids():
            kept[name] = value
        elif any(link_id.startswith(f"{path}.") for link_id in link_ids()):
            inner = [asked(one, f"{path}.") for one in value] if isinstance(value, list) else asked(value, f"{path}.")
            kept |= {name: inner} if inner else {}
    return kept


def as_in_the_directory(data: dict[str, Any]) -> dict[str, Any]:
    tests = data.get("findings", {}).get("tests", [])
    for holder in (data, data.get("referral", {}), *tests):
        if "facility" in holder:
            code = holder["facility"]["local_id"]
            holder["facility"] = {"local_id": code, **DIRECTORY["facilities"][code]}
    data["mediator"] = {"local_id": data["mediator"]["local_id"], "name": {"family": "Примерова"}}
    data["municipality"] = DIRECTORY["municipality"]
    return data


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), style=st.sampled_from(STYLES), number=st.integers(0, 60))
def test_what_is_written_into_the_form_is_what_is_read(folder: Path, seed: int, style: Style, number: int) -> None:
    *_, data = generate_activities(seed, number + 1)
    data = json.loads(json.dumps(data, default=str)) | {"system": "forms", "version": 0}
    expected = as_in_the_directory(asked(data))
    try:
        activity = Activity.model_validate(expected)
    except ValidationError:
        return  # what the form does not ask would be needed

    assert told(folder, filled_form(expected, style=style, seed=seed)) == activity


@pytest.mark.parametrize("style", STYLES)
def test_the_styles_are_different(style: Style) -> None:
    others = [filled_form(VISIT, style=other) for other in STYLES if other != style]
    assert filled_form(VISIT, style=style) not in others


def item(link_id: str, *answers: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"linkId": link_id, **({"answer": list(answers)} if answers else {}), **more}


def response(*items: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the response of VISIT with more items."""
    made = filled_form(VISIT) | changes
    return {name: value for name, value in made.items() if value is not None} | {"item": [*made["item"], *items]}


def test_nothing_but_the_answers_says_who_it_was(folder: Path) -> None:
    (record,) = read(folder, response(text={"status": "generated", "div": "<div>Друго Име</div>"}))
    assert "Друго" not in repr(record.values)
    assert told(folder, response()).persons[0].name == Activity.model_validate(VISIT).persons[0].name


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            {"valueCoding": {"system": "https://w3id.org/hm-fhir/CodeSystem/barrier", "code": "transport"}},
            "transport",
        ),
        ({"valueCoding": {"code": "transport", "display": "друго"}}, "transport"),
        ({"valueCoding": {"display": "transport"}}, "transport"),
        ({"valueString": " transport "}, "transport"),
    ],
)
def test_a_code_is_read_with_and_without_its_system(folder: Path, answer: dict[str, Any], expected: str) -> None:
    assert told(folder, response(item("barriers", answer))).barriers == (expected,)


def test_a_repeated_question_stands_once_or_several_times(folder: Path) -> None:
    one, other = {"valueString": "transport"}, {"valueString": "language"}
    together = told(folder, response(item("barriers", one, other)))
    apart = told(folder, response(item("barriers", one), item("barriers", other)))
    nested = told(folder, response(item("barriers", {**one, "item": [item("barriers", other)]})))
    assert together.barriers == apart.barriers == nested.barriers == ("transport", "language")


def test_a_quantity_brings_its_unit(folder: Path) -> None:
    kind = item("findings.measurements.kind", {"valueString": "body-weight"})
    quantity = {"value": 9.20, "unit": "килограма", "system": "http://unitsofmeasure.org", "code": "kg"}
    value = item("findings.measurements.value", {"valueQuantity": quantity})
    found = told(folder, response(item("findings.measurements", item=[kind, value]))).findings.measurements
    assert [(one.unit, str(one.value)) for one in found] == [("kg", "9.2")]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"valueReference": {"reference": "https://x.example/fhir/Organization/F-1/_history/2"}}, "F-1"),
        ({"valueReference": {"identifier": {"value": "F-2"}, "reference": "Organization/77"}}, "F-2"),
        ({"valueString": "F-3"}, "F-3"),
    ],
)
def test_a_facility_is_that_of_the_directory(folder: Path, answer: dict[str, Any], code: str) -> None:
    found = told(folder, response(item("facility.local_id", answer))).facility
    assert found is not None
    assert (found.local_id, found.kind) == (code, "hospital")


def test_a_day_in_a_time_and_a_time_in_a_day(folder: Path) -> None:
    wanted = item(
        "persons",
        item=[item("persons.local_id", {"valueString": "P-2"}), item("persons.role", {"valueString": "partner"})],
    )
    wanted["item"].append(item("persons.birth_date", {"valueDateTime": "1890-03-05T00:00:00+02:00"}))
    activity = told(folder, response(wanted, item("period.end", {"valueDate": "2026-03-02"})))
    assert activity.for_mapping()["persons"][1]["birth_date"] == "1890-03-05"
    assert activity.for_mapping()["period"]["end"] == "2026-03-02"


def test_a_group_that_the_form_has_filled_in_by_itself_tells_nothing(folder: Path) -> None:
    empty = item("persons", item=[item("persons.role", {"valueCoding": {"code": "subject"}})])
    assert len(told(folder, response(empty, item("documents", item=[]))).persons) == 1


def test_the_subject_need_not_be_the_first(folder: Path) -> None:
    mother = {"local_id": "P-2", "role": "mother", "name": {"given": ["Скица"]}}
    data = VISIT | {"persons": [mother, *VISIT["persons"]]}
    assert [one.role for one in told(folder, filled_form(data)).persons] == ["subject", "mother"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (
            [item("barriers", {"valueCoding": {"system": "http://snomed.info/sct", "code": "transport"}})],
            "other-code-system",
        ),
        ([item("setting", {"valueString": "field"})], "two-answers"),
        ([item("note", {"valueAttachment": {"title": "x"}})], "kind-of-answer"),
        ([item("facility.local_id", {"valueString": "F-99"})], "unknown-facility"),
    ],
)
def test_what_cannot_be_understood_is_rejected_without_its_value(
    folder: Path, more: list[dict[str, Any]], code: str
) -> None:
    with pytest.raises(RecordRejected) as caught:
        told(folder, response(*more))
    assert caught.value.code == code
    assert "F-99" not in str(caught.value)


@pytest.mark.parametrize(
    ("author", "code"),
    [
        (None, "no-author"),
        ({"display": "Примерова"}, "no-author"),
        ({"reference": "#author"}, "no-author"),
        ({"reference": "Practitioner/M99"}, "unknown-mediator"),
    ],
)
def test_a_response_whose_author_nobody_knows_is_rejected(
    folder: Path, author: dict[str, Any] | None, code: str
) -> None:
    with pytest.raises(RecordRejected) as caught:
        told(folder, response(author=author))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("changes", "local_id", "updated_at", "version"),
    [
        ({"id": "r-1"}, "V-1", "2026-03-02T16:40:00+02:00", 0),
        ({"id": "r-1", "identifier": None}, "r-1", "2026-03-02T16:40:00+02:00", 0),
        ({"id": "r-1", "identifier": [{"value": "V-2"}]}, "V-2", "2026-03-02T16:40:00+02:00", 0),
        ({"meta": {"lastUpdated": "2026-03-03T08:00:00Z", "versionId": "3"}}, "V-1", "2026-03-03T08:00:00+00:00", 3),
        ({"meta": {"versionId": "W/x"}}, "V-1", "2026-03-02T16:40:00+02:00", 0),
        ({"authored": "2026-03-02"}, "V-1", "2026-03-02T00:00:00+02:00", 0),
    ],
)
def test_number_time_and_version_are_those_of_the_response(
    folder: Path, changes: dict[str, Any], local_id: str, updated_at: str, version: int
) -> None:
    activity = told(folder, response(**changes))
    assert (activity.local_id, activity.updated_at.isoformat(), activity.version) == (local_id, updated_at, version)


def test_a_day_that_stands_for_a_time_is_counted(folder: Path) -> None:
    (record,) = read(folder, response(authored="2026-03-02"))
    assert source_of(folder).activity(record).repairs == ("day-as-time",)


@pytest.mark.parametrize("authored", [None, "2026-03", "2026-13-01", "soon"])
def test_a_response_without_a_time_is_rejected(folder: Path, authored: str | None) -> None:
    with pytest.raises(ValidationError, match="updated_at"):
        told(folder, response(authored=authored))


def test_a_form_without_a_directory_is_a_mistake_of_the_settings(folder: Path) -> None:
    with pytest.raises(SettingsError, match="no directory"):
        source_of(folder, directory=None)


def test_a_former_number_is_asked_for(folder: Path) -> None:
    data = VISIT | {"persons": [{"local_id": "P-1", "formerly": ["P-0", "P-00"]}]}
    assert told(folder, filled_form(data)).persons[0].formerly == ("P-0", "P-00")

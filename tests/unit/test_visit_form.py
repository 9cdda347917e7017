"""The form for a phone asks for fields of the activity model, with the words of its vocabularies, in two languages.

That the answers of a form become an activity is the reader's matter; here its questions are the activity's fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import AwareDatetime, BaseModel

from hm_fhir.activities.catalogue import TYPES
from hm_fhir.activities.model import Activity
from hm_fhir.activities.vocabulary import VOCABULARIES

PACKAGE = Path(__file__).parents[2] / "profiles" / "package"
FORM = json.loads((PACKAGE / "Questionnaire-hm-visit-form.json").read_text(encoding="utf-8"))
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
ONLY_GROUPS = {"visit", "content", "result"}
"""Headings of the form that are no part of an activity."""

NOT_ASKED = {
    "system": "the system that reads the answers",
    "local_id": "QuestionnaireResponse.identifier",
    "updated_at": "QuestionnaireResponse.authored",
    "version": "QuestionnaireResponse.authored",
    "municipality": "that of the author",
    "mediator": "QuestionnaireResponse.author",
    "sensitivity": "derived",
}
WORDS = {
    **{one.name: set(one.terms) for one in VOCABULARIES},
    "activity-type": set(TYPES.terms),
}
TYPE_OF = {str: "string", int: "integer", bool: "boolean", Decimal: "decimal", date: "date", datetime: "dateTime"}


def items(holder: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in holder.get("item", []):
        yield item
        yield from items(item)


ITEMS = {item["linkId"]: item for item in items(FORM)}
QUESTIONS = {link_id: item for link_id, item in ITEMS.items() if item["type"] != "group"}


def bare(annotation: Any) -> tuple[Any, bool]:
    """Return the type of a field without None and limits, and whether there can be several."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return bare(arguments[0])
    if origin in (Union, UnionType):
        return bare(next(one for one in arguments if one is not type(None)))
    if origin is tuple:
        return bare(arguments[0])[0], True
    return annotation, False


def field_of(link_id: str) -> tuple[Any, list[bool]]:
    """Return the type of the field with this path, and for each step whether there can be several."""
    model: Any = Activity
    several = []
    for step in link_id.split("."):
        model, many = bare(model.model_fields[step].annotation)
        several.append(many)
    return model, several


def test_link_ids_are_unique() -> None:
    assert len(ITEMS) == len(list(items(FORM)))


@pytest.mark.parametrize("link_id", sorted(ITEMS.keys() - ONLY_GROUPS))
def test_a_question_is_a_field_of_the_activity(link_id: str) -> None:
    model, several = field_of(link_id)
    item = ITEMS[link_id]

    assert item.get("repeats", False) == several[-1]
    if item["type"] == "group":
        assert issubclass(model, BaseModel)
    elif item["type"] != "choice":
        expected = "dateTime" if model in (datetime | date, AwareDatetime) else TYPE_OF.get(model)
        assert item["type"] in ({expected, "text"} if expected == "string" else {expected})


@pytest.mark.parametrize("name", sorted(Activity.model_fields))
def test_a_field_is_asked_for_or_known_otherwise(name: str) -> None:
    assert (name in NOT_ASKED) != any(link_id.split(".")[0] == name for link_id in ITEMS)


def codes_of_value_set(url: str) -> set[str]:
    name = url.rpartition("/")[2]
    [include] = json.loads((PACKAGE / f"ValueSet-{name}.json").read_text(encoding="utf-8"))["compose"]["include"]
    assert set(include) == {"system"}
    system = include["system"].rpartition("/")[2]
    text = (PACKAGE / f"CodeSystem-hm-{system}.json").read_text(encoding="utf-8")
    return {concept["code"] for concept in json.loads(text)["concept"]}


@pytest.mark.parametrize("link_id", sorted(link for link, item in QUESTIONS.items() if item["type"] == "choice"))
def test_the_answers_of_a_choice_are_what_the_field_takes(link_id: str) -> None:
    item = QUESTIONS[link_id]
    if "answerValueSet" in item:
        offered = codes_of_value_set(item["answerValueSet"])
    else:
        offered = {option["valueCoding"]["code"] for option in item["answerOption"]}
    model, _ = field_of(link_id)

    if get_origin(model) is Literal:
        taken = set(get_args(model))
        # Of a Literal with few words the whole vocabulary may be offered: roles of people who can decide.
        assert offered == taken or (link_id == "consent.by" and taken < offered)
    elif model is str:
        assert offered in WORDS.values()
    else:
        assert issubclass(model, BaseModel)


@pytest.mark.parametrize("link_id", sorted(ITEMS))
def test_every_text_is_bulgarian_with_an_english_translation(link_id: str) -> None:
    item = ITEMS[link_id]
    [translation] = item["_text"]["extension"]
    parts = {part["url"]: part for part in translation["extension"]}

    assert re.search("[а-яА-Я]", item["text"])
    assert translation["url"] == TRANSLATION
    assert parts["lang"]["valueCode"] == "en"
    assert re.fullmatch(r"[\x20-\x7e]+", parts["content"]["valueString"])
    for option in item.get("answerOption", []):
        [translated] = option["valueCoding"]["_display"]["extension"]
        assert translated["extension"][0]["valueCode"] == "bg"
        assert re.search("[а-яА-Я]", translated["extension"][1]["valueString"])


def test_what_must_be_answered_is_what_an_activity_needs() -> None:
    always = {link_id for link_id, item in ITEMS.items() if item.get("required")}

    assert always == {
        "type",
        "period.start",
        "setting",
        "persons.identifiers.value",
        "group.size",
    }


def test_a_question_waits_for_a_question_of_the_form() -> None:
    for item in ITEMS.values():
        for condition in item.get("enableWhen", []):
            assert condition["question"] in QUESTIONS


def test_ethnicity_is_not_asked_for() -> None:
    assert not re.search(r"ethnic|етнич|\bром", json.dumps(QUESTIONS, ensure_ascii=False), re.IGNORECASE)

"""Activities as answers to the form of this project: QuestionnaireResponses as different form fillers write them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from hm_fhir.testing.people import Chance

Style = Literal["plain", "terse", "nested"]
"""How a form filler writes: ``plain`` as the form stands; ``terse`` without code systems and displays, numbers and
codes as texts, without headings; ``nested`` with questions inside of the answers before them, repeated groups as
answers of one item, repeated answers as items of their own."""

_VALUES = {
    "boolean": "valueBoolean",
    "date": "valueDate",
    "dateTime": "valueDateTime",
    "decimal": "valueDecimal",
    "integer": "valueInteger",
    "string": "valueString",
    "text": "valueString",
}
_DAY_LENGTH = len("YYYY-MM-DD")


@cache
def the_form() -> dict[str, Any]:
    """Return the form of this project."""
    path = files("hm_fhir") / "_data" / "profiles" / "package" / "Questionnaire-hm-visit-form.json"
    form: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return form


def link_ids() -> tuple[str, ...]:
    """Return the linkIds of all questions of the form."""
    return tuple(item["linkId"] for item in _questions(the_form()))


def filled_form(activity: Mapping[str, Any], *, style: Style = "plain", seed: int = 0) -> dict[str, Any]:
    """Return the response that tells of an activity, without what a server adds.

    Args:
        activity: data of an activity (JSON); what the form does not ask is not in the response.
        style: see `Style`.
        seed: of what a form filler may do in one way or another.
    """
    form = the_form()
    return {
        "resourceType": "QuestionnaireResponse",
        "identifier": {"system": "https://forms.example/responses", "value": activity["local_id"]},
        "questionnaire": f"{form['url']}|{form['version']}" if style != "terse" else form["url"],
        "status": "completed",
        # Who is seen here is what the form filler knew before; the answers can say otherwise.
        "subject": {"reference": "Patient/known-before", "display": "Друго Име"},
        "authored": activity["updated_at"],
        "author": {
            "identifier": {"value": activity["mediator"]["local_id"]},
            "type": "Practitioner",
            "display": "Друго Име",
        }
        if style != "terse"
        else {"reference": f"Practitioner/{activity['mediator']['local_id']}"},
        "item": _Filler(style, Chance(seed)).items(form["item"], activity, ""),
    }


def _questions(holder: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for item in holder.get("item", ()):
        if item["type"] != "group":
            yield item
        yield from _questions(item)


class _Filler:
    def __init__(self, style: Style, chance: Chance) -> None:
        self._style = style
        self._chance = chance

    def items(self, asked: list[dict[str, Any]], data: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
        """Return the answered items.

        Args:
            asked: items of the form.
            data: what the answers are about.
            prefix: path of the data in the activity.
        """
        found: list[dict[str, Any]] = []
        for item in asked:
            found += self._group(item, data, prefix) if item["type"] == "group" else self._item(item, data, prefix)
        return self._into_answers(found) if self._style == "nested" and self._chance.happens(0.5) else found

    def _group(self, item: dict[str, Any], data: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
        link_id = item["linkId"]
        if not item.get("repeats"):
            inner = self.items(item["item"], data, prefix)
            if self._style == "terse":
                return inner
            return [{"linkId": link_id, "text": item["text"], "item": inner}] if inner else []
        objects = _at(data, link_id.removeprefix(prefix)) or []
        inside = [self.items(item["item"], one, f"{link_id}.") for one in objects]
        if self._style == "nested" and inside:
            return [{"linkId": link_id, "answer": [{"item": one} for one in inside]}]
        return [{"linkId": link_id, "text": item["text"], "item": one} for one in inside]

    def _item(self, item: dict[str, Any], data: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
        value = _at(data, item["linkId"].removeprefix(prefix))
        values = value if isinstance(value, list) else [] if value is None else [value]
        answers = [self._answer(item, one) for one in values]
        if self._style == "nested" and len(answers) > 1:
            return [{"linkId": item["linkId"], "answer": [one]} for one in answers]
        return [{"linkId": item["linkId"], "text": item["text"], "answer": answers}] if answers else []

    def _answer(self, item: dict[str, Any], value: Any) -> dict[str, Any]:
        kind = item["type"]
        if kind == "choice":
            options = {one["valueCoding"]["code"]: one["valueCoding"] for one in item.get("answerOption", ())}
            if self._style == "terse":
                return {"valueString": value} if self._chance.happens(0.5) else {"valueCoding": {"code": value}}
            coding = {name: text for name, text in options.get(value, {}).items() if not name.startswith("_")}
            return {"valueCoding": coding or {"code": value, "display": "дума"}}
        if kind == "dateTime" and len(value) == _DAY_LENGTH and self._style == "nested":
            return {"valueDate": value}
        if kind == "decimal" and self._style == "nested":
            return {"valueQuantity": {"value": value}}
        if kind == "integer" and self._style == "terse":
            return {"valueString": str(value)}
        if item["linkId"].endswith("facility.local_id") and self._style == "nested":
            return {"valueReference": {"reference": f"Organization/{value}", "display": "Друго име"}}
        return {_VALUES[kind]: value}

    def _into_answers(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Put each question into the answer before it, as forms do whose questions open one another."""
        kept: list[dict[str, Any]] = []
        for item in items:
            before = kept[-1].get("answer") if kept else None
            if before and len(before) == 1 and "answer" in item and "item" not in before[0]:
                before[0]["item"] = [item]
            else:
                kept.append(item)
        return kept


def _at(data: Any, path: str) -> Any:
    for step in path.split("."):
        data = data.get(step) if isinstance(data, Mapping) else None
    return data

"""A QuestionnaireResponse as named values: one for each question, whatever the nesting of its items.

Form fillers differ: items stand in items or inside of answers, one linkId stands several times where a question
repeats, a group that repeats is several items or several answers of one. What remains is the same: a question that
repeats has a list, a group that repeats a list of objects, and all other groups are headings only.

Source: https://hl7.org/fhir/R4/questionnaireresponse.html.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.questionnaire.form import Form, Question

Values = dict[str, Any]

_DAY_LENGTH = len("YYYY-MM-DD")
_UNIT = ".unit"


def values_of(response: Mapping[str, Any], form: Form, unknown: Counter[str]) -> Values:
    """Return the answers of a response by linkId.

    Args:
        response: the QuestionnaireResponse.
        form: what it answers.
        unknown: counts linkIds that the form does not have.

    Raises:
        RecordRejected: a question has two answers, or one of a kind that it cannot have.
    """
    reading = _Reading(form, unknown)
    return reading.level(response)


class _Reading:
    def __init__(self, form: Form, unknown: Counter[str]) -> None:
        self._form = form
        self._unknown = unknown

    def level(self, holder: Mapping[str, Any]) -> Values:
        values: Values = {}
        self._read(holder, values)
        return values

    def _read(self, holder: Mapping[str, Any], values: Values) -> None:
        for item in _objects(holder.get("item")):
            question = self._form.questions.get(str(item.get("linkId")))
            if question is None:
                self._unknown[str(item.get("linkId"))] += bool(item.get("answer") or item.get("item"))
            elif question.kind == "group":
                self._group(question, item, values)
            else:
                self._question(question, item, values)

    def _group(self, question: Question, item: Mapping[str, Any], values: Values) -> None:
        # As an item with items, or as an item with answers that have them.
        occurrences = [*([item] if item.get("item") else ()), *_objects(item.get("answer"))]
        for one in occurrences:
            if not question.repeats:
                self._read(one, values)
            elif self._is_told(inner := self.level(one)):
                values.setdefault(question.link_id, []).append(inner)

    def _is_told(self, inner: Values) -> bool:
        """Return whether somebody has answered anything: not only the form by itself."""
        return any(not self._form.questions[name].is_prefilled for name in inner if name in self._form.questions)

    def _question(self, question: Question, item: Mapping[str, Any], values: Values) -> None:
        for answer in _objects(item.get("answer")):
            value = _value(question, answer)
            if value is not None:
                self._put(question, value, values)
                self._put_unit(question, answer, values)
            self._read(answer, values)
        self._read(item, values)  # an item with items of its own is a group in all but its type

    def _put(self, question: Question, value: Any, values: Values) -> None:
        if question.repeats:
            values.setdefault(question.link_id, []).append(value)
        elif values.setdefault(question.link_id, value) != value:
            raise RecordRejected(
                f"the question {question.link_id!r} has two answers",
                code="two-answers",
                fix="correct it in the form: it takes one",
            )

    def _put_unit(self, question: Question, answer: Mapping[str, Any], values: Values) -> None:
        """Take the unit of a quantity as the answer to the question of the unit, where the form has one."""
        unit = self._form.questions.get(question.link_id.rpartition(".")[0] + _UNIT)
        quantity = answer.get("valueQuantity")
        if unit is not None and unit is not question and isinstance(quantity, Mapping):
            code = quantity.get("code") or quantity.get("unit")
            if isinstance(code, str):
                self._put(unit, code, values)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield from (one for one in value if isinstance(one, Mapping))


def _value(question: Question, answer: Mapping[str, Any]) -> Any:
    """Return what an answer says, or None when it says nothing."""
    kinds = [name for name in answer if name.startswith("value")]
    if not kinds:
        return None
    kind, value = kinds[0].removeprefix("value"), answer[kinds[0]]
    if kind == "Coding":
        return _code(question, value)
    if kind == "Quantity" and question.kind != "quantity":
        return value.get("value") if isinstance(value, Mapping) else None
    if kind == "Reference":
        return name_of(value)
    if kind == "DateTime" and question.kind == "date" and isinstance(value, str):
        return value[:_DAY_LENGTH]
    if kind == "Attachment" or not isinstance(value, str | int | Decimal | bool | Mapping):
        raise RecordRejected(
            f"the answer to {question.link_id!r} is of a kind that is not read: {kind}",
            code="kind-of-answer",
            fix="ask for a text, a number, a day or a code",
        )
    return value.strip() or None if isinstance(value, str) else value


def _code(question: Question, coding: Any) -> Any:
    if not isinstance(coding, Mapping):
        return None
    system = coding.get("system")
    if system is not None and question.systems and system not in question.systems:
        raise RecordRejected(
            f"the answer to {question.link_id!r} is a code of another code system",
            code="other-code-system",
            fix="the form offers the codes of one system; look at what the form filler sends",
        )
    code = coding.get("code")
    return code if code is not None else coding.get("display")


def name_of(reference: Any) -> str | None:
    """Return what a Reference calls somebody: the value of its identifier, else the id. A display is not trusted."""
    if not isinstance(reference, Mapping):
        return None
    identifier = reference.get("identifier")
    if isinstance(identifier, Mapping) and isinstance(identifier.get("value"), str):
        return str(identifier["value"])
    text = reference.get("reference")
    if not isinstance(text, str) or text.startswith("#"):
        return None
    return text.partition("/_history/")[0].rstrip("/").rpartition("/")[2] or None

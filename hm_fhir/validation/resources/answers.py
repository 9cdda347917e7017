"""Answers of a form: of the type of their question, among its options, within its limits.

Source: https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.type.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from hm_fhir.validation.resources.enablement import compared
from hm_fhir.validation.run import Path, Run

_KEYS: Final = {
    "boolean": ("valueBoolean",),
    "decimal": ("valueDecimal",),
    "integer": ("valueInteger",),
    "date": ("valueDate",),
    "dateTime": ("valueDateTime",),
    "time": ("valueTime",),
    "string": ("valueString",),
    "text": ("valueString",),
    "url": ("valueUri",),
    "attachment": ("valueAttachment",),
    "reference": ("valueReference",),
    "quantity": ("valueQuantity",),
    "choice": ("valueCoding", "valueDate", "valueTime", "valueInteger", "valueString"),
    "open-choice": ("valueCoding", "valueDate", "valueTime", "valueInteger", "valueString"),
}
_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/"
_LIMITS: Final = (
    ("minValue", ">=", "it is less than the question allows"),
    ("maxValue", "<=", "it is more than the question allows"),
)
_LIMITED: Final = frozenset(["integer", "decimal", "date", "dateTime", "time"])
"""Types of question whose answers have a least and a greatest value."""


def check_answer(answer: Any, question: Any, path: Path, run: Run) -> None:
    """Report an answer that its question does not allow.

    Args:
        answer: the answer.
        question: item of the Questionnaire; not a group or a display.
        path: where the answer is.
        run: the validation.
    """
    kind = question.get("type")
    keys = _KEYS.get(kind) if isinstance(kind, str) else None
    key = next((one for one in answer if one.startswith("value")), None)
    if keys is None or key is None:
        return
    if key not in keys:
        run.report("error", "invariant", "answer-type", path, f"an answer of the question is of the type {kind}")
        return
    value = answer[key]
    if kind in ("choice", "open-choice"):
        _check_choice(key, value, kind, question, path, run)
    elif kind in _LIMITED:
        _check_limits(answer, value, kind, question, path, run)
    elif kind in ("string", "text") and isinstance(value, str):
        _check_text(value, question, path, run)


def _check_choice(key: str, value: Any, kind: str, question: Any, path: Path, run: Run) -> None:
    """Check an answer against the options; an open question takes any text, but no other code."""
    problem = "the answer is not one of the options of the question"
    options = question.get("answerOption")
    if isinstance(options, list) and options:
        if kind == "open-choice" and key == "valueString":
            return
        if not any(isinstance(one, dict) and _same(one.get(key), value) for one in options):
            run.report("error", "code-invalid", "answer-option", path, problem)
        return
    value_set = question.get("answerValueSet")
    if key == "valueCoding" and isinstance(value, dict) and isinstance(value_set, str):
        code, system = value.get("code"), value.get("system")
        if value_set.startswith("#") or not isinstance(code, str):
            return
        known = isinstance(system, str)
        if run.services.terminology.member(value_set, system if known else None, code) is False or not known:
            run.report("error", "code-invalid", "answer-option", path, problem)


def _same(option: Any, value: Any) -> bool:
    if isinstance(option, dict) and isinstance(value, dict):
        return all(option.get(key) == value.get(key) for key in ("system", "code"))
    return option is not None and option == value


def _check_limits(answer: Any, value: Any, kind: str, question: Any, path: Path, run: Run) -> None:
    for name, operator, problem in _LIMITS:
        limit = _extension(question, name)
        if limit is not None and compared(answer, operator, limit) is False:
            run.report("error", "invariant", "answer-limit", path, problem)
    places = _extension(question, "maxDecimalPlaces")
    if kind == "decimal" and isinstance(places, int) and isinstance(value, Decimal) and _places(value) > places:
        run.report("error", "invariant", "answer-limit", path, "it has more decimal places than the question allows")
    options = question.get("answerOption")
    if isinstance(options, list) and options:
        key = next(iter(_KEYS[kind]))
        if not any(isinstance(one, dict) and one.get(key) == value for one in options):
            run.report(
                "error", "code-invalid", "answer-option", path, "the answer is not one of the options of the question"
            )


def _places(value: Decimal) -> int:
    return -int(value.as_tuple().exponent)


def _check_text(value: str, question: Any, path: Path, run: Run) -> None:
    if question.get("type") != "string":
        return
    longest, shortest = question.get("maxLength"), _extension(question, "minLength")
    if isinstance(longest, int) and len(value) > longest:
        run.report("error", "invariant", "answer-limit", path, "the answer is longer than the question allows")
    if isinstance(shortest, int) and len(value) < shortest:
        run.report("error", "invariant", "answer-limit", path, "the answer is shorter than the question allows")
    form = _extension(question, "regex")
    if isinstance(form, str) and not _matches(form, value):
        run.report(
            "error", "invariant", "answer-limit", path, "the answer does not have the form that the question asks for"
        )


def _matches(form: str, value: str) -> bool:
    try:
        return re.fullmatch(form, value) is not None
    except re.error:
        return True


def _extension(question: Any, name: str) -> Any:
    """Return the value of an extension of FHIR, or None."""
    found = question.get("extension")
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and one.get("url") == f"{_EXTENSION}{name}":
            return next((item for key, item in one.items() if key.startswith("value")), None)
    return None

"""Whether a question of a form is asked, given the answers so far.

Source: https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from hm_fhir.validation.json_parts import listed, text_of

_BY_EXPRESSION: Final = frozenset(
    [
        "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression",
        "http://hl7.org/fhir/StructureDefinition/questionnaire-enableWhenExpression",
    ]
)


def is_enabled(question: Any, scopes: Sequence[Any]) -> bool | None:
    """Return whether a question is asked; None when that cannot be decided.

    Args:
        question: item of the Questionnaire.
        scopes: the QuestionnaireResponse and the items and answers of it that are around, from the outermost on.
    """
    if any(text_of(one, "url") in _BY_EXPRESSION for one in listed(question, "extension")):
        return None
    verdicts = [_holds(one, scopes) for one in listed(question, "enableWhen")]
    if not verdicts:
        return True
    if question.get("enableBehavior") == "all":
        return False if False in verdicts else None if None in verdicts else True
    return True if True in verdicts else None if None in verdicts else False


def _holds(condition: Any, scopes: Sequence[Any]) -> bool | None:
    if not isinstance(condition, dict):
        return None
    operator = condition.get("operator")
    answers = _answers(condition.get("question"), scopes)
    wanted = next((item for key, item in condition.items() if key.startswith("answer")), None)
    if operator == "exists":
        return bool(answers) == wanted if isinstance(wanted, bool) else None
    if not answers:
        return False
    verdicts = [compared(given, operator, wanted) for given in answers]
    if operator == "!=":
        return False if False in verdicts else None if None in verdicts else True
    return True if True in verdicts else None if None in verdicts else False


def _answers(link: Any, scopes: Sequence[Any]) -> list[Any]:
    """Return the values that a question was answered with, at the nearest place around where it stands."""
    for scope in reversed(scopes):
        items = [item for item in _items(scope) if item.get("linkId") == link]
        if items:
            return [answer for item in items for answer in listed(item, "answer") if _value(answer) is not None]
    return []


def _items(scope: Any) -> Iterator[Any]:
    todo = [*listed(scope, "item"), *listed(scope, "answer")]
    while todo:
        one = todo.pop(0)
        if isinstance(one, dict):
            yield one
            todo += [*listed(one, "item"), *listed(one, "answer")]


def compared(answer: Any, operator: Any, wanted: Any) -> bool | None:
    """Return whether an answer stands to a value as an operator says; None: the two cannot be compared.

    Args:
        answer: an answer with its ``value[x]``.
        operator: ``=``, ``!=``, ``>``, ``<``, ``>=`` or ``<=``.
        wanted: JSON of the value.
    """
    order = _order(_value(answer), wanted)
    if order is None:
        return None
    equal, less = order
    if operator in ("=", "!="):
        return equal is (operator == "=")
    if less is None:
        return None
    return {">": not less and not equal, "<": less, ">=": not less, "<=": less or equal}.get(str(operator))


def _value(answer: Any) -> Any:
    if not isinstance(answer, dict):
        return None
    return next((item for key, item in answer.items() if key.startswith("value")), None)


def _order(given: Any, wanted: Any) -> tuple[bool, bool | None] | None:
    """Return (equal, less than); less than is None for values without an order."""
    if isinstance(given, bool) or isinstance(wanted, bool):
        return (given is wanted, None) if isinstance(given, bool) and isinstance(wanted, bool) else None
    if _is_number(given) and _is_number(wanted):
        left, right = Decimal(str(given)), Decimal(str(wanted))
        return left == right, left < right
    if isinstance(given, str) and isinstance(wanted, str):
        return _text_order(given, wanted)
    if not isinstance(given, dict) or not isinstance(wanted, dict):
        return None
    if "value" in given or "value" in wanted:
        same_unit = all(given.get(key) == wanted.get(key) for key in ("system", "code"))
        return _order(given.get("value"), wanted.get("value")) if same_unit else None
    keys = ("reference",) if "reference" in wanted else ("system", "code")
    return all(given.get(key) == wanted.get(key) for key in keys), None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal)


def _text_order(given: str, wanted: str) -> tuple[bool, bool | None] | None:
    if given == wanted:
        return True, False
    for read in (datetime.fromisoformat, date.fromisoformat):
        try:
            left, right = read(given), read(wanted)
            return left == right, left < right
        except (ValueError, TypeError):
            continue
    return False, (given < wanted) if len(given) == len(wanted) else None

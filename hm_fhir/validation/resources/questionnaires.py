"""Forms and what was filled in: rules of Questionnaire and QuestionnaireResponse that no invariant states.

Source: https://hl7.org/fhir/R4/questionnaire.html and https://hl7.org/fhir/R4/questionnaireresponse.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hm_fhir.validation.issue import Severity
from hm_fhir.validation.json_parts import listed, text_of
from hm_fhir.validation.resources.answers import check_answer
from hm_fhir.validation.resources.enablement import is_enabled
from hm_fhir.validation.run import Path, Run

_FINISHED: Final = frozenset(["completed", "amended"])


def check_questionnaire(value: Any, path: Path, run: Run) -> None:
    """Report conditions of a Questionnaire that are about no other question.

    Args:
        value: the Questionnaire.
        path: where it is.
        run: the validation.
    """
    places = list(_questions(value, path))
    order: dict[str | None, int] = {}
    for place, (item, _, _) in enumerate(places):
        order.setdefault(text_of(item, "linkId"), place)
    for place, (item, here, around) in enumerate(places):
        conditions = item.get("enableWhen")
        if not isinstance(conditions, list):
            continue
        inner = {text_of(one, "linkId") for one, _, _ in _questions(item, here)}
        for condition in conditions:
            link = condition.get("question") if isinstance(condition, dict) else None
            if not isinstance(link, str):
                continue
            if link in inner:
                problem = "the condition is about a question inside of the item itself"
            elif link not in order:
                problem = "the condition is about a question that the form does not have"
            elif places[order[link]][0] is item:
                problem = "the condition is about the item itself"
            else:
                if order[link] > place and link not in around:
                    text = "the condition is about a question that comes later"
                    run.report("warning", "business-rule", "questionnaire-condition", here, text)
                continue
            run.report("error", "business-rule", "questionnaire-condition", here, problem)


def _questions(
    holder: Any, path: Path, around: frozenset[str | None] = frozenset()
) -> Iterator[tuple[Any, Path, frozenset[str | None]]]:
    """Yield the items of a form with their paths and the linkIds around them, in the order of the form."""
    items = holder.get("item")
    for place, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            here = (path, f"item[{place}]")
            yield item, here, around
            yield from _questions(item, here, around | {text_of(item, "linkId")})


def check_response(value: Any, path: Path, run: Run) -> None:
    """Report what does not fit the form that a QuestionnaireResponse was filled in from, where the form is at hand.

    Args:
        value: the QuestionnaireResponse.
        path: where it is.
        run: the validation.
    """
    url = value.get("questionnaire")
    if not isinstance(url, str) or not url.strip():
        return
    if url.startswith("#"):
        form = run.contained(url[1:])
        form = form if isinstance(form, dict) and form.get("resourceType") == "Questionnaire" else None
    else:
        form = run.services.conformance_resource("Questionnaire", url)
    if not isinstance(form, dict):
        problem = "the questionnaire is not at hand, so the answers were not checked against it"
        run.report("warning", "required", "questionnaire-unknown", path, problem)
        return
    _Response(form, value, run).items(value, form, path, [value])


class _Response:
    """Compares the items of a response with those of its form, level by level."""

    def __init__(self, form: Any, response: Any, run: Run) -> None:
        self.run = run
        self.missing: Severity = "error" if text_of(response, "status") in _FINISHED else "warning"
        self.known = {text_of(item, "linkId") for item, _, _ in _questions(form, (None, ""))}

    def error(self, rule: str, path: Path, text: str) -> None:
        self.run.report("error", "structure", rule, path, text)

    def items(self, holder: Any, form: Any, path: Path, scopes: list[Any]) -> None:
        """Check the items in a response, an item or an answer.

        Args:
            holder: what holds them.
            form: the part of the form that holds their questions.
            path: where the holder is.
            scopes: the response and what is around, from the outermost on.
        """
        questions = [one for one in listed(form, "item") if isinstance(one, dict)]
        order = {text_of(one, "linkId"): place for place, one in reversed(list(enumerate(questions)))}
        given: dict[int, list[tuple[Any, Path]]] = {}
        last = -1
        for place, item in enumerate(listed(holder, "item")):
            here = (path, f"item[{place}]")
            link = text_of(item, "linkId")
            if link is None:
                continue  # its cardinality says so
            found = order.get(link)
            if found is None:
                problem = (
                    "the item belongs to another place of the form"
                    if link in self.known
                    else "the form has no such item"
                )
                self.error("questionnaire-item", here, problem)
                continue
            if found < last:
                self.error("questionnaire-order", here, "the items must be in the order of the form")
            last = found
            given.setdefault(found, []).append((item, here))
        for place, question in enumerate(questions):
            self.question(question, given.get(place, []), path, scopes)

    def question(self, question: Any, given: list[tuple[Any, Path]], path: Path, scopes: list[Any]) -> None:
        """Check all items of a response that stand for one question."""
        enabled = is_enabled(question, scopes)
        if not given:
            if enabled and question.get("required") is True:
                self.run.report(
                    self.missing, "required", "answer-missing", path, "a question that must be answered is not"
                )
            return
        if len(given) > 1 and question.get("repeats") is not True:
            self.error("questionnaire-repeats", given[1][1], "the item must not be repeated")
        for item, here in given:
            if enabled is False and (item.get("answer") or item.get("item")):
                self.error("answer-not-enabled", here, "by the other answers the question was not to be asked")
            self.item(item, question, here, scopes, enabled)

    def item(self, item: Any, question: Any, path: Path, scopes: list[Any], enabled: bool | None) -> None:
        """Check one item with its answers."""
        kind, answers, items = question.get("type"), listed(item, "answer"), listed(item, "item")
        text = item.get("text")
        if isinstance(text, str) and text and text != question.get("text"):
            self.error("questionnaire-text", path, "the text of the item is not the one of the question")
        if kind == "group":
            if answers:
                self.error("questionnaire-item", path, "a group has no answers of its own")
            if not items and question.get("required") is True:
                self.error("answer-missing", path, "a group that must be filled in is empty")
            self.items(item, question, path, [*scopes, item])
            return
        if kind == "display":
            if answers or items:
                self.error("questionnaire-item", path, "a text for display has no answers and no items")
            return
        if items:
            self.error("questionnaire-item", path, "items below a question stand in its answers")
        if not answers and question.get("required") is True and enabled is not False:
            self.run.report(
                self.missing, "required", "answer-missing", path, "a question that must be answered is not"
            )
        if len(answers) > 1 and question.get("repeats") is not True:
            self.error("questionnaire-repeats", path, "the question has one answer only")
        for place, answer in enumerate(answers):
            if isinstance(answer, dict):
                here = (path, f"answer[{place}]")
                check_answer(answer, question, here, self.run)
                self.items(answer, question, here, [*scopes, item, answer])

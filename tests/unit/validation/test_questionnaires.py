"""Forms and their answers: QuestionnaireResponses against the Questionnaire that they contain."""

from __future__ import annotations

import pytest

from hm_fhir.validation.resources.enablement import is_enabled

EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
CODES = "http://hl7.org/fhir/administrative-gender"


def item(link, kind="string", **more):
    return {"linkId": link, "text": f"text of {link}", "type": kind, **more}


def form(*items):
    return {"resourceType": "Questionnaire", "id": "q", "status": "draft", "item": list(items)}


def response(questions, *items, status="completed"):
    return {
        "resourceType": "QuestionnaireResponse", "status": status, "questionnaire": "#q", "contained": [questions],
        "item": list(items),
    }  # fmt: skip


def answer(link, *values, **more):
    given = [value if isinstance(value, dict) else {"valueString": value} for value in values]
    return {"linkId": link, **({"answer": given} if given else {}), **more}


def when(question, operator="exists", **value):
    return {"question": question, "operator": operator, **(value or {"answerBoolean": True})}


@pytest.fixture
def rules(findings):
    """Return the rules of errors in the answers, not in the contained form."""

    def found(resource, severity="error"):
        return {
            rule
            for one, rule, place in findings(resource)
            if one == severity and ".contained[" not in place and rule.startswith(("answer", "questionnaire"))
        }

    return found


# --- forms


@pytest.mark.parametrize(
    ("items", "severity"),
    [
        ([item("1"), item("2", enableWhen=[when("1")])], None),
        ([item("1", "group", item=[item("2", enableWhen=[when("1")])])], None),
        ([item("1", enableWhen=[when("9")])], "error"),
        ([item("1", enableWhen=[when("1")])], "error"),
        ([item("1", "group", enableWhen=[when("2")], item=[item("2")])], "error"),
        ([item("1", enableWhen=[when("2")]), item("2")], "warning"),
    ],
)
def test_a_condition_is_about_an_earlier_question(findings, items, severity):
    found = {one for one, rule, _ in findings(form(*items)) if rule == "questionnaire-condition"}
    assert found == ({severity} if severity else set())


# --- answers


KINDS = {
    "boolean": {"valueBoolean": True}, "decimal": {"valueDecimal": 1}, "integer": {"valueInteger": 1},
    "date": {"valueDate": "2026"}, "dateTime": {"valueDateTime": "2026"}, "time": {"valueTime": "10:00:00"},
    "string": {"valueString": "x"}, "text": {"valueString": "x"}, "url": {"valueUri": "http://e.org"},
    "attachment": {"valueAttachment": {"contentType": "text/plain"}}, "quantity": {"valueQuantity": {"value": 1}},
    "reference": {"valueReference": {"reference": "Patient/1"}},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_has_the_type_of_its_question(rules, kind):
    assert not rules(response(form(item("a", kind)), answer("a", KINDS[kind])))
    others = {name for name, value in KINDS.items() if list(value) != list(KINDS[kind])}
    for other in others:
        assert rules(response(form(item("a", kind)), answer("a", KINDS[other]))) == {"answer-type"}


def coding(code, system=CODES):
    return {"valueCoding": {"system": system, "code": code}}


OPTIONS = [coding("male"), coding("female")]


@pytest.mark.parametrize(
    ("question", "given", "right"),
    [
        (item("a", "choice", answerOption=OPTIONS), coding("male"), True),
        (item("a", "choice", answerOption=OPTIONS), coding("other"), False),
        (item("a", "choice", answerOption=OPTIONS), {"valueCoding": {"code": "male"}}, False),
        (item("a", "choice", answerOption=OPTIONS), "male", False),
        (item("a", "open-choice", answerOption=OPTIONS), "something else", True),
        (item("a", "open-choice", answerOption=OPTIONS), coding("other"), False),
        (item("a", "choice", answerOption=[{"valueString": "p"}]), "p", True),
        (item("a", "choice", answerOption=[{"valueString": "p"}]), "q", False),
        (item("a", "choice", answerOption=[{"valueInteger": 1}]), {"valueInteger": 2}, False),
        (
            item("a", "choice", answerValueSet="http://hl7.org/fhir/ValueSet/administrative-gender"),
            coding("male"),
            True,
        ),
        (
            item("a", "choice", answerValueSet="http://hl7.org/fhir/ValueSet/administrative-gender"),
            coding("x"),
            False,
        ),
        (item("a", "choice", answerValueSet="http://example.org/unknown"), coding("male"), True),
    ],
)
def test_an_answer_is_one_of_the_options(rules, question, given, right):
    assert rules(response(form(question), answer("a", given))) == (set() if right else {"answer-option"})


def limited(kind, name, key, value):
    return item("a", kind, extension=[{"url": f"{EXTENSION}{name}", key: value}])


@pytest.mark.parametrize(
    ("question", "given", "right"),
    [
        (item("a", maxLength=3), "abc", True),
        (item("a", maxLength=3), "abcd", False),
        (limited("string", "minLength", "valueInteger", 2), "a", False),
        (limited("string", "regex", "valueString", "[a-z]+"), "abc", True),
        (limited("string", "regex", "valueString", "[a-z]+"), "ab1", False),
        (limited("integer", "minValue", "valueInteger", 1), {"valueInteger": 1}, True),
        (limited("integer", "minValue", "valueInteger", 1), {"valueInteger": 0}, False),
        (limited("integer", "maxValue", "valueInteger", 5), {"valueInteger": 6}, False),
        (limited("date", "minValue", "valueDate", "2020-01-01"), {"valueDate": "2019-12-31"}, False),
        (limited("date", "maxValue", "valueDate", "2020-01-01"), {"valueDate": "2019-12-31"}, True),
    ],
)
def test_an_answer_is_within_the_limits_of_its_question(rules, question, given, right):
    assert rules(response(form(question), answer("a", given))) == (set() if right else {"answer-limit"})


GROUP = form(item("g", "group", item=[item("g1"), item("g2", required=True)]), item("d", "display"), item("s"))


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([answer("g", item=[answer("g1", "x"), answer("g2", "y")]), answer("d"), answer("s", "z")], set()),
        ([answer("g", item=[answer("g1", "x")])], {"answer-missing"}),
        ([answer("g", "x", item=[answer("g2", "y")])], {"questionnaire-item"}),
        ([answer("g1", "x")], {"questionnaire-item"}),
        ([answer("unknown", "x")], {"questionnaire-item"}),
        ([answer("d", "x")], {"questionnaire-item"}),
        ([answer("s", "x", item=[answer("g1", "y")])], {"questionnaire-item"}),
        ([answer("s", "x"), answer("d")], {"questionnaire-order"}),
        ([answer("s", "x", "y")], {"questionnaire-repeats"}),
        ([answer("s", "x"), answer("s", "y")], {"questionnaire-repeats"}),
        ([answer("s", "x", text="another text")], {"questionnaire-text"}),
        ([answer("s", "x", text="text of s")], set()),
    ],
)
def test_items_stand_where_the_form_has_them(rules, items, expected):
    assert rules(response(GROUP, *items)) - {"qrs-1"} == expected


def test_a_required_answer_may_be_missing_until_it_is_finished(rules):
    questions = form(item("a", required=True), item("b"))
    assert rules(response(questions, answer("b", "x"))) == {"answer-missing"}
    assert rules(response(questions, answer("b", "x"), status="amended")) == {"answer-missing"}
    unfinished = response(questions, answer("b", "x"), status="in-progress")
    assert not rules(unfinished)
    assert rules(unfinished, "warning") == {"answer-missing"}


def test_what_was_not_to_be_asked_has_no_answer_and_none_is_missing(rules):
    questions = form(
        item("b", "boolean"), item("c", required=True, enableWhen=[when("b", "=", answerBoolean=True)])
    )  # fmt: skip
    yes, no = answer("b", {"valueBoolean": True}), answer("b", {"valueBoolean": False})
    assert not rules(response(questions, yes, answer("c", "x")))
    assert rules(response(questions, yes)) == {"answer-missing"}
    assert rules(response(questions, no, answer("c", "x"))) == {"answer-not-enabled"}
    assert not rules(response(questions, no))


def test_a_form_that_is_not_at_hand_is_a_warning(findings):
    value = {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "http://e.org/q"}
    assert findings(value) == {("warning", "questionnaire-unknown", "QuestionnaireResponse")}


def test_repeated_groups_are_each_checked(rules):
    questions = form(item("g", "group", repeats=True, item=[item("a", "integer")]))
    right, wrong = answer("g", item=[answer("a", {"valueInteger": 1})]), answer("g", item=[answer("a", "x")])
    assert not rules(response(questions, right, right))
    assert rules(response(questions, right, wrong)) == {"answer-type"}


# --- conditions


def question(*conditions, behavior=None):
    return {"linkId": "q", "enableWhen": list(conditions), **({"enableBehavior": behavior} if behavior else {})}


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("exists", {"answerBoolean": True}, {"valueInteger": 1}, True),
        ("exists", {"answerBoolean": False}, {"valueInteger": 1}, False),
        ("exists", {"answerBoolean": False}, None, True),
        ("=", {"answerInteger": 3}, {"valueInteger": 3}, True),
        ("=", {"answerInteger": 3}, {"valueInteger": 4}, False),
        ("=", {"answerInteger": 3}, None, False),
        ("!=", {"answerInteger": 3}, {"valueInteger": 4}, True),
        ("!=", {"answerInteger": 3}, None, False),
        (">", {"answerInteger": 3}, {"valueInteger": 4}, True),
        (">=", {"answerDecimal": 3}, {"valueDecimal": 3}, True),
        ("<", {"answerDate": "2020-01-02"}, {"valueDate": "2020-01-01"}, True),
        ("<=", {"answerDateTime": "2020-01-01T10:00:00Z"}, {"valueDateTime": "2020-01-01T11:00:00+02:00"}, True),
        ("=", {"answerCoding": {"system": "s", "code": "c"}}, {"valueCoding": {"system": "s", "code": "c"}}, True),
        ("=", {"answerCoding": {"system": "s", "code": "c"}}, {"valueCoding": {"system": "t", "code": "c"}}, False),
        (">", {"answerQuantity": {"value": 1, "code": "kg"}}, {"valueQuantity": {"value": 2, "code": "g"}}, None),
        (">", {"answerString": "x"}, {"valueInteger": 1}, None),
    ],
)
def test_a_condition_compares_answers(operator, wanted, given, expected):
    condition = {"question": "a", "operator": operator, **wanted}
    scope = {"item": [answer("a", given)] if given else []}
    assert is_enabled(question(condition), [scope]) is expected


def test_several_conditions_are_all_or_any():
    true, false = when("a", "=", answerBoolean=True), when("a", "=", answerBoolean=False)
    scope = [{"item": [answer("a", {"valueBoolean": True})]}]
    assert is_enabled(question(true, false, behavior="any"), scope) is True
    assert is_enabled(question(true, false, behavior="all"), scope) is False
    assert is_enabled(question(true, true, behavior="all"), scope) is True
    assert is_enabled(question(), scope) is True


def test_the_nearest_answer_counts():
    outer = {"item": [answer("a", {"valueInteger": 1}), {"linkId": "g"}]}
    inner = {"linkId": "g", "item": [answer("a", {"valueInteger": 2})]}
    condition = {"question": "a", "operator": "=", "answerInteger": 2}
    assert is_enabled(question(condition), [outer, inner]) is True
    assert is_enabled(question(condition), [outer]) is False


def test_a_condition_by_expression_is_not_decided():
    url = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"
    assert is_enabled({"linkId": "q", "extension": [{"url": url}]}, [{}]) is None

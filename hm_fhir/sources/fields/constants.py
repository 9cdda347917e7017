"""Texts of a fields file that were meant as values of the record: their braces were forgotten."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from hm_fhir.fhirpath import tree
from hm_fhir.mapping.checker.finding import Spot
from hm_fhir.mapping.checker.world import tree_of
from hm_fhir.mapping.template.tree import Assign, Constant, First, ObjectNode, inside, uses
from hm_fhir.sources.fields.types import ACTIVITY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hm_fhir.fhir.definitions import Element, TypeModel
    from hm_fhir.fhirpath import Expression
    from hm_fhir.mapping.checker.finding import Findings
    from hm_fhir.mapping.files.yaml_file import YamlDocument
    from hm_fhir.mapping.template.tree import Node
    from hm_fhir.sources.fields.declared import Declared, Value
    from hm_fhir.sources.fields.template import Templates

_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "local_id": ("text",),
    "updated_at": ("moment", "date-or-moment"),
    "period.start": ("date-or-moment", "moment", "date"),
}
"""Fields that each activity has for itself -> types of values that can be meant."""
_WHY: Final[Mapping[str, str]] = {
    "local_id": "all records would be one activity",
    "updated_at": "no correction of a record would be newer than the record",
    "period.start": "all activities would be on one day",
}
_EKATTE_DIGITS: Final = 5
_SAME_FOR_ALL: Final = frozenset({"system", "municipality", "ucum", "sct", "loinc"})


def check_constants(document: YamlDocument, declared: Declared, templates: Templates, found: Findings) -> None:
    """Add what is the same for all records and must not be, and texts that are names of values.

    Args:
        document: the file.
        declared: its declarations.
        templates: its expressions.
        found: takes the findings.
    """
    values = {value.name: value for value in declared.values}
    fixed = _fixed_variables(templates, values)
    reported = set()
    for name, kinds in _OWN.items():
        node = _member(templates.activity.tree, name.split("."))
        if node is None or not _is_same_for_all(node, values, fixed):
            continue
        reported.add(node.path)
        message = f"{ACTIVITY}.{name} is the same for every record: {_WHY[name]}"
        found.error(Spot(document, node.path), "constant", message, _meant(node, values, kinds))
    for node, element in _leaves(templates.activity.tree, templates.model, ACTIVITY, None):
        if isinstance(node, Constant) and isinstance(node.value, str):
            value = values.get(node.value)
            is_code = element is not None and node.value in (element.codes or ())
            if value is not None and not is_code and node.path not in reported:
                message = f"{node.value!r} is written as a text, and it is the name of a value of the record"
                found.error(Spot(document, node.path), "constant", message, f"did you mean {_written(value)}?")
        elif isinstance(node, First) and element is not None and element.types[0] == "string":
            _numbers_for_text(document, values.get(node.expression.text.strip()), element.name, found)


def _member(node: Node, names: list[str]) -> Node | None:
    """Return what a template always writes to a field, or None; blocks with conditions are left alone."""
    while isinstance(node, Assign):
        node = node.body
    if not names:
        return node
    if not isinstance(node, ObjectNode):
        return None
    found = dict(node.members).get(names[0])
    return _member(found, names[1:]) if found is not None else None


def _fixed_variables(templates: Templates, values: Mapping[str, Value]) -> frozenset[str]:
    fixed = _SAME_FOR_ALL
    for variable in templates.assign:
        if _is_same_for_all(variable.template.tree, values, fixed):
            fixed |= {variable.name}
    return fixed


def _is_same_for_all(node: Node, values: Mapping[str, Value], fixed: frozenset[str]) -> bool:
    return not any(_reads_record(use.expression, values, fixed) for use in uses(node))


def _reads_record(expression: Expression, values: Mapping[str, Value], fixed: frozenset[str]) -> bool:
    """Return whether an expression can give different things for two records; in doubt it can."""
    for node in tree.walk(tree_of(expression.text)):
        match node:
            case tree.Member(name=name) if name in values:
                return True
            case tree.Variable(name=name) if name not in fixed:
                return True
            case tree.FunctionCall(target=None) | tree.Special():
                return True
    return False


def _numbers_for_text(document: YamlDocument, value: Value | None, name: str, found: Findings) -> None:
    """Report the targets of a code table that are numbers where a text is wanted: a number has lost its zeros."""
    if value is None or value.table is None or value.type != "text":
        return
    for word, code in value.table.words.items():
        if type(code) is int:
            is_short = name == "ekatte" and 0 < code < 10 ** (_EKATTE_DIGITS - 1)
            text = f"{code:0{_EKATTE_DIGITS}d}" if is_short else str(code)
            fix = f'write "{text}" in quotes{", with its zero" if is_short else ""}'
            spot = Spot(document, ("codes", value.table.name, word))
            found.error(spot, "wrong-type", f"{code} is a number, and {name} is a text", fix)


def _leaves(
    node: Node, model: TypeModel, type_name: str | None, element: Element | None
) -> Iterator[tuple[Node, Element | None]]:
    """Yield the single values of a template, each with the element that it is for, where that is known."""
    match node:
        case Constant() | First():
            yield node, element
        case ObjectNode(members=members, overlays=overlays):
            definition = model.type(type_name) if type_name is not None else None
            for name, value in members:
                inner = definition.elements.get(name) if definition is not None else None
                yield from _leaves(value, model, inner.types[0] if inner is not None else None, inner)
            for overlay in overlays:
                yield from _leaves(overlay, model, type_name, element)
        case Assign(body=body):
            yield from _leaves(body, model, type_name, element)
        case _:
            for one in inside(node):
                yield from _leaves(one, model, type_name, element)


def _meant(node: Node, values: Mapping[str, Value], kinds: tuple[str, ...]) -> str:
    text = str(node.value) if isinstance(node, Constant) else ""
    if text in values:
        return f"write {_written(values[text])}"
    if near := get_close_matches(text, values, n=1):
        return f"did you mean {_written(values[near[0]])}?"
    fitting = [one for one in values.values() if one.type in kinds and one.table is None and not one.is_many]
    fitting.sort(key=lambda one: (kinds.index(one.type), not one.spec.required, one.spec.personal))
    if fitting:
        return f"use a value of the record, such as {_written(fitting[0])}"
    return "use a value of the record; declare it under `record` first"


def _written(value: Value) -> str:
    return f'"{{[ {value.name} ]}}"' if value.is_many else f'"{{{{ {value.name} }}}}"'

"""What the functions of expressions can give, those of the project among them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hm_fhir.errors import did_you_mean
from hm_fhir.fhirpath import tree
from hm_fhir.mapping.checker.values import (
    ANYTHING,
    NOTHING,
    Presence,
    Shape,
    Value,
    chosen,
    joined,
    merged,
    scalar,
    truth_value,
)
from hm_fhir.mapping.functions import is_absolute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hm_fhir.mapping.checker.expressions import At, Expressions
    from hm_fhir.mapping.checker.values import Coding, Scalar
    from hm_fhir.mapping.conceptmap import ConceptMap

    Handler = Callable[[Expressions, tree.FunctionCall, At, Value], Value]

_TEMPORAL: Final = frozenset({"date", "dateTime", "instant", "time"})
_DAY: Final = (0, 10)
"""Arguments of ``substring()`` that cut a moment to its day."""

_RESULTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("all", "allTrue", "anyTrue", "allFalse", "anyFalse", "subsetOf", "supersetOf", "isDistinct", "hasValue",
         "startsWith", "endsWith", "contains", "matches", "matchesFull", "is", "memberOf", "conformsTo",
         "htmlChecks", "toBoolean"), "boolean"),
    **dict.fromkeys(("count", "length", "indexOf", "lastIndexOf", "toInteger"), "integer"),
    **dict.fromkeys(("substring", "upper", "lower", "replace", "replaceMatches", "join", "trim", "encode", "decode",
                     "escape", "unescape"), "string"),
    "toDecimal": "decimal",
    "toDate": "date",
    "toDateTime": "dateTime",
    "toTime": "time",
    "toQuantity": "Quantity",
}  # fmt: skip
_SURE: Final = frozenset({"count", "all", "allTrue", "anyTrue", "allFalse", "anyFalse", "subsetOf", "supersetOf",
                          "isDistinct", "hasValue"})  # fmt: skip
"""Functions that give something for empty input, too."""
_CONVERTS: Final = frozenset({"toInteger", "toDecimal", "toDate", "toDateTime", "toTime", "toQuantity", "toBoolean"})


def call_value(of: Expressions, node: tree.FunctionCall, at: At) -> Value:
    """Return what a call can give."""
    if node.name in {"exists", "empty", "not"}:
        return truth_value(of.conditions.truth(node, at)) if node.target is not None else scalar("boolean")
    source = at.this if node.target is None else of.of(node.target, at)
    handler = _HANDLERS.get(node.name)
    if handler is not None:
        return handler(of, node, at, source)
    if node.name in {"all", "select", "repeat", "aggregate", "sort"}:
        at = at.inner(source.item())
    for argument in node.arguments:
        of.of(argument, at)
    kind = _RESULTS.get(node.name)
    if kind is None:
        return ANYTHING
    # What cannot be converted, and what stands behind the end, is empty.
    limit = Presence.UNKNOWN if node.name in _CONVERTS else Presence.ALWAYS
    presence = Presence.ALWAYS if node.name in _SURE else min(source.presence, limit)
    return Value((Shape(kind),), presence, many=False) if presence is not Presence.NEVER else NOTHING


# --- collections ------------------------------------------------------------------------------------------------


def _where(of: Expressions, node: tree.FunctionCall, at: At, source: Value) -> Value:
    item = ("$this", id(node))
    inner = replace(at, this=source.item(), this_key=item)
    if True not in of.conditions.truth(node.arguments[0], inner):
        return NOTHING
    said = of.conditions.assumed(node.arguments[0], inner, holds=True)
    known = tuple((key[2:], narrow) for key, narrow in said.items() if key[:2] == item and len(key) > 2)
    shapes = of.narrowed_by(source, said[item]).shapes if item in said else source.shapes
    if known:
        shapes = tuple(replace(shape, known=(*shape.known, *known)) for shape in shapes)
    return replace(source, shapes=shapes, plain=False).at_most(Presence.UNKNOWN)


def _filtered(of: Expressions, node: tree.FunctionCall, at: At, source: Value) -> Value:
    for argument in node.arguments:
        of.of(argument, at)
    return replace(source, plain=False).at_most(Presence.UNKNOWN)


def _one(_of: Expressions, _node: tree.FunctionCall, _at: At, source: Value) -> Value:
    return source.one()


def _same(_of: Expressions, _node: tree.FunctionCall, _at: At, source: Value) -> Value:
    return source


def _distinct(_of: Expressions, _node: tree.FunctionCall, _at: At, source: Value) -> Value:
    return replace(source, plain=False)


def _select(of: Expressions, node: tree.FunctionCall, at: At, source: Value) -> Value:
    found = of.of(node.arguments[0], at.inner(source.item()))
    return replace(found, many=found.many or source.many, plain=False).at_most(source.presence)


def _union(of: Expressions, node: tree.FunctionCall, at: At, source: Value) -> Value:
    return joined((source, *(of.of(argument, at) for argument in node.arguments)))


def _coalesce(of: Expressions, node: tree.FunctionCall, at: At, _source: Value) -> Value:
    values = [of.of(argument, at) for argument in node.arguments]
    found = joined(values)
    return replace(found, many=any(value.many for value in values))


def _iif(of: Expressions, node: tree.FunctionCall, at: At, _source: Value) -> Value:
    condition, *branches = node.arguments
    possible = of.conditions.truth(condition, at)
    assumed = of.conditions.assumed
    found: list[Value] = []
    for branch, holds in zip(branches, (True, False), strict=False):
        reached = True in possible if holds else bool(possible - {True})
        of.world.shared.branches.note(
            (at.env.document.name, at.path, at.text, condition.position, holds),
            at.spot(tree.start(condition)),
            reached=reached,
            message=f"this is {'never' if holds else 'always'} true, so the {'second' if holds else 'third'} argument"
            " of iif() is never used",
            fix="correct the condition, or write the other argument alone",
        )
        if reached:
            inner = replace(at, facts=at.facts.knowing(assumed(condition, at, holds=holds)))
            found.append(of.of(branch, inner))
    if len(branches) == 1 and possible - {True}:
        found.append(NOTHING)
    return found[0] if len(found) == 1 else chosen(*found)


def _to_string(_of: Expressions, _node: tree.FunctionCall, _at: At, source: Value) -> Value:
    shapes = (shape if shape.type in _TEMPORAL else _as_text(shape) for shape in source.shapes)
    return replace(source, shapes=merged(shapes)).one()


def _as_text(shape: Shape) -> Shape:
    codes = shape.codes
    if codes is None or shape.type == "boolean" or not all(isinstance(code, (str, int)) for code in codes):
        return Shape("string")
    return Shape("string", frozenset(str(code) for code in codes), shape.vocabulary)


def _substring(of: Expressions, node: tree.FunctionCall, at: At, source: Value) -> Value:
    for argument in node.arguments:
        of.of(argument, at)
    written = tuple(argument.value if isinstance(argument, tree.Literal) else None for argument in node.arguments)
    kinds = {shape.type for shape in source.shapes}
    is_day = written == _DAY and kinds <= {"date", "dateTime", "instant"} and kinds
    return replace(source.one(), shapes=(Shape("date" if is_day else "string"),))


# --- functions of the project -----------------------------------------------------------------------------------


def _reference(of: Expressions, node: tree.FunctionCall, at: At, _source: Value) -> Value:
    names = of.of(node.arguments[0], at).codes()
    keys = of.of(node.arguments[1], at) if len(node.arguments) > 1 else None
    found = [of.templates.produced.of(str(name), at.facts, any_mapping=keys is not None) for name in names or ()]
    if names is None or None in found:
        return Value((Shape("Reference"),), Presence.UNKNOWN, many=True)
    made = [one for one in found if one is not None]
    shapes = merged(Shape("Reference", referred=referred) for referred, _, _ in made)
    if keys is not None:
        presence = Presence.UNKNOWN if keys.presence is Presence.MAYBE and keys.many else keys.presence
        return Value(shapes, presence, many=keys.many) if presence is not Presence.NEVER else NOTHING
    presence = made[0][1] if len(made) == 1 else Presence.UNKNOWN
    many = any(several for _, _, several in made)
    return Value(shapes, presence, many=many, plain=many) if presence is not Presence.NEVER else NOTHING


def _coding(of: Expressions, node: tree.FunctionCall, at: At, _source: Value) -> Value:
    system, code = of.of(node.arguments[0], at), of.of(node.arguments[1], at)
    for argument in node.arguments[2:]:
        of.of(argument, at)
    if Presence.NEVER in (system.presence, code.presence):
        return NOTHING
    names, codes = system.codes(), code.codes()
    codings: set[Coding] | None = set() if names is not None and codes is not None else None
    if names is not None and len(names) == 1 and codes is not None:
        _check_codes(of, node, at, str(next(iter(names))), codes)
    if codings is not None and names is not None and codes is not None:
        urls = {_url(of, str(name)) for name in names}
        codings = {(url, str(one)) for url in urls for one in codes if one != ""}
    shape = Shape("Coding", codings=None if codings is None else frozenset(codings))
    return Value((shape,), min(system.presence, code.presence), many=code.many, plain=code.plain)


def _url(of: Expressions, name: str) -> str | None:
    systems = of.world.shared.code_systems or {}
    carried = systems.get(name)
    return carried.url if carried else name if is_absolute(name) else None


def _check_codes(of: Expressions, node: tree.FunctionCall, at: At, name: str, codes: frozenset[Scalar]) -> None:
    systems = of.world.shared.code_systems
    if systems is None:
        return
    carried = systems.get(name)
    written = node.arguments[0]
    if carried is None:
        if not is_absolute(name):
            known = [one for one in systems if not is_absolute(one)]
            of.world.findings.error(
                at.spot(written.position), "unknown-code-system", f"there is no code system {name!r}",
                did_you_mean(name, known),
            )  # fmt: skip
        return
    missing = sorted(str(code) for code in codes if code not in carried.concepts and code != "")
    if missing:
        single = missing[0] if len(codes) == 1 else None
        near = did_you_mean(single, carried.concepts) if single else None
        if near is None or not (near.startswith("did") or isinstance(node.arguments[1], tree.Literal)):
            near = f"add what is missing to {carried.name!r}"
            if len(missing) * 2 > len(codes):
                near = f"the codes of the field are not those of {carried.name!r}: name the code system of the field"
        of.world.findings.error(
            at.spot(tree.start(node.arguments[1])),
            "unknown-code",
            f"{carried.name!r} has no code {_listed(missing)}" + ("" if single else ", which this can be"),
            near,
        )


def _translate(of: Expressions, node: tree.FunctionCall, at: At, source: Value) -> Value:
    name = of.of(node.arguments[0], at).codes()
    concept_map = of.world.concept_map(str(next(iter(name)))) if name is not None and len(name) == 1 else None
    if concept_map is None or not concept_map.groups:  # one without groups could not be read, which is reported
        return Value((Shape("Coding"),), Presence.UNKNOWN, many=True)
    if source.presence is Presence.NEVER:
        return NOTHING
    table = _table(concept_map)
    codes = _source_codes(source)
    if codes is None:
        wanted = set(table)
    else:
        wanted = {code for code in codes if code in table}
        missing = sorted(code for code in codes if code not in table)
        if missing:
            of.world.findings.error(
                at.spot(node.position),
                "untranslated-code",
                f"the concept map {concept_map.name!r} does not list {_listed(missing)}, which this can be",
                "add it to the map, with equivalence unmatched if nothing fits",
            )
    targets = [table[code] for code in wanted]
    codings = frozenset(coding for found in targets for coding in found)
    if not codings:
        return NOTHING if wanted else ANYTHING
    gaps = any(not found for found in targets)
    presence = min(source.presence, Presence.MAYBE) if gaps else source.presence
    shape = Shape("Coding", codings=codings, via=f"the concept map {concept_map.name!r}")
    many = source.many or any(len(found) > 1 for found in targets)
    return Value((shape,), presence, many=many, plain=source.plain)


def _table(concept_map: ConceptMap) -> dict[str, tuple[Coding, ...]]:
    table: dict[str, tuple[Coding, ...]] = {}
    for _, codings in concept_map.groups:
        for code, targets in codings.items():
            found = tuple((target["system"], target["code"]) for target in targets)
            table[code] = (*table.get(code, ()), *found)
    return table


def _source_codes(source: Value) -> set[str] | None:
    """Return the codes that are translated, or None when they are not known."""
    codes: set[str] = set()
    for shape in source.shapes:
        if shape.codings is not None:
            codes |= {code for _, code in shape.codings}
        elif shape.codes is None:
            return None
        else:
            codes |= {code for code in shape.codes if isinstance(code, str)}
    return codes


def _listed(codes: list[str]) -> str:
    shown = ", ".join(repr(code) for code in codes[:5])
    return shown if len(codes) <= 5 else f"{shown} and {len(codes) - 5} more"


_HANDLERS: Final[Mapping[str, Handler]] = {
    "where": _where,
    **dict.fromkeys(("tail", "skip", "take", "intersect", "exclude", "ofType"), _filtered),
    **dict.fromkeys(("first", "last", "single", "getValue"), _one),
    **dict.fromkeys(("trace", "sort"), _same),
    "distinct": _distinct,
    "select": _select,
    **dict.fromkeys(("union", "combine"), _union),
    "coalesce": _coalesce,
    "iif": _iif,
    "toString": _to_string,
    "substring": _substring,
    "reference": _reference,
    "coding": _coding,
    "translate": _translate,
}

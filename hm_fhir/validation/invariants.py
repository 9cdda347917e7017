"""Invariants: FHIRPath that must be true, compiled once and only run where something that it looks at is there.

Source: https://hl7.org/fhir/R4/elementdefinition.html#constraint and
https://hl7.org/fhir/R4/fhirpath.html#variables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.errors import ExpressionError, HmFhirError
from hm_fhir.fhirpath import expression
from hm_fhir.fhirpath.compiled import Scope
from hm_fhir.fhirpath.parser import parse
from hm_fhir.fhirpath.tree import Binary
from hm_fhir.validation.remembering import RECURRING, remembered_answer
from hm_fhir.validation.run import NO_SERVICES, Check, Path, Run

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Constraint, TypeDefinition, TypeModel
    from hm_fhir.validation.issue import Severity

Holds = Callable[[Any, Run], bool]
_ENVIRONMENT_VARIABLES: Final = ("%resource", "%rootResource", "%context", "%`")


@dataclass(frozen=True, slots=True)
class Invariant:
    """A compiled invariant.

    Args:
        check: reports when it is not met.
        keys: JSON keys on which its answer depends: without any of them it is met; None: it must always be run.
    """

    check: Check
    keys: frozenset[str] | None


# --- Invariants that stand on every element: as Python, because FHIRPath costs more than all other checks together.


def _value_or_extensions(value: Any, _run: Run) -> bool:
    return not isinstance(value, dict) or (
        ("extension" in value) != any(key.startswith(("value", "_value")) for key in value)
    )


def _local_reference_is_contained(value: Any, run: Run) -> bool:
    reference = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(reference, str) or not reference.startswith("#") or reference == "#":
        return True
    contained = run.container.get("contained") if isinstance(run.container, dict) else None
    return isinstance(contained, list) and any(
        isinstance(one, dict) and one.get("id") == reference[1:] for one in contained
    )


def _has_narrative(value: Any, _run: Run) -> bool:
    text = value.get("text") if isinstance(value, dict) else None
    return isinstance(text, dict) and "div" in text


def _start_is_before_end(value: Any) -> bool | None:
    start, end = value.get("start"), value.get("end")
    if not isinstance(start, str) or not isinstance(end, str):
        return True
    # In the same zone and with the same precision the order of moments is that of their texts.
    if len(start) == len(end) and start[_ZONE:] == end[_ZONE:]:
        return start <= end
    in_one_zone = len(start) > _ZONE < len(end) and start[_ZONE:].lstrip(_FRACTION) == end[_ZONE:].lstrip(_FRACTION)
    return start < end if in_one_zone and start[:_ZONE] != end[:_ZONE] else None


def _checked_elsewhere(_value: Any, _run: Run) -> bool:
    return True


NATIVE: Final[Mapping[str, tuple[Holds, frozenset[str] | None]]] = {
    # Whether an element has content is a matter of its JSON: structure.py and handlers.py.
    "hasValue() or (children().count() > id.count())": (_checked_elsewhere, frozenset()),
    "extension.exists() != value.exists()": (_value_or_extensions, None),
    "reference.startsWith('#').not() or (reference.substring(1).trace('url') in "
    "%rootResource.contained.id.trace('ids'))": (_local_reference_is_contained, frozenset({"reference"})),
    "text.`div`.exists()": (_has_narrative, None),
    # That a narrative is safe, and not empty, is judged with the place of the offence: narrative.py.
    "htmlChecks()": (_checked_elsewhere, frozenset()),
}
"""Expression of R4 -> the same in Python, and the keys on which it depends."""

ERRATA: Final[Mapping[str, str]] = {
    # que-7: a FHIR boolean is no System.Boolean.
    "operator = 'exists' implies (answer is Boolean)": "operator = 'exists' implies (answer is boolean)",
    # que-12 asks for it where there is more than one, as its text says.
    "enableWhen.count() > 2 implies enableBehavior.exists()": (
        "enableWhen.count() > 1 implies enableBehavior.exists()"
    ),
}
"""Expressions of R4 that do not say what they mean -> what the official validation evaluates instead."""

_FRACTION: Final = ".0123456789"
_ZONE: Final = 19
"""Where the zone begins in a moment with seconds."""

QUICK: Final[Mapping[str, Callable[[Any], bool | None]]] = {
    "start.hasValue().not() or end.hasValue().not() or (start <= end)": _start_is_before_end,
}
"""Expression of R4 -> what answers it at once in the usual case; None: the expression must be evaluated."""

_CONTAINED: Final = frozenset({"contained"})
_GUARDED: Final[Mapping[str, frozenset[str]]] = {
    "dom-2": _CONTAINED,
    "dom-3": _CONTAINED,
    "dom-4": _CONTAINED,
    "dom-5": _CONTAINED,
    "obs-7": frozenset({"component"}),
}
"""Invariants of R4 that name ``%resource`` and yet are met when these keys are absent."""

_ELSEWHERE: Final = frozenset({"dom-3"})
"""Judged with the place of the offence: contained resources in datatypes.py."""


def looks_around(constraint: Constraint) -> bool:
    """Return whether an invariant looks at more than the value that it is about."""
    return looks_around_in(constraint.expression or "")


def looks_around_in(text: str) -> bool:
    """Return whether an expression looks at more than the value that it is evaluated on."""
    return any(one in text for one in (*_ENVIRONMENT_VARIABLES, "resolve(", "conformsTo("))


class Invariants:
    """Compiles the invariants of types and elements.

    Args:
        types: the type model.
    """

    def __init__(self, types: TypeModel) -> None:
        self._types = types

    def compile(self, constraint: Constraint, type_name: str, profile: str | None) -> Invariant | None:
        """Return the compiled form; None when there is nothing to run.

        Args:
            constraint: the invariant.
            type_name: FHIR type of what it is evaluated on.
            profile: URL of the profile that states it; None for one of FHIR's own types.
        """
        text = ERRATA.get(constraint.expression or "", constraint.expression)
        if text is None or constraint.key in _ELSEWHERE:
            return None
        native = NATIVE.get(text)
        if native is not None:
            holds, keys = native
        else:
            try:
                compiled = expression.compile(text, types=self._types, root=type_name, strict=False)
            except ExpressionError:
                return Invariant(_not_run(constraint, profile), None)
            holds = _quickly(QUICK.get(text), _holds(compiled))
            looked_at = self._looked_at(compiled, constraint, type_name)
            keys = looked_at if self._holds_without(holds, constraint, type_name) else None
            if looked_at and self._recur(looked_at, type_name):
                holds = remembered_answer(holds, tuple(sorted(looked_at)))
        return Invariant(_check(constraint, holds, profile), keys)

    def _recur(self, keys: frozenset[str], type_name: str) -> bool:
        """Return whether the elements of some keys have the same values in many resources."""
        definition = self._types.type(type_name)
        if definition is None or definition.kind != "resource":
            return False
        for key in keys:
            found = definition.element_of(key.removeprefix("_"))
            if found is None or not RECURRING.union({"code", "boolean"}).issuperset(found[0].types):
                return False
        return True

    def split(
        self, constraint: Constraint, type_name: str, profile: str | None, resource_type: str
    ) -> tuple[Holds, Check] | None:
        """Return an invariant ``a implies b`` in two parts: when it asks anything, and the check of what it asks.

        None: it has no such form, or ``a`` looks at more than the value that it is about.

        Args:
            constraint: the invariant.
            type_name: FHIR type of what it is evaluated on.
            profile: URL of the profile that states it.
            resource_type: FHIR type of the resource around.
        """
        text = constraint.expression or ""
        try:
            tree = parse(text)
            if not isinstance(tree, Binary) or tree.operator != "implies":
                return None
            before, after = text[: tree.position], text[tree.position + len("implies") :]
            if looks_around_in(before):
                return None
            first = expression.compile(before, types=self._types, root=type_name, strict=False)
            holds = self._of_resource(after.strip(), resource_type) or self._conclusion(after, type_name)
        except ExpressionError:
            return None

        def asks(value: Any, run: Run) -> bool:
            try:
                return first.values(Scope(value, environment=run)) != [False]
            except HmFhirError:
                return True

        return asks, _check(constraint, holds, profile)

    def _conclusion(self, text: str, type_name: str) -> Holds:
        return _holds(expression.compile(text, types=self._types, root=type_name, strict=False))

    def _of_resource(self, text: str, resource_type: str) -> Holds | None:
        """Return a condition on ``%resource`` alone, which is decided once a resource; None: it is not such a one."""
        path = text.removeprefix("%resource.")
        if path == text or looks_around_in(path):
            return None
        compiled = expression.compile(path, types=self._types, root=resource_type, strict=False)

        def holds(_value: Any, run: Run) -> bool:
            key = (id(run.resource), text)
            answer = run.answers.get(key)
            if answer is None:
                answer = run.answers[key] = compiled.true(Scope(run.resource, environment=run))
            return answer

        return holds

    def _looked_at(
        self, compiled: expression.Expression, constraint: Constraint, type_name: str
    ) -> frozenset[str] | None:
        """Return the JSON keys on which an invariant depends; None: on more than some keys."""
        guarded = _GUARDED.get(constraint.key)
        if guarded is not None:
            return guarded
        definition = self._types.type(type_name)
        if "" in compiled.reads or compiled.calls or looks_around(constraint):
            return None
        if definition is None or definition.kind == "primitive":
            return None
        return frozenset(key for path in compiled.reads for key in _json_keys(definition, path.partition(".")[0]))

    def _holds_without(self, holds: Holds, constraint: Constraint, type_name: str) -> bool:
        """Return whether an invariant is met where nothing that it depends on is there."""
        if constraint.key in _GUARDED:
            return True
        definition = self._types.type(type_name)
        resource = definition is not None and definition.kind == "resource"
        nothing = {"resourceType": type_name} if resource else {}
        try:
            return holds(nothing, Run(nothing, NO_SERVICES))
        except HmFhirError:
            return False


def _json_keys(definition: TypeDefinition, name: str) -> list[str]:
    element = definition.elements.get(name)
    keys = list(element.json_keys) if element is not None else [name]
    return [*keys, *(f"_{key}" for key in keys)]


def _holds(compiled: expression.Expression) -> Holds:
    one, single = compiled.one, not compiled.result.many

    def holds(value: Any, run: Run) -> bool:
        scope = Scope(value, {"resource": run.resource, "rootResource": run.container}, run)
        if single:
            try:
                answer = one(value, scope)
            except expression.FAILURES:
                pass  # below it is said what could not be decided
            else:
                if answer is None or type(answer) is bool:
                    return bool(answer)
            scope = Scope(value, {"resource": run.resource, "rootResource": run.container}, run)
        return compiled.true(scope)

    def holds_or_is_empty(value: Any, run: Run) -> bool:
        scope = Scope(value, {"resource": run.resource, "rootResource": run.container}, run)
        return not compiled.values(scope) or compiled.true(scope)

    # Invariants such as bdl-8, `fullUrl.contains('/_history/').not()`, are meant to hold where nothing is there.
    return holds_or_is_empty if compiled.text.rstrip().endswith(".not()") else holds


def _quickly(quick: Callable[[Any], bool | None] | None, holds: Holds) -> Holds:
    if quick is None:
        return holds

    def quick_or_whole(value: Any, run: Run) -> bool:
        answer = quick(value)
        return holds(value, run) if answer is None else answer

    return quick_or_whole


def _check(constraint: Constraint, holds: Holds, profile: str | None) -> Check:
    key, human = constraint.key, constraint.human
    severity: Severity = "information" if constraint.best_practice else constraint.severity

    def check(value: Any, path: Path, run: Run) -> None:
        try:
            if holds(value, run):
                return
        except HmFhirError as error:
            text = f"{human} (it could not be decided: {getattr(error, 'fix', '') or 'the data does not suit it'})"
        else:
            text = human
        run.report(severity, "invariant", key, path, text, profile)

    return check


def _not_run(constraint: Constraint, profile: str | None) -> Check:
    def check(_value: Any, path: Path, run: Run) -> None:
        run.report(
            "warning",
            "not-supported",
            "invariant-not-checked",
            path,
            f"{constraint.key} is not FHIRPath that can be run, so it was not checked",
            profile,
        )

    return check

"""Codes: whether they exist in their code system, and whether they come from the value set that is asked for.

Source: https://hl7.org/fhir/R4/terminologies.html#4.1 and https://hl7.org/fhir/R4/elementdefinition.html#binding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hm_fhir.validation.run import Check, Path, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hm_fhir.fhir.definitions import Binding, Element
    from hm_fhir.fhir.terminology import Membership, Terminology

Answer = bool | None
_KNOWN_KEPT: Final = 20_000


class Bindings:
    """Makes the checks of codes.

    Args:
        terminology: the code systems and value sets at hand.
    """

    def __init__(self, terminology: Terminology) -> None:
        self._terminology = terminology
        self._known: dict[tuple[str, str], Answer] = {}

    def fast_codes(self, element: Element, kind: str) -> frozenset[str] | None:
        """Return all values that a primitive may have, where a required binding lists them."""
        binding = element.binding
        if kind != "code" or binding is None or binding.strength != "required" or binding.value_set is None:
            return None
        listed = self._terminology.codes(binding.value_set)
        return None if listed is None else listed.codes

    def rule(self, type_name: str) -> Check | None:
        """Return what holds for every instance of a data type that carries a code."""
        if type_name == "Coding":
            return self._coding_exists
        return self._unit_exists if type_name in _QUANTITIES else None

    def check(self, binding: Binding, kind: str, profile: str | None) -> Check | None:
        """Return the check of a binding, or None where it asks nothing that can be checked.

        Args:
            binding: the binding.
            kind: type of the element.
            profile: URL of the profile that states it; None for FHIR itself.
        """
        codings = _READERS.get(kind, _of_primitive if kind in _PRIMITIVES else None)
        if codings is None:
            return None
        if kind == "code" and binding.strength == "required" and binding.max_value_set is None:
            listed = self._terminology.codes(binding.value_set) if binding.value_set else None
            if listed is not None:
                return _listed(listed.codes, self._bound(listed.url, "required", codings, profile))
        checks = []
        if binding.value_set is not None and binding.strength in ("required", "extensible"):
            checks.append(self._bound(binding.value_set, binding.strength, codings, profile))
        if binding.value_set is not None and kind in _PRIMITIVES and binding.strength in _WEAK:
            checks.append(self._of_systems(binding.value_set, profile))
        if binding.max_value_set is not None and binding.strength in _WEAK:
            checks.append(self._bound(binding.max_value_set, "max", codings, profile))
            if binding.strength == "extensible" and kind == "CodeableConcept":
                checks.append(_coded(binding.max_value_set, profile))
        if not checks:
            return None
        return checks[0] if len(checks) == 1 else _all(tuple(checks))

    def test(self, value_set: str | None, kind: str) -> Callable[[Any], bool]:
        """Return whether a value of a type has a code of a value set; what cannot be decided counts as yes."""
        codings = _READERS.get(kind, _of_primitive)
        membership = self._terminology.binding(value_set) if value_set is not None else None

        def has_code(value: Any) -> bool:
            return membership is None or any(
                isinstance(code, str)
                and membership.contains(system if isinstance(system, str) else None, code) is not False
                for system, code in codings(value)
            )

        return has_code

    def _bound(
        self, value_set: str, strength: str, codings: Callable[[Any], Iterable[tuple[Any, Any]]], profile: str | None
    ) -> Check:
        membership: Membership | None = None
        severity, code, rule = _STRENGTHS[strength]

        def check(value: Any, path: Path, run: Run) -> None:
            nonlocal membership
            if value is None:
                return
            if membership is None:
                membership = self._terminology.binding(value_set)
            open_because: str | None = None
            given = False
            for system, one in codings(value):
                if not isinstance(one, str):
                    continue
                given = True
                answer = membership.contains(system if isinstance(system, str) else None, one)
                if answer:
                    return
                if answer is None:
                    open_because = membership.why_open or "its codes are not all at hand"
            if open_because is not None:
                text = f"whether the code is in the value set {value_set} was not checked: {open_because}"
                run.report("information", "not-supported", "code-not-checked", path, text, profile)
                return
            if not given and rule == "binding-max":
                return
            word = "must" if severity == "error" else "should"
            text = (
                f"the code is not in the value set {value_set}, from which it {word} come"
                if given
                else f"there is no code; one of the value set {value_set} {word} be given"
            )
            run.report(severity, code, rule, path, text, profile)

        return check

    def _of_systems(self, value_set: str, profile: str | None) -> Check:
        """Return the check of a primitive whose code system is the only one of its value set."""
        membership: Membership | None = None

        def check(value: Any, path: Path, run: Run) -> None:
            nonlocal membership
            if not isinstance(value, str) or ":" in value:  # an absolute URI says itself what it means
                return
            if membership is None:
                membership = self._terminology.binding(value_set)
            systems = membership.only_systems or ()
            if len(systems) == 1 and all(self._exists(system, value) is False for system in systems):
                text = f"there is no such code in {', '.join(systems)}"
                run.report("error", "code-invalid", "code-unknown", path, text, profile)

        return check

    def _coding_exists(self, value: Any, path: Path, run: Run) -> None:
        system, code = value.get("system"), value.get("code")
        if code is None:
            if type(system) is str and path[1].startswith("coding[") and self._terminology.knows(system):
                text = "a code of the system must be given"
                run.report("error", "code-invalid", "code-unknown", path, text)
            return
        if system is None:
            text = "a code without a system has no meaning"
            run.report("warning", "code-invalid", "code-without-system", path, text)
            return
        if type(system) is not str or type(code) is not str:
            return  # said by the checks of the two
        answer = self._exists(system, code)
        if answer is False:
            run.report("error", "code-invalid", "code-unknown", path, "its code system does not have the code")
        elif answer is None:
            text = "the code was not checked: its code system is not at hand as a whole"
            run.report("information", "not-supported", "code-not-checked", path, text)

    def _unit_exists(self, value: Any, path: Path, run: Run) -> None:
        system, code = value.get("system"), value.get("code")
        if type(system) is str and type(code) is str and self._exists(system, code) is False:
            rule = "ucum" if system == _UCUM else "code-unknown"
            run.report("error", "code-invalid", rule, path, "the system of units does not have the unit")

    def _exists(self, system: str, code: str) -> Answer:
        key = (system, code)
        try:
            return self._known[key]
        except KeyError:
            answer = self._terminology.code(system, code)
            if len(self._known) < _KNOWN_KEPT:  # what data may hold is without number
                self._known[key] = answer
            return answer


_UCUM: Final = "http://unitsofmeasure.org"
_QUANTITIES: Final = frozenset({"Quantity", "Age", "Count", "Distance", "Duration", "Money"})
_PRIMITIVES: Final = frozenset({"code", "string", "uri", "url", "canonical", "id", "markdown"})
_WEAK: Final = frozenset({"extensible", "preferred"})
"""Strengths for which a largest value set counts; a text with an example binding is not even a code.

https://hl7.org/fhir/R4/extension-elementdefinition-maxvalueset.html"""

_STRENGTHS: Final[dict[str, tuple[Any, Any, str]]] = {
    "required": ("error", "code-invalid", "binding-required"),
    "extensible": ("warning", "code-invalid", "binding-extensible"),
    "max": ("error", "code-invalid", "binding-max"),
}


def _of_primitive(value: Any) -> Iterable[tuple[Any, Any]]:
    return ((None, value),)


def _of_coding(value: Any) -> Iterable[tuple[Any, Any]]:
    return ((value.get("system", ""), value.get("code")),) if isinstance(value, dict) else ()


def _of_concept(value: Any) -> Iterable[tuple[Any, Any]]:
    codings = value.get("coding") if isinstance(value, dict) else None
    if not isinstance(codings, list):
        return ()
    return [(one.get("system", ""), one.get("code")) for one in codings if isinstance(one, dict)]


_READERS: Final = {
    "Coding": _of_coding,
    "CodeableConcept": _of_concept,
    **dict.fromkeys(("Quantity", "Age", "Count", "Distance", "Duration"), _of_coding),
}


def _listed(codes: frozenset[str], otherwise: Check) -> Check:
    """Return a check that is quick about the codes that are right."""

    def check(value: Any, path: Path, run: Run) -> None:
        if type(value) is not str or value not in codes:
            otherwise(value, path, run)

    return check


def _coded(value_set: str, profile: str | None) -> Check:
    """Return the check that a concept is not given by its text alone."""

    def check(value: Any, path: Path, run: Run) -> None:
        if isinstance(value, dict) and not value.get("coding"):
            text = f"there is no code; one of the value set {value_set} must be given"
            run.report("error", "code-invalid", "binding-max", path, text, profile)

    return check


def _all(checks: tuple[Check, ...]) -> Check:
    def check(value: Any, path: Path, run: Run) -> None:
        for one in checks:
            one(value, path, run)

    return check

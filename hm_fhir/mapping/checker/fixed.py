"""Fixed values and patterns of profiles. Source: https://hl7.org/fhir/R4/elementdefinition.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hm_fhir.mapping.checker.matching import Match, agreed
from hm_fhir.mapping.checker.values import Presence

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Element
    from hm_fhir.mapping.checker.finding import Findings, Spot
    from hm_fhir.mapping.checker.matching import Matching
    from hm_fhir.mapping.checker.objects import Leaf, Objects
    from hm_fhir.mapping.checker.values import Shape


class Fixed:
    """Compares templates with the values that a profile demands.

    Args:
        objects: takes the templates apart.
        matching: compares what they make with JSON values.
        findings: where mistakes are added.
    """

    def __init__(self, objects: Objects, matching: Matching, findings: Findings) -> None:
        self._objects = objects
        self._matching = matching
        self._findings = findings

    def check(self, element: Element, leaf: Leaf, name: str) -> None:
        """Report each item of a list (or a single value) that is not what the element demands."""
        wanted, exact = _demand(element)
        if wanted is None:
            return
        for item in self._objects.items(leaf):
            value = self._objects.of_leaf(item)
            if value.presence is not Presence.NEVER and value.shapes:
                found = agreed(self._matching.shape(shape, wanted, exact=exact) for shape in value.shapes)
                self._report(found, element, item.spot, name)

    def item(self, element: Element, shape: Shape, leaf: Leaf, name: str) -> None:
        """Report an item that is not what the element demands."""
        wanted, exact = _demand(element)
        if wanted is not None:
            self._report(self._matching.shape(shape, wanted, exact=exact), element, leaf.spot, name)

    def _report(self, found: Match, element: Element, spot: Spot, name: str) -> None:
        if found > Match.PARTLY:
            return
        wanted, exact = _demand(element)
        word = "is" if exact else "has"
        rest = "" if found is Match.NO else "; for some activities it is something else here"
        self._findings.error(
            spot, "fixed-value", f"{name} {word} always {_shown(wanted)} in this profile{rest}", _fix(wanted)
        )


def _demand(element: Element) -> tuple[Any, bool]:
    return (element.fixed, True) if element.fixed is not None else (element.pattern, False)


def _shown(wanted: Any) -> str:
    if isinstance(wanted, dict):
        codings = wanted.get("coding") or [wanted]
        codes = [str(one["code"]) for one in codings if isinstance(one, dict) and "code" in one]
        return " and ".join(codes) if codes else f"certain elements ({', '.join(wanted)})"
    return repr(wanted)


def _fix(wanted: Any) -> str:
    """Return the text of YAML that is right."""
    if not isinstance(wanted, dict):
        return f"write {wanted}"
    parts = wanted.get("coding") or [wanted]
    texts = [
        ", ".join(f"{key}: {value}" for key, value in one.items() if not isinstance(value, dict | list))
        for one in parts
        if isinstance(one, dict)
    ]
    return f"write {' and '.join(texts)}" if any(texts) else f"add {', '.join(wanted)}"

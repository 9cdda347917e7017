"""Fixed values and patterns of profiles. Source: https://hl7.org/fhir/R4/elementdefinition.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hm_fhir.mapping.checker.values import Presence

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Element
    from hm_fhir.mapping.checker.finding import Findings
    from hm_fhir.mapping.checker.objects import Leaf
    from hm_fhir.mapping.checker.templates import TemplateValues
    from hm_fhir.mapping.checker.values import Shape, Value


class Fixed:
    """Compares templates with the values that a profile demands.

    Args:
        templates: evaluates the templates.
        findings: where mistakes are added.
    """

    def __init__(self, templates: TemplateValues, findings: Findings) -> None:
        self._objects = templates.objects
        self._findings = findings

    def check(self, element: Element, leaf: Leaf, name: str) -> None:
        """Report a value that cannot be what the element demands."""
        wanted = element.fixed if element.fixed is not None else element.pattern
        if wanted is None:
            return
        for item in self._objects.items(leaf):
            value = self._objects.of_leaf(item)
            if not any(self._can_be(shape, wanted) for shape in value.shapes):
                word = "is" if element.fixed is not None else "has"
                self._findings.error(
                    item.spot, "fixed-value", f"{name} {word} always {_shown(wanted)} in this profile"
                )

    def _can_be(self, shape: Shape, wanted: Any) -> bool:
        """Return whether an item can contain a JSON value."""
        if isinstance(wanted, dict):
            return self._can_have(shape, wanted)
        if isinstance(wanted, list):
            return True
        if shape.made is not None:
            return False
        return shape.codes is None or wanted in shape.codes

    def _can_have(self, shape: Shape, wanted: dict[str, Any]) -> bool:
        if shape.codings is not None and "code" in wanted:
            return any(
                code == wanted["code"] and (system is None or system == wanted.get("system", system))
                for system, code in shape.codings
            )
        if shape.made is None:
            return True
        for variant in self._objects.variants(shape.made):
            if all(
                variant.open or self._member_can(variant.members.get(key), value) for key, value in wanted.items()
            ):
                return True
        return False

    def _member_can(self, leaves: tuple[Leaf, ...] | None, wanted: Any) -> bool:
        if leaves is None:
            return False
        value = self._objects.of_member(leaves)
        if value.presence is Presence.NEVER:
            return False
        if isinstance(wanted, list):
            return all(self._any(value, one) for one in wanted)
        return self._any(value, wanted)

    def _any(self, value: Value, wanted: Any) -> bool:
        return any(self._can_be(shape, wanted) for shape in value.shapes)


def _shown(wanted: Any) -> str:
    if isinstance(wanted, dict):
        codings = wanted.get("coding") or [wanted]
        codes = [str(one["code"]) for one in codings if isinstance(one, dict) and "code" in one]
        return " and ".join(codes) if codes else "certain elements"
    return repr(wanted)

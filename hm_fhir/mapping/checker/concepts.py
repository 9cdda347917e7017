"""The codings of a CodeableConcept or Coding that a template makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.mapping.checker.values import Presence

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Element
    from hm_fhir.mapping.checker.codes import Codes
    from hm_fhir.mapping.checker.finding import Findings, Spot
    from hm_fhir.mapping.checker.objects import Leaf, Variant
    from hm_fhir.mapping.checker.scope import Made
    from hm_fhir.mapping.checker.templates import TemplateValues
    from hm_fhir.mapping.checker.values import Coding, Value


class Concepts:
    """Compares the codings of objects with bindings.

    Args:
        templates: evaluates the templates.
        codes: knows the value sets.
        findings: where mistakes are added.
    """

    def __init__(self, templates: TemplateValues, codes: Codes, findings: Findings) -> None:
        self._objects = templates.objects
        self._terms = codes
        self._findings = findings

    def check(self, made: Made, element: Element, base: str, leaf: Leaf, *, is_own: bool) -> None:
        """Report an object without a code that its element allows.

        Args:
            made: the object.
            element: what it is for.
            base: Coding or CodeableConcept.
            leaf: the node that gives it.
            is_own: whether a profile binds the element, and not FHIR itself.
        """
        bound = self._terms.bound(element.binding)
        for variant in self._objects.variants(made):
            if variant.open or not variant.members:
                continue
            if base == "Coding":
                pairs, spot = self._codings(made), self._code_spot(variant, leaf)
                self._terms.concept([pairs], element.binding, spot, via=None, is_own=is_own)
                return
            if not bound:
                continue
            codings = variant.members.get("coding")
            if codings is None:
                if element.binding is not None and element.binding.strength == "required":
                    self._findings.error(leaf.spot, "wrong-code", "a text alone: a code is wanted here", "add coding")
                continue
            self._coded(codings, element, is_own=is_own)

    def _coded(self, codings: tuple[Leaf, ...], element: Element, *, is_own: bool) -> None:
        items: list[tuple[Leaf, Value]] = []
        for coding in codings:
            for one in self._objects.leaves(coding):
                for item in self._objects.items(one):
                    value = self._objects.of_leaf(item)
                    if value.presence is not Presence.NEVER:
                        items.append((item, value))
        if not items:
            return
        leaf, value = items[0]
        is_only = len(items) == 1
        spot = self._item_spot(value, leaf) if is_only else codings[0].spot
        via = value.shapes[0].via if is_only and value.shapes else None
        found = [self._item_codings(value) for _, value in items]
        self._terms.concept(found, element.binding, spot, via=via, is_own=is_own, are_checked=True)

    def _item_codings(self, value: Value) -> frozenset[Coding] | None:
        found: set[Coding] = set()
        for shape in value.shapes:
            codings = self._codings(shape.made) if shape.made is not None else shape.codings
            if codings is None:
                return None
            found |= codings
        return frozenset(found)

    def _item_spot(self, value: Value, item: Leaf) -> Spot:
        for shape in value.shapes:
            if shape.made is not None:
                variant = self._objects.variants(shape.made)[0]
                return self._code_spot(variant, item)
        return item.spot

    def _code_spot(self, variant: Variant, leaf: Leaf) -> Spot:
        codes = variant.members.get("code")
        return codes[0].spot if codes else leaf.spot

    def _codings(self, made: Made) -> frozenset[Coding] | None:
        """Return all codings that an object can be, or None."""
        found: set[Coding] = set()
        for variant in self._objects.variants(made):
            if variant.open:
                return None
            leaves = variant.members.get("code")
            if leaves is None:
                continue
            codes = self._objects.of_member(leaves).codes()
            # Without a system a coding is in no value set.
            written = variant.members.get("system")
            systems = frozenset({""}) if written is None else self._objects.of_member(written).codes()
            if codes is None or systems is None:
                return None
            found |= {(str(system), str(code)) for system in systems for code in codes}
        return frozenset(found)

"""What an object lacks: elements that FHIR or a profile demands; and two keys of one choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hm_fhir.mapping.checker.naming import base_element, named
from hm_fhir.mapping.checker.objects import Leaf
from hm_fhir.mapping.checker.values import Presence

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Element, TypeDefinition, TypeModel
    from hm_fhir.mapping.checker.finding import Findings
    from hm_fhir.mapping.checker.objects import Objects, Variant


_OTHERWISE: Final = "put a condition around the object, or say what it is otherwise"
_REQUIRED: Final = "say `required: true` or a `default` where it is read, or put a condition around the object"


class Required:
    """Looks for what objects lack.

    Args:
        model: all types.
        objects: takes the templates apart.
        findings: where mistakes are added.
    """

    def __init__(self, model: TypeModel, objects: Objects, findings: Findings) -> None:
        self._model = model
        self._objects = objects
        self._findings = findings

    def check(
        self,
        variants: list[Variant],
        definition: TypeDefinition,
        shown: Leaf,
        given: frozenset[str],
        *,
        is_root: bool,
    ) -> None:
        """Report elements that are missing, or empty for some activities.

        Args:
            variants: of the object.
            definition: its type.
            shown: the node that findings are reported at.
            given: elements that the engine adds.
            is_root: whether the object is there even when it is empty.
        """
        # An empty object vanishes; one that may have more members lacks nothing for certain.
        whole = [one for one in variants if not one.open and (one.members or is_root)]
        for element in definition.elements.values():
            if element.minimum < 1 or element.name in given:
                continue
            who = self._who(definition, element)
            lacking = [one for one in whole if not of_element(one, element) and element.name not in one.members]
            # Where a condition decides it, the first case says enough.
            for variant in lacking[:1]:
                where = f" where {variant.where}" if variant.where and len(lacking) < len(variants) else ""
                message = f"{named(definition, element)} is missing{where}, {who} wants it"
                self._findings.error(shown.key_spot, "missing-element", message, f"add {_keys(element)}")
            for variant in whole:
                self._may_be_empty(variant, definition, element, who, is_root=is_root)
        for variant in variants:
            self._choices(variant, definition)

    def _who(self, definition: TypeDefinition, element: Element) -> str:
        """Return who demands an element: FHIR itself, the profile, or the activity."""
        if definition.namespace == "hm":
            return "an activity"
        if "/" not in definition.name:
            return "FHIR"
        base = base_element(self._model, definition, element)
        return "FHIR" if base is not None and base.minimum else "the profile"

    def _may_be_empty(
        self, variant: Variant, definition: TypeDefinition, element: Element, who: str, *, is_root: bool
    ) -> None:
        leaves = of_element(variant, element)
        if not leaves:
            return
        name = named(definition, element)
        presence = self._objects.of_member(leaves).presence
        if presence is Presence.NEVER:
            self._findings.error(
                leaves[0].spot, "missing-element", f"{name} is always empty here, {who} wants it",
                "give it a value, or leave out the object around it",
            )  # fmt: skip
        elif presence is Presence.MAYBE and (is_root or self._has_others(variant, leaves)):
            self._findings.warning(
                leaves[0].spot, "may-be-empty",
                f"{name} is empty for {_whom(definition)} that lack what it is made of, {who} wants it",
                _REQUIRED if definition.namespace == "hm" else _OTHERWISE,
            )  # fmt: skip

    def _has_others(self, variant: Variant, leaves: tuple[Leaf, ...]) -> bool:
        """Return whether an object is there although one of its elements is empty."""
        return any(
            self._objects.of_member(others).presence is Presence.ALWAYS
            for others in variant.members.values()
            if not set(others) & set(leaves)
        )

    def _choices(self, variant: Variant, definition: TypeDefinition) -> None:
        for element in definition.elements.values():
            if not element.choice:
                continue
            keys = [key for key in variant.members if key in element.json_keys]
            if len(keys) < 2:
                continue
            presences = [self._objects.of_member(variant.members[key]).presence for key in keys]
            if sum(presence is not Presence.NEVER for presence in presences) < 2:
                continue
            leaf = variant.members[keys[1]][0]
            message = f"{keys[0]} and {keys[1]} are two of one choice, {named(definition, element)}[x]"
            fix = "put them into {% if %} and {% else %}"
            if all(presence is Presence.ALWAYS for presence in presences):
                self._findings.error(leaf.key_spot, "two-of-a-choice", message, fix)
            else:
                self._findings.warning(leaf.key_spot, "two-of-a-choice", f"{message}; both can be there", fix)


def _whom(definition: TypeDefinition) -> str:
    return "records" if definition.namespace == "hm" else "activities"


def of_element(variant: Variant, element: Element) -> tuple[Leaf, ...]:
    """Return what gives an element, by any of its keys."""
    found: list[Leaf] = []
    for key in element.json_keys:
        found += variant.members.get(key, ())
        found += variant.members.get(f"_{key}", ())
    return tuple(found)


def _keys(element: Element) -> str:
    keys = list(element.json_keys) or [element.name]
    return " or ".join(keys[:4]) + (" ..." if len(keys) > 4 else "")

"""What an explanation holds: for each element of the output what made it, and what was not made and why.

Nothing here holds a value of the activity but `Element.value`, which is for those who may see it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEP: Final = re.compile(r"([A-Za-z_]\w*)(?:\[(\d+)\])?")
_CAST: Final = re.compile(r"\.(?:ofType|as)\([\w.]*\)|/\*.*?\*/")


@dataclass(frozen=True, slots=True)
class Origin:
    """What made an element.

    Attributes:
        place: ``file:line:column``.
        expression: FHIRPath, or the constant of the template, or for what the engine adds what it is made of.
        inputs: fields of the activity that it depends on, such as ``period.start``; also ``%systems``.
        conditions: what had to hold for it to be made, outer ones first: ``if ...``, ``each ...``, ``for ...``.
        is_added: the engine adds it; no template has it.
    """

    place: str
    expression: str
    inputs: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    is_added: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a resource; what an expression gave whole is one element.

    Attributes:
        location: such as ``Encounter.period.start``.
        origin: what made it.
        value: PERSONAL DATA.
    """

    location: str
    origin: Origin
    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExplainedResource:
    """One resource.

    Attributes:
        key: ``Type/id``.
        name: of its rule.
        index: number of the item of `each`, or None.
        place: of its rule.
        elements: in the order of the resource.
        parts: by location, also objects and lists that hold elements.
        as_of: what says since when the content holds, or None.
    """

    key: str
    name: str
    index: int | None
    place: str
    elements: tuple[Element, ...]
    parts: Mapping[str, Origin] = field(repr=False)
    as_of: Origin | None = None


@dataclass(frozen=True, slots=True)
class NotMade:
    """A resource that a rule did not make.

    Attributes:
        name: of the rule.
        type: FHIR type.
        index: number of the item of `each`, or None.
        place: of the expression that decided.
        because: what decided: ``if ... is not true``, ``each ... has no items``.
        inputs: fields of the activity that decided.
    """

    name: str
    type: str
    index: int | None
    place: str
    because: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an activity was not mapped.

    Attributes:
        code: of the refusal.
        message: for people; holds no value of the activity.
        place: of the expression in the mapping file that refused or failed, else of the resource and element.
        expression: that refused or failed, or "".
        inputs: fields of the activity that decided.
    """

    code: str
    message: str
    place: str
    expression: str = ""
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened to one activity.

    Attributes:
        mapping: ``name@version`` of the mapping that took it, or None.
        place: of its `when`, or "".
        resources: what was made.
        not_made: what was not, and why.
        refused: why nothing was made, or None.
        concept_maps: how many codes each map translated, by name.
    """

    mapping: str | None
    place: str = ""
    resources: tuple[ExplainedResource, ...] = ()
    not_made: tuple[NotMade, ...] = ()
    refused: Refused | None = None
    concept_maps: Mapping[str, int] = field(default_factory=dict)

    def origin(self, resource_key: str, location: str) -> Origin | None:
        """Return what made an element, or the nearest part around it that is known; None if there is no resource.

        Args:
            resource_key: ``Type/id``.
            location: a path as outcomes have it, ``Observation.value.ofType(Quantity).unit``, or as JSON has it,
                ``Observation.valueQuantity.unit``; with or without indices of what is no list.
        """
        found = next((one for one in self.resources if one.key == resource_key), None)
        if found is None:
            return None
        steps = _STEP.findall(_CAST.sub("", location).partition(".")[2])
        at = found.key.partition("/")[0]
        best = found.parts[at]
        for name, index in steps:
            nearer = _step(found.parts, at, name, index)
            if nearer is None:
                break
            at, best = nearer, found.parts[nearer]
        return best


def _step(parts: Mapping[str, Origin], at: str, name: str, index: str) -> str | None:
    choice = re.compile(rf"{re.escape(at)}\.{name}[A-Z]\w*")
    plain = [f"{at}.{name}"]
    plain += [one for one in parts if choice.fullmatch(one)] if plain[0] not in parts else []
    for one in plain:
        if index and f"{one}[{index}]" in parts:
            return f"{one}[{index}]"
        if one in parts:
            return one
    return None

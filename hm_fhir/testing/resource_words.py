"""Values of elements that only some words fit, beside what type and binding say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hm_fhir.testing.activity_parts import Deck

WORDS: Final[Mapping[str, Sequence[Any]]] = {
    "ElementDefinition.path": ("Patient.name", "Patient.gender", "Patient.contact.name", "Patient.telecom"),
    "ElementDefinition.max": ("1", "*", "3"),
    "ElementDefinition.min": (0, 1),
    "MessageDefinition.focus.max": ("1", "*", "3"),
    "OperationDefinition.parameter.max": ("1", "*"),
    "CodeSystem.content": ("complete", "fragment", "example", "not-present"),
    "SearchParameter.expression": ("Patient.name", "Patient.birthDate"),
    "SearchParameter.base": ("Patient",),
    "SearchParameter.type": ("string", "token", "date"),
    "StructureMap.group.name": ("one", "two"),
    "StructureMap.group.input.name": ("src",),
    "StructureMap.group.rule.name": ("one", "two"),
    "StructureMap.group.rule.source.context": ("src",),
    "ImplementationGuide.dependsOn.packageId": ("hl7.fhir.r4.core",),
    "ImplementationGuide.dependsOn.uri": ("http://example.org/ImplementationGuide/other",),
    "SampledData.data": ("1 2 3", "1.5 E U L"),
}
"""Type and element -> what it may say."""

NEVER: Final = frozenset(
    {
        "Attachment.hash",
        "Attachment.size",
        "CodeSystem.supplements",
        "CodeSystem.count",
        "ResearchElementDefinition.characteristic.studyEffective",  # the official validation takes one for two slices
        "ResearchElementDefinition.characteristic.participantEffective",
        "StructureMap.group.rule.rule",
        "StructureMap.group.rule.target",
        "ExplanationOfBenefit.priority",  # R4 binds it to the URL of a code system
        "OperationDefinition.inputProfile",
        "OperationDefinition.outputProfile",
        "Measure.group.stratifier.criteria",
        "Questionnaire.item.enableWhen",
        "SearchParameter.component",
        "StructureMap.group.extends",
        "StructureMap.group.input.type",
        "StructureMap.group.rule.dependent",
    }
)
"""What only fits the rest of a resource by luck."""

SINGLE: Final = frozenset({"StructureMap.group.input", "StructureMap.group.rule.source"})
"""Lists with one item, because the names in several would have to fit each other."""

DISTINCT: Final = frozenset({"profile", "linkId", "targetProfile", "base", "resource"})
"""Lists whose values differ."""


def word(deck: Deck, owner: str, name: str) -> Any:
    """Return a fitting value of an element; None when its type and binding say enough.

    Args:
        deck: where choices come from.
        owner: the type that has the element.
        name: the element.
    """
    choices = WORDS.get(f"{owner}.{name}")
    return None if choices is None else deck.turn(f"word {owner}.{name}", choices)

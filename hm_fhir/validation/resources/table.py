"""Rules of resources that no invariant of R4 states, by type of resource."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from hm_fhir.validation.primitives.narrative import check_language
from hm_fhir.validation.primitives.uris import is_absolute
from hm_fhir.validation.resources.bundle import check_bundle
from hm_fhir.validation.resources.code_resources import check_code_system, check_concept_map, check_value_set
from hm_fhir.validation.resources.contained import check_contained
from hm_fhir.validation.resources.definition_resources import check_guide, check_operation, check_search_parameter
from hm_fhir.validation.resources.profile_definitions import check_structure_definition
from hm_fhir.validation.resources.questionnaires import check_questionnaire, check_response
from hm_fhir.validation.resources.structure_maps import check_structure_map
from hm_fhir.validation.run import Check, Path, Run


def check_every(value: Any, path: Path, run: Run) -> None:
    """Check what holds for resources of all types.

    Args:
        value: the resource.
        path: where it is.
        run: the validation.
    """
    if "contained" in value:
        check_contained(value, path, run)
    if "language" in value:
        check_language(value, path, run)


def check_canonical_resource(value: Any, path: Path, run: Run) -> None:
    """Check the identity of a resource that has a canonical URL (https://hl7.org/fhir/R4/references.html#canonical)."""
    url, version = value.get("url"), value.get("version")
    if isinstance(url, str) and url and not is_absolute(url):
        run.report("error", "invalid", "canonical-url", (path, "url"), "the canonical URL must be absolute")
    if isinstance(version, str) and "#" in version:
        problem = "a version should not hold #, because canonical references could not name it"
        run.report("warning", "business-rule", "canonical-url", (path, "version"), problem)


_WITH_URL: Final = (
    "ActivityDefinition", "CapabilityStatement", "ChargeItemDefinition", "CodeSystem", "CompartmentDefinition",
    "ConceptMap", "EffectEvidenceSynthesis", "EventDefinition", "Evidence", "EvidenceVariable", "ExampleScenario",
    "GraphDefinition", "ImplementationGuide", "Library", "Measure", "MessageDefinition", "OperationDefinition",
    "PlanDefinition", "Questionnaire", "ResearchDefinition", "ResearchElementDefinition", "RiskEvidenceSynthesis",
    "SearchParameter", "StructureDefinition", "StructureMap", "TerminologyCapabilities", "TestScript", "ValueSet",
)  # fmt: skip


def _all(*checks: Check) -> Check:
    def check(value: Any, path: Path, run: Run) -> None:
        for one in checks:
            one(value, path, run)

    return check if len(checks) > 1 else checks[0]


_OWN: Final[Mapping[str, tuple[Check, ...]]] = {
    "Bundle": (check_bundle,),
    "CodeSystem": (check_code_system,),
    "ConceptMap": (check_concept_map,),
    "ImplementationGuide": (check_guide,),
    "OperationDefinition": (check_operation,),
    "Questionnaire": (check_questionnaire,),
    "QuestionnaireResponse": (check_response,),
    "SearchParameter": (check_search_parameter,),
    "StructureDefinition": (check_structure_definition,),
    "StructureMap": (check_structure_map,),
    "ValueSet": (check_value_set,),
}

RESOURCE_RULES: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "*": check_every,
        **{name: _all(check_canonical_resource, *_OWN.get(name, ())) for name in _WITH_URL},
        **{name: _all(*checks) for name, checks in _OWN.items() if name not in _WITH_URL},
    }
)
"""Name of a resource type, or ``*`` for all -> check of a resource of it."""

"""JSON Schemas of the files of a pack, for editors: they complete keys, elements and codes, and mark mistakes.

Made from the models that read the files (:mod:`hm_fhir.mapping.files.spec`), from the notation of templates, and from
the types of FHIR; ``python -m hm_fhir.mapping.files.json_schema`` writes them anew. The keywords are those of draft
2020-12 that mean the same since draft-07, which editors know. What a schema cannot say (expressions, variables, names
of other files) is checked when a pack is loaded.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.activities.model import Activity
from hm_fhir.fhir.definitions import r4
from hm_fhir.mapping.cases import CaseSpec
from hm_fhir.mapping.files.spec import MappingSpec, PackSpec, PartSpec
from hm_fhir.mapping.resource_types import RESOURCE_TYPES

if TYPE_CHECKING:
    from pydantic import BaseModel

    from hm_fhir.fhir.elements import Element

SCHEMAS: Final[dict[str, type[BaseModel]]] = {
    "mapping": MappingSpec,
    "part": PartSpec,
    "pack": PackSpec,
    "case": CaseSpec,
}
"""The kinds of files, each with the model that reads it."""
FOLDER: Final = Path(__file__).parent / "schema"
"""Where the generated schemas are kept."""

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MARK = r"\{\{|\}\}|\{\[|\]\}|\{%|%\}"
_FIRST = r"\{\{(?:(?!\}\})[\s\S])+\}\}"
_COLLECTION = r"\{\[(?:(?!\]\})[\s\S])+\]\}"
_TEXT = rf"^(?:{_COLLECTION}|(?:{_FIRST}|(?!{_MARK})[\s\S])*)$"
_EXPRESSION = rf"^(?:{_COLLECTION}|{_FIRST})$"
_NAME = rf"^(?!.*(?:{_MARK}))"
_IF = r"^\{%\s*if\s[\s\S]+%\}$"
_ELSE = r"^\{%\s*else\s*%\}$"
_FOR = r"^\{%\s*for\s+(?:\w+\s*,\s*)?\w+\s+in\s[\s\S]+%\}$"
_ASSIGN = r"^\{%\s*assign\s*%\}$"
_MERGE = r"^\{%\s*merge\s*%\}$"
_CONTEXT = rf"^{_FIRST}$"
_VARIABLE = r"^[A-Za-z_]\w*$"
_BODY = r"^\{(?:\{|%\s*[^a\s])"
"""Blocks whose content stands where the block stands: all but assign."""
_OF_PRIMITIVE = r"^_[a-z]"
"""Id and extensions of a primitive: ``_birthDate`` beside ``birthDate``."""
# fmt: off
_COMPLETED: Final = (
    "AdverseEvent", "AllergyIntolerance", "Appointment", "AppointmentResponse", "AuditEvent", "Basic", "Binary",
    "BodyStructure", "CarePlan", "CareTeam", "ClinicalImpression", "Communication", "CommunicationRequest",
    "Composition", "Condition", "Consent", "Coverage", "DetectedIssue", "Device", "DeviceRequest",
    "DeviceUseStatement", "DiagnosticReport", "DocumentManifest", "DocumentReference", "Encounter", "Endpoint",
    "EpisodeOfCare", "FamilyMemberHistory", "Flag", "Goal", "Group", "HealthcareService", "Immunization",
    "ImmunizationEvaluation", "ImmunizationRecommendation", "Linkage", "List", "Location", "MeasureReport", "Media",
    "Medication", "MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement",
    "Observation", "Organization", "OrganizationAffiliation", "Patient", "Person", "Practitioner",
    "PractitionerRole", "Procedure", "Provenance", "QuestionnaireResponse", "RelatedPerson", "RequestGroup",
    "RiskAssessment", "Schedule", "ServiceRequest", "Slot", "Specimen", "SupplyDelivery", "SupplyRequest", "Task",
)
# fmt: on
"""Resource types whose elements editors complete: those about people and their care. With definitions (such as
CapabilityStatement) and claims the schema would be twice as large; their templates are checked as templates only."""
_CODES_LISTED: Final = 60
"""Longer lists of codes help nobody who types."""
_GIVEN_BY_ENGINE: Final = frozenset({"id", "resourceType"})


def schema(kind: str) -> Schema:
    """Return the JSON Schema of a kind of file.

    Args:
        kind: a key of `SCHEMAS`.
    """
    made = SCHEMAS[kind].model_json_schema()
    if kind == "case":
        _complete_activity(made)
    for_editors(made)
    definitions: Schema = made.pop("$defs", {})
    made = {"$schema": DIALECT, "$id": f"https://w3id.org/hm-fhir/schema/{kind}.json", **made}
    if "assign" in made["properties"]:
        definitions |= notation()
        made["properties"]["assign"]["items"] = {"$ref": "#/$defs/assignment"}
        types = _Types()
        _complete_resource(definitions["ResourceSpec"], types)
        definitions |= types.definitions
    if definitions:
        made["$defs"] = definitions
    return made


def text(kind: str) -> str:
    """Return the schema as it is kept: one line for each definition, so that a change shows where it is."""
    return text_of(schema(kind))


def text_of(made: Schema) -> str:
    """Return a schema as text: one line for each definition."""
    made = dict(made)
    definitions = made.pop("$defs", {})
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in made.items()]
    if definitions:
        inner = [f"    {json.dumps(name)}: {_compact(value)}" for name, value in definitions.items()]
        lines.append('  "$defs": {\n' + ",\n".join(inner) + "\n  }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def for_editors(value: Any) -> None:
    """Remove what is not for those who write files: titles that pydantic makes of names, how Python raises."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        for_editors(inner)
    if isinstance(value, dict) and isinstance(value.get("title"), str):
        del value["title"]
    if isinstance(value, dict) and isinstance(value.get("description"), str):
        value["description"] = value["description"].partition("\n\n")[0]


def _complete_activity(case: Schema) -> None:
    """Say what an activity is, but in a case that shows how a wrong one is refused."""
    activity = Activity.model_json_schema()
    case["$defs"] = {**activity.pop("$defs"), "Activity": activity}
    case["if"] = {"properties": {"refused": {"const": "invalid-activity"}}, "required": ["refused"]}
    case["else"] = {"properties": {"activity": {"$ref": "#/$defs/Activity"}}}


def _compact(value: Schema) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write(folder: Path = FOLDER) -> None:
    """Write all schemas into a folder."""
    folder.mkdir(exist_ok=True)
    for kind in SCHEMAS:
        (folder / f"{kind}.json").write_text(text(kind), encoding="utf-8")


def notation() -> Schema:
    """Return the notation of FPML: which keys and texts there may be, whatever the elements are."""
    anything = {"$ref": "#/$defs/template"}
    blocks = dict.fromkeys((_NAME, _IF, _ELSE, _FOR, _CONTEXT, _MERGE), anything)
    return {
        "template": {
            "anyOf": [
                {"$ref": "#/$defs/text"},
                {"type": ["number", "boolean", "null"]},
                {"type": "array", "items": anything},
                {"$ref": "#/$defs/object"},
            ]
        },
        "text": {"type": "string", "pattern": _TEXT},
        "object": {
            "type": "object",
            "patternProperties": {**blocks, _ASSIGN: {"$ref": "#/$defs/assignments"}},
            "additionalProperties": False,
            "allOf": [
                {"if": _some_key(_ELSE), "then": _some_key(_IF)},
                {
                    "if": _some_key(f"(?:{_FOR})|(?:{_CONTEXT})"),
                    "then": {"propertyNames": {"pattern": f"(?:{_FOR})|(?:{_CONTEXT})|(?:{_ASSIGN})"}},
                },
            ],
        },
        "assignment": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": {"pattern": _VARIABLE},
            "additionalProperties": anything,
        },
        "assignments": {
            "anyOf": [
                {"$ref": "#/$defs/assignment"},
                {"type": "array", "items": {"$ref": "#/$defs/assignment"}},
            ]
        },
        "blocks": {"type": "object", "patternProperties": blocks_of("primitive"), "additionalProperties": False},
        # Where FHIR has a single value: no object of elements, but a block may stand there.
        "primitive": {
            "anyOf": [
                {"$ref": "#/$defs/text"},
                {"type": ["number", "boolean", "null"]},
                {"type": "array", "items": {"$ref": "#/$defs/primitive"}},
                {"type": "object", "patternProperties": blocks_of("primitive"), "additionalProperties": False},
            ]
        },
    }


def _some_key(pattern: str) -> Schema:
    """Return a schema for objects with a key of this pattern."""
    return {"not": {"propertyNames": {"not": {"pattern": pattern}}}}


def blocks_of(name: str) -> Schema:
    """Return the blocks that may stand where a definition is wanted, as pattern properties."""
    return {_BODY: {"$ref": f"#/$defs/{name}"}, _ASSIGN: {"$ref": "#/$defs/assignments"}}


def _complete_resource(resource: Schema, types: _Types) -> None:
    """Say which resource types there are, and which elements the template of each may have."""
    known = sorted(RESOURCE_TYPES)
    resource["properties"]["type"]["enum"] = known
    resource["properties"]["profile"] |= {"anyOf": [{"$ref": "#/$defs/text"}, {"$ref": "#/$defs/blocks"}]}
    resource["properties"]["template"] = {"$ref": "#/$defs/object", "description": "the resource in FPML"}
    resource["allOf"] = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {"properties": {"template": {"$ref": f"#/$defs/{types.use(name)}"}}},
        }
        for name in _COMPLETED
    ]
    types.finish()


class _Types:
    """The types of FHIR as schemas of what a template may write in their place.

    Attributes:
        definitions: by name.
    """

    def __init__(self) -> None:
        self.definitions: Schema = {}
        self._wanted: list[str] = []
        self._used: set[str] = set()

    def use(self, name: str) -> str:
        """Return the name of the definition of a type, which will be made."""
        definition = r4().type(name)
        if definition is None or definition.abstract or definition.namespace != "FHIR":
            return "template"  # Resource in Bundle.entry: anything
        if definition.kind == "primitive" or not definition.elements:
            return "primitive"
        if name not in self._used:
            self._used.add(name)
            self._wanted.append(name)
        return name

    def finish(self) -> None:
        """Make all types that are used, and those that they use."""
        while self._wanted:
            name = self._wanted.pop()
            self.definitions[name] = self._type(name)

    def _type(self, name: str) -> Schema:
        definition = r4().type(name)
        assert definition is not None  # noqa: S101 - for the type checker; `use` has looked
        properties: Schema = {}
        for element in definition.elements.values():
            for key, kind in element.json_keys.items():
                if definition.kind == "resource" and key in _GIVEN_BY_ENGINE:
                    continue
                properties[key] = {"$ref": f"#/$defs/{self._element(element, kind)}"}
        return {
            "anyOf": [
                {"$ref": "#/$defs/text"},
                {"type": "null"},
                {"type": "array", "items": {"$ref": f"#/$defs/{name}"}},
                {
                    "type": "object",
                    "properties": dict(sorted(properties.items())),
                    "patternProperties": {
                        **blocks_of(name),
                        _OF_PRIMITIVE: {"$ref": f"#/$defs/{self.use('Element')}"},
                    },
                    "additionalProperties": False,
                },
            ]
        }

    def _element(self, element: Element, kind: str) -> str:
        binding = element.binding
        if kind == "code" and binding is not None and binding.strength == "required" and binding.value_set:
            codes = r4().value_set(binding.value_set)
            listed = sorted(codes.codes) if codes is not None else []
            if 0 < len(listed) <= _CODES_LISTED:
                name = f"codes-{binding.value_set.partition('|')[0].rpartition('/')[2]}"
                self.definitions.setdefault(name, codes_or_template(name, listed))
                return name
        return self.use(kind)


def codes_or_template(name: str, codes: list[str]) -> Schema:
    """Return what may be written for one of some codes: the code, or an expression that gives it.

    Args:
        name: of the definition.
        codes: all of them.
    """
    return {
        "anyOf": [
            {"enum": codes},
            {"type": "string", "pattern": _EXPRESSION},
            {"type": "null"},
            {"type": "array", "items": {"$ref": f"#/$defs/{name}"}},
            {"type": "object", "patternProperties": blocks_of(name), "additionalProperties": False},
        ]
    }


if __name__ == "__main__":
    write()

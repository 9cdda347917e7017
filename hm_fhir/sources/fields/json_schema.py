"""The JSON Schema of fields files, for editors: they complete keys, fields of the activity and codes.

Made from the model that reads the files, from the notation of templates, and from the types of the activity;
``python -m hm_fhir.sources.fields.json_schema`` writes it anew. What a schema cannot say (expressions, names of
values and code tables) is checked when a file is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.mapping.files.json_schema import (
    DIALECT,
    Schema,
    blocks_of,
    codes_or_template,
    for_editors,
    notation,
    text_of,
)
from hm_fhir.sources.fields.spec import FieldsSpec
from hm_fhir.sources.fields.types import ACTIVITY, written_types

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Element, TypeDefinition

PATH: Final = Path(__file__).parent / "schema" / "fields.json"
"""Where the generated schema is kept."""

_NAMES: Final = {"pattern": "^[a-z][a-z0-9_]*$"}


def schema() -> Schema:
    """Return the JSON Schema of fields files."""
    made: Schema = FieldsSpec.model_json_schema()
    for_editors(made)
    definitions: Schema = made.pop("$defs", {})
    definitions |= notation()
    for definition in written_types().values():
        definitions |= _definitions(definition)
    properties = made["properties"]
    properties["assign"]["items"] = {"$ref": "#/$defs/assignment"}
    properties["activity"] = {
        "description": properties["activity"]["description"],
        "type": "object",
        **_members(written_types()[ACTIVITY]),
    }
    properties["record"]["propertyNames"] = _NAMES
    return {
        "$schema": DIALECT,
        "$id": "https://w3id.org/hm-fhir/schema/fields.json",
        **made,
        "$defs": definitions,
    }


def text() -> str:
    """Return the schema as it is kept."""
    return text_of(schema())


def write(path: Path = PATH) -> None:
    """Write the schema."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text(), encoding="utf-8")


def _definitions(definition: TypeDefinition) -> Schema:
    name = definition.name
    made: Schema = {
        name: {
            "anyOf": [
                {"$ref": "#/$defs/text"},
                {"type": "null"},
                {"type": "array", "items": {"$ref": f"#/$defs/{name}"}},
                {"type": "object", **_members(definition)},
            ]
        }
    }
    for element in definition.elements.values():
        if element.codes is not None:
            coded = _coded(definition, element)
            made[coded] = codes_or_template(coded, sorted(element.codes))
    return made


def _members(definition: TypeDefinition) -> dict[str, Any]:
    return {
        "properties": {
            name: {"$ref": f"#/$defs/{_name_of(definition, element)}"}
            for name, element in sorted(definition.elements.items())
        },
        "patternProperties": blocks_of(definition.name),
        "additionalProperties": False,
    }


def _name_of(definition: TypeDefinition, element: Element) -> str:
    if element.codes is not None:
        return _coded(definition, element)
    (kind,) = element.types
    return kind if kind in written_types() else "primitive"


def _coded(definition: TypeDefinition, element: Element) -> str:
    return f"{definition.name}.{element.name}"


if __name__ == "__main__":
    write()

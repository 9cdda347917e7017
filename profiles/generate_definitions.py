"""Write the definitions of FHIR R4 4.0.1 to ``hm_fhir/fhir/r4/``: always the same bytes from the same archive.

Run ``python profiles/generate_definitions.py hl7.fhir.r4.core.tgz`` and commit what it writes; with ``--check`` it
writes nothing and fails when the files differ. ``hm_fhir/fhir/r4/README.md`` says where the archive is found.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

from hm_fhir.fhir.definitions import TypeModel
from hm_fhir.fhir.elements import Constraint, Element, TypeDefinition
from hm_fhir.fhir.expansion import expand
from hm_fhir.fhir.structure_definition import FHIR_URL, read

ARCHIVE_SHA256 = "b090bf929e1f665cf2c91583720849695bc38d2892a7c5037c56cb00817fb091"
TARGET = Path(__file__).parent.parent / "hm_fhir" / "fhir" / "r4"
NAMED_CONSTRAINTS = ("SimpleQuantity", "MoneyQuantity")
"""Profiles that the specification lists as data types: https://hl7.org/fhir/R4/datatypes.html#SimpleQuantity"""

EXTENSIBLE_LIMIT = 200
"""A value set with an extensible binding only is kept below this number of codes."""

Json = dict[str, Any]


def resources_of(archive: Path) -> dict[str, dict[str, Json]]:
    """Return the conformance resources of a FHIR package: resource type -> URL -> JSON."""
    found: dict[str, dict[str, Json]] = {}
    with tarfile.open(archive) as package:
        for member in package:
            name = Path(member.name).name
            stream = package.extractfile(member) if name.endswith(".json") else None
            if stream is None or not name.startswith(("StructureDefinition-", "ValueSet-", "CodeSystem-")):
                continue
            resource = json.load(stream)
            found.setdefault(resource["resourceType"], {})[resource["url"]] = resource
    return found


def types_of(structure_definitions: Iterable[Json]) -> dict[str, TypeDefinition]:
    """Return the data types and resources of FHIR by name, each with what it adds to its base only."""
    wanted = {
        name: one
        for one in structure_definitions
        if one["kind"] != "logical"
        for name in [one["url"].removeprefix(FHIR_URL)]
        if one.get("derivation") != "constraint" or name in NAMED_CONSTRAINTS
    }
    invariants = {
        element["id"] if "." in element["id"] else name: TypeDefinition(
            element["id"], "FHIR", "complex", constraints=tuple(constraints(element))
        )
        for name, one in wanted.items()
        for element in one["snapshot"]["element"]
    }
    types: dict[str, TypeDefinition] = {}
    for name, one in sorted(wanted.items()):
        if name in NAMED_CONSTRAINTS:
            types[name] = read(one, invariants.get, name=name)[name]
        else:
            types |= read(one, invariants.get)
    return types


def constraints(element: Json) -> Iterator[Constraint]:
    """Yield the invariants of an ElementDefinition."""
    for one in element.get("constraint", ()):
        yield Constraint(one["key"], one["severity"], one["human"], one.get("expression"))


def stored(types: Mapping[str, TypeDefinition]) -> Json:
    """Return the types as JSON, without the elements that are those of the base."""
    model = TypeModel(types)
    found = {}
    for name, one in sorted(types.items()):
        base = model.type(one.base) if one.base else None
        inherited = base.elements if base else {}
        json_type = compact(one)
        json_type["elements"] = [
            compact(element) for element in one.elements.values() if element != inherited.get(element.name)
        ]
        for key in ("name", "namespace"):
            del json_type[key]
        found[name] = {key: value for key, value in json_type.items() if value not in ([], None)}
    return found


def compact(record: Any) -> Any:
    """Return a record as JSON, without what has its usual value."""
    if is_dataclass(record):
        return {
            field.name: compact(value)
            for field in fields(record)
            for value in [getattr(record, field.name)]
            if (field.default is MISSING or value != field.default) and field.name != "elements"
        }
    if isinstance(record, tuple):
        return [compact(one) for one in record]
    return record


def bound_value_sets(types: Mapping[str, TypeDefinition]) -> dict[str, set[str]]:
    """Return the URL of every value set that an element is bound to -> strengths."""
    found: dict[str, set[str]] = {}

    def note(element: Element) -> None:
        if element.binding is not None and element.binding.value_set is not None:
            url = element.binding.value_set.partition("|")[0]
            found.setdefault(url, set()).add(element.binding.strength)

    for one in types.values():
        for element in one.elements.values():
            note(element)
    return found


def codes_of(types: Mapping[str, TypeDefinition], resources: Mapping[str, Mapping[str, Json]]) -> Json:
    """Return the codes of each value set with a required binding, and of each small extensible one."""
    value_sets, code_systems = resources["ValueSet"], resources["CodeSystem"]
    found = {}
    for url, strengths in sorted(bound_value_sets(types).items()):
        if not strengths & {"required", "extensible"}:
            continue
        expansion = expand(url, value_sets.get, code_systems.get)
        if expansion is None or not ("required" in strengths or len(expansion.codes) < EXTENSIBLE_LIMIT):
            continue
        found[url] = {system: sorted(codes) for system, codes in expansion.systems.items()}
    return found


def file_texts(archive: Path) -> dict[str, str]:
    """Return file name -> text of what is made from an archive.

    Raises:
        SystemExit: the archive is another one.
    """
    if hashlib.sha256(archive.read_bytes()).hexdigest() != ARCHIVE_SHA256:
        raise SystemExit(f"{archive.name} is not the archive that ARCHIVE_SHA256 names")
    resources = resources_of(archive)
    types = types_of(resources["StructureDefinition"].values())
    head = {
        "source": {"package": "hl7.fhir.r4.core", "version": "4.0.1", "licence": "CC0-1.0", "sha256": ARCHIVE_SHA256},
        "resources": sorted(name for name, one in types.items() if one.kind == "resource" and not one.abstract),
    }
    lines = ",\n".join(f'"{key}": {_line(value)}' for key, value in head.items())
    return {
        "definitions.json": f'{{\n{lines},\n"types": {_lines(stored(types))}}}\n',
        "value_sets.json": f"{_lines(codes_of(types, resources))}\n",
    }


def _lines(found: Json) -> str:
    # One line for each name, so that a difference can be read.
    return "{\n" + ",\n".join(f"{_line(key)}: {_line(value)}" for key, value in found.items()) + "\n}"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(arguments: list[str]) -> None:
    """Write the files, or compare them."""
    paths = [Path(one) for one in arguments if one != "--check"]
    if len(paths) != 1:
        raise SystemExit(__doc__)
    for name, text in file_texts(paths[0]).items():
        if "--check" not in arguments:
            (TARGET / name).write_text(text, encoding="utf-8")
        elif (TARGET / name).read_text(encoding="utf-8") != text:
            raise SystemExit(f"{name} is not what the archive gives; run this script without --check")


if __name__ == "__main__":
    main(sys.argv[1:])

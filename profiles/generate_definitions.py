"""Write the definitions of FHIR R4 4.0.1 to ``hm_fhir/fhir/r4/``: always the same bytes from the same archive.

Run ``python profiles/generate_definitions.py hl7.fhir.r4.core.tgz`` and commit what it writes; with ``--check`` it
writes nothing and fails when the files differ. ``hm_fhir/fhir/r4/README.md`` says where the archive is found.
"""

from __future__ import annotations

import hashlib
import sys
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hm_fhir.fhir.definitions import TypeModel
from hm_fhir.fhir.element_definition import constraint_of
from hm_fhir.fhir.elements import TypeDefinition
from hm_fhir.fhir.json import from_json, to_json
from hm_fhir.fhir.snapshots import snapshot
from hm_fhir.fhir.stored_types import encoded
from hm_fhir.fhir.structure_definition import FHIR_URL, read

ARCHIVE_SHA256 = "b090bf929e1f665cf2c91583720849695bc38d2892a7c5037c56cb00817fb091"
TARGET = Path(__file__).parent.parent / "hm_fhir" / "fhir" / "r4"
NAMED_CONSTRAINTS = ("SimpleQuantity", "MoneyQuantity")
"""Profiles that the specification lists as data types: https://hl7.org/fhir/R4/datatypes.html#SimpleQuantity"""

Json = dict[str, Any]


def structure_definitions_of(archive: Path) -> dict[str, Json]:
    """Return the StructureDefinitions of a FHIR package by URL."""
    found: dict[str, Json] = {}
    with tarfile.open(archive) as package:
        for member in package:
            name = Path(member.name).name
            stream = package.extractfile(member) if name.endswith(".json") else None
            if stream is None or not name.startswith("StructureDefinition-"):
                continue
            resource = from_json(stream.read())
            found[resource["url"]] = resource
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
            element["id"], "FHIR", "complex", constraints=tuple(map(constraint_of, element.get("constraint", ())))
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


def profiles_of(
    structure_definitions: Mapping[str, Json], types: Mapping[str, TypeDefinition]
) -> dict[str, TypeDefinition]:
    """Return the profiles and definitions of extensions, each with what it adds to its base only.

    Args:
        structure_definitions: by URL.
        types: the types that they stand on.
    """
    found: dict[str, TypeDefinition] = {}
    model = TypeModel(found, below=TypeModel(types))

    def add(url: str) -> None:
        one = structure_definitions[url]
        if url in found or one.get("derivation") != "constraint" or url.removeprefix(FHIR_URL) in types:
            return
        add(one["baseDefinition"])
        found.update(read(snapshot(one, structure_definitions.get), model.type))

    for url in sorted(structure_definitions):
        add(url)
    return found


def stored(types: Mapping[str, TypeDefinition], below: Mapping[str, TypeDefinition]) -> str:
    """Return the types as JSON text, without the elements that are those of the base; one type a line."""
    model = TypeModel(types, below=TypeModel(below))
    lines = (
        f"{_text(name)}: {encoded(one, model.type(one.base) if one.base else None).decode()}"
        for name, one in sorted(types.items())
    )
    return "{\n" + ",\n".join(lines) + "\n}"


def file_texts(archive: Path) -> dict[str, str]:
    """Return file name -> text of what is made from an archive.

    Raises:
        SystemExit: the archive is another one.
    """
    if hashlib.sha256(archive.read_bytes()).hexdigest() != ARCHIVE_SHA256:
        raise SystemExit(f"{archive.name} is not the archive that ARCHIVE_SHA256 names")
    definitions = structure_definitions_of(archive)
    types = types_of(definitions.values())
    profiles = profiles_of(definitions, types)
    head = {
        "source": {"package": "hl7.fhir.r4.core", "version": "4.0.1", "licence": "CC0-1.0", "sha256": ARCHIVE_SHA256},
        "resources": sorted(name for name, one in types.items() if one.kind == "resource" and not one.abstract),
    }
    lines = ",\n".join(f'"{key}": {_text(value)}' for key, value in head.items())
    return {
        "definitions.json": f'{{\n{lines},\n"types": {stored(types, {})}}}\n',
        "profiles.json": f"{stored(profiles, types)}\n",
    }


def _text(value: Any) -> str:
    return to_json(value).decode()


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

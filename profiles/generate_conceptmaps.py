"""Make the concept maps that the package publishes out of those of the base mapping pack.

There is one truth, ``mappings/conceptmaps``; what is added here is how far each row can be relied on. The comment of
a row begins with ``verified:`` (its code was read at its source), ``proposed:`` (it was not, and waits for somebody
who does) or ``unmatched:`` (no code says the same), and then says how or why. ``verified_codes.yaml`` says which is
which for SNOMED CT, LOINC and ICD-10; codes of HL7 and of this project are at hand, and a test looks them up.

The elements are those of https://hl7.org/fhir/R4/conceptmap.html.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hm_fhir.mapping.files.yaml_file import read_yaml

PROFILES = Path(__file__).parent
SOURCE = PROFILES.parent / "mappings" / "conceptmaps"
VERIFIED = PROFILES / "verified_codes.yaml"

OWN = "https://w3id.org/hm-fhir/"
HL7 = ("http://hl7.org/fhir/", "http://terminology.hl7.org/")

Json = dict[str, Any]


def standing_of(system: str, target: Json, verified: Json) -> tuple[str, str]:
    """Return whether a row is verified, proposed or unmatched, and how or why.

    Raises:
        KeyError: the code of a public system is not in ``verified_codes.yaml``.
    """
    told = target.get("comment", "")
    if "code" not in target:
        return "unmatched", told
    if system in verified["codes"]:
        mark = verified["marks"][verified["codes"][system][target["code"]]]
        if mark["standing"] == "proposed" and told:
            return "proposed", told
        return mark["standing"], "; ".join(part for part in (mark["how"], told) if part)
    if system.startswith(OWN):
        how = "a code of this project"
    elif system.startswith(HL7):
        how = "in the code system that HL7 publishes with R4"
    else:
        raise KeyError(system)
    return "verified", "; ".join(part for part in (how, told) if part)


def published(concept_map: Json, verified: Json) -> Json:
    """Return a concept map with the standing of each row."""
    groups = []
    for group in concept_map["group"]:
        elements = []
        for element in group["element"]:
            targets = [
                {**target, "comment": ": ".join(standing_of(group["target"], target, verified))}
                for target in element["target"]
            ]
            elements.append({**element, "target": targets})
        groups.append({**group, "element": elements})
    return {**concept_map, "group": groups}


def concept_maps() -> dict[str, Json]:
    """Return name -> published concept map, in the order of their names."""
    verified = read_yaml(VERIFIED.read_text(encoding="utf-8")).value
    return {
        path.stem: published(json.loads(path.read_text(encoding="utf-8")), verified)
        for path in sorted(SOURCE.glob("*.json"))
    }


def file_texts() -> dict[str, str]:
    """Return file name -> text of every published concept map."""
    return {
        f"ConceptMap-{one['id']}.json": json.dumps(one, ensure_ascii=False, indent=2) + "\n"
        for one in concept_maps().values()
    }

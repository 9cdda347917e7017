"""Write the code systems and value sets of FHIR R4 4.0.1 to ``hm_fhir/fhir/r4/``: always the same bytes.

Run ``python profiles/generate_terminology.py hl7.fhir.r4.core.tgz REGISTRIES`` and commit what it writes; with
``--check`` it writes nothing and fails when the files differ. REGISTRIES is a folder with three wheels of PyPI:
language_tags 1.3.2 (the IANA registry of language subtags), iso3166 3.0.0 and iso4217 1.16.20260101 (the lists of the
ISO). Where the archive is found: ``hm_fhir/fhir/r4/README.md``.
"""

from __future__ import annotations

import ast
import hashlib
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from hm_fhir.fhir.elements import ValueSetCodes
from hm_fhir.fhir.extent import Extent
from hm_fhir.fhir.json import from_json, to_json
from hm_fhir.fhir.terminology import Resources, Terminology

ARCHIVE_SHA256 = "b090bf929e1f665cf2c91583720849695bc38d2892a7c5037c56cb00817fb091"
TARGET = Path(__file__).parent.parent / "hm_fhir" / "fhir" / "r4"
LANGUAGES = ("language_tags-1.3.2-py3-none-any.whl", "language_tags/data/json/registry.json")
COUNTRIES = ("iso3166-3.0.0-py3-none-any.whl", "iso3166/__init__.py")
CURRENCIES = ("iso4217-1.16.20260101-py2.py3-none-any.whl", "iso4217/table.xml")

HISTORIC_CURRENCIES = """
ADP AFA ALK ANG AOK AON AOR ARA ARP ARY ATS AYM AZM BAD BEC BEF BEL BGJ BGK BGL BGN BOP BRB BRC BRE BRN BRR BUK BYB
BYR CHC CSD CSJ CSK CUC CYP DDM DEM ECS ECV EEK ESA ESB ESP FIM FRF GEK GHC GHP GNE GNS GQE GRD GWE GWP HRD HRK IEP
ILP ILR ISJ ITL LAJ LSM LTL LTT LUC LUF LUL LVL LVR MGF MLF MRO MTL MTP MVQ MXP MZE MZM NIC NLG PEH PEI PES PLZ PTE
RHD ROK ROL RUR SDD SDP SIT SKK SLL SRG STD SUR TJR TMM TPE TRL UAK UGS UGW UYN UYP VEB VEF VNC XEU XFO XFU XRE YDD
YUD YUM YUN ZAL ZMK ZRN ZRZ ZWC ZWD ZWL ZWN ZWR
"""
"""ISO 4217 table A.3: codes of currencies that are no more, such as the lev. Records of earlier years have them."""

KEPT = ("url", "version", "content", "caseSensitive", "hierarchyMeaning", "supplements", "property")
UNUSED_PROPERTIES = {"deprecationDate"}

Json = dict[str, Any]


def resources_of(archive: Path) -> list[Json]:
    """Return the ValueSets and CodeSystems of a FHIR package."""
    found = []
    with tarfile.open(archive) as package:
        for member in sorted(package, key=lambda one: one.name):
            stream = package.extractfile(member) if member.name.endswith(".json") else None
            if stream is not None and Path(member.name).name.startswith(("ValueSet-", "CodeSystem-")):
                found.append(from_json(stream.read()))
    return found


def registries(folder: Path) -> tuple[Json, list[Json]]:
    """Return the subtags of languages by kind, and the CodeSystems of countries and currencies."""
    languages = from_json(_member(folder, LANGUAGES))
    subtags: dict[str, list[str]] = {}
    for one in languages:
        if one["Type"] != "redundant":
            subtags.setdefault(one["Type"], []).append(one.get("Subtag", one.get("Tag")).lower())
    dates = [one["Added"] for one in languages if "Added" in one]
    countries = ast.parse(_member(folder, COUNTRIES))
    records = [
        [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        for node in ast.walk(countries)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Country"
    ]
    # The wheel has been fetched with its hash by pip; it is not input of strangers.
    table = ElementTree.fromstring(_member(folder, CURRENCIES))  # noqa: S314
    current = {one.text for one in table.iter("Ccy") if one.text}
    return (
        {"date": max(dates), **{kind: " ".join(sorted(some)) for kind, some in sorted(subtags.items())}},
        [
            # XK is not of the ISO: it leaves it to users.
            _listing(
                "urn:iso:std:iso:3166",
                (code for record in records if record[1] != "XK" for code in record[1:4]),
                sensitive=True,
            ),
            _listing("urn:iso:std:iso:4217", current | set(HISTORIC_CURRENCIES.split()), sensitive=True),
        ],
    )


def _member(folder: Path, place: tuple[str, str]) -> bytes:
    with zipfile.ZipFile(folder / place[0]) as wheel:
        return wheel.read(place[1])


def _listing(url: str, codes: Iterable[Any], *, sensitive: bool) -> Json:
    concepts = [{"code": code} for code in sorted(set(codes))]
    stated = {"content": "complete", "caseSensitive": sensitive}
    return {"resourceType": "CodeSystem", "url": url, **stated, "concept": concepts}


def cut(code_system: Json) -> Json:
    """Return what decides about codes: no texts."""
    found = {key: code_system[key] for key in KEPT if key in code_system}
    if "property" in found:
        found["property"] = [
            {key: one[key] for key in ("code", "uri") if key in one}
            for one in found["property"]
            if one["code"] not in UNUSED_PROPERTIES
        ]
    return {**found, "concept": [_cut_concept(one) for one in code_system.get("concept", ())]}


def _cut_concept(concept: Json) -> Json:
    found: Json = {"code": concept["code"]}
    properties = [one for one in concept.get("property", ()) if one["code"] not in UNUSED_PROPERTIES]
    if properties:
        found["property"] = properties
    if "concept" in concept:
        found["concept"] = [_cut_concept(one) for one in concept["concept"]]
    return found


def cut_value_set(value_set: Json, codes: ValueSetCodes | None, everything: Extent) -> Json:
    """Return a value set as its codes; as its composition where they cannot all be listed.

    Args:
        value_set: the resource.
        codes: those that data should have, if they can be listed.
        everything: those that only group others as well, as they are compared.
    """
    version = {"version": value_set["version"]} if "version" in value_set else {}
    if codes is not None:
        listed = {system: sorted(some) for system, some in codes.systems.items()}
        abstract = {
            system: sorted(more)
            for system, one in everything.slices.items()
            if (
                more := {*one.known}
                - {*listed.get(system, ())}
                - {code.casefold() for code in listed.get(system, ())}
            )
        }
        return {**version, "codes": listed, **({"abstract": abstract} if abstract else {})}
    compose = value_set["compose"]
    return {
        **version,
        "compose": {
            key: [_cut_part(one) for one in compose[key]] if isinstance(compose[key], list) else compose[key]
            for key in ("inactive", "include", "exclude")
            if key in compose
        },
    }


def _cut_part(part: Json) -> Json:
    found: Json = {key: part[key] for key in ("system", "version", "filter", "valueSet") if key in part}
    if "concept" in part:
        found["concept"] = [{"code": one["code"]} for one in part["concept"]]
    return found


def file_texts(archive: Path, folder: Path) -> dict[str, str]:
    """Return file name -> text.

    Raises:
        SystemExit: the archive is another one.
    """
    if hashlib.sha256(archive.read_bytes()).hexdigest() != ARCHIVE_SHA256:
        raise SystemExit(f"{archive.name} is not the archive that ARCHIVE_SHA256 names")
    subtags, listings = registries(folder)
    resources = [*resources_of(archive), *listings]
    terminology = Terminology(Resources(resources))
    value_sets: dict[str, Json] = {one["url"]: one for one in resources if one["resourceType"] == "ValueSet"}
    for one in resources:
        # The value set of all codes of a code system is not always there as a resource of its own.
        if "valueSet" in one and one["valueSet"].partition("|")[0] not in value_sets:
            version = {"version": one["version"]} if "version" in one else {}
            value_sets[one["valueSet"]] = {**version, "compose": {"include": [{"system": one["url"]}]}}
    return {
        "language_subtags.json": f"{_lines(subtags)}\n",
        "code_systems.json": _file(
            {one["url"]: cut(one) for one in resources if one["resourceType"] == "CodeSystem"}
        ),
        "value_sets.json": _file(
            {
                url: cut_value_set(one, terminology.codes(url), terminology.extent(url))
                for url, one in value_sets.items()
            }
        ),
    }


def _file(found: Mapping[str, Json]) -> str:
    return f"{_lines(dict(sorted(found.items())))}\n"


def _lines(found: Mapping[str, Any]) -> str:
    # One line for each name, so that a difference can be read.
    return "{\n" + ",\n".join(f"{_line(key)}:{_line(value)}" for key, value in found.items()) + "\n}"


def _line(value: Any) -> str:
    return to_json(value).decode()


def main(arguments: list[str]) -> None:
    """Write the files, or compare them."""
    paths = [Path(one) for one in arguments if one != "--check"]
    if len(paths) != 2:
        raise SystemExit(__doc__)
    for name, text in file_texts(*paths).items():
        if "--check" not in arguments:
            (TARGET / name).write_text(text, encoding="utf-8")
        elif (TARGET / name).read_text(encoding="utf-8") != text:
            raise SystemExit(f"{name} is not what the archive gives; run this script without --check")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Code systems and concept maps of the packs, read from FHIR JSON for lookups.

Sources: https://hl7.org/fhir/R4/codesystem.html and https://hl7.org/fhir/R4/conceptmap.html.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import MappingError, MappingErrors, RecordRejected, did_you_mean
from hm_fhir.mapping.files.regular_files import read_regular_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

# https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html
EQUIVALENCES = frozenset(
    {
        "relatedto", "equivalent", "equal", "wider", "subsumes", "narrower", "specializes", "inexact",
        "unmatched", "disjoint",
    }
)  # fmt: skip
NO_TARGET = frozenset({"unmatched", "disjoint"})


@dataclass(frozen=True, slots=True)
class Concept:
    """One code of a code system.

    Attributes:
        code: the code.
        display: in English, if given.
        designations: displays in other languages by BCP-47 tag, such as ``bg``.
    """

    code: str
    display: str | None
    designations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """A code system that the packs carry.

    Attributes:
        name: FHIR id; the name that ``coding('name', ...)`` uses.
        url: canonical address, the ``system`` of its codings.
        concepts: all concepts, also nested ones, by code.
    """

    name: str
    url: str
    concepts: Mapping[str, Concept]

    def display(self, code: str, language: str = "en") -> str | None:
        """Return the display of a code in a language, English where the language has none, or None."""
        concept = self.concepts.get(code)
        return (concept.designations.get(language) or concept.display) if concept else None


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """A translation of codes.

    Attributes:
        name: of its file; the name that ``translate('name')`` uses.
        groups: source system (None: any) and the codings of each of its codes.
    """

    name: str
    groups: tuple[tuple[str | None, Mapping[str, tuple[Mapping[str, str], ...]]], ...]

    def translate(self, code: str, system: str | None = None) -> list[Mapping[str, str]]:
        """Return the codings that a code is mapped to, in the order of the map; empty when mapped to nothing.

        They are those of the map itself, to be read only.

        Args:
            code: source code.
            system: its code system; None looks in every group.

        Raises:
            RecordRejected: ``untranslatable``: the map does not list the code.
        """
        found = [
            codings[code]
            for source, codings in self.groups
            if code in codings and (system is None or source is None or system == source)
        ]
        if not found:
            raise RecordRejected(
                f"the concept map {self.name!r} does not list a code of this record",
                code="untranslatable",
                fix=f"add the code to the map {self.name!r}, with equivalence unmatched if nothing fits",
            )
        return [coding for codings in found for coding in codings]


def read_code_systems(folder: Path) -> dict[str, CodeSystem]:
    """Return the code systems of the files ``CodeSystem-*.json`` of a folder, by name (FHIR id).

    Raises:
        MappingErrors: files that are no CodeSystem, or have the name or url of another one.
    """
    errors: list[MappingError] = []
    systems: dict[str, CodeSystem] = {}
    for path in sorted(folder.glob("CodeSystem-*.json")):
        try:
            system = read_code_system(path)
        except MappingError as error:
            errors.append(error)
            continue
        if any(system.name == other.name or system.url == other.url for other in systems.values()):
            errors.append(MappingError(f"the code system {system.name!r} is here twice", place=str(path)))
        systems[system.name] = system
    if errors:
        raise MappingErrors(errors)
    return systems


def read_code_system(path: Path) -> CodeSystem:
    """Return the code system of a FHIR CodeSystem in JSON.

    Raises:
        MappingError: the file is no CodeSystem with an id, a url and concepts.
    """
    resource = _read_resource(path, "CodeSystem")
    name, url = (_text(resource, key, str(path), key) for key in ("id", "url"))
    concepts: dict[str, Concept] = {}
    for place, item in _concepts(resource.get("concept", []), "concept"):
        code = _text(item, "code", str(path), f"{place}.code")
        if code in concepts:
            raise MappingError(f"the code {code!r} is here twice", place=f"{path}: {place}")
        designations = {
            entry["language"]: entry["value"] for entry in item.get("designation", []) if "language" in entry
        }
        concepts[code] = Concept(code, item.get("display"), designations)
    return CodeSystem(name, url, concepts)


def read_concept_map(path: Path) -> ConceptMap:
    """Return the concept map of a FHIR ConceptMap in JSON; its name is that of the file.

    Raises:
        MappingError: the file is no ConceptMap, repeats a code, or uses ``unmapped`` (list every code instead).
    """
    resource = _read_resource(path, "ConceptMap")
    groups = []
    for place, group in _objects(resource, "group", path, "group"):
        if "unmapped" in group:
            raise MappingError("unmapped is not supported", place=f"{path}: {place}", fix="list every code")
        target = group.get("target")
        codings: dict[str, tuple[Mapping[str, str], ...]] = {}
        for where, element in _objects(group, "element", path, f"{place}.element"):
            code = _text(element, "code", str(path), f"{where}.code")
            if code in codings:
                raise MappingError(f"the code {code!r} is here twice", place=f"{path}: {where}")
            codings[code] = tuple(_codings(element, target, path, where))
        groups.append((group.get("source"), codings))
    return ConceptMap(path.stem, tuple(groups))


def _codings(element: Mapping[str, Any], system: str | None, path: Path, place: str) -> Iterator[dict[str, str]]:
    for where, target in _objects(element, "target", path, f"{place}.target", required=False):
        equivalence = _text(target, "equivalence", str(path), f"{where}.equivalence")
        if equivalence not in EQUIVALENCES:
            raise MappingError(
                f"the equivalence {equivalence!r} is unknown",
                place=f"{path}: {where}",
                fix=did_you_mean(equivalence, EQUIVALENCES),
            )
        if equivalence in NO_TARGET:
            continue
        if not isinstance(system, str):
            raise MappingError("the group has no target system", place=f"{path}: {where}", fix="add target")
        coding = {"system": system, "code": _text(target, "code", str(path), f"{where}.code")}
        if "display" in target:
            coding["display"] = _text(target, "display", str(path), f"{where}.display")
        yield coding


def _concepts(items: Iterable[Any], place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, item in enumerate(items):
        where = f"{place}[{index}]"
        yield where, item
        yield from _concepts(item.get("concept", []), f"{where}.concept")


def _objects(
    parent: Mapping[str, Any], key: str, path: Path, place: str, *, required: bool = True
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    items = parent.get(key, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise MappingError(f"{key} is no list of objects", place=f"{path}: {place}")
    if required and not items:
        raise MappingError(f"{key} is missing or empty", place=f"{path}: {place}")
    for index, item in enumerate(items):
        yield f"{place}[{index}]", item


def _text(parent: Mapping[str, Any], key: str, path: str, place: str) -> str:
    value = parent.get(key)
    if not isinstance(value, str) or not value:
        raise MappingError(f"{key} is missing or no text", place=f"{path}: {place}")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key is here twice in one object")
    return members


def _read_resource(path: Path, resource_type: str) -> dict[str, Any]:
    try:
        resource = json.loads(read_regular_file(path), parse_float=Decimal, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise MappingError(error.msg, place=f"{path}:{error.lineno}:{error.colno}") from None
    except ValueError as error:
        raise MappingError(f"this is no JSON: {error}", place=str(path)) from None
    except ArithmeticError:
        raise MappingError("a number is too large", place=str(path)) from None
    except RecursionError:
        raise MappingError("this is nested too deeply", place=str(path)) from None
    if not isinstance(resource, dict) or resource.get("resourceType") != resource_type:
        raise MappingError(f"this is no {resource_type}", place=str(path))
    return resource

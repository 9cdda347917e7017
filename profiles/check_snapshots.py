"""Make the snapshots of all profiles of FHIR R4 4.0.1 anew from their differentials; compare with the archive's.

Run ``python profiles/check_snapshots.py hl7.fhir.r4.core.tgz``; it fails when something differs that `EXPECTED` does
not explain. Compared is what `hm_fhir.fhir.structure_definition.read` makes of both; texts do not count. Each is made
twice, on the bases of the archive and on those that `hm_fhir.fhir.written_definitions` writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from generate_definitions import structure_definitions_of

from hm_fhir.fhir.definitions import r4
from hm_fhir.fhir.elements import Element, TypeDefinition
from hm_fhir.fhir.snapshots import snapshot
from hm_fhir.fhir.structure_definition import FHIR_URL, read
from hm_fhir.fhir.written_definitions import structure_definition

EXPECTED = {
    # Without own slicing, the choice of a slice is narrowed itself; here it is sliced by its one type: the same.
    "bp": {
        f"Observation.component:{name}.value: {field}"
        for name in ("SystolicBP", "DiastolicBP")
        for field in ("key_types", "slices", "slicing", "types")
    }
    | {
        f"Observation.component:{name}.value[x]{end}: part"
        for name in ("SystolicBP", "DiastolicBP")
        for end in ("", ":valueQuantity")
    },
    # The invariants of the profile SimpleQuantity are repeated at the element; the profile is named there, too.
    "cholesterol": {"Observation.referenceRange.high: constraints"},
    "hdlcholesterol": {"Observation.referenceRange.low: constraints"},
    "ldlcholesterol": {"Observation.referenceRange.high: constraints"},
    # What the definitions of the extensions say is repeated in the slices; the definitions are named there, too.
    "elementdefinition-de": {
        difference
        for name in ("AllowedUnits", "Question")
        for difference in (f"ElementDefinition.extension:{name}: part", f".extension:{name}: types")
    },
    # The slice has the binding of the base, not that of the element which the profile also says; both hold.
    "provenance-relevant-history": {"Provenance.agent:Author.type: binding"},
    # These two have no snapshot in the archive.
    "example-composition": {": absent"},
    "example-section-library": {": absent"},
}
"""Profile -> where ours differs; each time both say the same."""

Json = Mapping[str, Any]
Types = Mapping[str, TypeDefinition]


def differences(theirs: Types, ours: Types) -> Iterator[str]:
    """Yield where two readings of a profile differ."""
    for name in sorted(theirs.keys() | ours.keys()):
        place = name.partition("#")[2]
        if name not in theirs or name not in ours:
            yield f"{place}: part"
            continue
        yield from _fields(theirs[name], ours[name], place)
        pairs = theirs[name].elements, ours[name].elements
        for element in sorted(pairs[0].keys() | pairs[1].keys()):
            yield from _elements(pairs[0].get(element), pairs[1].get(element), f"{place}.{element}")


def _elements(theirs: Element | None, ours: Element | None, place: str) -> Iterator[str]:
    if theirs is None or ours is None:
        yield from () if theirs is ours else (f"{place}: element",)
        return
    left, right = ({one.slice_name: one for one in side.slices} for side in (theirs, ours))
    if left.keys() != right.keys():
        yield f"{place}: slices"
    yield from (one for one in _fields(theirs, ours, place) if not one.endswith(": slices"))
    for name in sorted(left.keys() & right.keys(), key=str):
        yield from _elements(left[name], right[name], f"{place}:{name}")


def _fields(theirs: Any, ours: Any, place: str) -> Iterator[str]:
    for field in fields(theirs):
        if field.name != "elements" and getattr(theirs, field.name) != getattr(ours, field.name):
            yield f"{place}: {field.name}"


def with_full_references(definition: Json) -> Json:
    """Return a definition whose content references name the base, as ours do and later versions of FHIR ask for."""
    base = definition["baseDefinition"]
    elements = [
        {**one, "contentReference": base + one["contentReference"]} if "contentReference" in one else one
        for one in definition["snapshot"]["element"]
    ]
    return {**definition, "snapshot": {"element": elements}}


def main(arguments: list[str]) -> None:
    """Compare all profiles."""
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    definitions = structure_definitions_of(Path(arguments[0]))
    model, wrong, count = r4(), 0, 0
    for url, definition in sorted(definitions.items()):
        if definition.get("derivation") != "constraint":
            continue
        count += 1
        bare = {key: value for key, value in definition.items() if key != "snapshot"}
        ours = read(snapshot(bare, definitions.get), model.type)
        written = read(snapshot(bare, lambda base: structure_definition(model, base)), model.type)
        found = set(differences(ours, written))
        if "snapshot" in definition:
            found |= set(differences(read(with_full_references(definition), model.type), ours))
        else:
            found.add(": absent")
        name = url.removeprefix(FHIR_URL)
        if found != EXPECTED.get(name, set()):
            wrong += 1
            sys.stdout.write(f"{name}: {sorted(found ^ EXPECTED.get(name, set()))}\n")
    sys.stdout.write(f"{count} profiles, {wrong} with differences that are not explained\n")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main(sys.argv[1:])

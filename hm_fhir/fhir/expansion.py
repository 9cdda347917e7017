"""Which codes a ValueSet has, as far as the code systems and value sets at hand can say.

Rules: https://hl7.org/fhir/R4/valueset.html#compositions and https://hl7.org/fhir/R4/valueset-definitions.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

from hm_fhir.fhir.code_systems import CodeSystem, Undecided
from hm_fhir.fhir.extent import NO_CODES, Extent, Slice, listed, unknown
from hm_fhir.fhir.known_systems import KNOWN_SYSTEMS

Json = Mapping[str, Any]

SUPPLEMENT_URL: Final = "http://hl7.org/fhir/StructureDefinition/valueset-supplement"
_PARTIAL: Final = frozenset(
    {
        "http://hl7.org/fhir/StructureDefinition/valueset-toocostly",
        "http://hl7.org/fhir/StructureDefinition/valueset-unclosed",
    }
)
_LIMITING: Final = frozenset({"filter", "limitedExpansion", "count", "offset"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a value set refers to.

    Args:
        value_set: returns the extent of a value set by canonical URL.
        code_system: returns a code system by URI, version (None: any) and URLs of supplements; None: not at hand.
        folds: returns whether codes of a system are compared without regard to case.
        abstract: whether codes that only group others (not selectable) are among those of a whole code system or of
            a filter; a value set that names one has it in any case.
    """

    value_set: Callable[[str], Extent]
    code_system: Callable[[str, str | None, tuple[str, ...]], CodeSystem | None]
    folds: Callable[[str], bool]
    abstract: bool = False

    def key(self, system: str, code: str) -> str:
        """Return a code as codes of its system are compared."""
        return code.casefold() if self.folds(system) else code


def extent_of(value_set: Json, around: Surroundings) -> Extent:
    """Return the codes of a ValueSet resource.

    Where the composition leaves codes open, those that an expansion in the resource lists are in it.

    Args:
        value_set: JSON of a ValueSet.
        around: what it refers to.
    """
    compose, expansion = value_set.get("compose"), value_set.get("expansion")
    if compose:
        found = _composed(value_set, compose, around)
    elif expansion and not _is_partial(expansion):
        return _expanded(expansion, around)
    else:
        found = unknown(f"the value set {value_set.get('url')} does not say which codes it has")
    return found if found.decided or not expansion else found | _expanded(expansion, around)


def _composed(value_set: Json, compose: Json, around: Surroundings) -> Extent:
    supplements = tuple(
        str(one.get("valueCanonical")) for one in value_set.get("extension", ()) if one.get("url") == SUPPLEMENT_URL
    )
    parts = {key: [_part(one, around, supplements) for one in compose.get(key, ())] for key in ("include", "exclude")}
    found = reduce(Extent.__or__, parts["include"], NO_CODES)
    if parts["exclude"]:
        found = found - reduce(Extent.__or__, parts["exclude"], NO_CODES)
    return _active(found, around) if compose.get("inactive") is False else found


def _part(part: Json, around: Surroundings, supplements: tuple[str, ...]) -> Extent:
    """Return the codes of one include or exclude: what its system and its value sets have in common."""
    extents = []
    system = part.get("system")
    if system is not None:
        extents.append(_of_system(part, system, around, supplements))
    value_sets = [around.value_set(url) for url in part.get("valueSet", ())]
    if value_sets:
        extents.append(_of_value_sets(value_sets))
    if not extents:
        return unknown("an include names neither a code system nor a value set")
    return reduce(Extent.__and__, extents)


def _of_value_sets(extents: list[Extent]) -> Extent:
    common = reduce(Extent.__and__, extents)
    if len(extents) == 1:
        return common
    # R4 says both: the definition of include.valueSet "the union", that of include "the codes must be in all".
    contradiction = unknown("FHIR R4 does not say whether a code must be in one or in all value sets of an include")
    return common | (reduce(Extent.__or__, extents) & contradiction)


def _of_system(part: Json, system: str, around: Surroundings, supplements: tuple[str, ...]) -> Extent:
    version = part.get("version")
    code_system = around.code_system(system, None if version == "*" else version, supplements)
    if "concept" in part:
        codes = [around.key(system, one["code"]) for one in part["concept"]]
        if code_system is not None and code_system.complete and version in {None, code_system.version}:
            codes = [code for code in codes if code in code_system.codes]
        return listed(system, codes)
    filters = part.get("filter", ())
    known = KNOWN_SYSTEMS.get(system)
    if known is not None:
        slices = [known.filtered(one["property"], one["op"], one["value"]) for one in filters] or [known.slice()]
        reason = f"the codes of {system} are not at hand"
        return reduce(Extent.__and__, [Extent({system: one}, reasons=(reason,)) for one in slices])
    if code_system is None:
        return Extent({system: Slice(rest=None)}, reasons=(f"the code system {system} is not at hand",))
    try:
        found = code_system.selection(filters, abstract=around.abstract)
    except Undecided as undecided:
        return Extent({system: _possible(code_system)}, reasons=(str(undecided),))
    reasons = () if code_system.complete else (f"the code system {system} is not at hand as a whole",)
    return Extent({system: found}, reasons=reasons)


def _possible(code_system: CodeSystem) -> Slice:
    """Return a slice that is open for each code that there is."""
    return Slice(dict.fromkeys(code_system.codes), False) if code_system.complete else Slice(rest=None)


def _active(found: Extent, around: Surroundings) -> Extent:
    out_of_use = NO_CODES
    for system, one in found.slices.items():
        code_system = around.code_system(system, None, ())
        if code_system is not None:
            out_of_use |= listed(system, [code for code in one.known if code_system.inactive(code)])
    return found - out_of_use


def _expanded(expansion: Json, around: Surroundings) -> Extent:
    systems: dict[str, list[str]] = {}
    for one in _contained(expansion):
        if "code" in one and (around.abstract or one.get("abstract") is not True):
            system = str(one.get("system", ""))
            systems.setdefault(system, []).append(around.key(system, one["code"]))
    return reduce(Extent.__or__, [listed(*one) for one in systems.items()], NO_CODES)


def _is_partial(expansion: Json) -> bool:
    """Return whether an expansion says that it does not list all codes."""
    count = sum(1 for _ in _contained(expansion))
    return (
        expansion.get("total", 0) > count
        or any(one.get("url") in _PARTIAL for one in expansion.get("extension", ()))
        or any(one.get("name") in _LIMITING for one in expansion.get("parameter", ()))
    )


def _contained(above: Json) -> Iterable[Json]:
    for one in above.get("contains", ()):
        yield one
        yield from _contained(one)

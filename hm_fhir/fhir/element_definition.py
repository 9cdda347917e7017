"""Reads what an ElementDefinition says of itself: binding, slicing, limits of its types, fixed values.

Rules: https://hl7.org/fhir/R4/elementdefinition.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hm_fhir.fhir.elements import FHIR_URL, Binding, Constraint, Discriminator, Slicing, TypeLimit

MAX_VALUE_SET = f"{FHIR_URL}elementdefinition-maxValueSet"
BEST_PRACTICE = f"{FHIR_URL}elementdefinition-bestpractice"
PROFILE_ELEMENT = f"{FHIR_URL}elementdefinition-profile-element"
_POINTING = frozenset({"Reference", "canonical"})


def constraint_of(json: Mapping[str, Any]) -> Constraint:
    """Return an invariant."""
    return Constraint(
        json["key"],
        json.get("severity", "error"),
        json.get("human", ""),
        json.get("expression"),
        best_practice=bool(extension_of(json, BEST_PRACTICE)),
    )


def binding_of(json: Mapping[str, Any]) -> Binding | None:
    """Return the binding of an element, or None."""
    found = json.get("binding")
    if found is None:
        return None
    return Binding(found["strength"], found.get("valueSet"), extension_of(found, MAX_VALUE_SET))


def slicing_of(json: Mapping[str, Any]) -> Slicing | None:
    """Return how an element is sliced, or None."""
    found = json.get("slicing")
    if found is None:
        return None
    return Slicing(
        rules=found["rules"],
        ordered=found.get("ordered", False),
        discriminators=tuple(Discriminator(one["type"], one["path"]) for one in found.get("discriminator", ())),
    )


def profiles_of(kinds: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the profiles that types ask for; that of one element of a profile is named as the type of a part."""
    return tuple(dict.fromkeys(url for kind in kinds for url in _profiles(kind)))


def _profiles(kind: Mapping[str, Any]) -> Iterator[str]:
    details = kind.get("_profile") or ()
    for index, url in enumerate(kind.get("profile", ())):
        part = extension_of(details[index] or {}, PROFILE_ELEMENT) if index < len(details) else None
        yield url if part is None else f"{url}#{part}"


def targets_of(kinds: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return each target once, FHIR's own types as type name; empty where any resource may be the target."""
    names = []
    for kind in kinds:
        for url in kind.get("targetProfile", ()):
            tail = url.partition("|")[0].removeprefix(FHIR_URL)
            # The profiles of FHIR itself are named in lower case or with a dash; its types are not.
            names.append(tail if tail.isalpha() and tail[:1].isupper() else url)
    return () if "Resource" in names else tuple(dict.fromkeys(names))


def limits_of(kinds: Sequence[Mapping[str, Any]]) -> tuple[TypeLimit, ...]:
    """Return what is asked of each type of a choice, where one list for all would not say it."""
    codes = {kind["code"] for kind in kinds}
    several_point = len(codes & _POINTING) > 1 and any("targetProfile" in kind for kind in kinds)
    if len(codes) < 2 or not (several_point or any("profile" in kind for kind in kinds)):
        return ()
    limits = (
        TypeLimit(kind["code"].removeprefix(FHIR_URL), profiles_of((kind,)), targets_of((kind,))) for kind in kinds
    )
    return tuple(one for one in limits if one.profiles or one.targets)


def extension_of(json: Mapping[str, Any], url: str) -> Any:
    """Return the value of an extension, or None."""
    return next((value_of(one, "value") for one in json.get("extension", ()) if one["url"] == url), None)


def value_of(json: Mapping[str, Any], prefix: str) -> Any:
    """Return the value of an element that may have any type (``fixedUri``, ``valueCode``), or None."""
    return next((value for key, value in json.items() if key.startswith(prefix)), None)

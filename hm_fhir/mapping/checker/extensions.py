"""Extensions against their definitions: whether there is one, and whether it may stand here.

Source: https://hl7.org/fhir/R4/defining-extensions.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hm_fhir.errors import did_you_mean
from hm_fhir.mapping.checker.naming import base_name, nearest_url, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hm_fhir.fhir.definitions import Context, TypeDefinition, TypeModel
    from hm_fhir.mapping.checker.finding import Findings, Spot
    from hm_fhir.mapping.checker.objects import Leaf, Objects
    from hm_fhir.mapping.checker.scope import Made

_FHIR: Final = "http://hl7.org/fhir/StructureDefinition/"
"""All extensions of FHIR itself are known; those of other versions and guides begin differently."""
_MODIFIER: Final = "modifierExtension"
_DEFINITIONS: Final = "/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class Holder:
    """An object that is being checked, and where it stands.

    Attributes:
        definition: what it is checked against.
        key: of the element of the object around it, in a choice without type (``value``); None: it is the resource.
        around: the object around it, or None.
        is_choice: whether the element is a choice.
    """

    definition: TypeDefinition
    key: str | None = None
    around: Holder | None = None
    is_choice: bool = False


class Extensions:
    """Finds the definitions of extensions.

    Args:
        model: all types.
        objects: takes the templates apart.
        findings: where mistakes are added.
        is_complete: whether the profiles of this deployment are among the types, so that an extension without a
            definition has none.
    """

    def __init__(self, model: TypeModel, objects: Objects, findings: Findings, *, is_complete: bool) -> None:
        self._model = model
        self._objects = objects
        self._findings = findings
        self._is_complete = is_complete

    def definition(self, made: Made, given: TypeDefinition, holder: Holder, name: str, leaf: Leaf) -> TypeDefinition:
        """Return what an extension is checked against; what is wrong about its place is reported.

        Args:
            made: the extension.
            given: what its element asks of it: the type Extension, or the part of an extension.
            holder: what has it.
            name: of the element: extension or modifierExtension.
            leaf: the node that gives it.
        """
        if given.name != "Extension":
            return given  # one of an extension that consists of several, or described in the profile itself
        url, spot = self._url(made, leaf)
        if url is None:
            return given
        if ":" not in url:
            self._relative(url, holder, spot)
            return given
        found = self._model.type(url)
        if found is None or not self._model.is_subtype(found.name, "Extension"):
            self._unknown(url, spot, is_other=found is not None)
            return given
        if found.is_modifier is not (name == _MODIFIER):
            right = _MODIFIER if found.is_modifier else "extension"
            what = f"the extension {short(url)} stands in {right} only"
            self._findings.error(spot, "extension-context", what, f"write {right} in the place of {name}")
        self._place(found, url, holder, spot)
        return found

    def _url(self, made: Made, leaf: Leaf) -> tuple[str | None, Spot]:
        value = self._objects.member(made, "url")
        codes = value.codes() if value is not None else None
        places = [one for variant in self._objects.variants(made) for one in variant.members.get("url", ())]
        spot = places[0].spot if places else leaf.spot
        return (str(next(iter(codes))) if codes is not None and len(codes) == 1 else None), spot

    def _relative(self, url: str, holder: Holder, spot: Spot) -> None:
        parts = holder.definition.elements.get("extension")
        inner = [] if parts is None else [name for one in parts.slices if (name := self._part_url(one.types))]
        if url in inner:
            return
        if holder.definition.name != "Extension" and self._model.is_subtype(holder.definition.name, "Extension"):
            what = f"the extension {short(holder.definition.name.partition('#')[0])} has no part {url!r}"
            self._findings.error(spot, "unknown-extension", what, did_you_mean(url, inner))
        elif base_name(self._model, holder.definition.name) != "Extension":
            self._findings.error(
                spot,
                "unknown-extension",
                f"{url!r} names no extension: only inside of another one a url is relative",
                "write the whole url of its definition",
            )

    def _part_url(self, types: tuple[str, ...]) -> str | None:
        definition = self._model.type(types[0]) if types else None
        url = definition.elements.get("url") if definition is not None else None
        return str(url.fixed) if url is not None and url.fixed is not None else None

    def _unknown(self, url: str, spot: Spot, *, is_other: bool) -> None:
        if is_other:
            self._findings.error(
                spot, "unknown-extension", f"{short(url)} is no extension", "write the url of an extension"
            )
            return
        known = self._model.profiles
        is_near = url.startswith(_FHIR) or any(
            _origin(one) == _origin(url) for one in known if not one.startswith(_FHIR)
        )
        if is_near:
            near = nearest_url(url, self._extensions(one for one in known if _origin(one) == _origin(url)))
            what = f"there is no extension {short(url)} at {_origin(url)}"
            self._findings.error(spot, "unknown-extension", what, near or "write the url of its definition")
        elif self._is_complete:
            near = nearest_url(url, self._extensions(known))
            what = f"no profile pack defines the extension {short(url)}"
            fix = near or "add its StructureDefinition to a profile pack"
            self._findings.warning(spot, "undefined-extension", what, fix)

    def _extensions(self, urls: Iterable[str]) -> Iterator[str]:
        return (one for one in urls if self._model.is_subtype(one, "Extension"))

    # --- where it stands -------------------------------------------------------------------------------------------

    def _place(self, found: TypeDefinition, url: str, holder: Holder, spot: Spot) -> None:
        if not found.contexts:
            return
        places = {"Element", *self._places(holder)}  # Element: anywhere
        if any(self._allows(context, holder, places) for context in found.contexts):
            return
        allowed = ", ".join(dict.fromkeys(short(one.expression) for one in found.contexts))
        where = base_name(self._model, holder.definition.name)
        self._findings.error(
            spot, "extension-context", f"the extension {short(url)} is not for {where}", f"it is for {allowed}"
        )

    def _allows(self, context: Context, holder: Holder, places: set[str]) -> bool:
        if context.type == "fhirpath":
            return True  # nothing is known of what it selects
        if context.type == "extension":
            return holder.definition.url == context.expression or holder.definition.name == "Extension"
        return context.expression in places or context.expression.partition("#")[2] in places

    def _places(self, holder: Holder) -> Iterator[str]:
        """Yield all names of a place: of its type, of what that derives from, and by the path from what is around."""
        definition: TypeDefinition | None = holder.definition
        while definition is not None:
            yield definition.name
            yield definition.name.partition("#")[2] or definition.name
            definition = self._model.type(definition.base) if definition.base else None
        if holder.around is not None and holder.key is not None:
            for place in self._places(holder.around):
                yield f"{place}.{holder.key}"
                if holder.is_choice:
                    yield f"{place}.{holder.key}[x]"


def _origin(url: str) -> str:
    return url.partition(_DEFINITIONS)[0]

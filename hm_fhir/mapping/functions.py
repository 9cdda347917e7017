"""The functions that mappings add to FHIRPath: ``reference``, ``coding`` and ``translate``.

They hold no state; what they need comes with each evaluation as a :class:`Production`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hm_fhir.errors import RecordRejected, did_you_mean
from hm_fhir.fhirpath import Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hm_fhir.activities.identity import Identity
    from hm_fhir.mapping.conceptmap import CodeSystem, ConceptMap

Collection = list[Any]


_CODINGS_KEPT = 8192


class Knowledge:
    """What the functions know of a pack, whatever the activity is.

    Args:
        types: FHIR type of each resource name of the pack and those that it extends.
        concept_maps: by name.
        code_systems: by name and by url.
    """

    __slots__ = ("code_systems", "codings", "concept_maps", "types")

    def __init__(
        self,
        types: Mapping[str, str],
        concept_maps: Mapping[str, ConceptMap],
        code_systems: Mapping[str, CodeSystem],
    ) -> None:
        self.types = types
        self.concept_maps = concept_maps
        self.code_systems = code_systems
        self.codings: dict[tuple[str, str, str | None], dict[str, str]] = {}


class Production:
    """What the functions know while one activity is mapped.

    Args:
        identity: makes the ids.
        knowledge: of the pack.

    Attributes:
        produced: keys ``Type/id`` of the resources of this activity by resource name.
        outside: keys that were referenced but are not produced, with their resource name.
        texts: canonical JSON of fields of this activity, see :mod:`hm_fhir.mapping.reuse`.
    """

    __slots__ = ("_contained", "_noted", "_references", "identity", "knowledge", "outside", "produced", "texts")

    def __init__(self, identity: Identity, knowledge: Knowledge) -> None:
        self.identity = identity
        self.knowledge = knowledge
        self.produced: dict[str, list[str]] = {}
        self.outside: dict[str, str] = {}
        self.texts: dict[tuple[str, ...], bytes] = {}
        self._contained: set[str] = set()
        self._references: dict[str, Collection] = {}
        self._noted: list[tuple[str, str]] | None = None

    def expect(self, resources: Iterable[tuple[str, str, str]]) -> None:
        """Tell which resources there will be: resource name, FHIR type and id of each."""
        for name, type_, resource_id in resources:
            key = f"{type_}/{resource_id}"
            self.produced.setdefault(name, []).append(key)
            self._contained.add(key)

    def references(self, name: str) -> Collection:
        """Return the references to what this activity produces under a resource name."""
        found = self._references.get(name)
        if found is None:
            found = [{"reference": key} for key in dict.fromkeys(self.produced.get(name, ()))]
            self._references[name] = found
        return found

    def refer(self, key: str, name: str) -> None:
        """Tell that a key ``Type/id`` is referenced under a resource name."""
        if key not in self._contained:
            self.outside.setdefault(key, name)
        if self._noted is not None:
            self._noted.append((key, name))

    def note_outside(self) -> None:
        """Begin to note which keys are referenced."""
        self._noted = []

    def noted_outside(self) -> tuple[tuple[str, str], ...]:
        """End it, and return the keys with their resource names."""
        noted, self._noted = tuple(self._noted or ()), None
        return noted


def _reference(production: Production, _: Collection, name: Collection, keys: Collection | None = None) -> Collection:
    resource = _one_text(name, "the name in reference()")
    if resource is None:
        return []
    types = production.knowledge.types
    if resource not in types:
        raise RecordRejected(
            "reference() got a name that no resource of the pack has",
            code="unknown-resource-name",
            fix=did_you_mean(resource, types),
        )
    if keys is None:
        return production.references(resource)
    resource_type = types[resource]
    references = []
    for business_key in keys:
        if not isinstance(business_key, str):
            raise RecordRejected("a key in reference() is no text", code="key-not-text")
        if business_key:
            key = f"{resource_type}/{production.identity.resource_id(resource_type, business_key)}"
            production.refer(key, resource)
            references.append({"reference": key})
    return references


def _coding(
    production: Production,
    _: Collection,
    system: Collection,
    codes: Collection,
    display: Collection | None = None,
) -> Collection:
    name = _one_text(system, "the system in coding()")
    given = _one_text(display, "the display in coding()") if display else None
    if name is None:
        return []
    knowledge = production.knowledge
    if len(codes) == 1 and (known := knowledge.codings.get((name, codes[0], given))) is not None:
        return [known]
    carried = knowledge.code_systems.get(name)
    if carried is None and not is_absolute(name):
        raise RecordRejected(
            "coding() got the name of no code system",
            code="unknown-code-system",
            fix=did_you_mean(name, [known for known in knowledge.code_systems if not is_absolute(known)]),
        )
    return [_coded(knowledge, code, name, carried, given) for code in codes if code != ""]


def _coded(
    knowledge: Knowledge, code: Any, name: str, carried: CodeSystem | None, display: str | None
) -> dict[str, str]:
    if not isinstance(code, str):
        raise RecordRejected("a code in coding() is no text", code="code-not-text")
    shown = display
    if carried is not None:
        if code not in carried.concepts:
            raise RecordRejected(
                f"the code system {carried.name!r} does not have a code of this record",
                code="unknown-code",
                fix=f"correct the record, or add the code to {carried.name!r}",
            )
        shown = display or carried.display(code)
    coding = {"system": carried.url if carried else name, "code": code}
    if shown:
        coding["display"] = shown
    if len(knowledge.codings) >= _CODINGS_KEPT:
        knowledge.codings.clear()
    knowledge.codings[name, code, display] = coding
    return coding


def _translate(production: Production, codes: Collection, name: Collection) -> Collection:
    map_name = _one_text(name, "the name in translate()")
    concept_maps = production.knowledge.concept_maps
    concept_map = concept_maps.get(map_name or "")
    if concept_map is None:
        raise RecordRejected(
            "translate() got the name of no concept map",
            code="unknown-concept-map",
            fix=did_you_mean(map_name or "", concept_maps),
        )
    codings: Collection = []
    for code in codes:
        if isinstance(code, str):
            codings += concept_map.translate(code)
        elif isinstance(code, dict) and isinstance(code.get("code"), str):
            codings += concept_map.translate(code["code"], code.get("system"))
        else:
            raise RecordRejected("translate() takes codes and codings", code="code-not-text")
    return codings


def is_absolute(system: str) -> bool:
    """Return whether a code system is written as an absolute URI rather than as a name."""
    return "://" in system or system.startswith("urn:")


def _one_text(collection: Collection, what: str) -> str | None:
    if not collection:
        return None
    if len(collection) > 1 or not isinstance(collection[0], str):
        raise RecordRejected(f"{what} is not one text", code="expression-failed")
    return collection[0]


FUNCTIONS = (
    Function("reference", 1, 2, _reference, returns="Reference"),
    Function("coding", 2, 3, _coding, returns="Coding"),
    Function("translate", 1, 1, _translate, returns="Coding"),
)

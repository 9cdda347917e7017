"""The functions that mappings add to FHIRPath: ``reference``, ``coding`` and ``translate``.

They hold no state; what they need comes with each evaluation as a :class:`Production`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hm_fhir.errors import RecordRejected, did_you_mean
from hm_fhir.fhirpath import INPUT, Function, Specialised

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        keeps: whether translations are remembered; not where somebody watches them.

    Attributes:
        codings: those that were asked for, by name of the code system, code and display.
        translations: those that were asked for, by name of the concept map and code.
    """

    __slots__ = ("_keeps", "code_systems", "codings", "concept_maps", "translations", "types")

    def __init__(
        self,
        types: Mapping[str, str],
        concept_maps: Mapping[str, ConceptMap],
        code_systems: Mapping[str, CodeSystem],
        *,
        keeps: bool = True,
    ) -> None:
        self._keeps = keeps
        self.types = types
        self.concept_maps = concept_maps
        self.code_systems = code_systems
        self.codings: dict[tuple[str, str, str | None], dict[str, str]] = {}
        self.translations: dict[tuple[str, str], Collection] = {}

    def type_of(self, name: str) -> str:
        """Return the FHIR type of a resource name.

        Raises:
            RecordRejected: ``unknown-resource-name``.
        """
        found = self.types.get(name)
        if found is None:
            raise RecordRejected(
                "reference() got a name that no resource of the pack has",
                code="unknown-resource-name",
                fix=did_you_mean(name, self.types),
            )
        return found

    def coding(self, name: str, code: Any, display: str | None) -> dict[str, str] | None:
        """Return the Coding of a code, None for an empty text.

        Args:
            name: of a code system, or an absolute URI.
            code: the code.
            display: None: that of the code system, if it is one that we carry.

        Raises:
            RecordRejected: the system or the code does not exist, or the code is no text.
        """
        carried = self.code_systems.get(name)
        if carried is None and not is_absolute(name):
            raise RecordRejected(
                "coding() got the name of no code system",
                code="unknown-code-system",
                fix=did_you_mean(name, [known for known in self.code_systems if not is_absolute(known)]),
            )
        if code == "":
            return None
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
        if len(self.codings) >= _CODINGS_KEPT:
            self.codings.clear()
        self.codings[name, code, display] = coding
        return coding

    def translate(self, name: str, code: Any) -> Collection:
        """Return the Codings that a code or Coding is mapped to.

        Args:
            name: of a concept map.
            code: a code, or a Coding.

        Raises:
            RecordRejected: the map does not exist or does not list the code, or it is neither.
        """
        concept_map = self.concept_maps.get(name)
        if concept_map is None:
            raise RecordRejected(
                "translate() got the name of no concept map",
                code="unknown-concept-map",
                fix=did_you_mean(name, self.concept_maps),
            )
        if isinstance(code, str):
            codings = concept_map.translate(code)
            if self._keeps:
                self.translations[name, code] = codings  # a map has few codes, and others raise
            return codings
        if isinstance(code, dict) and isinstance(code.get("code"), str):
            return concept_map.translate(code["code"], code.get("system"))
        raise RecordRejected("translate() takes codes and codings", code="code-not-text")


class Production:
    """What the functions know while one activity is mapped.

    Args:
        identity: makes the ids.
        knowledge: of the pack.

    Attributes:
        produced: keys ``Type/id`` of the resources of this activity by resource name.
        contained: all of these keys.
        outside: keys that were referenced but are not produced, with their resource name.
        texts: canonical JSON of fields of this activity, see :mod:`hm_fhir.mapping.reuse`.
        references: those to `produced`, by resource name, and `keyed` those by name and business key, as far as they
            were asked for; `codings` and `translations` are those of the knowledge.
    """

    __slots__ = (
        "_noted",
        "codings",
        "contained",
        "identity",
        "keyed",
        "knowledge",
        "outside",
        "produced",
        "references",
        "texts",
        "translations",
    )

    def __init__(self, identity: Identity, knowledge: Knowledge) -> None:
        self.identity = identity
        self.knowledge = knowledge
        self.produced: dict[str, list[str]] = {}
        self.outside: dict[str, str] = {}
        self.texts: dict[tuple[str, ...], bytes] = {}
        self.contained: set[str] = set()
        self.references: dict[str, Collection] = {}
        self.keyed: dict[tuple[str, str], dict[str, str]] = {}
        self.codings = knowledge.codings
        self.translations = knowledge.translations
        self._noted: list[tuple[str, str]] | None = None

    def referenced(self, name: str) -> Collection:
        """Return the references to what this activity produces under a resource name."""
        found = self.references.get(name)
        if found is None:
            self.knowledge.type_of(name)
            found = [{"reference": key} for key in dict.fromkeys(self.produced.get(name, ()))]
            self.references[name] = found
        return found

    def reference(self, name: str, key: Any) -> dict[str, str] | None:
        """Return the reference to the resource with a business key, None for an empty text.

        Args:
            name: resource name.
            key: business key.

        Raises:
            RecordRejected: the name does not exist, or the key is no text.
        """
        resource_type = self.knowledge.types.get(name) or self.knowledge.type_of(name)
        if not isinstance(key, str):
            raise RecordRejected("a key in reference() is no text", code="key-not-text")
        if not key:
            return None
        target = f"{resource_type}/{self.identity.resource_id(resource_type, key)}"
        self.refer(target, name)
        reference = self.keyed[name, key] = {"reference": target}
        return reference

    def refer(self, key: str, name: str) -> None:
        """Tell that a key ``Type/id`` is referenced under a resource name."""
        if key not in self.contained:
            self.outside.setdefault(key, name)
        if self._noted is not None:
            self._noted.append((key, name))

    def note_outside(self) -> None:
        """Begin to note which keys are referenced."""
        self._noted = []
        self.keyed = {}  # what is asked for again has to be noted again

    def noted_outside(self) -> tuple[tuple[str, str], ...]:
        """End it, and return the keys with their resource names."""
        noted, self._noted = tuple(self._noted or ()), None
        return noted


def _reference(production: Production, _: Collection, name: Collection, keys: Collection | None = None) -> Collection:
    resource = _one_text(name, "the name in reference()")
    if resource is None:
        return []
    if keys is None:
        return production.referenced(resource)
    made = (production.reference(resource, key) for key in keys)
    return [reference for reference in made if reference is not None]


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
    made = (production.knowledge.coding(name, code, given) for code in codes)
    return [coding for coding in made if coding is not None]


def _translate(production: Production, codes: Collection, name: Collection) -> Collection:
    map_name = _one_text(name, "the name in translate()") or ""
    return [coding for code in codes for coding in production.knowledge.translate(map_name, code)]


def is_absolute(system: str) -> bool:
    """Return whether a code system is written as an absolute URI rather than as a name."""
    return "://" in system or system.startswith("urn:")


def _one_text(collection: Collection, what: str) -> str | None:
    if not collection:
        return None
    if len(collection) > 1 or not isinstance(collection[0], str):
        raise RecordRejected(f"{what} is not one text", code="expression-failed")
    return collection[0]


# What follows is most of what templates call. Each looks into a dict first; a key that cannot be hashed is no text,
# and whoever makes a new entry says so.


def _short_reference(literals: tuple[Any, ...]) -> Specialised | None:
    name = literals[0]
    if not isinstance(name, str):
        return None

    def of_activity(production: Production) -> Collection:
        found = production.references.get(name)
        return production.referenced(name) if found is None else found

    def of_key(production: Production, key: Any) -> dict[str, str] | None:
        if key.__class__ is str and (found := production.keyed.get((name, key))) is not None:
            return found
        return production.reference(name, key)

    if len(literals) == 1:
        return Specialised(of_activity, gives_list=True)
    return Specialised(of_key, over=1)


def _short_coding(literals: tuple[Any, ...]) -> Specialised | None:
    name, written = literals[:2]
    display = literals[2] if len(literals) > 2 else None
    if not isinstance(name, str) or (len(literals) > 2 and not isinstance(display, str)):
        return None

    def coded(production: Production, code: Any = written) -> dict[str, str] | None:
        if code.__class__ is str and (found := production.codings.get((name, code, display))) is not None:
            return found
        return production.knowledge.coding(name, code, display)

    return Specialised(coded, over=1 if written is None else None)


def _short_translate(literals: tuple[Any, ...]) -> Specialised | None:
    name = literals[0]
    if not isinstance(name, str):
        return None

    def translated(production: Production, code: Any) -> Collection:
        if code.__class__ is str and (found := production.translations.get((name, code))) is not None:
            return found
        return production.knowledge.translate(name, code)

    return Specialised(translated, over=INPUT, gives_list=True)


FUNCTIONS = (
    Function("reference", 1, 2, _reference, returns="Reference", specialise=_short_reference),
    Function("coding", 2, 3, _coding, returns="Coding", specialise=_short_coding),
    Function("translate", 1, 1, _translate, returns="Coding", specialise=_short_translate),
)

"""FHIR R4 4.0.1 as data: `definitions.json` and `value_sets.json`; README.md says where they are from."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import msgspec

from hm_fhir.fhir.definitions import TypeModel
from hm_fhir.fhir.elements import Constraint, Element, Kind, TypeDefinition, ValueSetCodes


@dataclass(frozen=True, slots=True)
class StoredType:
    """A type in `definitions.json`: what it adds to its base; what is absent has its usual value."""

    kind: Kind
    base: str | None = None
    abstract: bool = False
    url: str | None = None
    elements: tuple[Element, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    system: str | None = None
    regex: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """The whole of `definitions.json`.

    Args:
        source: which archive it was made from, and the SHA-256 of that archive.
        resources: names of the resource types that are not abstract.
        types: by name, not yet decoded.
    """

    source: dict[str, str]
    resources: frozenset[str]
    types: dict[str, msgspec.Raw]


class _Packaged(TypeModel):
    """Decodes a type, or the codes of a value set, when it is first asked for."""

    def __init__(self, stored: Stored) -> None:
        super().__init__({})
        self._stored = stored
        self._types = msgspec.json.Decoder(StoredType)
        self._codes: dict[str, msgspec.Raw] | None = None

    def _own(self, name: str) -> TypeDefinition | None:
        raw = self._stored.types.get(name)
        if raw is None:
            return None
        stored = self._types.decode(raw)
        return TypeDefinition(
            name=name,
            namespace="FHIR",
            kind=stored.kind,
            base=stored.base,
            abstract=stored.abstract,
            url=stored.url,
            elements={element.name: element for element in stored.elements},
            constraints=stored.constraints,
            system=stored.system,
            regex=stored.regex,
        )

    def _own_value_set(self, url: str) -> ValueSetCodes | None:
        found = self._given_value_sets.get(url)
        if found is None:
            if self._codes is None:
                self._codes = msgspec.json.decode(_bytes("value_sets.json"), type=dict[str, msgspec.Raw])
            raw = self._codes.get(url)
            if raw is None:
                return None
            found = ValueSetCodes(url, msgspec.json.decode(raw, type=dict[str, frozenset[str]]))
            self._given_value_sets[url] = found
        return found

    def _own_resource_types(self) -> frozenset[str]:
        return self._stored.resources


def packaged() -> TypeModel:
    """Return the types and value sets of FHIR R4 4.0.1."""
    return _Packaged(msgspec.json.decode(_bytes("definitions.json"), type=Stored))


def _bytes(name: str) -> bytes:
    return files(__name__).joinpath(name).read_bytes()

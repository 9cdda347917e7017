"""FHIR R4 4.0.1 as data: types, profiles and value sets; README.md says where they are from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import msgspec

from hm_fhir.fhir.definitions import TypeModel
from hm_fhir.fhir.elements import FHIR_URL, TypeDefinition, ValueSetCodes
from hm_fhir.fhir.stored_types import decoded


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

    @cached_property
    def _profiles(self) -> dict[str, msgspec.Raw]:
        """Profiles by URL, their parts by URL and element id; not yet decoded."""
        return msgspec.json.decode(_bytes("profiles.json"), type=dict[str, msgspec.Raw])

    def _own(self, name: str) -> TypeDefinition | None:
        raw = self._stored.types.get(name)
        if raw is None and "/" in name and name.removeprefix(FHIR_URL) not in self._stored.types:
            raw = self._profiles.get(name)
        return None if raw is None else decoded(name, raw)

    def _own_value_set(self, url: str) -> ValueSetCodes | None:
        # Most who need a type never ask for a code.
        from hm_fhir.fhir.terminology import r4_terminology

        found = self._given_value_sets.get(url)
        return found if found is not None else r4_terminology().codes(url)

    def _own_resource_types(self) -> frozenset[str]:
        return self._stored.resources

    def _own_profiles(self) -> frozenset[str]:
        return frozenset(name for name in self._profiles if "#" not in name)


def packaged() -> TypeModel:
    """Return the types and value sets of FHIR R4 4.0.1."""
    return _Packaged(msgspec.json.decode(_bytes("definitions.json"), type=Stored))


def _bytes(name: str) -> bytes:
    return files(__name__).joinpath(name).read_bytes()

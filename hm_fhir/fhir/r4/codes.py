"""The code systems and value sets of FHIR R4 4.0.1: `code_systems.json`, `value_sets.json`; read when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.resources import files
from typing import Any

import msgspec

Json = dict[str, Any]


class _Stored:
    """A `Store` of terminology whose resources are decoded one at a time."""

    @cached_property
    def _value_sets(self) -> dict[str, msgspec.Raw]:
        return _index("value_sets.json")

    @cached_property
    def _code_systems(self) -> dict[str, msgspec.Raw]:
        return _index("code_systems.json")

    def value_sets(self, url: str) -> Sequence[Json]:
        """Return the value set as a list of one, or nothing."""
        return _decoded(self._value_sets.get(url))

    def code_systems(self, url: str) -> Sequence[Json]:
        """Return the code system as a list of one, or nothing."""
        return _decoded(self._code_systems.get(url))

    def system_of(self, value_set_url: str) -> str | None:  # noqa: ARG002 - asked of every store
        """Return None: value sets of whole code systems are among the value sets."""
        return None


def store() -> _Stored:
    """Return the code systems and value sets of FHIR R4 4.0.1."""
    return _Stored()


def _index(name: str) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(files(__package__).joinpath(name).read_bytes(), type=dict[str, msgspec.Raw])


def _decoded(raw: msgspec.Raw | None) -> Sequence[Json]:
    return () if raw is None else (msgspec.json.decode(raw),)

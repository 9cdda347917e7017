"""What hooks yield: frozen, named records. Two records of one kind with one name stop the start.

`SourceSpec` stands with the sources.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hm_fhir.delivery.target import Target, TargetContext
from hm_fhir.sources.spec import SourceSpec


@dataclass(frozen=True, slots=True)
class MappingPackSpec:
    """A folder of mappings.

    Args:
        name: name of the pack, for messages.
        folder: the folder with ``pack.yaml``.
    """

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class ProfilePackSpec:
    """A folder of FHIR definitions: CodeSystems, which ``coding()`` knows by name, profiles, extensions, ValueSets.

    Args:
        name: name of the pack, for messages.
        folder: the folder with ``CodeSystem-*.json``, ``StructureDefinition-*.json``, ``ValueSet-*.json``.
    """

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A kind of target.

    Args:
        name: what the settings call it: ``kind = "…"``.
        options: pydantic model of its settings (``extra="forbid"``).
        open: makes the target from its checked settings; does not connect yet.
        description: one line for `hm-fhir plugins list`.
    """

    name: str
    options: type[BaseModel]
    open: Callable[[Any, TargetContext], Target]
    description: str


__all__ = ["AnySpec", "MappingPackSpec", "ProfilePackSpec", "SourceSpec", "TargetSpec"]

AnySpec = SourceSpec | MappingPackSpec | ProfilePackSpec | TargetSpec

"""What a pack is once it is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hm_fhir.fhirpath import Expression
    from hm_fhir.mapping.conceptmap import ConceptMap
    from hm_fhir.mapping.files.yaml_file import YamlDocument
    from hm_fhir.mapping.fragment import Assignment, Fragment, Refusal, ResourceRule


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """One mapping with its parts.

    Attributes:
        name: of the mapping.
        version: of the mapping.
        when: whether it is for an activity.
        assign: variables, in order.
        refuse: reasons to refuse, in order.
        resources: what it produces, in order.
        document: its file; parts have their own, see the rules.
        replaces: ``pack/mapping`` that it takes out of force, or None.
    """

    name: str
    version: str
    when: Expression
    assign: tuple[Assignment, ...]
    refuse: tuple[Refusal, ...]
    resources: tuple[ResourceRule, ...]
    document: YamlDocument = field(repr=False)
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """A loaded pack; nothing looks at its files again.

    Attributes:
        name: of the pack.
        version: of the pack.
        folder: where it was read from.
        mappings: those in force, compiled, by file name.
        types: FHIR type of each resource name of the pack and of the packs that it extends.
        concept_maps: by name; its own and those of the packs that it extends.
        digest: SHA-256 of the contents of its files, and of those of the packs that it extends, hex.
        fragments: every compiled file of its own, for checks that need more than the pack.
        replaced: its mappings that another pack took out of force; its cases are about them.
        extended: names of the packs that it extends, directly or not.
    """

    name: str
    version: str
    folder: Path
    mappings: tuple[CompiledMapping, ...]
    types: Mapping[str, str]
    concept_maps: Mapping[str, ConceptMap]
    digest: str
    fragments: tuple[Fragment, ...]
    replaced: tuple[CompiledMapping, ...] = ()
    extended: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

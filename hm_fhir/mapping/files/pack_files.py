"""Reads the files of a pack: each is checked by itself here, and nothing yet looks from one to another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from hm_fhir.errors import MappingError
from hm_fhir.mapping.conceptmap import ConceptMap, read_concept_map
from hm_fhir.mapping.files.regular_files import files_in, read_regular_file
from hm_fhir.mapping.files.spec import MappingSpec, PackSpec, PartSpec, Spec, read_spec
from hm_fhir.mapping.files.yaml_file import YamlDocument, read_yaml
from hm_fhir.mapping.fragment import Fragment, compile_fragment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hm_fhir.mapping.files.problems import Problems
    from hm_fhir.mapping.setting import Setting

PACK_FILE = "pack.yaml"

BodySpec = TypeVar("BodySpec", MappingSpec, PartSpec)


@dataclass(frozen=True, slots=True)
class Body(Generic[BodySpec]):
    """One mapping or part.

    Attributes:
        spec: its content.
        document: its text, for places.
        fragment: its content, compiled.
    """

    spec: BodySpec
    document: YamlDocument
    fragment: Fragment


@dataclass(frozen=True, slots=True)
class PackFiles:
    """All files of one pack.

    Attributes:
        folder: where they are.
        head: ``pack.yaml``.
        document: of ``pack.yaml``.
        mappings: by file name.
        parts: by name.
        concept_maps: by name.
        concept_map_paths: file of each concept map.
        digest: SHA-256 of all names and contents, hex.
        is_complete: every file could be read. Otherwise what a broken one defines would look unknown elsewhere.
    """

    folder: Path
    head: PackSpec
    document: YamlDocument
    mappings: tuple[Body[MappingSpec], ...]
    parts: Mapping[str, Body[PartSpec]]
    concept_maps: Mapping[str, ConceptMap]
    concept_map_paths: Mapping[str, Path]
    digest: str
    is_complete: bool

    @property
    def name(self) -> str:
        """Name of the pack."""
        return self.head.pack

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """Every compiled file, mappings before parts."""
        return (*(one.fragment for one in self.mappings), *(one.fragment for one in self.parts.values()))


def read_pack_files(folder: Path, problems: Problems, setting: Setting) -> PackFiles | None:
    """Return the files of a pack, or None if ``pack.yaml`` does not say which pack it is; every mistake is added.

    Args:
        folder: of the pack.
        problems: where mistakes are added.
        setting: what is known of the activities.
    """
    return _Reader(folder, problems, setting).files()


class _Reader:
    def __init__(self, folder: Path, problems: Problems, setting: Setting) -> None:
        self._setting = setting
        self._folder = folder
        self._problems = problems
        self._digest = hashlib.sha256()

    def files(self) -> PackFiles | None:
        folder = self._folder
        if not (folder / PACK_FILE).is_file():
            error = MappingError(f"there is no {PACK_FILE}", place=str(folder), fix="this is no mapping pack")
            self._problems.add(error)
            return None
        head = list(self._read(PackSpec, [folder / PACK_FILE]))
        for path in sorted(folder.rglob("*.yml")):
            self._problems.add(MappingError("this file is not read", place=str(path), fix="rename it to .yaml"))
        mapping_paths = [path for path in files_in(folder, ".yaml", self._problems) if path.name != PACK_FILE]
        part_paths = files_in(folder / "parts", ".yaml", self._problems)
        if not mapping_paths:
            self._problems.add(MappingError("the pack has no mapping", place=str(folder)))
        mappings = [self._body(*one) for one in self._read(MappingSpec, mapping_paths)]
        parts = [self._body(*one) for one in self._read(PartSpec, part_paths)]
        concept_map_files = files_in(folder / "conceptmaps", ".json", self._problems)
        concept_map_paths = {path.stem: path for path in concept_map_files}
        concept_maps = {name: self._concept_map(path) for name, path in concept_map_paths.items()}
        self._by_name([(one.spec.mapping, one) for one in mappings], "mapping")
        parts_by_name = self._by_name([(one.spec.part, one) for one in parts], "part")
        if not head:
            return None
        [(document, spec)] = head
        return PackFiles(
            folder=folder,
            head=spec,
            document=document,
            mappings=tuple(mappings),
            parts=parts_by_name,
            concept_maps=concept_maps,
            concept_map_paths=concept_map_paths,
            digest=self._digest.hexdigest(),
            is_complete=len(mappings) == len(mapping_paths) and len(parts) == len(part_paths),
        )

    def _read(self, model: type[Spec], paths: list[Path]) -> Iterator[tuple[YamlDocument, Spec]]:
        for path in paths:
            try:
                document = read_yaml(path)
            except MappingError as error:
                self._problems.add(error)
                continue
            self._remember(path, document.text.encode())
            spec = read_spec(model, document, self._problems.at(document))
            if spec is not None:
                yield document, spec

    def _body(self, document: YamlDocument, spec: BodySpec) -> Body[BodySpec]:
        return Body(spec, document, compile_fragment(spec, document, self._problems.at(document), self._setting))

    def _concept_map(self, path: Path) -> ConceptMap:
        try:
            self._remember(path, read_regular_file(path))
            return read_concept_map(path)
        except MappingError as error:
            self._problems.add(error)
            return ConceptMap(path.stem, ())  # known, so that translate() of it is not reported too

    def _remember(self, path: Path, content: bytes) -> None:
        name = path.relative_to(self._folder).as_posix().encode()
        for data in (name, content):
            self._digest.update(len(data).to_bytes(8, "big"))
            self._digest.update(data)

    def _by_name(self, named: list[tuple[str, Body[BodySpec]]], what: str) -> dict[str, Body[BodySpec]]:
        found: dict[str, Body[BodySpec]] = {}
        for name, body in named:
            first = found.setdefault(name, body)
            if first is not body:
                error = MappingError(f"{first.document.name} has the {what} {name!r}, too", fix="rename one of them")
                self._problems.at(body.document)((what,), error)
        return found

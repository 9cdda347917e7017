"""Packs that extend packs: what the mappings of each can use.

A pack sees the parts, concept maps and resource names of every pack that it extends, directly or not. One name means
one thing: a part or concept map of its own with the name of one that it sees is a mistake, unless ``replaces`` in its
``pack.yaml`` says that it is meant. What it replaces stays as it is for all other packs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from hm_fhir.errors import MappingError, did_you_mean
from hm_fhir.mapping.files.pack_files import PACK_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hm_fhir.mapping.conceptmap import ConceptMap
    from hm_fhir.mapping.files.pack_files import Body, PackFiles
    from hm_fhir.mapping.files.problems import Problems
    from hm_fhir.mapping.files.spec import PartSpec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """A part or concept map, and the pack that brings it."""

    pack: str
    value: T


@dataclass(frozen=True, slots=True)
class Scope:
    """One pack and what it can use.

    Attributes:
        files: its own.
        extended: names of the packs that it extends, directly or not.
        parts: by name.
        concept_maps: by name.
        types: FHIR type of each resource name.
        digest: SHA-256 of its own files and those of the extended packs, hex.
        is_complete: every file of all of them could be read, and every extended pack is there.
    """

    files: PackFiles
    extended: tuple[str, ...]
    parts: Mapping[str, Seen[Body[PartSpec]]]
    concept_maps: Mapping[str, Seen[ConceptMap]]
    types: Mapping[str, str]
    digest: str
    is_complete: bool


def scopes_of(packs: Sequence[PackFiles], problems: Problems, *, all_are_here: bool) -> tuple[Scope, ...]:
    """Return the scope of each pack, extended packs before those that extend them.

    Args:
        packs: the packs in force, each name once.
        problems: where mistakes are added: unknown packs, circles, names that mean two things.
        all_are_here: False when a pack is missing because its own ``pack.yaml`` is wrong; then an unknown name is
            no second mistake.
    """
    return _Resolver(packs, problems, all_are_here=all_are_here).scopes()


class _Resolver:
    def __init__(self, packs: Sequence[PackFiles], problems: Problems, *, all_are_here: bool) -> None:
        self._packs = {files.name: files for files in packs}
        self._problems = problems
        self._all_are_here = all_are_here
        self._scopes: dict[str, Scope] = {}
        self._on_the_way: list[str] = []

    def scopes(self) -> tuple[Scope, ...]:
        for files in self._packs.values():
            self._scope(files)
        return tuple(self._scopes.values())

    def _scope(self, files: PackFiles) -> Scope:
        if files.name not in self._scopes:
            self._on_the_way.append(files.name)
            bases = {
                index: base
                for index, name in enumerate(files.head.extends)
                if (base := self._base(files, index, name)) is not None
            }
            self._on_the_way.pop()
            self._scopes[files.name] = self._combined(files, bases)
        return self._scopes[files.name]

    def _base(self, files: PackFiles, index: int, name: str) -> Scope | None:
        report, path = self._problems.at(files.document), ("extends", index)
        if name in files.head.extends[:index]:
            report(path, MappingError(f"{name!r} is here twice", fix="remove one of them"))
        elif name in self._on_the_way:
            circle = [*self._on_the_way[self._on_the_way.index(name) :], name]
            message = f"the packs extend each other in a circle: {' -> '.join(circle)}"
            report(path, MappingError(message, fix="take one of them out of extends"))
        elif name in self._packs:
            return self._scope(self._packs[name])
        elif self._all_are_here:
            fix = did_you_mean(name, self._packs.keys() - {files.name}) or "enable the plugin that brings it"
            report(path, MappingError(f"there is no pack {name!r} in force", fix=fix))
        return None

    def _combined(self, files: PackFiles, bases: Mapping[int, Scope]) -> Scope:
        is_complete = (
            files.is_complete
            and len(bases) == len(files.head.extends)
            and all(base.is_complete for base in bases.values())
        )
        parts = {index: base.parts for index, base in bases.items()}
        concept_maps = {index: base.concept_maps for index, base in bases.items()}
        if is_complete:
            self._check_replaces(files, bases)
        types: dict[str, str] = {}
        for base in bases.values():
            types.update(base.types)
        for fragment in files.fragments:
            for rule in fragment.resources:
                types.setdefault(rule.name, rule.type)
        return Scope(
            files=files,
            extended=tuple(
                dict.fromkeys(name for base in bases.values() for name in (*base.extended, base.files.name))
            ),
            parts=self._visible(files, "part", "parts", files.parts, parts, self._report_part),
            concept_maps=self._visible(
                files, "concept map", "conceptmaps", files.concept_maps, concept_maps, self._report_concept_map
            ),
            types=types,
            digest=_digest(files, bases),
            is_complete=is_complete,
        )

    def _visible(
        self,
        files: PackFiles,
        what: str,
        folder: str,
        own: Mapping[str, T],
        bases: Mapping[int, Mapping[str, Seen[T]]],
        report: Callable[[PackFiles, str, MappingError], None],
    ) -> dict[str, Seen[T]]:
        visible: dict[str, Seen[T]] = {}
        for index, base in bases.items():
            for name, seen in base.items():
                first = visible.setdefault(name, seen)
                if first.pack != seen.pack and name not in own:
                    error = MappingError(
                        f"the packs {first.pack!r} and {seen.pack!r} both bring the {what} {name!r}",
                        fix=f"extend one of them, or bring your own and say `replaces: [{folder}/{name}]`",
                    )
                    self._problems.at(files.document)(("extends", index), error)
        for name, value in own.items():
            if name in visible and f"{folder}/{name}" not in files.head.replaces:
                error = MappingError(
                    f"the packs {visible[name].pack!r} and {files.name!r} both have the {what} {name!r},"
                    f" and {files.name!r} extends the other",
                    fix=f"rename it, or say `replaces: [{folder}/{name}]` in {PACK_FILE}",
                )
                report(files, name, error)
            visible[name] = Seen(files.name, value)
        return visible

    def _report_part(self, files: PackFiles, name: str, error: MappingError) -> None:
        self._problems.at(files.parts[name].document)(("part",), error)

    def _report_concept_map(self, files: PackFiles, name: str, error: MappingError) -> None:
        error.place = str(files.concept_map_paths[name])
        self._problems.add(error)

    def _check_replaces(self, files: PackFiles, bases: Mapping[int, Scope]) -> None:
        report = self._problems.at(files.document)
        seen = {f"parts/{name}" for base in bases.values() for name in base.parts}
        seen |= {f"conceptmaps/{name}" for base in bases.values() for name in base.concept_maps}
        own = {f"parts/{name}" for name in files.parts} | {f"conceptmaps/{name}" for name in files.concept_maps}
        for index, name in enumerate(files.head.replaces):
            if name in files.head.replaces[:index]:
                error = MappingError(f"{name!r} is here twice", fix="remove one of them")
            elif name not in seen:
                fix = did_you_mean(name, seen) or "write parts/NAME or conceptmaps/NAME of an extended pack"
                error = MappingError(f"no pack that this one extends has {name!r}", fix=fix)
            elif name not in own:
                error = MappingError(f"the pack has no {name} of its own", fix="add it, or take it out of replaces")
            else:
                continue
            report(("replaces", index), error)


def _digest(files: PackFiles, bases: Mapping[int, Scope]) -> str:
    if not bases:
        return files.digest
    digests = "\n".join((files.digest, *(base.digest for base in bases.values())))
    return hashlib.sha256(digests.encode()).hexdigest()

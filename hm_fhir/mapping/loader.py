"""Reads a pack: a folder of mappings, parts and concept maps. All mistakes of a pack are reported together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hm_fhir.errors import MappingError, MappingErrors, did_you_mean
from hm_fhir.fhirpath import CLOCK_FUNCTIONS, Expression, compile  # noqa: A004
from hm_fhir.mapping.conceptmap import CodeSystem, ConceptMap, read_concept_map
from hm_fhir.mapping.fragment import (
    EACH_VARIABLES,
    GIVEN_VARIABLES,
    Assignment,
    Fragment,
    Refusal,
    ResourceRule,
    compile_fragment,
)
from hm_fhir.mapping.functions import FUNCTIONS, is_absolute
from hm_fhir.mapping.problems import Problems
from hm_fhir.mapping.spec import MappingSpec, PackSpec, PartSpec, Spec, read_spec
from hm_fhir.mapping.template import Use
from hm_fhir.mapping.yaml_file import YamlDocument, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


PACK_FILE = "pack.yaml"


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
    """

    name: str
    version: str
    when: Expression
    assign: tuple[Assignment, ...]
    refuse: tuple[Refusal, ...]
    resources: tuple[ResourceRule, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """A loaded pack; nothing looks at its files again.

    Attributes:
        name: of the pack.
        version: of the pack.
        folder: where it was read from.
        mappings: compiled, by file name.
        types: FHIR type of each resource name.
        concept_maps: by name.
        digest: SHA-256 of the contents of its files, hex.
        fragments: every compiled file, for checks that need more than the pack.
    """

    name: str
    version: str
    folder: Path
    mappings: tuple[CompiledMapping, ...]
    types: Mapping[str, str]
    concept_maps: Mapping[str, ConceptMap]
    digest: str
    fragments: tuple[Fragment, ...]

    @property
    def label(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"


def load_pack(folder: Path) -> Pack:
    """Return the pack of a folder.

    Args:
        folder: holds ``pack.yaml``, mappings ``*.yaml``, ``parts/*.yaml`` and ``conceptmaps/*.json``.

    Raises:
        MappingErrors: all mistakes, each with file:line:column, the line, and what to do.
    """
    return _Loader(folder).pack()


def check_code_systems(pack: Pack, code_systems: Mapping[str, CodeSystem]) -> None:
    """Check every ``coding('system', 'code')`` of a pack whose arguments are literals.

    Args:
        pack: a loaded pack.
        code_systems: by name and by url.

    Raises:
        MappingErrors: a code system or a code does not exist.
    """
    problems = Problems()
    names = [name for name in code_systems if not is_absolute(name)]
    for fragment in pack.fragments:
        report = problems.at(fragment.document)
        for use in fragment.all_uses():
            for call in use.expression.calls:
                if call.name != "coding" or not isinstance(system := call.arguments[0], str):
                    continue
                carried, code = code_systems.get(system), call.arguments[1]
                if carried is None and not is_absolute(system):
                    message, fix = f"there is no code system {system!r}", did_you_mean(system, names)
                    report(use.path, use.mistake(message, f"'{system}'", fix=fix))
                elif carried is not None and isinstance(code, str) and code not in carried.concepts:
                    message, fix = f"{carried.name!r} has no code {code!r}", did_you_mean(code, carried.concepts)
                    report(use.path, use.mistake(message, f"'{code}'", fix=fix))
    problems.raise_all()


class _Loader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._problems = Problems()
        self._digest = hashlib.sha256()

    def pack(self) -> Pack:
        if not (self._folder / PACK_FILE).is_file():
            raise MappingErrors(
                [MappingError(f"there is no {PACK_FILE}", place=str(self._folder), fix="this is no mapping pack")]
            )
        head = [spec for _, spec in self._read(PackSpec, [self._folder / PACK_FILE])]
        for path in sorted(self._folder.rglob("*.yml")):
            self._problems.add(MappingError("this file is not read", place=str(path), fix="rename it to .yaml"))
        mapping_files = [path for path in sorted(self._folder.glob("*.yaml")) if path.name != PACK_FILE]
        part_files = sorted((self._folder / "parts").glob("*.yaml"))
        mappings = list(self._read(MappingSpec, mapping_files))
        parts = list(self._read(PartSpec, part_files))
        concept_maps = self._concept_maps()
        bodies: list[tuple[YamlDocument, MappingSpec | PartSpec]] = [*mappings, *parts]
        fragments = {
            id(document): compile_fragment(spec, document, self._problems.at(document)) for document, spec in bodies
        }
        complete = len(mappings) == len(mapping_files) and len(parts) == len(part_files)
        types = self._types(fragments.values())
        if complete:
            # Otherwise whatever a broken file defines would be reported as unknown everywhere else.
            for fragment in fragments.values():
                self._check_calls(fragment, types, concept_maps)
        by_part = self._by_name([(spec.part, document) for document, spec in parts], "part")
        self._by_name([(spec.mapping, document) for document, spec in mappings], "mapping")
        compiled = []
        for document, spec in mappings:
            included = self._included(spec, document, by_part, fragments, complete=complete)
            mapping = self._mapping(spec, document, included, fragments[id(document)])
            if mapping is not None:
                compiled.append(mapping)
        if not mapping_files:
            self._problems.add(MappingError("the pack has no mapping", place=str(self._folder)))
        self._problems.raise_all()
        return Pack(
            name=head[0].pack,
            version=head[0].version,
            folder=self._folder,
            mappings=tuple(compiled),
            types=types,
            concept_maps=concept_maps,
            digest=self._digest.hexdigest(),
            fragments=tuple(fragments.values()),
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

    def _remember(self, path: Path, content: bytes) -> None:
        name = path.relative_to(self._folder).as_posix().encode()
        for data in (name, content):
            self._digest.update(len(data).to_bytes(8, "big"))
            self._digest.update(data)

    def _concept_maps(self) -> dict[str, ConceptMap]:
        found: dict[str, ConceptMap] = {}
        for path in sorted((self._folder / "conceptmaps").glob("*.json")):
            self._remember(path, path.read_bytes())
            try:
                found[path.stem] = read_concept_map(path)
            except MappingError as error:
                self._problems.add(error)
                found[path.stem] = ConceptMap(path.stem, ())  # known, so that translate() of it is not reported too
        return found

    def _types(self, fragments: Iterable[Fragment]) -> dict[str, str]:
        types: dict[str, str] = {}
        for fragment in fragments:
            for index, rule in enumerate(fragment.resources):
                first = types.setdefault(rule.name, rule.type)
                if first != rule.type:
                    error = MappingError(
                        f"the name {rule.name!r} stands for {first} elsewhere in the pack",
                        fix="a name stands for one type: choose another name",
                    )
                    self._problems.at(fragment.document)(("resources", index, "type"), error)
        return types

    def _check_calls(
        self, fragment: Fragment, types: Mapping[str, str], concept_maps: Mapping[str, ConceptMap]
    ) -> None:
        report = self._problems.at(fragment.document)
        known = {"reference": ("resource", types), "translate": ("concept map", concept_maps)}
        for use in fragment.all_uses():
            for call in use.expression.calls:
                if call.name in known and isinstance(name := call.arguments[0], str):
                    what, names = known[call.name]
                    if name not in names:
                        fix = did_you_mean(name, names)
                        message = f"there is no {what} {name!r} in this pack"
                        report(use.path, use.mistake(message, f"'{name}'", fix=fix))

    def _by_name(self, named: list[tuple[str, YamlDocument]], what: str) -> dict[str, YamlDocument]:
        found: dict[str, YamlDocument] = {}
        for name, document in named:
            if name in found:
                error = MappingError(f"{found[name].name} has the {what} {name!r}, too", fix="rename one of them")
                self._problems.at(document)((what,), error)
            found.setdefault(name, document)
        return found

    def _included(
        self,
        spec: MappingSpec,
        document: YamlDocument,
        by_part: Mapping[str, YamlDocument],
        fragments: Mapping[int, Fragment],
        *,
        complete: bool,
    ) -> list[tuple[int, Fragment]]:
        included = []
        report = self._problems.at(document)
        for index, name in enumerate(spec.include):
            if name in spec.include[:index]:
                report(("include", index), MappingError(f"the part {name!r} is included twice"))
            elif name in by_part:
                included.append((index, fragments[id(by_part[name])]))
            elif complete:
                report(
                    ("include", index),
                    MappingError(f"there is no part {name!r}", fix=did_you_mean(name, by_part)),
                )
        return included

    def _mapping(
        self, spec: MappingSpec, document: YamlDocument, included: list[tuple[int, Fragment]], own: Fragment
    ) -> CompiledMapping | None:
        report = self._problems.at(document)
        when = self._when(spec, document)
        known = set(GIVEN_VARIABLES)
        undefined: dict[tuple[int | None, str], Use] = {}  # the first use of each
        bodies: list[tuple[int | None, Fragment]] = [*included, (None, own)]
        for index, body in bodies:
            for name, use in body.undefined_in_assign(known):
                undefined.setdefault((index, name), use)
        for index, body in bodies:
            for name, use in body.undefined(known):
                undefined.setdefault((index, name), use)
        for (index, name), use in undefined.items():
            fix = did_you_mean(name, known)
            if index is None:
                if name in EACH_VARIABLES:
                    fix = "only a resource with `each` has it"
                elif not fix or not fix.startswith("did"):
                    fix = f"add `- {name}: ...` under assign"
                report(use.path, use.mistake(f"%{name} is not defined", f"%{name}", fix=fix))
            else:
                place = dict(bodies)[index].document.place(use.path)
                message = (
                    f"the part {spec.include[index]!r} uses %{name}, which the mapping does not assign ({place})"
                )
                report(("include", index), MappingError(message, fix=f"add `- {name}: ...` under assign"))
        names: set[str] = set()
        for index, body in bodies:
            for position, rule in enumerate(body.resources):
                if rule.name in names:
                    path = ("resources", position, "name") if index is None else ("include", index)
                    report(path, MappingError(f"the mapping has two resources {rule.name!r}", fix="rename one"))
                names.add(rule.name)
        if not names:
            report((), MappingError("the mapping produces nothing", fix="add resources, or include a part"))
        if when is None:
            return None
        return CompiledMapping(
            name=spec.mapping,
            version=spec.version,
            when=when,
            assign=tuple(item for _, body in bodies for item in body.assign),
            refuse=tuple(item for _, body in bodies for item in body.refuse),
            resources=tuple(item for _, body in bodies for item in body.resources),
        )

    def _when(self, spec: MappingSpec, document: YamlDocument) -> Expression | None:
        report = self._problems.at(document)
        try:
            when = compile(spec.when, FUNCTIONS)
        except MappingError as error:
            report(("when",), error)
            return None
        use = Use(("when",), when, frozenset())
        for name in sorted(when.variables - GIVEN_VARIABLES):
            fix = did_you_mean(name, GIVEN_VARIABLES)
            report(use.path, use.mistake(f"%{name} is not defined here", f"%{name}", fix=fix))
        for name in sorted(when.functions & (CLOCK_FUNCTIONS | {function.name for function in FUNCTIONS})):
            report(use.path, use.mistake(f"{name}() cannot decide which mapping it is", name))
        return when

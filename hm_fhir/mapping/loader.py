"""Loads packs: folders of mappings, parts and concept maps. All mistakes of all packs are reported together."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from hm_fhir.errors import MappingError, did_you_mean
from hm_fhir.fhirpath import CLOCK_FUNCTIONS, Expression
from hm_fhir.mapping.agreement import check_mapping_names, check_resource_names, replaced_mappings
from hm_fhir.mapping.extending import scopes_of
from hm_fhir.mapping.files.pack_files import PACK_FILE, read_pack_files
from hm_fhir.mapping.files.problems import Problems
from hm_fhir.mapping.fragment import EACH_VARIABLES, GIVEN_VARIABLES, Fragment
from hm_fhir.mapping.functions import FUNCTIONS, is_absolute
from hm_fhir.mapping.pack import CompiledMapping, Pack
from hm_fhir.mapping.setting import Setting, activity_setting
from hm_fhir.mapping.template.template import Use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from hm_fhir.mapping.conceptmap import CodeSystem
    from hm_fhir.mapping.extending import Scope
    from hm_fhir.mapping.files.pack_files import Body, PackFiles
    from hm_fhir.mapping.files.spec import MappingSpec

_NAMED_BY = {"reference": ("resource", attrgetter("types")), "translate": ("concept map", attrgetter("concept_maps"))}


def load_pack(folder: Path, *, setting: Setting | None = None) -> Pack:
    """Return the pack of a folder, by itself.

    Args:
        folder: holds ``pack.yaml``, mappings ``*.yaml``, ``parts/*.yaml`` and ``conceptmaps/*.json``.
        setting: as for `load_packs`.

    Raises:
        MappingErrors: all mistakes, each with file:line:column, the line, and what to do; also that it extends a
            pack, which only `load_packs` finds.
    """
    return load_packs([folder], setting=setting)[0]


def load_packs(folders: Sequence[Path], *, setting: Setting | None = None) -> tuple[Pack, ...]:
    """Return the packs that are in force together, in the order of their folders.

    Args:
        folders: each as for `load_pack`; a pack may extend any other of them.
        setting: what is known of the activities; default: all that their model says. ``Setting()``: nothing.

    Raises:
        MappingErrors: all mistakes of all packs.
    """
    packs, problems = read_packs(folders, setting=setting)
    problems.raise_all()
    return packs


def read_packs(folders: Sequence[Path], *, setting: Setting | None = None) -> tuple[tuple[Pack, ...], Problems]:
    """Return the packs of folders, and all mistakes that were found in them.

    Where there are mistakes, the packs are as whole as they can be: for those who look for more mistakes, not to map.

    Args:
        folders: as for `load_packs`.
        setting: as for `load_packs`.
    """
    problems = Problems()
    setting = setting or activity_setting()
    read = [read_pack_files(folder, problems, setting) for folder in folders]
    packs: dict[str, PackFiles] = {}
    for files in read:
        if files is None:
            continue
        first = packs.setdefault(files.name, files)
        if first is not files:
            message = f"the pack {files.name!r} is in {first.folder}, too"
            problems.at(files.document)(("pack",), MappingError(message, fix="rename or disable one of them"))
    scopes = scopes_of(tuple(packs.values()), problems, all_are_here=None not in read)
    replaced = replaced_mappings(scopes, problems)
    check_mapping_names(scopes, replaced, problems)
    check_resource_names(scopes, problems)
    made = {scope.files.name: _Compiler(scope, scopes, problems, setting).pack(replaced) for scope in scopes}
    return tuple(made[name] for name in packs if name in made), problems


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


class _Compiler:
    def __init__(self, scope: Scope, scopes: Iterable[Scope], problems: Problems, setting: Setting) -> None:
        self._setting = setting
        self._scope = scope
        self._scopes = scopes
        self._problems = problems

    def pack(self, replaced: frozenset[str]) -> Pack:
        scope, files = self._scope, self._scope.files
        if scope.is_complete:
            for fragment in files.fragments:
                self._check_calls(fragment)
        compiled = [made for body in files.mappings if (made := self._mapping(body)) is not None]
        return Pack(
            name=files.name,
            version=files.head.version,
            folder=files.folder,
            mappings=tuple(one for one in compiled if f"{files.name}/{one.name}" not in replaced),
            types=scope.types,
            concept_maps={name: seen.value for name, seen in scope.concept_maps.items()},
            digest=scope.digest,
            fragments=files.fragments,
            replaced=tuple(one for one in compiled if f"{files.name}/{one.name}" in replaced),
            extended=scope.extended,
        )

    def _check_calls(self, fragment: Fragment) -> None:
        report = self._problems.at(fragment.document)
        where = "this pack or one that it extends" if self._scope.extended else "this pack"
        for use in fragment.all_uses():
            for call in use.expression.calls:
                if call.name in _NAMED_BY and isinstance(name := call.arguments[0], str):
                    what, names = _NAMED_BY[call.name]
                    if name not in names(self._scope):
                        message = f"there is no {what} {name!r} in {where}"
                        report(use.path, use.mistake(message, f"'{name}'", fix=self._fix(name, names)))

    def _fix(self, name: str, names: Callable[[Scope], Iterable[str]]) -> str | None:
        """Return how to get at what is not in the scope: extend the pack that has it, or write it right."""
        own = self._scope.files.name
        for other in self._scopes:
            if name in names(other) and own not in other.extended:
                return f"the pack {other.files.name!r} has it: say `extends: [{other.files.name}]` in {PACK_FILE}"
        return did_you_mean(name, names(self._scope))

    def _included(self, body: Body[MappingSpec]) -> list[tuple[int, Fragment]]:
        included = []
        names = body.spec.include
        report = self._problems.at(body.document)
        for index, name in enumerate(names):
            if name in names[:index]:
                report(("include", index), MappingError(f"the part {name!r} is included twice"))
            elif name in self._scope.parts:
                included.append((index, self._scope.parts[name].value.fragment))
            elif self._scope.is_complete:
                error = MappingError(f"there is no part {name!r}", fix=self._fix(name, attrgetter("parts")))
                report(("include", index), error)
        return included

    def _mapping(self, body: Body[MappingSpec]) -> CompiledMapping | None:
        spec = body.spec
        when = self._when(body)
        included = self._included(body)
        bodies: list[tuple[int | None, Fragment]] = [*included, (None, body.fragment)]
        if len(included) == len(spec.include):  # otherwise what a missing part assigns would look undefined
            self._check_variables(body, bodies)
            self._check_produced(body, bodies)
        if when is None:
            return None
        return CompiledMapping(
            name=spec.mapping,
            version=spec.version,
            when=when,
            assign=tuple(item for _, fragment in bodies for item in fragment.assign),
            refuse=tuple(item for _, fragment in bodies for item in fragment.refuse),
            resources=tuple(item for _, fragment in bodies for item in fragment.resources),
            document=body.document,
            replaces=spec.replaces,
        )

    def _check_variables(self, body: Body[MappingSpec], bodies: Sequence[tuple[int | None, Fragment]]) -> None:
        report = self._problems.at(body.document)
        known = set(GIVEN_VARIABLES)
        undefined: dict[tuple[int | None, str], Use] = {}  # the first use of each
        for index, fragment in bodies:
            for name, use in fragment.undefined_in_assign(known):
                undefined.setdefault((index, name), use)
        for index, fragment in bodies:
            for name, use in fragment.undefined(known):
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
                part, place = body.spec.include[index], dict(bodies)[index].document.place(use.path)
                message = f"the part {part!r} uses %{name}, which the mapping does not assign ({place})"
                report(("include", index), MappingError(message, fix=f"add `- {name}: ...` under assign"))

    def _check_produced(self, body: Body[MappingSpec], bodies: Iterable[tuple[int | None, Fragment]]) -> None:
        report = self._problems.at(body.document)
        names: set[str] = set()
        for index, fragment in bodies:
            for position, rule in enumerate(fragment.resources):
                if rule.name in names:
                    path = ("resources", position, "name") if index is None else ("include", index)
                    report(path, MappingError(f"the mapping has two resources {rule.name!r}", fix="rename one"))
                names.add(rule.name)
        if not names:
            report((), MappingError("the mapping produces nothing", fix="add resources, or include a part"))

    def _when(self, body: Body[MappingSpec]) -> Expression | None:
        report = self._problems.at(body.document)
        try:
            when = self._setting.compile(body.spec.when, FUNCTIONS)
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

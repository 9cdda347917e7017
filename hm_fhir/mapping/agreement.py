"""What all packs in force have to agree on: which mapping replaces which, and what names mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.errors import MappingError, did_you_mean
from hm_fhir.mapping.files.pack_files import PACK_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hm_fhir.mapping.extending import Scope
    from hm_fhir.mapping.files.problems import Problems


def replaced_mappings(scopes: Sequence[Scope], problems: Problems) -> frozenset[str]:
    """Return ``pack/mapping`` of every mapping that a mapping of another pack replaces.

    A pack replaces mappings of packs that it extends, so nothing is replaced in a circle. Two mappings of one pack
    may share the activities of the one that they replace; mappings of two packs may not.

    Args:
        scopes: of all packs in force, extended packs first.
        problems: where mistakes are added.
    """
    names = {scope.files.name: {one.spec.mapping for one in scope.files.mappings} for scope in scopes}
    replaced: dict[str, str] = {}  # by which pack
    for scope in scopes:
        own = scope.files.name
        known = [f"{pack}/{mapping}" for pack in scope.extended for mapping in names[pack]]
        for body in scope.files.mappings:
            target = body.spec.replaces
            if target is None:
                continue
            report, pack = problems.at(body.document), target.partition("/")[0]
            if target in known:
                first = replaced.setdefault(target, own)
                if first != own:
                    message = f"the packs {first!r} and {own!r} both replace {target}"
                    report(("replaces",), MappingError(message, fix="disable one of them"))
            elif pack in names and pack not in (*scope.extended, own):
                message = f"the pack {own!r} does not extend {pack!r}"
                report(("replaces",), MappingError(message, fix=f"add `extends: [{pack}]` to {PACK_FILE}"))
            elif scope.is_complete:
                fix = did_you_mean(target, known) or "write pack/mapping of an extended pack"
                message = f"no pack that this one extends has the mapping {target!r}"
                report(("replaces",), MappingError(message, fix=fix))
    return frozenset(replaced)


def check_mapping_names(scopes: Sequence[Scope], replaced: frozenset[str], problems: Problems) -> None:
    """Add a mistake for each mapping in force that has the name of one of another pack.

    Args:
        scopes: of all packs in force, extended packs first.
        replaced: ``pack/mapping`` of those that are not in force.
        problems: where mistakes are added.
    """
    first: dict[str, str] = {}
    for scope in scopes:
        own = scope.files.name
        for body in scope.files.mappings:
            name, target = body.spec.mapping, body.spec.replaces
            if f"{own}/{name}" in replaced or (target is not None and target not in replaced):
                continue  # a wrong `replaces` has been said already
            if first.setdefault(name, own) == own:
                continue
            fix = "rename it"
            if first[name] in scope.extended:
                fix += f", or say `replaces: {first[name]}/{name}` to take the other out of force"
            error = MappingError(f"the pack {first[name]!r} has the mapping {name!r}, too", fix=fix)
            problems.at(body.document)(("mapping",), error)


def check_resource_names(scopes: Sequence[Scope], problems: Problems) -> None:
    """Add a mistake for each resource whose name stands for another type, in whichever pack.

    Args:
        scopes: of all packs in force, extended packs first.
        problems: where mistakes are added.
    """
    first: dict[str, tuple[str, str]] = {}
    for scope in scopes:
        own = scope.files.name
        for fragment in scope.files.fragments:
            for index, rule in enumerate(fragment.resources):
                type_, pack = first.setdefault(rule.name, (rule.type, own))
                if type_ != rule.type:
                    where = "elsewhere in the pack" if pack == own else f"in the pack {pack!r}"
                    message = f"the name {rule.name!r} stands for {type_} {where}"
                    error = MappingError(message, fix="a name stands for one type: choose another name")
                    problems.at(fragment.document)(("resources", index, "type"), error)

"""Checks packs as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.errors import MappingErrors
from hm_fhir.fhirpath import tree
from hm_fhir.mapping.checker.finding import Finding, Findings, Spot, of_error
from hm_fhir.mapping.checker.rules import MappingCheck
from hm_fhir.mapping.checker.unused import check_unused
from hm_fhir.mapping.checker.world import Shared, model_for_checking, tree_of
from hm_fhir.mapping.dispatch import only_type
from hm_fhir.mapping.loader import read_packs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.mapping.conceptmap import CodeSystem
    from hm_fhir.mapping.pack import Pack


def check_packs(
    packs: Sequence[Pack],
    *,
    types: TypeModel | None = None,
    code_systems: Mapping[str, CodeSystem] | None = None,
) -> tuple[Finding, ...]:
    """Return everything that is wrong with packs, in the order of files and lines.

    Args:
        packs: the packs in force together.
        types: types of the activity and of FHIR, with the profiles that resources are checked against: those of
            `activity_types` with `TypeModel.add`; None: no profiles.
        code_systems: the code systems that ``coding()`` knows, by name; None: they are not known.
    """
    systems = None
    if code_systems is not None:
        systems = {**code_systems, **{system.url: system for system in code_systems.values()}}
    findings = Findings()
    shared = Shared(model_for_checking(types), systems, findings, types_alike=_types_alike(packs))
    checks = []
    for pack in packs:
        for mapping in (*pack.mappings, *pack.replaced):
            check = MappingCheck(shared, pack, mapping)
            check.run()
            if mapping in pack.mappings:
                checks.append((mapping, check))
    shared.branches.report(findings)
    _overlaps(checks, findings)
    check_unused(packs, findings)
    return tuple(findings)


def _types_alike(packs: Sequence[Pack]) -> frozenset[str]:
    """Return the activity types that mappings are for by themselves, and that no other expression names."""
    named: set[str] = set()
    for pack in packs:
        for fragment in pack.fragments:
            for use in fragment.all_uses():
                named.update(
                    node.value
                    for node in tree.walk(tree_of(use.expression.text))
                    if isinstance(node, tree.Literal) and isinstance(node.value, str)
                )
    types = {only_type(mapping.when) for pack in packs for mapping in (*pack.mappings, *pack.replaced)}
    return frozenset(one for one in types if one is not None and one not in named)


def check_folders(
    folders: Sequence[Path],
    *,
    types: TypeModel | None = None,
    code_systems: Mapping[str, CodeSystem] | None = None,
) -> tuple[Finding, ...]:
    """Return everything that is wrong with the packs of folders, what the loader finds among it.

    Args:
        folders: of the packs in force together.
        types: as for `check_packs`.
        code_systems: as for `check_packs`.
    """
    return _read_and_checked(folders, types, code_systems)[1]


def load_checked(
    folders: Sequence[Path],
    *,
    types: TypeModel | None = None,
    code_systems: Mapping[str, CodeSystem] | None = None,
) -> tuple[Pack, ...]:
    """Return the packs of folders, checked.

    Args:
        folders: of the packs in force together.
        types: as for `check_packs`.
        code_systems: as for `check_packs`.

    Raises:
        MappingErrors: all mistakes of all packs; warnings are none.
    """
    packs, findings = _read_and_checked(folders, types, code_systems)
    errors = [finding.as_error() for finding in findings if finding.is_error]
    if errors:
        raise MappingErrors(errors)
    return packs


def _read_and_checked(
    folders: Sequence[Path], types: TypeModel | None, code_systems: Mapping[str, CodeSystem] | None
) -> tuple[tuple[Pack, ...], tuple[Finding, ...]]:
    packs, problems = read_packs(folders)
    found = Findings()
    for error in problems.errors:
        found.add(of_error(error))
    for finding in check_packs(packs, types=types, code_systems=code_systems):
        # What a broken file would use looks unused, and what it would produce is missing.
        if finding.is_error or not problems.errors:
            found.add(finding)
    return packs, tuple(found)


def _overlaps(checks: Sequence[tuple[object, MappingCheck]], findings: Findings) -> None:
    """Report mappings of which two are for the same activities."""
    for number, (_, check) in enumerate(checks):
        for _, earlier in checks[:number]:
            both = _common(check, earlier)
            if both is None or not (is_of_types_alone(check) or is_of_types_alone(earlier)):
                continue
            mapping = check.mapping
            what = f"activities of type {', '.join(sorted(both)[:3])}" if both else "the same activities"
            findings.error(
                Spot(mapping.document, ("when",)),
                "overlapping-mappings",
                f"{mapping.name} and {earlier.mapping.name} are both for {what}",
                "make their `when` exclude each other, or say `replaces`",
            )


def _common(one: MappingCheck, other: MappingCheck) -> frozenset[str] | None:
    """Return the types that two mappings can both be for (empty: all), or None when there is none."""
    if not all(check.can_match and check.is_right for check in (one, other)):
        return None
    if one.types is None or other.types is None:
        return one.types or other.types or frozenset()
    return one.types & other.types or None


def is_of_types_alone(check: MappingCheck) -> bool:
    """Return whether a mapping is for every activity of its types."""
    return _is_type_test(tree_of(check.mapping.when.text))


def _is_type_test(node: tree.Node) -> bool:
    match node:
        case tree.Binary(operator="=" | "in", left=tree.Member(target=None, name="type")):
            return True
        case tree.Binary(operator="or", left=left, right=right):
            return _is_type_test(left) and _is_type_test(right)
        case _:
            return False

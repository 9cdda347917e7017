"""Checks packs as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.errors import MappingErrors
from hm_fhir.fhirpath import tree
from hm_fhir.mapping.checker.claims import written_claims
from hm_fhir.mapping.checker.finding import Finding, Findings, Spot, of_error
from hm_fhir.mapping.checker.remembered import Remembered
from hm_fhir.mapping.checker.rules import MappingCheck
from hm_fhir.mapping.checker.unused import check_unused
from hm_fhir.mapping.checker.world import Shared, model_for_checking, tree_of
from hm_fhir.mapping.dispatch import only_type
from hm_fhir.mapping.loader import read_packs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hm_fhir.mapping.checker.world import Profiles, Side
    from hm_fhir.mapping.conceptmap import CodeSystem
    from hm_fhir.mapping.files.problems import Problems
    from hm_fhir.mapping.pack import Pack


def check_packs(
    packs: Sequence[Pack],
    *,
    code_systems: Mapping[str, CodeSystem] | None = None,
    profiles: Profiles | None = None,
) -> tuple[Finding, ...]:
    """Return everything that is wrong with packs, in the order of files and lines.

    Args:
        packs: the packs in force together.
        code_systems: the code systems that ``coding()`` knows, by name; None: they are not known.
        profiles: of the deployment; None: those of FHIR R4 alone, and nothing is said of others.
    """
    systems = None
    if code_systems is not None:
        systems = {**code_systems, **{system.url: system for system in code_systems.values()}}
    findings = Findings()
    shared = Shared(
        model_for_checking(profiles.types if profiles is not None else None),
        systems,
        findings,
        types_alike=_types_alike(packs),
        profiles=profiles,
        claimed=_claimed(packs),
    )
    checks = [check for check in _checked(packs, shared) if check.mapping in check.pack.mappings]
    shared.branches.report(findings)
    _overlaps(checks, findings)
    check_unused(packs, findings)
    return tuple(findings)


def never_taken(packs: Sequence[Pack]) -> frozenset[Side]:
    """Return the sides of conditions and loops that no mapping of packs can take, whatever the activity is.

    Args:
        packs: the packs in force together, without mistakes.
    """
    alike, claimed = _types_alike(packs), _claimed(packs)
    shared = Shared(model_for_checking(None), None, Findings(), types_alike=alike, claimed=claimed)
    _checked(packs, shared)
    return shared.branches.never_taken()


def _checked(packs: Sequence[Pack], shared: Shared) -> list[MappingCheck]:
    checks = [MappingCheck(shared, pack, mapping) for pack in packs for mapping in (*pack.mappings, *pack.replaced)]
    for check in checks:
        check.run()
    return checks


def _claimed(packs: Sequence[Pack]) -> dict[str, tuple[str | None, ...]]:
    """Return the profiles that resources of each name can have, whatever mapping makes them."""
    found: dict[str, set[str | None]] = {}
    for pack in packs:
        for fragment in pack.fragments:
            for rule in fragment.resources:
                found.setdefault(rule.name, set()).update(written_claims(rule))
    return {name: tuple(sorted(urls, key=str)) for name, urls in found.items()}


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
    code_systems: Mapping[str, CodeSystem] | None = None,
    profiles: Profiles | None = None,
) -> tuple[Finding, ...]:
    """Return everything that is wrong with the packs of folders, what the loader finds among it.

    Args:
        folders: of the packs in force together.
        code_systems: as for `check_packs`.
        profiles: as for `check_packs`.
    """
    return _checked_with(*read_packs(folders), code_systems, profiles)


def load_checked(
    folders: Sequence[Path],
    *,
    code_systems: Mapping[str, CodeSystem] | None = None,
    profiles: Profiles | None = None,
    cache: Path | None = None,
) -> tuple[Pack, ...]:
    """Return the packs of folders, checked.

    Args:
        folders: of the packs in force together.
        code_systems: as for `check_packs`; of the profile packs.
        profiles: as for `check_packs`.
        cache: folder that says of packs that they were checked before and had no mistake; None: none. It is used with
            profiles whose fingerprint is known.

    Raises:
        MappingErrors: all mistakes of all packs; warnings are none.
    """
    packs, problems = read_packs(folders)
    remembered = Remembered(cache) if cache is not None and profiles is not None and profiles.fingerprint else None
    key = ""
    if remembered is not None and profiles is not None and not problems.errors:
        key = remembered.key((profiles.fingerprint, *(f"{pack.label} {pack.digest}" for pack in packs)))
        if remembered.has(key):
            return packs
    findings = _checked_with(packs, problems, code_systems, profiles)
    errors = [finding.as_error() for finding in findings if finding.is_error]
    if errors:
        raise MappingErrors(errors)
    if remembered is not None:
        remembered.add(key)
    return packs


def _checked_with(
    packs: Sequence[Pack],
    problems: Problems,
    code_systems: Mapping[str, CodeSystem] | None,
    profiles: Profiles | None,
) -> tuple[Finding, ...]:
    """Return what is wrong with packs, with what the loader found."""
    found = Findings()
    for error in problems.errors:
        found.add(of_error(error))
    for finding in check_packs(packs, code_systems=code_systems, profiles=profiles):
        # What a broken file would use looks unused, and what it would produce is missing.
        if finding.is_error or not problems.errors:
            found.add(finding)
    return tuple(found)


def _overlaps(checks: Sequence[MappingCheck], findings: Findings) -> None:
    """Report mappings of which two are for the same activities."""
    for number, one in enumerate(checks):
        for other in checks[:number]:
            both = _common(one, other)
            if both is None or not (is_of_types_alone(one) or is_of_types_alone(other)):
                continue
            # It is said where it can be mended: by the pack that extends the other one.
            check, earlier = (other, one) if one.pack.name in other.pack.extended else (one, other)
            mapping = check.mapping
            what = f"activities of type {', '.join(sorted(both)[:3])}" if both else "the same activities"
            fix = "make their `when` exclude each other"
            if earlier.pack.name in check.pack.extended:
                fix += f", or say `replaces: {earlier.pack.name}/{earlier.mapping.name}`"
            place, excerpt = Spot(mapping.document, ("when",)).located()
            message = f"{mapping.name} and {earlier.mapping.name} are both for {what}"
            files = (mapping.document.name, earlier.mapping.document.name)
            findings.add(Finding("error", "overlapping-mappings", place, message, fix, excerpt, files))


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

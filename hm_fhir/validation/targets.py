"""What a reference may point to. Source: https://hl7.org/fhir/R4/references.html."""

from __future__ import annotations

import re
from typing import Any, Final

from hm_fhir.validation.references import parse_reference
from hm_fhir.validation.run import Check, Path, Run

_plain: Final = re.compile(r"[A-Za-z]+/[A-Za-z0-9\-.]{1,64}").fullmatch
_TYPE_URL: Final = "http://hl7.org/fhir/StructureDefinition/"


def target_check(targets: tuple[str, ...], aggregation: tuple[str, ...], profile: str | None) -> Check:
    """Return the check of where a Reference points to.

    Args:
        targets: names of resource types, and URLs of profiles; one of them must fit. Empty: any.
        aggregation: how the target must be there: contained, referenced or bundled; empty: any way
            (https://hl7.org/fhir/R4/valueset-resource-aggregation-mode.html).
        profile: URL of the profile that asks for it; None for FHIR itself.
    """
    names = frozenset(one for one in targets if "/" not in one)
    urls = tuple(one for one in targets if "/" in one)
    allowed: frozenset[str] | None = None if urls else names
    simple = not aggregation

    def check(value: Any, path: Path, run: Run) -> None:
        nonlocal allowed
        if type(value) is not dict:
            return
        if simple and allowed and len(value) == 1 and run.bundle is None:
            reference = value.get("reference")
            if type(reference) is str and reference.partition("/")[0] in allowed:
                return
        if aggregation:
            _check_aggregation(value.get("reference"), aggregation, path, run, profile)
        if not targets:
            return
        if allowed is None:
            found = {run.services.type_of(url) for url in urls}
            # A profile that is not at hand may be about any type.
            allowed = frozenset() if None in found else names | {one for one in found if one}
        reference, kind = value.get("reference"), value.get("type")
        if type(kind) is str and allowed and kind.removeprefix(_TYPE_URL) not in allowed:
            _say(named_of=allowed, rule="reference-type", path=path, run=run, profile=profile)
        if type(reference) is str:
            if reference.partition("/")[0] in allowed:
                if run.bundle is None:
                    return
            elif not reference.startswith("#"):
                named = parse_reference(reference).type
                if named is not None and allowed and named not in allowed:
                    _say(named_of=allowed, rule="reference-target", path=path, run=run, profile=profile)
                    return
            resource = run.resolve(reference)
            if isinstance(resource, dict):
                _check_resolved(resource, path, run)

    def _check_resolved(resource: Any, path: Path, run: Run) -> None:
        kind = resource.get("resourceType")
        if not isinstance(kind, str):
            return  # it is no resource, which is said where it stands
        if allowed and kind not in allowed:
            _say(named_of=allowed, rule="reference-target", path=path, run=run, profile=profile)
        elif urls and kind not in names and not any(run.services.conforms(resource, url, run) for url in urls):
            text = f"the resource that it points to does not conform to {' or '.join(urls)}"
            run.report("error", "structure", "reference-target", path, text, profile)

    return check


def _check_aggregation(reference: Any, wanted: tuple[str, ...], path: Path, run: Run, profile: str | None) -> None:
    if not isinstance(reference, str):
        return
    if reference.startswith("#"):
        is_there = "contained"
    else:
        is_there = "bundled" if run.resolve(reference) is not None else "referenced"
    # What is in the bundle is referenced, too.
    if is_there not in wanted and not (is_there == "bundled" and "referenced" in wanted):
        text = f"the resource that it points to must be {' or '.join(wanted)}"
        run.report("error", "structure", "reference-aggregation", path, text, profile)


def _say(*, named_of: frozenset[str], rule: str, path: Path, run: Run, profile: str | None) -> None:
    text = f"it must point to {' or '.join(sorted(named_of))}"
    run.report("error", "structure", rule, path, text, profile)


def plain_reference_first(checks: tuple[Check, ...], targets: tuple[str, ...]) -> Check:
    """Return one check for several that is quick about ``{"reference": "Patient/1"}``: there is nothing to find.

    Args:
        checks: all that is checked in other references.
        targets: names of the resource types that may be meant.
    """
    names = frozenset(one for one in targets if "/" not in one)

    def check(value: Any, path: Path, run: Run) -> None:
        if type(value) is dict and len(value) == 1 and run.bundle is None:
            reference = value.get("reference")
            if type(reference) is str and _plain(reference) and reference.partition("/")[0] in names:
                return
        for one in checks:
            one(value, path, run)

    return check

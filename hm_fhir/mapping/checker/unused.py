"""What a pack has and nothing uses: parts, variables, concept maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.mapping.checker.finding import Finding, Spot
from hm_fhir.mapping.template.tree import Assign, uses, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hm_fhir.mapping.checker.finding import Findings
    from hm_fhir.mapping.fragment import Assignment, Fragment, Refusal, ResourceRule
    from hm_fhir.mapping.pack import CompiledMapping, Pack
    from hm_fhir.mapping.template.template import Template
    from hm_fhir.mapping.template.tree import Node


def check_unused(packs: Sequence[Pack], findings: Findings) -> None:
    """Add a warning for everything that nothing uses, in any of the packs."""
    included: set[str] = set()
    used: set[int] = set()
    assigned: dict[int, Assignment] = {}
    names_of = _Names()
    for pack in packs:
        for mapping in (*pack.mappings, *pack.replaced):
            included |= {one.document.name for one in _rules(mapping)}
            later = _used_in(mapping, names_of)
            for assignment in reversed(mapping.assign):
                assigned[id(assignment)] = assignment
                if assignment.name in later:
                    used.add(id(assignment))
                later |= names_of(assignment.template)
    for key, assignment in assigned.items():
        if key not in used:
            _unused_variable(Spot(assignment.document, assignment.template.path, key=True), assignment.name, findings)
    for pack in packs:
        for fragment in pack.fragments:
            _check_part(fragment, included, findings)
            _check_inner(fragment, findings)
    _check_concept_maps(packs, findings)


class _Names:
    """Which variables a template takes from outside of it, found once."""

    def __init__(self) -> None:
        self._found: dict[int, frozenset[str]] = {}

    def __call__(self, template: Template) -> frozenset[str]:
        found = self._found.get(id(template))
        if found is None:
            names = (use.free_variables for use in template.uses)
            found = self._found[id(template)] = frozenset().union(*names)
        return found


def _rules(mapping: CompiledMapping) -> Iterator[Assignment | Refusal | ResourceRule]:
    yield from mapping.assign
    yield from mapping.refuse
    yield from mapping.resources


def _used_in(mapping: CompiledMapping, names_of: _Names) -> set[str]:
    names = {name for refusal in mapping.refuse for name in refusal.when.variables}
    for rule in mapping.resources:
        for expression in (rule.each, rule.condition, rule.key, rule.as_of):
            names |= expression.variables if expression is not None else set()
        for template in (rule.template, rule.profile):
            names |= names_of(template) if template is not None else set()
    return names


def _names(node: Node) -> Iterator[str]:
    for use in uses(node):
        yield from use.free_variables


def _check_part(fragment: Fragment, included: Iterable[str], findings: Findings) -> None:
    document = fragment.document
    if isinstance(document.value, dict) and "part" in document.value and document.name not in included:
        has_content = fragment.assign or fragment.refuse or fragment.resources
        if has_content:
            findings.warning(
                Spot(document, ("part",)), "unused-part", f"no mapping includes the part {document.value['part']!r}",
                "include it, or remove the file",
            )  # fmt: skip


def _check_inner(fragment: Fragment, findings: Findings) -> None:
    """Add a warning for each variable of ``{% assign %}`` that its object does not use."""
    templates = [one.template for one in fragment.assign] + [one.template for one in fragment.resources]
    templates += [one.profile for one in fragment.resources if one.profile is not None]
    for template in templates:
        for node in walk(template.tree):
            if not isinstance(node, Assign):
                continue
            for number, (name, value) in enumerate(node.names):
                later = [other for _, other in node.names[number + 1 :]]
                if all(name not in set(_names(one)) for one in (*later, node.body)):
                    _unused_variable(Spot(fragment.document, value.path, key=True), name, findings)


def _unused_variable(spot: Spot, name: str, findings: Findings) -> None:
    findings.warning(spot, "unused-variable", f"nothing uses %{name}", "remove it, or use it")


def _check_concept_maps(packs: Sequence[Pack], findings: Findings) -> None:
    named: set[str] = set()
    for pack in packs:
        for fragment in pack.fragments:
            for use in fragment.all_uses():
                for call in use.expression.calls:
                    if call.name != "translate":
                        continue
                    if not isinstance(call.arguments[0], str):
                        return  # any map may be meant
                    named.add(call.arguments[0])
    for pack in packs:
        for path in sorted((pack.folder / "conceptmaps").glob("*.json")):
            if path.stem not in named:
                findings.add(
                    Finding("warning", "unused-concept-map", str(path), f"nothing translates with {path.stem!r}",
                            "remove the file, or use it")
                )  # fmt: skip

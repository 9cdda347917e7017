"""Which profiles a resource can claim, and when: what ``profile`` of a rule gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hm_fhir.fhirpath import tree
from hm_fhir.mapping.checker.finding import Spot
from hm_fhir.mapping.checker.naming import base_name, nearest_url, short
from hm_fhir.mapping.checker.scope import Deferred
from hm_fhir.mapping.checker.values import Presence
from hm_fhir.mapping.checker.world import tree_of
from hm_fhir.mapping.template.tree import Assign, Constant, First, If, Wrong, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_fhir.mapping.checker.expressions import At
    from hm_fhir.mapping.checker.scope import Env, Facts
    from hm_fhir.mapping.checker.templates import TemplateValues
    from hm_fhir.mapping.checker.world import World
    from hm_fhir.mapping.fragment import ResourceRule
    from hm_fhir.mapping.template.tree import Node

UNKNOWN: Final = ""
"""Stands for a url of which nothing is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """One url that `profile` can give.

    Attributes:
        url: canonical URL, `UNKNOWN`, or None for no profile at all.
        facts: what is known where it gives this.
        spot: where it is written.
    """

    url: str | None
    facts: Facts
    spot: Spot


class Claims:
    """Takes what gives the profile of a resource apart.

    Args:
        templates: evaluates templates.
    """

    def __init__(self, templates: TemplateValues) -> None:
        self._templates = templates
        self._expressions = templates.expressions

    def of(self, node: Node, env: Env, facts: Facts) -> Iterator[Claim]:
        """Yield each url that a template can give, with what is known then."""
        match node:
            case Constant(value=written):
                yield Claim(None if written is None else str(written), facts, Spot(env.document, node.path))
            case If():
                then, otherwise = self._templates.branches(node, env, facts)
                if then is not None:
                    yield from self.of(node.then, env, then)
                if otherwise is not None:
                    other = Constant(node.path, None) if node.otherwise is None else node.otherwise
                    yield from self.of(other, env, otherwise)
            case Assign(body=body):
                yield from self.of(body, self._templates.scope_of(node, env), facts)
            case First(expression=expression):
                at = self._expressions.at(expression, node.path, env, facts)
                if self._expressions.static(expression, node.path, env) is None:
                    yield Claim(None, facts, Spot(env.document, node.path))
                else:
                    yield from self._of_path(tree_of(expression.text), at)
            case Wrong():
                yield Claim(None, facts, Spot(env.document, node.path))
            case _:
                value = self._templates.value(node, env, facts)
                spot = Spot(env.document, node.path)
                codes = value.codes()
                for code in sorted(map(str, codes)) if codes is not None else [UNKNOWN]:
                    yield Claim(code, facts, spot)

    def _of_path(self, node: tree.Node, at: At) -> Iterator[Claim]:
        binding = self._expressions.binding(node.name, at.env) if isinstance(node, tree.Variable) else None
        if isinstance(binding, Deferred):
            yield from self.of(binding.node, binding.env, at.facts)
            return
        if isinstance(node, tree.FunctionCall) and node.name == "iif" and node.target is None:
            yield from self._of_choice(node, at)
            return
        value = self._expressions.of(node, at)
        spot = at.spot(tree.start(node))
        codes = value.codes()
        for code in sorted(map(str, codes)) if codes is not None else [UNKNOWN]:
            yield Claim(code, at.facts, spot)
        if value.presence is not Presence.ALWAYS:
            yield Claim(None, at.facts, spot)

    def _of_choice(self, node: tree.FunctionCall, at: At) -> Iterator[Claim]:
        condition, *branches = node.arguments
        self._expressions.of(node, at)  # tells which branches are never reached
        possible = self._expressions.conditions.truth(condition, at)
        for number, holds in enumerate((True, False)):
            if not (True in possible if holds else possible - {True}):
                continue
            facts = at.facts.knowing(self._expressions.conditions.assumed(condition, at, holds=holds))
            if number < len(branches):
                yield from self._of_path(branches[number], replace(at, facts=facts))
            else:
                yield Claim(None, facts, at.spot(node.position))


def check_claim(claim: Claim, rule: ResourceRule, world: World) -> str:
    """Return the type or profile that a resource is checked against; a profile that it cannot have is reported.

    Args:
        claim: one that the rule can make.
        rule: the rule.
        world: the mapping.
    """
    findings, model = world.findings, world.model
    if claim.url is None:
        return rule.type
    if claim.url == UNKNOWN:
        findings.error(
            claim.spot, "unknown-profile", "nobody knows which profile this is before an activity is mapped",
            "choose among urls that are written here: {{ iif(condition, 'https://...', 'https://...') }}",
        )  # fmt: skip
        return rule.type
    definition = model.type(claim.url)
    if definition is None:
        at_hand = world.shared.profiles
        if at_hand is not None and claim.url in at_hand.broken:
            message = f"the profile {short(claim.url)} cannot be used: {at_hand.broken[claim.url]}"
            findings.error(claim.spot, "unknown-profile", message, "mend it in its profile pack")
        elif at_hand is not None:
            profiles = (one for one in model.profiles if model.is_subtype(one, rule.type))
            fix = nearest_url(claim.url, profiles) or "write the url of a profile, or add its StructureDefinition"
            findings.error(
                claim.spot, "unknown-profile", f"no profile pack has the profile {short(claim.url)}",
                fix if fix.startswith("did") else f"{fix} to a profile pack",
            )  # fmt: skip
        return rule.type
    base = base_name(model, definition.name)
    if base != rule.type and not model.is_subtype(rule.type, base):
        near = nearest_url(claim.url, (one for one in model.profiles if model.is_subtype(one, rule.type)))
        message = f"{short(claim.url)} is a profile of {base}, and the resource {rule.name!r} is of type {rule.type}"
        findings.error(claim.spot, "wrong-profile", message, near or f"write the url of a profile of {rule.type}")
        return rule.type
    return definition.name


def written_claims(rule: ResourceRule) -> tuple[str | None, ...]:
    """Return the urls that are written in the profile of a rule; `UNKNOWN` where others may come from elsewhere."""
    if rule.profile is None:
        return (None,)
    found: set[str | None] = set()
    for node in walk(rule.profile.tree):
        match node:
            case Constant(value=value):
                found.add(None if value is None else str(value))
            case First(expression=expression):
                found |= _written(tree_of(expression.text))
            case If(otherwise=None):
                found.add(None)
            case If() | Assign() | Wrong():
                pass
            case _:
                found.add(UNKNOWN)
    return tuple(sorted(found, key=str))


def _written(node: tree.Node) -> set[str | None]:
    match node:
        case tree.Literal(value=str() as url):
            return {url}
        case tree.FunctionCall(name="iif", target=None, arguments=(_, *branches)):
            found = {url for branch in branches for url in _written(branch)}
            return found if len(branches) > 1 else found | {None}
        case _:
            return {UNKNOWN}

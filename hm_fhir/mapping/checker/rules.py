"""Checks one mapping with its parts: variables, refusals, resources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hm_fhir.errors import did_you_mean
from hm_fhir.mapping.checker.causes import MappingCause
from hm_fhir.mapping.checker.claims import Claims, check_claim
from hm_fhir.mapping.checker.conditions import TRUE
from hm_fhir.mapping.checker.finding import Spot
from hm_fhir.mapping.checker.fitting import Fitting
from hm_fhir.mapping.checker.scope import ACTIVITY, NO_FACTS, Bound, Deferred, Facts, of_types
from hm_fhir.mapping.checker.surrogate import surrogate
from hm_fhir.mapping.checker.templates import TemplateValues
from hm_fhir.mapping.checker.values import ANYTHING, Presence, scalar
from hm_fhir.mapping.checker.world import GIVEN, World
from hm_fhir.mapping.resource_types import WITHOUT_IDENTIFIER_LIST

if TYPE_CHECKING:
    from hm_fhir.mapping.checker.objects import Leaf
    from hm_fhir.mapping.checker.scope import Binding, Env
    from hm_fhir.mapping.checker.world import Shared
    from hm_fhir.mapping.fragment import Assignment, Refusal, ResourceRule
    from hm_fhir.mapping.pack import CompiledMapping, Pack

_TEXTS: Final = frozenset({"string", "code", "uri", "id", "date", "dateTime", "instant"})
_TIMES: Final = frozenset({"string", "date", "dateTime", "instant"})
_TYPE: Final = (*ACTIVITY, "type")


class MappingCheck:
    """The check of one mapping.

    Args:
        shared: by all packs.
        pack: the pack of the mapping.
        mapping: with its parts.

    Attributes:
        pack: the pack of the mapping.
        mapping: with its parts.
        types: the activity types that it can be for, as far as its `when` names them; None: all.
        can_match: whether it can be for any activity.
        is_right: whether nothing was found in its `when`.
    """

    def __init__(self, shared: Shared, pack: Pack, mapping: CompiledMapping) -> None:
        self._shared = shared
        self.pack = pack
        self.mapping = mapping
        self._findings = shared.findings
        self._variables: dict[str, Binding] = dict(GIVEN)
        rules = {rule.name: rule for rule in mapping.resources}
        self._world = World(shared, pack.types, pack.concept_maps, rules, self._variables)
        self.types: frozenset[str] | None = None
        self.can_match = True
        self.is_right = True

    def run(self) -> None:
        """Check everything."""
        self._findings.cause = MappingCause(self.pack, self.mapping, self._variables)
        try:
            self._run()
        finally:
            self._findings.cause = None

    def _run(self) -> None:
        self._when()
        if not self.can_match:
            return
        for assignment in self.mapping.assign:
            self._assign(assignment)
        for refusal in self.mapping.refuse:
            self._refuse(refusal)
        for rule in self.mapping.resources:
            if self._world.begin(rule):
                self._rule(rule)
                self._world.end(rule)

    def _when(self) -> None:
        mapping = self.mapping
        templates = TemplateValues(self._world)
        env = self._world.env(mapping.document)
        before = len(self._findings)
        possible = templates.condition(mapping.when, ("when",), env, NO_FACTS)
        self.is_right = len(self._findings) == before
        if True not in possible:
            self.can_match = False
            self._findings.error(
                Spot(mapping.document, ("when",)), "never-matches", "this is never true, for no type of activity",
                "compare what can be equal",
            )  # fmt: skip
            return
        self._world.facts = templates.assumed(mapping.when, ("when",), env, NO_FACTS, holds=True)
        narrow = self._world.facts.get(_TYPE)
        if narrow is not None and narrow.only is not None:
            self.types = frozenset(str(code) for code in narrow.only)
            facts = dict(self._world.facts.items())
            if self.types <= self._shared.types_alike:
                facts[_TYPE] = replace(narrow, only=self._shared.types_alike)
            self._world.facts = Facts(facts).knowing(of_types(self.types))

    def _assign(self, assignment: Assignment) -> None:
        env = self._world.env(assignment.document)
        node = assignment.template.tree
        if self._world.begin(assignment):
            TemplateValues(self._world).value(node, env, NO_FACTS)
            self._world.end(assignment)
        self._variables[assignment.name] = Deferred(node, env, ("%", assignment.name, id(assignment)))
        self._world.define(assignment.name, node, assignment)

    def _refuse(self, refusal: Refusal) -> None:
        templates = TemplateValues(self._world)
        env, path = self._world.env(refusal.document), (*refusal.path, "when")
        if self._world.begin(refusal):
            possible = templates.condition(refusal.when, path, env, NO_FACTS)
            spot = Spot(refusal.document, path)
            if possible == TRUE:
                self._findings.error(
                    spot, "always-refused", f"this is always true: {self.mapping.name} refuses every activity",
                    "correct the condition",
                )  # fmt: skip
            self._shared.branches.note(
                (refusal.document.name, path), spot, reached=True in possible,
                message="this is never true, so nothing is ever refused", fix="correct the condition, or remove it",
            )  # fmt: skip
            self._world.end(refusal)
        more = templates.assumed(refusal.when, path, env, NO_FACTS, holds=False)
        self._world.facts = self._world.facts.knowing(dict(more.items()))

    # --- resources --------------------------------------------------------------------------------------------------

    def _rule(self, rule: ResourceRule) -> None:
        templates = TemplateValues(self._world)
        env, facts = self._world.env(rule.document), NO_FACTS
        if rule.each is not None:
            found = self._each(rule, templates, env)
            if found is None:
                return
            env, facts = found
        if rule.condition is not None:
            path = (*rule.path, "if")
            possible = templates.condition(rule.condition, path, env, facts)
            self._note(rule, "if", reached=True in possible)
            self._shared.branches.side(rule.document, path, on=True in possible, off=possible != TRUE)
            if True not in possible:
                return
            facts = templates.assumed(rule.condition, path, env, facts, holds=True)
        self._key(rule, templates, env, facts)
        self._as_of(rule, templates, env, facts)
        self._receiver_owns(rule)
        self._content(rule, templates, env, facts)

    def _content(self, rule: ResourceRule, templates: TemplateValues, env: Env, facts: Facts) -> None:
        """Check the template against the type, or against each profile that the resource can claim."""
        given: dict[str, Leaf | None] = {"id": None, "meta": None}
        if rule.type not in WITHOUT_IDENTIFIER_LIST:
            given["identifier"] = surrogate(env, facts)
        fitting = Fitting(self._world, templates)
        if rule.profile is None:
            fitting.resource(rule.template.tree, env, facts, rule.type, given)
            return
        for claim in Claims(templates).of(rule.profile.tree, env, facts):
            kind = check_claim(claim, rule, self._world)
            fitting.resource(rule.template.tree, env, claim.facts, kind, given)

    def _each(self, rule: ResourceRule, templates: TemplateValues, env: Env) -> tuple[Env, Facts] | None:
        assert rule.each is not None  # noqa: S101 - for the type checker; the caller asked
        path = (*rule.path, "each")
        value = templates.expressions.value(rule.each, path, env, NO_FACTS)
        there = value.presence
        self._note(rule, "each", reached=there is not Presence.NEVER)
        sides = {"on": there is not Presence.NEVER, "off": there is not Presence.ALWAYS}
        self._shared.branches.side(rule.document, path, **sides)
        if value.presence is Presence.NEVER:
            return None
        if not value.many:
            self._findings.warning(
                Spot(rule.document, path), "each-of-one", "there is never more than one of these",
                "use `if` with .exists(), so that the key needs no index",
            )  # fmt: skip
        item = value.item() if value.shapes else ANYTHING.item()
        inner = env.having(item=Bound(item, ("item", id(rule))), index=Bound(scalar("integer"), ("index", id(rule))))
        return inner, templates.something(rule.each, path, env, NO_FACTS)

    def _note(self, rule: ResourceRule, key: str, *, reached: bool) -> None:
        what = "never true" if key == "if" else "always empty"
        self._shared.branches.note(
            (rule.document.name, rule.path, key),
            Spot(rule.document, (*rule.path, key)),
            reached=reached,
            message=f"this is {what}, so the resource {rule.name!r} is never made",
            fix="correct it, or remove the resource",
        )

    def _key(self, rule: ResourceRule, templates: TemplateValues, env: Env, facts: Facts) -> None:
        if rule.key is None:
            return
        path = (*rule.path, "key")
        value = templates.expressions.value(rule.key, path, env, facts)
        spot = Spot(rule.document, path)
        wrong = sorted({shape.type or "" for shape in value.shapes if shape.type is not None} - _TEXTS)
        if wrong or any(shape.made for shape in value.shapes):
            what = f"a value of type {wrong[0]}" if wrong else "an object"
            self._findings.error(
                spot, "wrong-key", f"a key is a text, this is {what}", "write .toString() at its end"
            )
        elif value.presence is Presence.NEVER:
            self._findings.error(spot, "wrong-key", "the key is always empty", "name what identifies the resource")
        elif value.many and value.plain:
            self._findings.error(
                spot, "wrong-key", "a key is one text, there can be several of these", "say which one, or join them"
            )
        elif value.presence is Presence.MAYBE:
            self._findings.warning(
                spot, "may-be-empty", "the key is empty for some activities, which are refused then",
                "put an `if` before it, or take something that every activity has",
            )  # fmt: skip

    def _as_of(self, rule: ResourceRule, templates: TemplateValues, env: Env, facts: Facts) -> None:
        if rule.as_of is None:
            return
        path = (*rule.path, "as_of")
        value = templates.expressions.value(rule.as_of, path, env, facts)
        spot = Spot(rule.document, path)
        wrong = sorted({shape.type or "" for shape in value.shapes if shape.type is not None} - _TIMES)
        if wrong or any(shape.made for shape in value.shapes):
            what = f"a value of type {wrong[0]}" if wrong else "an object"
            self._findings.error(
                spot, "wrong-as-of", f"as_of is a date or a time, this is {what}", "name when the content holds from"
            )
        elif value.presence is Presence.NEVER:
            self._findings.error(spot, "wrong-as-of", "as_of is always empty", "correct it, or remove it")
        elif value.many and value.plain:
            self._findings.error(
                spot, "wrong-as-of", "as_of is one date or time, there can be several of these", "say which one"
            )

    def _receiver_owns(self, rule: ResourceRule) -> None:
        definition = self._world.model.type(rule.type)
        if definition is None:
            return
        known = [key for element in definition.elements.values() for key in element.json_keys]
        for index, name in enumerate(rule.receiver_owns):
            if name not in known:
                self._findings.error(
                    Spot(rule.document, (*rule.path, "receiver_owns", index)), "unknown-element",
                    f"{rule.type} has no element {name!r}", did_you_mean(name, known),
                )  # fmt: skip

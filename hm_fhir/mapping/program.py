"""One mapping, ready to run: variables, refusals, and one maker for each resource rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hm_fhir.errors import MappingRefused, RecordRejected
from hm_fhir.fhir.json import to_json
from hm_fhir.fhirpath import Scope
from hm_fhir.mapping.cleaning import ABSENT
from hm_fhir.mapping.closures import closure_of
from hm_fhir.mapping.content import ContentMaker
from hm_fhir.mapping.functions import Production
from hm_fhir.mapping.mapped import Mapped, Resource
from hm_fhir.mapping.reuse import Inputs, Kept, encoded, encoded_item, inputs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hm_fhir.activities.identity import Identity
    from hm_fhir.mapping.closures import Around, Run
    from hm_fhir.mapping.fragment import Assignment, ResourceRule
    from hm_fhir.mapping.functions import Knowledge
    from hm_fhir.mapping.pack import CompiledMapping, Pack
    from hm_fhir.mapping.yaml_file import YamlDocument

    Watch = Callable[[YamlDocument], Around]

RESOURCES_KEPT = 1024
"""How many resources of one rule are kept for activities that have the same mediator, municipality or facility."""


class _Planned(NamedTuple):
    maker: _Maker
    id: str
    scope: Scope
    number: int | None


class _Reused(NamedTuple):
    resource: Resource
    outside: tuple[tuple[str, str], ...]


class Program:
    """One mapping of a pack, compiled for an identity.

    Args:
        pack: the pack.
        mapping: the mapping.
        identity: makes ids.
        knowledge: what the functions know of the pack.
        watch: gives for each file what watches its templates; nothing is kept for other activities then.
    """

    def __init__(
        self,
        pack: Pack,
        mapping: CompiledMapping,
        identity: Identity,
        knowledge: Knowledge,
        watch: Watch | None = None,
    ) -> None:
        self.place = f"{pack.name}/{mapping.name}"
        self._pack = pack
        self.mapping = mapping
        self._identity = identity
        self._knowledge = knowledge
        self._assign = [(one, _assigning(one, watch)) for one in mapping.assign]
        self._refuse = [(refusal.when.true, refusal) for refusal in mapping.refuse]
        self._makers = [
            _Maker(rule, identity, watch, None if watch else inputs_of(rule, mapping.assign))
            for rule in mapping.resources
        ]

    def run(self, root: dict[str, Any], variables: dict[str, Any]) -> Mapped:
        """Return what an activity becomes.

        Args:
            root: the activity.
            variables: those that every mapping has; the mapping's own are added.

        Raises:
            MappingRefused: the mapping says that it must not be sent as it is.
            RecordRejected: an expression fails on it.
        """
        production = Production(self._identity, self._knowledge)
        scope = Scope(root, variables, production)
        where = ""
        try:
            for assignment, run in self._assign:
                where = f"%{assignment.name}"
                value = run(scope)
                variables[assignment.name] = None if value is ABSENT else value
            where = ""
            for true, refusal in self._refuse:
                if true(scope):
                    raise MappingRefused(refusal.say, code=refusal.code)
            planned: list[_Planned] = []
            for maker in self._makers:
                where = maker.rule.name
                planned += maker.plan(scope)
            production.expect((plan.maker.rule.name, plan.maker.rule.type, plan.id) for plan in planned)
            sensitivity = tuple(root.get("sensitivity") or ())
            made: dict[tuple[str, str], Resource] = {}
            for plan in planned:
                where = plan.maker.rule.name
                resource = plan.maker.make(plan, production, sensitivity)
                first = made.setdefault((resource.type, resource.id), resource)
                if first is not resource and first.content != resource.content:
                    where = ""
                    raise RecordRejected(
                        f"the resources {first.name!r} and {resource.name!r} have one identity and different content",
                        code="same-identity",
                        fix="give them different keys",
                    )
        except RecordRejected as error:
            error.place = ": ".join(part for part in (self.place, where, error.place) if part)
            raise
        return Mapped(
            mapping=self.mapping.name,
            version=self.mapping.version,
            pack=self._pack.label,
            resources=tuple(made.values()),
            outside=tuple(production.outside),
            outside_names=tuple(production.outside.values()),
        )


def _assigning(assignment: Assignment, watch: Watch | None) -> Run:
    template = assignment.template
    if watch is None:
        return template.render_in
    return closure_of(template.tree, around=watch(assignment.document))


class _Maker:
    def __init__(self, rule: ResourceRule, identity: Identity, watch: Watch | None, inputs: Inputs | None) -> None:
        self.rule = rule
        self._identity = identity
        self._content = ContentMaker(rule, identity.system, watch(rule.document) if watch else None)
        self._inputs = inputs
        self._kept: Kept[_Reused] = Kept(RESOURCES_KEPT)
        self._condition = rule.condition.true if rule.condition else None
        self._own_key = f"/{rule.name}"

    def plan(self, scope: Scope) -> Iterable[_Planned]:
        """Return what is to be made, without its content: references need to know of all."""
        if self.rule.each is not None:
            return list(self._plan_each(scope, self.rule.each.values(scope)))
        if self._condition is not None and not self._condition(scope):
            return ()
        key = self._given_key(scope) if self.rule.key else scope.root["key"] + self._own_key  # type: ignore[index]
        return (_Planned(self, self._identity.resource_id(self.rule.type, key), scope, None),)

    def _plan_each(self, scope: Scope, items: list[Any]) -> Iterator[_Planned]:
        for index, item in enumerate(items):
            inner = scope.child({"item": item, "index": index})
            if self._condition is not None and not self._condition(inner):
                continue
            if self.rule.key:
                key = self._given_key(inner)
            else:
                own = item.get("key") if isinstance(item, dict) else None
                key = f"{scope.root['key']}{self._own_key}/{own or index}"  # type: ignore[index]
            yield _Planned(self, self._identity.resource_id(self.rule.type, key), inner, index)

    def _given_key(self, scope: Scope) -> str:
        assert self.rule.key  # noqa: S101 - for the type checker; the callers asked
        values = self.rule.key.values(scope)
        if not values or values == [""]:
            raise MappingRefused(
                f"the key of the resource {self.rule.name!r} is empty",
                code="no-key",
                fix="the activity lacks what identifies it",
            )
        if len(values) > 1 or not isinstance(values[0], str):
            raise RecordRejected(f"the key of the resource {self.rule.name!r} is not one text", code="key-not-text")
        return values[0]

    def make(self, plan: _Planned, production: Production, sensitivity: tuple[str, ...]) -> Resource:
        """Return the resource with its content."""
        if self._inputs is None:
            return self._made(plan, self._content.content(plan.id, plan.scope, sensitivity))
        key = self._reuse_key(self._inputs, plan, production)
        reused = self._kept.get(key)
        if reused is None:
            production.note_outside()
            content = self._content.content(plan.id, plan.scope, sensitivity)
            reused = _Reused(self._made(plan, content, to_json(content)), production.noted_outside())
            self._kept.put(key, reused)
        else:
            for one, name in reused.outside:
                production.refer(one, name)
        return reused.resource

    def _made(self, plan: _Planned, content: dict[str, Any], text: bytes | None = None) -> Resource:
        rule = self.rule
        return Resource(rule.name, rule.type, plan.id, content, rule.shared, rule.receiver_owns, plan.number, text)

    def _reuse_key(self, inputs: Inputs, plan: _Planned, production: Production) -> object:
        root, texts = plan.scope.root, production.texts
        key: list[object] = [plan.id, plan.number]
        for path in inputs.paths:
            text = texts.get(path)
            if text is None:
                text = texts[path] = encoded(root, path)  # type: ignore[arg-type]
            key.append(text)
        key += (tuple(production.produced.get(name, ())) for name in inputs.names)
        if inputs.item:
            key.append(encoded_item(plan.scope.variables["item"]))
        return tuple(key)

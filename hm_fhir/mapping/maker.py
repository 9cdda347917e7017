"""One resource rule, ready to run: what is to be made, and the resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hm_fhir.errors import MappingRefused, RecordRejected
from hm_fhir.fhir.json import to_json
from hm_fhir.fhir.moments import moment_text
from hm_fhir.mapping.content import ContentMaker
from hm_fhir.mapping.mapped import Resource
from hm_fhir.mapping.reuse import encoded, encoded_item

if TYPE_CHECKING:
    from hm_fhir.activities.identity import Identity
    from hm_fhir.fhirpath import Expression, Scope
    from hm_fhir.mapping.fragment import ResourceRule
    from hm_fhir.mapping.functions import Production
    from hm_fhir.mapping.reuse import Inputs, Kept
    from hm_fhir.mapping.template.closures import Around, Closure

# Its maker, its id, where it is rendered, the number of its item. A tuple, since there is one for each resource of
# each activity.
Planned = tuple["ResourceMaker", str, "Scope", int | None]


class Unclear(TypeError):
    """Something is not right; the careful closures say what."""


class Reused(NamedTuple):
    """A resource that is kept for other activities, and the keys that it references with their resource names."""

    resource: Resource
    outside: tuple[tuple[str, str], ...]


def condition_of(expression: Expression, *, careful: bool) -> Closure:
    """Return a closure that gives true, false or None; anything else is `Unclear`.

    Args:
        expression: the condition.
        careful: it raises nothing but RecordRejected.
    """
    if careful or expression.result.many:
        true = expression.true
        return lambda _, scope: true(scope)
    return expression.one


class ResourceMaker:
    """Makes the resources of one rule.

    Args:
        rule: the rule.
        identity: makes the ids.
        inputs: all that the resources depend on, when they can be used for other activities; None: they cannot.
        kept: where those are kept, together with those of other rules.
        careful: nothing but RecordRejected is raised; otherwise also `closures.FAILURES`, and faster.
        around: watches the template.
    """

    def __init__(
        self,
        rule: ResourceRule,
        identity: Identity,
        inputs: Inputs | None,
        kept: Kept[Reused],
        *,
        careful: bool,
        around: Around | None = None,
    ) -> None:
        self.name = rule.name
        self.type = rule.type
        self.rule = rule
        self._id = identity.resource_id
        self._content = ContentMaker(rule, identity.system, around).content
        self._inputs = inputs
        self._kept = kept
        self._condition = condition_of(rule.condition, careful=careful) if rule.condition else None
        self._key = None if careful or rule.key is None or rule.key.result.many else rule.key.one
        self._own_key = f"/{rule.name}"

    def plan(self, root: dict[str, Any], scope: Scope, planned: list[Planned]) -> None:
        """Add what is to be made, without its content: references need to know of all."""
        rule = self.rule
        if rule.each is not None:
            self._plan_each(root, scope, rule.each.values(scope), planned)
            return
        if self._condition is not None and not self._holds(self._condition(root, scope)):
            return
        key = root["key"] + self._own_key if rule.key is None else self._given_key(root, scope)
        planned.append((self, self._id(self.type, key), scope, None))

    def _plan_each(self, root: dict[str, Any], scope: Scope, items: list[Any], planned: list[Planned]) -> None:
        for number, item in enumerate(items):
            inner = scope.child({"item": item, "index": number})
            if self._condition is not None and not self._holds(self._condition(root, inner)):
                continue
            if self.rule.key is not None:
                key = self._given_key(root, inner)
            else:
                own = item.get("key") if isinstance(item, dict) else None
                key = f"{root['key']}{self._own_key}/{own or number}"
            planned.append((self, self._id(self.type, key), inner, number))

    def _holds(self, value: Any) -> bool:
        if value is True:
            return True
        if value is None or value is False:
            return False
        raise Unclear

    def _given_key(self, root: dict[str, Any], scope: Scope) -> str:
        if self._key is not None:
            key = self._key(root, scope)
            if key.__class__ is str and key:
                return key
        assert self.rule.key  # noqa: S101 - for the type checker; the callers asked
        values = self.rule.key.values(scope)
        if not values or values == [""]:
            raise MappingRefused(
                f"the key of the resource {self.name!r} is empty",
                code="no-key",
                fix="the activity lacks what identifies it",
            )
        if len(values) > 1 or not isinstance(values[0], str):
            raise RecordRejected(f"the key of the resource {self.name!r} is not one text", code="key-not-text")
        return values[0]

    def make(
        self,
        resource_id: str,
        scope: Scope,
        number: int | None,
        production: Production,
        sensitivity: tuple[str, ...],
    ) -> Resource:
        """Return the resource with its content."""
        if self._inputs is None:
            content = self._content(resource_id, scope, sensitivity)
            as_of = self._as_of(scope)
            return self._resource(resource_id, content, number, as_of)
        key = self._reuse_key(self._inputs, resource_id, scope, number, production)
        reused = self._kept.get(key)
        if reused is None:
            production.note_outside()
            content = self._content(resource_id, scope, sensitivity)
            text, as_of = to_json(content), self._as_of(scope)
            resource = self._resource(resource_id, content, number, as_of, text)
            reused = Reused(resource, production.noted_outside())
            self._kept.put(key, reused)
        else:
            for one, name in reused.outside:
                production.refer(one, name)
        return reused.resource

    def _resource(
        self,
        resource_id: str,
        content: dict[str, Any],
        number: int | None,
        as_of: str | None,
        text: bytes | None = None,
    ) -> Resource:
        rule = self.rule
        owns, withdrawable = rule.receiver_owns, rule.withdrawable
        return Resource(
            rule.name, rule.type, resource_id, content, rule.shared, owns, number, as_of, withdrawable, text
        )

    def _as_of(self, scope: Scope) -> str | None:
        if self.rule.as_of is None:
            return None
        values = self.rule.as_of.values(scope)
        if not values:
            return None
        text = moment_text(values[0]) if len(values) == 1 and isinstance(values[0], str) else None
        if text is None:
            raise RecordRejected(
                f"as_of of the resource {self.name!r} is not one date or time",
                code="as-of-not-time",
                fix="name a date, or a date and time, of the activity",
            )
        return text

    def _reuse_key(
        self, inputs: Inputs, resource_id: str, scope: Scope, number: int | None, production: Production
    ) -> object:
        root, texts = scope.root, production.texts
        key: list[object] = [self, resource_id, number]
        for path in inputs.paths:
            text = texts.get(path)
            if text is None:
                text = texts[path] = encoded(root, path)  # type: ignore[arg-type]
            key.append(text)
        key += (tuple(production.produced.get(name, ())) for name in inputs.names)
        if inputs.item:
            key.append(encoded_item(scope.variables["item"]))
        return tuple(key)

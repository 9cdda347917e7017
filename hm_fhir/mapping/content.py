"""The content of a resource: what the engine puts into it, and what the template gives."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import RecordRejected
from hm_fhir.mapping.resource_types import WITHOUT_IDENTIFIER_LIST
from hm_fhir.mapping.template.cleaning import ABSENT, SCALARS, NullMet, clean_without_nulls, without_nulls
from hm_fhir.mapping.template.closures import CONSTANT, ERRORS, RAW, Compiler
from hm_fhir.mapping.template.tree import Assign, Constant, ObjectNode, can_be_null

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hm_fhir.fhirpath import Scope
    from hm_fhir.mapping.fragment import ResourceRule
    from hm_fhir.mapping.template.closures import Around, Closure, Members
    from hm_fhir.mapping.template.tree import Node

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_SENSITIVITIES_KEPT = 256
_DOUBTS = (NullMet, *ERRORS)


class ContentMaker:
    """Makes the contents of the resources of one rule.

    Most templates are an object whose keys go straight into the resource. One that lays objects over it, or has a
    `meta` of its own, is rendered whole first; so is, with its nulls, one that writes nulls, and any other when a
    record brings a null.

    Args:
        rule: the rule.
        system: of the surrogate identifiers.
        around: watches the rendering, see `closures.Around`.
    """

    def __init__(self, rule: ResourceRule, system: str, around: Around | None = None) -> None:
        self._type = rule.type
        self._template = rule.template
        self._profiles: tuple[str, ...] = ()
        self._profile = rule.profile
        self._profile_run: Closure | None = None
        if rule.profile is not None and isinstance(rule.profile.tree, Constant):
            self._profiles, self._profile = (str(rule.profile.tree.value),), None
        elif rule.profile is not None:
            fast = around is None and not can_be_null(rule.profile.tree)
            self._profile_run = rule.profile.closure(around=around, fast=fast)
        self._labelled = not rule.shared
        self._system = system
        self._has_surrogate = rule.type not in WITHOUT_IDENTIFIER_LIST
        self._faithful: Closure | None = rule.template.closure(around=around) if around else None
        self._whole: Closure | None = None
        self._scoped: Callable[[Scope], Scope] | None = None
        self._members: Members | None = None
        if around is None and not can_be_null(rule.template.tree):
            self._compile(rule.template.tree)

    def _compile(self, tree: Node) -> None:
        compiler = Compiler(fast=True)
        node = tree.body if isinstance(tree, Assign) else tree
        if isinstance(node, ObjectNode) and not node.overlays and all(key != "meta" for key, _ in node.members):
            self._members = compiler.members_of(node)
            self._scoped = compiler.scope_of(tree) if isinstance(tree, Assign) else None
        else:
            self._whole = compiler.run_of(tree)

    def content(self, resource_id: str, scope: Scope, sensitivity: tuple[str, ...]) -> dict[str, Any]:
        """Return a new content.

        Args:
            resource_id: its id, and the value of its surrogate identifier.
            scope: the activity, and the variables of the mapping.
            sensitivity: codes of ActCode; a resource that is not shared gets them as labels.

        Raises:
            RecordRejected: an expression fails on this activity.
        """
        labels = sensitivity if self._labelled else ()
        try:
            if self._members is not None:
                return self._direct(self._members, resource_id, scope, labels)
            if self._whole is not None:
                profiles = self._profiles_of(scope)
                return self._around(self._whole(scope.root, scope) or {}, resource_id, profiles, labels)
        except _DOUBTS:
            pass  # the faithful closures take the nulls of the record, or fail as well, and then the place is found
        return self._around(self._rendered(scope), resource_id, self._profiles_of(scope, careful=True), labels)

    def _profiles_of(self, scope: Scope, *, careful: bool = False) -> tuple[str, ...]:
        if self._profile is None or self._profile_run is None:
            return self._profiles
        try:
            value = self._profile_run(scope.root, scope)
        except _DOUBTS:
            if not careful:
                raise
            value = self._profile.render_in(scope)
        if value is None or value is ABSENT:
            return ()
        if not isinstance(value, str) or not value:
            raise RecordRejected(
                "profile is not one text",
                code="profile-not-text",
                fix="let `profile` give one of the urls that are written in it",
            )
        return (value,)

    def _direct(self, members: Members, resource_id: str, scope: Scope, labels: tuple[str, ...]) -> dict[str, Any]:
        content: dict[str, Any] = {"resourceType": self._type, "id": resource_id}
        profiles = self._profiles if self._profile is None else self._profiles_of(scope)
        if labels or profiles:
            content["meta"] = _meta(profiles, labels)
        surrogate: list[Any] | None = None
        if self._has_surrogate:
            content["identifier"] = surrogate = [{"system": self._system, "value": resource_id}]
        inner = self._scoped(scope) if self._scoped else scope
        this = inner.root
        for key, member, kind in members:
            if kind == CONSTANT:
                content[key] = member
                continue
            value = member(this, inner)
            if value is None:
                continue
            if kind == RAW and value.__class__ not in SCALARS:
                value = clean_without_nulls(value)
                if value is None:
                    continue
            content[key] = value
        if surrogate is not None and (given := content["identifier"]) is not surrogate:
            content["identifier"] = _joined(surrogate, given)
        return content

    def _rendered(self, scope: Scope) -> dict[str, Any]:
        if self._faithful is None:
            self._faithful = self._template.closure()
        try:
            value = self._faithful(scope.root, scope)
        except ERRORS:
            failed = True
        else:
            failed = False
        if failed:
            raise self._template.rejection(scope)
        return without_nulls(None if value is ABSENT else value) or {}

    def _around(
        self, body: dict[str, Any], resource_id: str, profiles: tuple[str, ...], labels: tuple[str, ...]
    ) -> dict[str, Any]:
        content: dict[str, Any] = {"resourceType": self._type, "id": resource_id}
        meta = _meta(profiles, labels) if labels or profiles else {}
        if "meta" in body:
            meta = _merged(meta, body["meta"])
        if meta:
            content["meta"] = meta
        surrogate: list[Any] = []
        if self._has_surrogate:
            content["identifier"] = surrogate = [{"system": self._system, "value": resource_id}]
        content.update(body)
        if "meta" in body:
            content["meta"] = meta
        if self._has_surrogate and "identifier" in body:
            content["identifier"] = _joined(surrogate, body["identifier"])
        return content


def _joined(surrogate: list[Any], given: Any) -> list[Any]:
    return [*surrogate, *given] if given.__class__ is list else [*surrogate, given]


@lru_cache(maxsize=_SENSITIVITIES_KEPT)
def _meta(profiles: tuple[str, ...], sensitivity: tuple[str, ...]) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if profiles:
        meta["profile"] = list(profiles)
    if sensitivity:
        labels = [{"system": ACT_CODE, "code": code} for code in sorted(set(sensitivity))]
        meta["security"] = [{"system": CONFIDENTIALITY, "code": "R"}, *labels]
    return meta


def _merged(meta: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = {}
    for name in ("profile", "security"):
        own = meta.get(name, [])
        if both := [*own, *(item for item in given.get(name, ()) if item not in own)]:
            merged[name] = both
    return {**merged, **{name: value for name, value in given.items() if name not in ("profile", "security")}}

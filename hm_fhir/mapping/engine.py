"""Activity -> resources. No clock, no random, no database: the same activity and packs give the same bytes."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import MappingRefused, RecordRejected
from hm_fhir.mapping.functions import Production
from hm_fhir.mapping.loader import check_code_systems
from hm_fhir.mapping.resource_types import WITHOUT_IDENTIFIER_LIST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hm_fhir.activities.identity import Identity
    from hm_fhir.mapping.conceptmap import CodeSystem
    from hm_fhir.mapping.fragment import ResourceRule
    from hm_fhir.mapping.pack import CompiledMapping, Pack

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@dataclass(frozen=True, slots=True)
class Resource:
    """One FHIR resource that a mapping produced.

    Attributes:
        name: of its rule in the mapping.
        type: FHIR resource type.
        id: deterministic, see :mod:`hm_fhir.activities.identity`.
        content: the resource as plain JSON data.
        shared: about a person, mediator or place that other activities carry, too.
        receiver_owns: elements that the receiver may change after creation.
        index: place of the item that it was made for, with ``each``; else None.
    """

    name: str
    type: str
    id: str
    content: dict[str, Any] = field(repr=False)
    shared: bool = False
    receiver_owns: tuple[str, ...] = ()
    index: int | None = None

    @property
    def key(self) -> str:
        """``Type/id``."""
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one activity became.

    Attributes:
        mapping: name of the mapping.
        version: of the mapping.
        pack: ``name@version``.
        resources: in the order of the mapping; no key twice.
        outside: keys ``Type/id`` that are referenced but not contained, in order of first use.
        outside_names: the resource name of each of `outside`.
    """

    mapping: str
    version: str
    pack: str
    resources: tuple[Resource, ...]
    outside: tuple[str, ...] = ()
    outside_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Planned:
    rule: ResourceRule
    id: str
    surrogate: dict[str, str]
    variables: Mapping[str, Any]

    @property
    def key(self) -> str:
        return f"{self.rule.type}/{self.id}"


class Mapper:
    """Maps activities with the packs in force.

    Args:
        packs: loaded packs; at most one mapping of all should match an activity.
        identity: makes ids and surrogate identifiers.
        code_systems: the code systems that ``coding()`` knows, by name.
        systems: URI of the identifier systems of this deployment by kind (``egn``, ``nrn`` ...), since not every
            register publishes one; in mappings ``%systems`` is the list of ``{"kind", "uri"}``.

    Raises:
        MappingErrors: a ``coding()`` names a code system or code that does not exist.
    """

    def __init__(
        self,
        packs: Sequence[Pack],
        identity: Identity,
        code_systems: Mapping[str, CodeSystem],
        systems: Mapping[str, str] | None = None,
    ) -> None:
        self._packs = tuple(packs)
        self._in_force = [(pack, mapping) for pack in self._packs for mapping in pack.mappings]
        self.identity = identity
        self._code_systems = {**code_systems, **{system.url: system for system in code_systems.values()}}
        self._systems = [{"kind": kind, "uri": uri} for kind, uri in sorted((systems or {}).items())]
        for pack in self._packs:
            check_code_systems(pack, self._code_systems)
        self._fingerprint = self._digest()

    @property
    def packs(self) -> tuple[Pack, ...]:
        """The packs in force."""
        return self._packs

    @property
    def fingerprint(self) -> str:
        """SHA-256 hex of everything beside the activity that decides what it becomes: packs, codes, systems."""
        return self._fingerprint

    def map(self, activity: Mapping[str, Any], *, cases_of: Pack | None = None) -> Mapped | None:
        """Return what an activity becomes, or None if no mapping is for it.

        Args:
            activity: plain JSON data with ``key`` and ``sensitivity``, as ``Activity.for_mapping()`` gives it.
            cases_of: a pack whose own mappings count here, although other packs replace them.

        Raises:
            MappingRefused: the mapping says that it must not be sent as it is; `code` is the mapping's.
            RecordRejected: an expression fails on it, a code is unknown or has no translation, or two mappings match.
        """
        root = dict(activity)
        variables: dict[str, Any] = {"activity": root, "context": root, "systems": self._systems}
        found = self._find(root, variables, cases_of)
        if found is None:
            return None
        pack, mapping = found
        with _placed(f"{pack.name}/{mapping.name}"):
            return self._map(root, variables, pack, mapping)

    def _find(
        self, root: dict[str, Any], variables: Mapping[str, Any], cases_of: Pack | None
    ) -> tuple[Pack, CompiledMapping] | None:
        found = [
            (pack, mapping) for pack, mapping in self._candidates(cases_of) if mapping.when.holds(root, variables)
        ]
        if len(found) > 1:
            names = " and ".join(f"{pack.name}/{mapping.name}" for pack, mapping in found)
            raise RecordRejected(
                f"several mappings are for this activity: {names}",
                code="two-mappings",
                fix="make their `when` exclude each other",
            )
        return found[0] if found else None

    def _candidates(self, cases_of: Pack | None) -> list[tuple[Pack, CompiledMapping]]:
        if cases_of is None or not cases_of.replaced:
            return self._in_force
        every = [*self._in_force, *((pack, mapping) for pack in self._packs for mapping in pack.replaced)]
        restored = [(cases_of, mapping) for mapping in cases_of.replaced]
        aside: set[str] = set()
        replaced = {f"{cases_of.name}/{mapping.name}" for mapping in cases_of.replaced}
        while replaced:  # what replaces a mapping may be replaced itself
            replaced = {f"{pack.name}/{mapping.name}" for pack, mapping in every if mapping.replaces in replaced}
            aside |= replaced
        others = [(pack, one) for pack, one in self._in_force if f"{pack.name}/{one.name}" not in aside]
        return [*restored, *others]

    def _map(self, root: dict[str, Any], variables: dict[str, Any], pack: Pack, mapping: CompiledMapping) -> Mapped:
        production = Production(self.identity, pack.types, pack.concept_maps, self._code_systems)
        for assignment in mapping.assign:
            with _placed(f"%{assignment.name}"):
                variables[assignment.name] = assignment.template.render(root, variables, production)
        for refusal in mapping.refuse:
            if refusal.when.holds(root, variables, production):
                raise MappingRefused(refusal.say, code=refusal.code)
        planned = [plan for rule in mapping.resources for plan in self._plan(rule, root, variables, production)]
        for plan in planned:
            production.produced.setdefault(plan.rule.name, []).append(plan.key)
        made: dict[str, Resource] = {}
        for plan in planned:
            resource = self._make(plan, root, production)
            first = made.setdefault(resource.key, resource)
            if first.content != resource.content:
                raise RecordRejected(
                    f"the resources {first.name!r} and {resource.name!r} have one identity and different content",
                    code="same-identity",
                    fix="give them different keys",
                )
        return Mapped(
            mapping=mapping.name,
            version=mapping.version,
            pack=pack.label,
            resources=tuple(made.values()),
            outside=tuple(production.outside),
            outside_names=tuple(production.outside.values()),
        )

    def _plan(
        self, rule: ResourceRule, root: dict[str, Any], variables: dict[str, Any], production: Production
    ) -> list[_Planned]:
        with _placed(rule.name):
            if rule.each is None:
                scopes = [variables]
            else:
                items = rule.each.evaluate(root, variables, production)
                scopes = [{**variables, "item": item, "index": index} for index, item in enumerate(items)]
            kept = [
                scope for scope in scopes if rule.condition is None or rule.condition.holds(root, scope, production)
            ]
            return [self._planned(rule, root, scope, production) for scope in kept]

    def _planned(
        self, rule: ResourceRule, root: dict[str, Any], scope: Mapping[str, Any], production: Production
    ) -> _Planned:
        key = _business_key(rule, root, scope, production)
        surrogate = self.identity.surrogate(rule.type, key)
        return _Planned(rule, self.identity.resource_id(rule.type, key), surrogate, scope)

    def _make(self, plan: _Planned, root: dict[str, Any], production: Production) -> Resource:
        rule = plan.rule
        with _placed(rule.name):
            rendered = rule.template.render(root, plan.variables, production)
        body = without_nulls(rendered) or {}
        content: dict[str, Any] = {"resourceType": rule.type, "id": plan.id}
        meta = _meta(rule, body.pop("meta", {}), () if rule.shared else root.get("sensitivity") or ())
        if meta:
            content["meta"] = meta
        if rule.type not in WITHOUT_IDENTIFIER_LIST:
            given = body.pop("identifier", [])
            content["identifier"] = [plan.surrogate, *(given if isinstance(given, list) else [given])]
        content.update(body)
        index = plan.variables["index"] if rule.each else None
        return Resource(rule.name, rule.type, plan.id, content, rule.shared, rule.receiver_owns, index)

    def _digest(self) -> str:
        digest = hashlib.sha256()
        systems = {
            name: {code: concept.display for code, concept in system.concepts.items()}
            for name, system in self._code_systems.items()
        }
        parts = (
            *(f"{pack.label} {pack.digest}" for pack in self._packs),
            json.dumps(systems, sort_keys=True),
            json.dumps(self._systems),
        )
        for part in parts:
            digest.update(hashlib.sha256(part.encode()).digest())
        return digest.hexdigest()


@contextmanager
def _placed(where: str) -> Iterator[None]:
    """Put `where` before the place of what is rejected inside."""
    try:
        yield
    except RecordRejected as error:
        error.place = f"{where}: {error.place}" if error.place else where
        raise


def _business_key(
    rule: ResourceRule, root: dict[str, Any], variables: Mapping[str, Any], production: Production
) -> str:
    if rule.key is not None:
        values = rule.key.evaluate(root, variables, production)
        if not values or values == [""]:
            raise MappingRefused(
                f"the key of the resource {rule.name!r} is empty",
                code="no-key",
                fix="the activity lacks what identifies it",
            )
        if len(values) > 1 or not isinstance(values[0], str):
            raise RecordRejected(f"the key of the resource {rule.name!r} is not one text", code="key-not-text")
        return values[0]
    key = f"{root['key']}/{rule.name}"
    if rule.each is None:
        return key
    item = variables["item"]
    own = item.get("key") if isinstance(item, dict) else None
    return f"{key}/{own or variables['index']}"


def _meta(rule: ResourceRule, given: Mapping[str, Any], sensitivity: Sequence[str]) -> dict[str, Any]:
    profiles = [rule.profile] if rule.profile else []
    labels: list[dict[str, Any]] = []
    if sensitivity:
        labels.append({"system": CONFIDENTIALITY, "code": "R"})
        labels += ({"system": ACT_CODE, "code": code} for code in sorted(set(sensitivity)))
    profiles += [profile for profile in given.get("profile", ()) if profile not in profiles]
    labels += [label for label in given.get("security", ()) if label not in labels]
    added = {"profile": profiles, "security": labels}
    return {**{name: value for name, value in added.items() if value}, **_others(given, added)}


def _others(given: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in added}


def without_nulls(value: Any) -> Any:
    """Return data without the nulls that FHIR forbids, or None if nothing is left.

    Null may only stand in the array of a primitive, to keep its places beside the array of extensions
    (https://hl7.org/fhir/R4/json.html#primitive); an array of nulls alone says nothing.
    """
    if isinstance(value, dict):
        members = {key: kept for key, item in value.items() if (kept := without_nulls(item)) is not None}
        return members or None
    if isinstance(value, list):
        items = [without_nulls(item) for item in value]
        return items if any(item is not None for item in items) else None
    return value

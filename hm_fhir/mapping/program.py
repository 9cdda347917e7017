"""One mapping, ready to run: variables, refusals, and one maker for each resource rule."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import MappingRefused, RecordRejected
from hm_fhir.fhirpath import FAILURES, Scope
from hm_fhir.mapping.fragment import Refusal
from hm_fhir.mapping.functions import Production
from hm_fhir.mapping.maker import ResourceMaker, Unclear, condition_of
from hm_fhir.mapping.mapped import Mapped
from hm_fhir.mapping.reuse import inputs_of
from hm_fhir.mapping.template.cleaning import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.activities.identity import Identity
    from hm_fhir.fhirpath import Expression
    from hm_fhir.mapping.files.yaml_file import YamlDocument
    from hm_fhir.mapping.fragment import Assignment, ResourceRule
    from hm_fhir.mapping.functions import Knowledge
    from hm_fhir.mapping.maker import Planned, Reused
    from hm_fhir.mapping.mapped import Resource
    from hm_fhir.mapping.pack import CompiledMapping, Pack
    from hm_fhir.mapping.reuse import Kept
    from hm_fhir.mapping.template.closures import Around, Closure, Run

    Watch = Callable[[YamlDocument], Around]


class Program:
    """One mapping of a pack, compiled for an identity.

    Args:
        pack: the pack.
        mapping: the mapping.
        identity: makes ids.
        knowledge: what the functions know of the pack.
        kept: resources that other activities may use, of all mappings.
        watch: gives for each file what watches its templates; nothing is kept for other activities then.
        careful: see `run`.
    """

    def __init__(
        self,
        pack: Pack,
        mapping: CompiledMapping,
        identity: Identity,
        knowledge: Knowledge,
        kept: Kept[Reused],
        watch: Watch | None = None,
        *,
        careful: bool = False,
    ) -> None:
        self.place = f"{pack.name}/{mapping.name}"
        self.mapping = mapping
        self._label = pack.label
        self._identity = identity
        self._knowledge = knowledge
        self._kept = kept
        self._watch = watch
        self._careful = careful = careful or watch is not None
        self._in_doubt = (
            None if careful else cache(lambda: Program(pack, mapping, identity, knowledge, kept, careful=True))
        )

    @cached_property
    def _assign(self) -> list[tuple[Assignment, Run]]:
        return [(one, _assigning(one, self._watch)) for one in self.mapping.assign]

    @cached_property
    def _refuse(self) -> list[tuple[Closure, Refusal]]:
        return [(condition_of(one.when, careful=self._careful), one) for one in self.mapping.refuse]

    @cached_property
    def _makers(self) -> list[ResourceMaker]:
        return [
            ResourceMaker(
                rule,
                self._identity,
                None if self._careful else inputs_of(rule, self.mapping.assign),
                self._kept,
                careful=self._careful,
                around=self._watch(rule.document) if self._watch else None,
            )
            for rule in self.mapping.resources
        ]

    def prepare(self) -> None:
        """Make all closures; otherwise the first activity does."""
        self._assign, self._refuse, self._makers  # noqa: B018  (made when first used)

    def run(self, root: dict[str, Any], given: dict[str, Any]) -> Mapped:
        """Return what an activity becomes.

        The conditions of records that are fine need no guard. When something fails, a careful program runs again
        and says what; what was raised before is not looked at, for it can hold data of the record.

        Args:
            root: the activity.
            given: the variables that every mapping has.

        Raises:
            MappingRefused: the mapping says that it must not be sent as it is.
            RecordRejected: an expression fails on it.
        """
        try:
            return self._run(root, dict(given))
        except FAILURES:
            if self._in_doubt is None:
                raise
        return self._in_doubt().run(root, given)

    def _run(self, root: dict[str, Any], variables: dict[str, Any]) -> Mapped:
        production = Production(self._identity, self._knowledge)
        scope = Scope(root, variables, production)
        where = ""
        document = self.mapping.document
        rule: ResourceRule | Refusal | None = None
        try:
            for assignment, run in self._assign:
                where, document = f"%{assignment.name}", assignment.document
                value = run(scope)
                variables[assignment.name] = None if value is ABSENT else value
            where = ""
            for when, refusal in self._refuse:
                document, rule = refusal.document, refusal
                holds = when(root, scope)
                if holds is True:
                    raise MappingRefused(refusal.say, code=refusal.code)
                if holds is not None and holds is not False:
                    raise Unclear
            planned: list[Planned] = []
            for maker in self._makers:
                where, document, rule = maker.name, maker.rule.document, maker.rule
                maker.plan(root, scope, planned)
            for maker, resource_id, _, _ in planned:
                key = f"{maker.type}/{resource_id}"
                production.contained.add(key)
                production.produced.setdefault(maker.name, []).append(key)
            sensitivity = tuple(root.get("sensitivity") or ())
            made: dict[tuple[str, str], Resource] = {}
            for maker, resource_id, inner, number in planned:
                where, document, rule = maker.name, maker.rule.document, maker.rule
                resource = maker.make(resource_id, inner, number, production, sensitivity)
                first = made.setdefault((maker.type, resource_id), resource)
                if first is not resource and (first.content, first.as_of) != (resource.content, resource.as_of):
                    where = ""
                    raise RecordRejected(
                        f"the resources {first.name!r} and {resource.name!r} have one identity and different content",
                        code="same-identity",
                        fix="give them different keys",
                    )
        except RecordRejected as error:
            error.place = ": ".join(part for part in (self.place, where, error.place) if part)
            if rule is not None:
                _find(error, rule)
            if error.path is not None and error.spot is None:
                error.spot = document.place_within(error.path, error.expression or "", 0)[0]
                error.place += f" ({error.spot})"
            raise
        return Mapped(
            mapping=self.mapping.name,
            version=self.mapping.version,
            pack=self._label,
            resources=tuple(made.values()),
            outside=tuple(production.outside),
            outside_names=tuple(production.outside.values()),
        )


def _find(error: RecordRejected, stands_in: ResourceRule | Refusal) -> None:
    """Say of an error in `if`, `each`, `key` or `when` where its expression stands."""
    if error.path is None and error.expression is not None:
        named: dict[str, Expression | None] = (
            {"when": stands_in.when}
            if isinstance(stands_in, Refusal)
            else {"each": stands_in.each, "if": stands_in.condition, "key": stands_in.key}
        )
        for key, expression in named.items():
            if expression is not None and expression.text == error.expression:
                error.path = (*stands_in.path, key)
                return


def _assigning(assignment: Assignment, watch: Watch | None) -> Run:
    template = assignment.template
    if watch is None:
        return template.render_in
    watched = template.closure(around=watch(assignment.document))
    return lambda scope: watched(scope.root, scope)

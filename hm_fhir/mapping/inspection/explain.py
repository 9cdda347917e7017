"""What made each element of what an activity becomes: the place in a mapping file, the expression, the fields."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import MappingRefused, RecordRejected
from hm_fhir.mapping.inspection.explanation import Element, ExplainedResource, Explanation, NotMade, Origin, Refused
from hm_fhir.mapping.inspection.inputs import MappingInputs, inputs_of_mapping, shown
from hm_fhir.mapping.inspection.tracing import Tracer, members_of, traced
from hm_fhir.mapping.inspection.watching import watched_packs
from hm_fhir.mapping.resource_types import WITHOUT_IDENTIFIER_LIST
from hm_fhir.mapping.template.tree import Constant, Text, expressions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hm_fhir.fhirpath import Scope
    from hm_fhir.mapping.conceptmap import ConceptMap
    from hm_fhir.mapping.engine import Mapper
    from hm_fhir.mapping.files.yaml_file import YamlDocument
    from hm_fhir.mapping.fragment import Refusal, ResourceRule
    from hm_fhir.mapping.inspection.tracing import Call, Traced
    from hm_fhir.mapping.mapped import Resource
    from hm_fhir.mapping.pack import CompiledMapping, Pack
    from hm_fhir.mapping.template.closures import Around, Run
    from hm_fhir.mapping.template.tree import Node


def explain(mapper: Mapper, activity: Mapping[str, Any], *, cases_of: Pack | None = None) -> Explanation:
    """Return what made each element of what an activity becomes; for several activities use one `Explainer`.

    Args:
        mapper: the packs in force.
        activity: as for `Mapper.map`.
        cases_of: as for `Mapper.map`.
    """
    return Explainer(mapper).explain(activity, cases_of=cases_of)


class Explainer:
    """Explains activities: the mapper's own mappings run, watched; that is many times slower than `Mapper.map`.

    Args:
        mapper: the packs in force.
    """

    def __init__(self, mapper: Mapper) -> None:
        self._watch = _Watch()
        self._mapper = mapper.watched(self._watch.around, watched_packs(mapper.packs, self._watch))
        self._packs = dict(zip(map(id, mapper.packs), self._mapper.packs, strict=True))
        self._inputs: dict[int, MappingInputs] = {}

    def explain(self, activity: Mapping[str, Any], *, cases_of: Pack | None = None) -> Explanation:
        """Return what made each element of what an activity becomes; arguments as for `explain`."""
        watch = self._watch
        watch.begin()
        mapped, error = None, None
        try:
            mapped = self._mapper.map(activity, cases_of=self._packs[id(cases_of)] if cases_of else None)
        except RecordRejected as rejection:
            error = rejection
        mapping = watch.mapping
        if mapping is None:
            return Explanation(None) if error is None else _Seen(watch, MappingInputs()).refused_by(error)
        if id(mapping) not in self._inputs:
            self._inputs[id(mapping)] = inputs_of_mapping(mapping)
        seen = _Seen(watch, self._inputs[id(mapping)])
        if error is not None:
            return seen.refused_by(error)
        return seen.explanation(mapping, mapped.resources if mapped is not None else ())


class _Watch:
    """Notes what happens while one activity is mapped; what `watching.Watcher` asks for."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget the last activity."""
        self.tracer = Tracer()
        self.mapping: CompiledMapping | None = None
        self.failed: Node | None = None
        self.refused: Refusal | None = None
        self.number_of_items: dict[int, int] = {}
        self.conditions: dict[int, list[bool]] = {}
        self.maps: Counter[str] = Counter()

    def around(self, document: YamlDocument) -> Around:
        return lambda node, run: self._around(document, node, run)

    def _around(self, document: YamlDocument, node: Node, run: Run) -> Run:
        def noting(scope: Scope) -> Any:
            try:
                return self.tracer.call(document, node, run, scope)
            except RecordRejected as error:
                if error.path is None:
                    error.path, self.failed = node.path, node
                raise

        return noting

    def chosen(self, mapping: CompiledMapping) -> None:
        self.mapping = mapping

    def refusal(self, refusal: Refusal, _: Scope, *, holds: bool) -> None:
        if holds:
            self.refused = refusal

    def items(self, rule: ResourceRule, _: Scope, items: Sequence[Any]) -> None:
        self.number_of_items[id(rule)] = len(items)

    def condition(self, rule: ResourceRule, _: Scope, *, holds: bool) -> None:
        self.conditions.setdefault(id(rule), []).append(holds)

    def key(self, rule: ResourceRule, scope: Scope) -> None:
        """The key is in the explanation as it is written."""

    def translated(self, concept_map: ConceptMap, _code: str, _system: str | None) -> None:
        self.maps[concept_map.name] += 1


class _Seen:
    """Tells what was noted of one activity."""

    def __init__(self, watch: _Watch, inputs: MappingInputs) -> None:
        self._watch = watch
        self._inputs = inputs

    def refused_by(self, error: RecordRejected) -> Explanation:
        """Return the explanation of an activity that was not mapped."""
        place, expression, inputs = error.place or "", "", tuple[str, ...]()
        refusal = self._watch.refused
        if refusal is not None and isinstance(error, MappingRefused):
            path = (*refusal.path, "when")
            place, expression = refusal.document.place_within(path, refusal.when.text, 0)[0], refusal.when.text
            inputs = shown(self._inputs.refusals[id(refusal)])
        elif error.spot is not None:
            place, expression, inputs = error.spot, error.expression or "", shown(self._behind(error))
        return Explanation(
            *self._chosen(),
            refused=Refused(error.code, error.message, place, expression, inputs),
            concept_maps=dict(sorted(self._watch.maps.items())),
        )

    def _behind(self, error: RecordRejected) -> Iterable[tuple[str, ...]]:
        """Return the fields that an expression which failed depends on."""
        failed, mapping, inputs = self._watch.failed, self._watch.mapping, self._inputs
        if failed is not None and id(failed) in inputs.nodes:
            return inputs.nodes[id(failed)].fields
        if mapping is None or not error.path:
            return ()
        for rule in mapping.resources:
            for key, of_rule in (("each", inputs.each), ("if", inputs.conditions), ("key", inputs.keys)):
                at = (*rule.path, key)
                spot = rule.document.place_within(at, error.expression or "", 0)[0]
                if error.path == at and error.spot == spot:
                    return of_rule[rule.name]
        return next((inputs.refusals[id(one)] for one in mapping.refuse if error.path == (*one.path, "when")), ())

    def _chosen(self) -> tuple[str | None, str]:
        mapping = self._watch.mapping
        if mapping is None:
            return None, ""
        return f"{mapping.name}@{mapping.version}", mapping.document.place(("when",))

    def explanation(self, mapping: CompiledMapping, made: Sequence[Resource]) -> Explanation:
        """Return the explanation of an activity that was mapped."""
        by_item = {(one.name, one.index): one for one in made}
        resources: list[ExplainedResource] = []
        not_made: list[NotMade] = []
        for rule in mapping.resources:
            calls = iter([call for call in self._watch.tracer.calls if call.node is rule.template.tree])
            for index in self._indices(rule, not_made):
                call = next(calls)
                resource = by_item.get((rule.name, index))
                if resource is not None:  # else another rule made the same one before
                    resources.append(_Resource(rule, resource, self._inputs).explained(call))
        maps = dict(sorted(self._watch.maps.items()))
        return Explanation(*self._chosen(), tuple(resources), tuple(not_made), None, maps)

    def _indices(self, rule: ResourceRule, not_made: list[NotMade]) -> Iterator[int | None]:
        """Yield the number of each item of a rule that a resource is made for (None without `each`)."""
        holds = self._watch.conditions.get(id(rule), [])
        indices: list[int | None] = (
            [None] if rule.each is None else [*range(self._watch.number_of_items.get(id(rule), 0))]
        )
        if rule.each is not None and not indices:
            place = rule.document.place_within((*rule.path, "each"), rule.each.text, 0)[0]
            because = f"each {rule.each.text} has no items"
            not_made.append(NotMade(rule.name, rule.type, None, place, because, shown(self._inputs.each[rule.name])))
        for number, index in enumerate(indices):
            if rule.condition is not None and not holds[number]:
                place = rule.document.place_within((*rule.path, "if"), rule.condition.text, 0)[0]
                because = f"if {rule.condition.text} is not true"
                fields = shown(self._inputs.conditions[rule.name])
                not_made.append(NotMade(rule.name, rule.type, index, place, because, fields))
            else:
                yield index


class _Resource:
    """Explains one resource: what its template made, and what the engine added."""

    def __init__(self, rule: ResourceRule, resource: Resource, inputs: MappingInputs) -> None:
        self._rule = rule
        self._resource = resource
        self._inputs = inputs
        self._parts: dict[str, Origin] = {}
        self._elements: list[Element] = []

    def explained(self, call: Call) -> ExplainedResource:
        """Return the explanation."""
        rule, content = self._rule, self._resource.content
        place = rule.document.place(rule.path)
        conditions = self._inputs.nodes[id(call.node)].conditions
        self._parts[rule.type] = Origin(place, f"resource {rule.name}", conditions=conditions)
        output = traced(call)
        members = members_of(output) if output is not None else {}
        for key, value in content.items():
            location = f"{rule.type}.{key}"
            if key in ("resourceType", "id"):
                self._add(location, value, self._engine(key, conditions))
            elif key == "meta":
                self._meta(location, value, members.get("meta"), conditions)
            elif key == "identifier" and rule.type not in WITHOUT_IDENTIFIER_LIST:
                self._identifiers(location, value, members.get("identifier"), conditions)
            elif key in members:
                self._walk(location, members[key], value)
        return ExplainedResource(
            self._resource.key,
            rule.name,
            self._resource.index,
            place,
            tuple(self._elements),
            self._parts,
            self._as_of(),
        )

    def _as_of(self) -> Origin | None:
        rule = self._rule
        if rule.as_of is None:
            return None
        place = rule.document.place_within((*rule.path, "as_of"), rule.as_of.text, 0)[0]
        return Origin(place, rule.as_of.text, shown(self._inputs.as_of[rule.name]))

    def _engine(self, key: str, conditions: tuple[str, ...]) -> Origin:
        rule = self._rule
        place = rule.document.place(rule.path)
        if key == "resourceType":
            return Origin(rule.document.place((*rule.path, "type")), rule.type, (), conditions, is_added=True)
        if rule.key is not None:
            expression = rule.key.text
            place = rule.document.place_within((*rule.path, "key"), expression, 0)[0]
        else:
            expression = f"key of the activity and {rule.name}" + (" and the item" if rule.each is not None else "")
        return Origin(place, expression, shown(self._inputs.keys[rule.name]), conditions, is_added=True)

    def _identifiers(
        self, location: str, values: list[Any], given: Traced | None, conditions: tuple[str, ...]
    ) -> None:
        self._parts[location] = self._engine("identifier", conditions)
        self._add(f"{location}[0]", values[0], self._engine("identifier", conditions))
        items = [] if given is None else given.items if given.items is not None else [given]
        for number, (item, value) in enumerate(zip(items, values[1:], strict=False), 1):
            self._walk(f"{location}[{number}]", item, value)

    def _meta(
        self, location: str, meta: Mapping[str, Any], given: Traced | None, conditions: tuple[str, ...]
    ) -> None:
        rule = self._rule
        place = rule.document.place(rule.path)
        added = Origin(place, "profile of the resource, labels of the activity", (), conditions, is_added=True)
        self._parts[location] = added if given is None else self._origin(given.call)
        own = given.members if given is not None and given.members is not None else {}
        for key, value in meta.items():
            if key not in ("profile", "security"):
                self._walk(f"{location}.{key}", own[key], value)
                continue
            self._parts[f"{location}.{key}"] = added
            written = {repr(item.plain()): item for item in (own[key].items or [own[key]])} if key in own else {}
            for number, item in enumerate(value):
                if repr(item) in written:
                    origin = self._origin(written[repr(item)].call)
                elif key == "profile":
                    origin = self._profile(item, conditions)
                else:
                    label = "sensitivity of the activity"
                    origin = Origin(place, label, ("sensitivity",), conditions, is_added=True)
                self._add(f"{location}.{key}[{number}]", item, origin)

    def _profile(self, url: str, conditions: tuple[str, ...]) -> Origin:
        rule, path = self._rule, (*self._rule.path, "profile")
        tree = rule.profile.tree if rule.profile is not None else None
        written = expressions(tree) if tree is not None else ()
        if tree is None or not written:
            return Origin(rule.document.place(path), url, (), conditions, is_added=True)
        text, fields = written[0].text, shown(self._inputs.profiles[rule.name])
        place = rule.document.place_within(tree.path, text, 0)[0]
        return Origin(place, text, fields, conditions, is_added=True)

    def _walk(self, location: str, part: Traced, value: Any) -> None:
        """Note an element that the template made, or those inside of it."""
        origin = self._origin(part.call)
        if part.members is not None and isinstance(value, dict):
            self._parts[location] = origin
            for key, member in part.members.items():
                if key in value:
                    self._walk(f"{location}.{key}", member, value[key])
        elif part.items is not None and isinstance(value, list):
            self._parts[location] = origin
            for number, (item, one) in enumerate(zip(part.items, value, strict=False)):
                self._walk(f"{location}[{number}]", item, one)
        else:
            self._add(location, value, origin)

    def _add(self, location: str, value: Any, origin: Origin) -> None:
        self._parts[location] = origin
        self._elements.append(Element(location, origin, value))

    def _origin(self, call: Call) -> Origin:
        node, found = call.node, self._inputs.nodes[id(call.node)]
        texts = [expression.text for expression in expressions(node)]
        place = call.document.place_within(node.path, texts[0], 0)[0] if texts else call.document.place(node.path)
        match node:
            case Constant(value=value):
                expression = str(value).lower() if isinstance(value, bool) else str(value)
            case Text(parts=parts):
                shown_parts = (one if isinstance(one, str) else f"{{{{ {one.expression.text} }}}}" for one in parts)
                expression = "".join(shown_parts)
            case _:
                expression = ", ".join(texts)
        return Origin(place, expression, shown(found.fields), found.conditions)

"""Which branches of mapping files the cases reach, and which they do not.

A branch is

- a mapping: some case is mapped by it;
- a reason to refuse: some case is refused with it;
- a resource: made, and where it has an `if` also not made; where it has `each`, with items and without;
- both sides of ``{% if %}`` and of ``iif()``; ``{% for %}`` and ``{{ }}:`` with items and without;
- ``{{ }}`` and ``{[ ]}``: gives something at least once. That it also gives nothing is not asked for: whether it can
  is for the types to say. What uses ``%systems`` is no branch: the settings decide what it gives, no case does.

What no activity can take is no branch: a list without items below a condition that asks for an item of it.

What stands inside of a branch that no case reaches is counted, but only the branch is named: it has to come first.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import RecordRejected
from hm_fhir.mapping.cases import run_case
from hm_fhir.mapping.checker.packs import never_taken
from hm_fhir.mapping.inspection.choices import Choice, choices_of
from hm_fhir.mapping.inspection.coverage_report import Branch, FileCoverage, MapCoverage, Report
from hm_fhir.mapping.inspection.watching import watched_packs
from hm_fhir.mapping.template.cleaning import ABSENT
from hm_fhir.mapping.template.tree import Collection, Context, First, For, If, Text, expressions, inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hm_fhir.fhirpath import Expression, Scope
    from hm_fhir.mapping.cases import Case
    from hm_fhir.mapping.conceptmap import ConceptMap
    from hm_fhir.mapping.engine import Mapper
    from hm_fhir.mapping.files.yaml_file import YamlDocument, YamlPath
    from hm_fhir.mapping.fragment import Refusal, ResourceRule
    from hm_fhir.mapping.pack import CompiledMapping, Pack
    from hm_fhir.mapping.template.closures import Around, Run
    from hm_fhir.mapping.template.tree import Node


def coverage(mapper: Mapper, cases: Iterable[Case], packs: Sequence[Pack] | None = None) -> Report:
    """Return what cases reach; whether they pass is for `run_case` to say.

    Args:
        mapper: the packs in force.
        cases: all cases.
        packs: of the mapper: those whose files are reported; None: all.
    """
    watch = _Coverage(mapper.packs)
    watched = mapper.watched(watch.around, watched_packs(mapper.packs, watch))
    for case in cases:
        run_case(case, watched)
    return watch.report(mapper.packs if packs is None else packs)


@dataclass(frozen=True, slots=True)
class _Sides:
    """What happens with something, and what happens without it."""

    on: Branch | None
    off: Branch | None


@dataclass(frozen=True, slots=True)
class _Watched:
    """The branches of a node: those of its own, and of the ``iif()`` in its expressions."""

    sides: _Sides
    choices: tuple[tuple[Choice, _Sides], ...]


class _Coverage:
    """Finds the branches of packs, and counts how often they are reached."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._branches: dict[str, list[Branch]] = {}
        self._nodes: dict[int, _Watched] = {}
        self._mappings: dict[int, Branch] = {}
        self._refusals: dict[int, Branch] = {}
        self._each: dict[int, _Sides] = {}
        self._conditions: dict[int, _Sides] = {}
        self._templates: dict[int, Branch] = {}
        self._keys: dict[int, tuple[tuple[Choice, _Sides], ...]] = {}
        self._codes: Counter[tuple[int, str]] = Counter()
        self._packs = tuple(packs)
        self._never = never_taken(packs)
        self._fragments = [fragment for pack in packs for fragment in pack.fragments]
        for pack in packs:
            for mapping in (*pack.mappings, *pack.replaced):
                says = f"no case is mapped by {mapping.name!r}"
                self._mappings[id(mapping)] = self._branch(mapping.document, ("when",), says)
        for fragment in self._fragments:
            for assignment in fragment.assign:
                self._find(assignment.template.tree, fragment.document, None)
            for refusal in fragment.refuse:
                says = f"no case is refused with {refusal.code!r}"
                self._refusals[id(refusal)] = self._branch(refusal.document, refusal.path, says)
            for rule in fragment.resources:
                self._find_rule(rule)

    def _branch(
        self, document: YamlDocument, path: YamlPath, says: str, around: Branch | None = None, *, text: str = ""
    ) -> Branch:
        place = document.place_within(path, text, 0)[0] if text else document.place(path)
        branch = Branch(document.name, place, says, around)
        self._branches.setdefault(document.name, []).append(branch)
        return branch

    # ---- finding

    def _find_rule(self, rule: ResourceRule) -> None:
        document, around = rule.document, None
        if rule.each is not None:
            sides = self._sides_of_items(rule.each, document, (*rule.path, "each"), None)
            self._each[id(rule)], around = sides, sides.on
        if rule.condition is not None:
            path = (*rule.path, "if")
            sides = self._sides_of_condition(rule.condition, document, path, around)
            self._conditions[id(rule)], around = sides, sides.on
        made = self._branch(document, rule.path, f"no case makes the resource {rule.name!r}", around)
        self._templates[id(rule.template.tree)] = made
        if rule.key is not None:
            self._keys[id(rule)] = tuple(self._choices(rule.key, document, (*rule.path, "key"), made))
        if rule.profile is not None:
            self._find(rule.profile.tree, document, made)
        self._find(rule.template.tree, document, made)

    def _find(self, node: Node, document: YamlDocument, around: Branch | None) -> None:
        sides = self._sides(node, document, around)
        choices = tuple(
            choice
            for expression in expressions(node)
            for choice in self._choices(expression, document, node.path, around)
        )
        if sides.on or sides.off or choices:
            self._nodes[id(node)] = _Watched(sides, choices)
        if isinstance(node, If):
            self._find(node.then, document, sides.on)
            if node.otherwise is not None:
                self._find(node.otherwise, document, sides.off)
            return
        for inner in inside(node):
            self._find(inner, document, sides.on if isinstance(node, For | Context) else around)

    def _sides(self, node: Node, document: YamlDocument, around: Branch | None) -> _Sides:
        match node:
            case If(condition=condition):
                return self._sides_of_condition(condition, document, node.path, around)
            case For(expression=expression) | Context(expression=expression):
                return self._sides_of_items(expression, document, node.path, around)
            case First() | Collection() | Text():
                if any("systems" in expression.variables for expression in expressions(node)):
                    return _Sides(None, None)
                first = expressions(node)[0].text
                says = f"in no case does {_shown(node)} give anything"
                return _Sides(self._branch(document, node.path, says, around, text=first), None)
            case _:
                return _Sides(None, None)

    def _sides_of_condition(
        self, condition: Expression, document: YamlDocument, path: YamlPath, around: Branch | None
    ) -> _Sides:
        says = (f"in no case is {condition.text!r} true", f"in no case is {condition.text!r} false or empty")
        return self._pair(condition, document, path, around, says)

    def _sides_of_items(
        self, expression: Expression, document: YamlDocument, path: YamlPath, around: Branch | None
    ) -> _Sides:
        says = (f"no case has an item for {expression.text!r}", f"no case is without items for {expression.text!r}")
        return self._pair(expression, document, path, around, says)

    def _pair(
        self,
        expression: Expression,
        document: YamlDocument,
        path: YamlPath,
        around: Branch | None,
        says: tuple[str, str],
    ) -> _Sides:
        """Return both sides, without the one that no activity can take."""
        on, off = (
            None
            if (document.name, path, is_on) in self._never
            else self._branch(document, path, said, around, text=expression.text)
            for is_on, said in zip((True, False), says, strict=True)
        )
        return _Sides(on, off)

    def _choices(
        self, expression: Expression, document: YamlDocument, path: YamlPath, around: Branch | None
    ) -> Iterator[tuple[Choice, _Sides]]:
        found: list[_Sides] = []
        for choice in choices_of(expression.text):
            outer = around
            if choice.inside is not None:
                outer = found[choice.inside].on if choice.inside_then else found[choice.inside].off
            place = document.place_within(path, expression.text, choice.position)[0]
            pair = []
            for word in ("true", "false or empty"):
                says = f"in no case is {choice.text!r} {word}, in iif()"
                pair.append(Branch(document.name, place, says, outer))
            self._branches.setdefault(document.name, []).extend(pair)
            found.append(_Sides(*pair))
            yield choice, found[-1]

    # ---- watching: called by the mapper

    def around(self, _: YamlDocument) -> Around:
        """Return what watches the templates of a file."""
        return self._around

    def _around(self, node: Node, run: Run) -> Run:
        made = self._templates.get(id(node))
        watched = self._nodes.get(id(node))
        seen = _watched(watched, run, _way(node)) if watched else run
        if made is None:
            return seen

        def making(scope: Scope) -> Any:
            made.times += 1
            return seen(scope)

        return making

    def chosen(self, mapping: CompiledMapping) -> None:
        self._mappings[id(mapping)].times += 1

    def refusal(self, refusal: Refusal, _: Scope, *, holds: bool) -> None:
        self._refusals[id(refusal)].times += holds

    def items(self, rule: ResourceRule, _: Scope, items: Sequence[Any]) -> None:
        _take(self._each[id(rule)], on=bool(items))

    def condition(self, rule: ResourceRule, _: Scope, *, holds: bool) -> None:
        _take(self._conditions[id(rule)], on=holds)

    def key(self, rule: ResourceRule, scope: Scope) -> None:
        _choose(self._keys[id(rule)], scope)

    def translated(self, concept_map: ConceptMap, code: str, _: str | None) -> None:
        self._codes[id(concept_map), code] += 1

    # ---- reporting

    def report(self, packs: Sequence[Pack]) -> Report:
        """Return what was reached in the files of packs."""
        names = dict.fromkeys(fragment.document.name for pack in packs for fragment in pack.fragments)
        files = tuple(
            FileCoverage(name, tuple(sorted(self._branches[name], key=_order)))
            for name in sorted(names)
            if name in self._branches
        )
        # Those of packs that they extend are counted where these packs are reported.
        elsewhere = {id(one) for pack in self._packs if pack not in packs for one in pack.concept_maps.values()}
        maps = {name: one for pack in packs for name, one in pack.concept_maps.items() if id(one) not in elsewhere}
        return Report(files, tuple(self._map(name, one) for name, one in sorted(maps.items())))

    def _map(self, name: str, concept_map: ConceptMap) -> MapCoverage:
        codes = dict.fromkeys(code for _, codings in concept_map.groups for code in codings)
        unused = tuple(code for code in codes if not self._codes[id(concept_map), code])
        return MapCoverage(name, len(codes) - len(unused), unused)


def _watched(watched: _Watched, run: Run, goes: Callable[[Scope], bool] | None) -> Run:
    """Return the closure of a node with the counting around it.

    Args:
        watched: the branches.
        run: the closure.
        goes: which way a block goes; None: what counts is that the node gives something.
    """
    sides, choices = watched.sides, watched.choices

    def watching(scope: Scope) -> Any:
        _choose(choices, scope)
        if goes is not None:
            _take(sides, on=goes(scope))
        value = run(scope)
        if goes is None and value is not ABSENT and value is not None:
            _take(sides, on=True)
        return value

    return watching


def _way(node: Node) -> Callable[[Scope], bool] | None:
    """Return what tells which way a block goes."""
    match node:
        case If(condition=condition):
            return condition.true
        case For(expression=expression) | Context(expression=expression):
            return lambda scope: bool(expression.values(scope))
        case _:
            return None


def _take(sides: _Sides, *, on: bool) -> None:
    branch = sides.on if on else sides.off
    if branch is not None:
        branch.times += 1


def _choose(choices: tuple[tuple[Choice, _Sides], ...], scope: Scope) -> None:
    went: list[bool | None] = []
    for choice, sides in choices:
        asked = choice.inside is None or went[choice.inside] is choice.inside_then
        try:
            on = choice.condition.true(scope) if asked else None
        except RecordRejected:
            on = None  # the whole expression fails in a moment, and says why
        went.append(on)
        if on is not None:
            _take(sides, on=on)


def _shown(node: Node) -> str:
    return " and ".join(repr(expression.text) for expression in expressions(node))


def _order(branch: Branch) -> tuple[int, int]:
    line, column = branch.place.rsplit(":", 2)[1:]
    return int(line), int(column)

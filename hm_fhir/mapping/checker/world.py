"""What is known of one mapping as a whole while its rules are checked, and which of it a rule depends on."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hm_fhir.errors import ExpressionError
from hm_fhir.fhir.definitions import Element, TypeDefinition
from hm_fhir.fhir.terminology import r4_terminology
from hm_fhir.fhirpath import Static, compile  # noqa: A004
from hm_fhir.fhirpath.parser import parse
from hm_fhir.mapping.activity_types import ROOT, activity_types, on_top_of
from hm_fhir.mapping.checker.scope import ACTIVITY, Bound, Env, Facts, Narrow
from hm_fhir.mapping.checker.values import Presence, Shape, Value
from hm_fhir.mapping.functions import FUNCTIONS
from hm_fhir.mapping.template.tree import Constant, ObjectNode, inside, is_constant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.fhir.terminology import Terminology
    from hm_fhir.fhirpath.tree import Node as Path
    from hm_fhir.mapping.checker.finding import Findings, Spot
    from hm_fhir.mapping.checker.scope import Binding, Key
    from hm_fhir.mapping.conceptmap import CodeSystem, ConceptMap
    from hm_fhir.mapping.files.yaml_file import YamlDocument, YamlPath
    from hm_fhir.mapping.fragment import ResourceRule
    from hm_fhir.mapping.template.tree import Node

T = TypeVar("T")
Question = tuple[str, Any]
"""What a rule asked about its mapping: kind and name."""
Side = tuple[str, tuple[str | int, ...], bool]
"""One side of a condition or loop: file, path, and whether it is that with something."""

_SYSTEMS: Final = "SystemOfIdentifiers"
_TREES_KEPT: Final = 8192

ACTIVITY_VALUE: Final = Value((Shape(ROOT),), Presence.ALWAYS, many=False)
_SYSTEMS_VALUE: Final = Value((Shape(_SYSTEMS),), Presence.UNKNOWN, many=True)
GIVEN: Final = {"activity": Bound(ACTIVITY_VALUE, ACTIVITY), "systems": Bound(_SYSTEMS_VALUE, ("systems",))}
"""The variables that every mapping has."""


def model_for_checking(profiles: TypeModel | None) -> TypeModel:
    """Return all types that expressions and templates can meet.

    Args:
        profiles: the types of FHIR with profiles on top; None: without profiles.
    """
    texts = {name: Element(name, ("System.String",), minimum=1) for name in ("kind", "uri")}
    systems = TypeDefinition(_SYSTEMS, "hm", "backbone", elements=texts)
    return (activity_types() if profiles is None else on_top_of(profiles)).extended({_SYSTEMS: systems})


@lru_cache(maxsize=_TREES_KEPT)
def tree_of(text: str) -> Path:
    """Return the tree of an expression that compiles."""
    return parse(text)


@dataclass(frozen=True, slots=True, eq=False)
class _Written:
    """A variable that is the same for all activities.

    Attributes:
        text: equal for equal values.
        assignment: gives it.
    """

    text: str
    assignment: object


class Branches:
    """Which branches were reached in any mapping; one that never was is dead."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, tuple[bool, Spot, str, str]] = {}
        self._sides: dict[Side, bool] = {}

    def side(self, document: YamlDocument, path: YamlPath, *, on: bool, off: bool) -> None:
        """Tell which sides of a condition or loop one mapping can take: with it (or with items), and without."""
        for key, taken in (((document.name, path, True), on), ((document.name, path, False), off)):
            self._sides[key] = self._sides.get(key, False) or taken

    def never_taken(self) -> frozenset[Side]:
        """Return the sides that no mapping can take."""
        return frozenset(side for side, taken in self._sides.items() if not taken)

    def note(self, key: Hashable, spot: Spot, *, reached: bool, message: str, fix: str) -> None:
        """Tell that a branch was looked at in one mapping.

        Args:
            key: names the branch.
            spot: where its condition stands.
            reached: whether this mapping can reach it.
            message: what to say when none can.
            fix: what to do about it.
        """
        known = self._seen.get(key)
        if known is None or reached > known[0]:
            self._seen[key] = (reached, spot, message, fix)

    def report(self, findings: Findings) -> None:
        """Add a warning for each branch that no mapping reaches."""
        for reached, spot, message, fix in self._seen.values():
            if not reached:
                findings.warning(spot, "unreachable", message, fix)


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """What the profile packs of a deployment bring.

    Attributes:
        types: FHIR with their profiles and extensions on top.
        terminology: value sets and code systems, theirs among them.
        broken: URL of a profile that cannot be used -> why.
        fingerprint: digest of all of it, with the code systems; empty: not known.
    """

    types: TypeModel
    terminology: Terminology
    broken: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""


@dataclass(slots=True)
class Shared:
    """What all packs of one check share.

    Attributes:
        model: all types.
        code_systems: by name and by url; None: not known.
        findings: what was found.
        branches: which branches were reached.
        memory: for each rule, on what its check depended and whether nothing was found, so that it is looked at again
            only when something differs.
        compiled: what compiling said of an expression against types.
        shapes: of elements of the same types without codes.
        types_alike: activity types that no expression names; mappings for one of them are alike to every rule, but
            for whom they concern and where.
        profiles: of the deployment; None: they are not known.
        claimed: urls that all rules of a name can claim as their profile, in any mapping.
    """

    model: TypeModel
    code_systems: Mapping[str, CodeSystem] | None
    findings: Findings
    profiles: Profiles | None = None
    claimed: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)

    @property
    def terminology(self) -> Terminology:
        """The value sets and code systems."""
        return r4_terminology() if self.profiles is None else self.profiles.terminology

    branches: Branches = field(default_factory=Branches)
    memory: dict[int, list[tuple[dict[Question, Any], bool]]] = field(default_factory=dict)
    compiled: dict[Hashable, ExpressionError | Static] = field(default_factory=dict)
    shapes: dict[tuple[str, ...], tuple[Shape, ...]] = field(default_factory=dict)
    types_alike: frozenset[str] = frozenset()

    def static(self, text: str, root: str | None, variables: Mapping[str, Static]) -> ExpressionError | Static:
        """Return the static type of an expression, or what is wrong with it."""
        key = (text, root, tuple(sorted(variables.items(), key=lambda one: one[0])))
        found = self.compiled.get(key)
        if found is None:
            try:
                expression = compile(text, FUNCTIONS, types=self.model, root=root, variables=variables)
                found = expression.result
            except ExpressionError as error:
                found = error
            self.compiled[key] = found
        return found


class World:
    """What is known of one mapping, and what of it was asked for.

    Args:
        shared: by all packs.
        types: FHIR type of each resource name.
        concept_maps: by name.
        rules: what the mapping produces, by resource name.
        variables: of the mapping; they grow while it is checked.
    """

    def __init__(
        self,
        shared: Shared,
        types: Mapping[str, str],
        concept_maps: Mapping[str, ConceptMap],
        rules: Mapping[str, ResourceRule],
        variables: Mapping[str, Binding],
    ) -> None:
        self.shared = shared
        self.model = shared.model
        self.findings: Findings = shared.findings
        self.facts = Facts()
        self._types = types
        self._concept_maps = concept_maps
        self._rules = rules
        self._bindings = variables
        self._variables: dict[str, object] = {}
        self._asked: dict[Question, Any] = {}
        self._kept: dict[Hashable, tuple[Any, dict[Question, Any]]] = {}
        self._found_before = 0

    def define(self, name: str, template: Node, assignment: object) -> None:
        """Tell which template a variable of the mapping has, and which assignment gives it."""
        # Mappings set switches for the parts that they include; what is equal is no reason to look again.
        if isinstance(template, Constant) and isinstance(template.value, bool):
            self._variables[name] = ("switch", template.value)
        elif is_constant(template):
            self._variables[name] = _Written(repr(_plain(template)), assignment)
        else:
            self._variables[name] = assignment

    def recorded(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is made once for the mapping; what it depends on counts for each rule that uses it."""
        if key not in self._kept:
            outer, self._asked = self._asked, {}
            made = make()
            self._kept[key] = (made, self._asked)
            self._asked = outer
        found, asked = self._kept[key]
        self._asked.update(asked)
        result: T = found
        return result

    def fact(self, key: Key) -> Narrow | None:
        """Return what the mapping as a whole says about a value: its `when` and what it refuses."""
        found: Narrow | None = self._answer(("fact", key))
        return found

    def resource_type(self, name: str) -> str | None:
        """Return the FHIR type of a resource name."""
        found: str | None = self._answer(("type", name))
        return found

    def rule(self, name: str) -> ResourceRule | None:
        """Return what the mapping produces under a name."""
        found: ResourceRule | None = self._answer(("rule", name))
        return found

    def profiles(self, name: str) -> tuple[str | None, ...]:
        """Return the urls that a resource of a name can claim, in whatever mapping."""
        found: tuple[str | None, ...] = self._answer(("profiles", name))
        return found

    def env(self, document: YamlDocument) -> Env:
        """Return where rules and variables of the mapping stand in a file."""
        return Env(document, ACTIVITY_VALUE, ACTIVITY, dict(self._bindings))

    def concept_map(self, name: str) -> ConceptMap | None:
        """Return a concept map."""
        found: ConceptMap | None = self._answer(("map", name))
        return found

    def uses(self, name: str) -> None:
        """Tell that a variable of the mapping is looked at."""
        self._answer(("variable", name))

    def begin(self, rule: object) -> bool:
        """Return whether a rule must be looked at: it was not yet, or not in a mapping that is the same to it."""
        for asked, was_right in self.shared.memory.get(id(rule), ()):
            if all(_same(self._answer(question), answer, was_right) for question, answer in asked.items()):
                return False
        self._asked = {}
        self._found_before = len(self.findings)
        return True

    def end(self, rule: object) -> None:
        """Tell that a rule was looked at."""
        was_right = len(self.findings) == self._found_before
        self.shared.memory.setdefault(id(rule), []).append((self._asked, was_right))
        self._asked = {}

    def _answer(self, question: Question) -> Any:
        kind, name = question
        match kind:
            case "fact":
                answer: Any = self.facts.get(name)
            case "type":
                answer = self._types.get(name)
            case "profiles":
                answer = self.shared.claimed.get(name, (None,))
            case "rule":
                answer = self._rules.get(name)
            case "map":
                answer = self._concept_maps.get(name)
            case _:
                answer = self._variables.get(name)
        self._asked[question] = answer
        return answer


def _plain(node: Node) -> Any:
    match node:
        case Constant(value=value):
            return value
        case ObjectNode(members=members):
            return {key: _plain(value) for key, value in members}
        case _:
            return [_plain(inner) for inner in inside(node)]


def _same(one: Any, other: Any, was_right: bool) -> bool:
    if one is other:
        return True
    if isinstance(one, _Written) and isinstance(other, _Written):
        # What is wrong is wrong in each of the files where it is written.
        return was_right and one.text == other.text
    return isinstance(one, (Narrow, str, tuple)) and bool(one == other)

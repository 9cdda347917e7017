"""What is known of one mapping as a whole while its rules are checked, and which of it a rule depends on."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.errors import ExpressionError
from hm_fhir.fhir.definitions import Element, TypeDefinition
from hm_fhir.fhirpath import Static, compile  # noqa: A004
from hm_fhir.fhirpath.parser import parse
from hm_fhir.mapping.activity_types import ROOT, activity_types
from hm_fhir.mapping.checker.scope import ACTIVITY, Bound, Facts, Narrow
from hm_fhir.mapping.checker.values import Presence, Shape, Value
from hm_fhir.mapping.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.fhirpath.tree import Node as Path
    from hm_fhir.mapping.checker.finding import Findings, Spot
    from hm_fhir.mapping.checker.scope import Key
    from hm_fhir.mapping.conceptmap import CodeSystem, ConceptMap

SYSTEMS_TYPE: Final = "IdentifierSystem"
"""Type of the items of ``%systems``."""

_SYSTEMS = TypeDefinition(
    SYSTEMS_TYPE,
    "hm",
    "complex",
    elements={name: Element(name, ("System.String",), minimum=1) for name in ("kind", "uri")},
)
_TREES_KEPT: Final = 8192

ACTIVITY_VALUE: Final = Value((Shape(ROOT),), Presence.ALWAYS, many=False)
SYSTEMS_VALUE: Final = Value((Shape(SYSTEMS_TYPE),), Presence.UNKNOWN, many=True)
GIVEN: Final = {"activity": Bound(ACTIVITY_VALUE, ACTIVITY), "systems": Bound(SYSTEMS_VALUE, ("systems",))}
"""The variables that every mapping has."""


def model_for_checking(profiles: TypeModel | None) -> TypeModel:
    """Return all types that expressions and templates can meet.

    Args:
        profiles: the types of an activity and FHIR with profiles on top; None: without profiles.
    """
    return (profiles or activity_types()).extended({SYSTEMS_TYPE: _SYSTEMS})


@lru_cache(maxsize=_TREES_KEPT)
def tree_of(text: str) -> Path:
    """Return the tree of an expression that compiles."""
    return parse(text)


class Branches:
    """Which branches were reached in any mapping; one that never was is dead."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, tuple[bool, Spot, str, str, str | None]] = {}

    def note(  # noqa: PLR0913
        self, key: Hashable, spot: Spot, *, reached: bool, code: str, message: str, fix: str | None
    ) -> None:
        """Tell that a branch was looked at in one mapping."""
        known = self._seen.get(key)
        if known is None or reached > known[0]:
            self._seen[key] = (reached, spot, code, message, fix)

    def report(self, findings: Findings) -> None:
        """Add a warning for each branch that no mapping reaches."""
        for reached, spot, code, message, fix in self._seen.values():
            if not reached:
                findings.warning(spot, code, message, fix)


@dataclass(slots=True)
class Shared:
    """What all packs of one check share.

    Attributes:
        model: all types.
        code_systems: by name and by url; None: not known.
        findings: what was found.
        branches: which branches were reached.
        memory: for each rule, on what its check depended, so that it is looked at again only when that differs.
        compiled: what compiling said of an expression against types.
    """

    model: TypeModel
    code_systems: Mapping[str, CodeSystem] | None
    findings: Findings
    branches: Branches = field(default_factory=Branches)
    memory: dict[int, list[dict[Hashable, Any]]] = field(default_factory=dict)
    compiled: dict[Hashable, ExpressionError | Static] = field(default_factory=dict)

    def static(
        self, text: str, root: str | None, variables: Mapping[str, Static]
    ) -> ExpressionError | Static:
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
        produced: presence and number (many or not) of what the mapping produces, by resource name.
    """

    def __init__(
        self,
        shared: Shared,
        types: Mapping[str, str],
        concept_maps: Mapping[str, ConceptMap],
        produced: Mapping[str, tuple[Presence, bool]],
    ) -> None:
        self.shared = shared
        self.model = shared.model
        self.findings: Findings = shared.findings
        self.facts = Facts()
        self._types = types
        self._concept_maps = concept_maps
        self._produced = produced
        self._variables: dict[str, object] = {}
        self._asked: dict[Hashable, Any] = {}

    def define(self, name: str, template: object) -> None:
        """Tell which template a variable of the mapping has."""
        self._variables[name] = template

    def fact(self, key: Key) -> Narrow | None:
        """Return what the mapping as a whole says about a value: its `when` and what it refuses."""
        return self._answer(("fact", key))

    def resource_type(self, name: str) -> str | None:
        """Return the FHIR type of a resource name."""
        return self._answer(("type", name))

    def produced(self, name: str) -> tuple[Presence, bool]:
        """Return presence and number of what the mapping produces under a name."""
        return self._answer(("produced", name)) or (Presence.NEVER, False)

    def concept_map(self, name: str) -> ConceptMap | None:
        """Return a concept map."""
        return self._answer(("map", name))

    def uses(self, name: str) -> None:
        """Tell that a variable of the mapping is looked at."""
        self._answer(("variable", name))

    def begin(self, rule: object) -> bool:
        """Return whether a rule must be looked at: it was not yet, or not in a mapping that is the same to it."""
        for asked in self.shared.memory.get(id(rule), ()):
            if all(_same(self._answer(question), answer) for question, answer in asked.items()):
                return False
        self._asked = {}
        return True

    def end(self, rule: object) -> None:
        """Tell that a rule was looked at."""
        self.shared.memory.setdefault(id(rule), []).append(self._asked)
        self._asked = {}

    def _answer(self, question: tuple[str, Any]) -> Any:
        kind, name = question
        match kind:
            case "fact":
                answer: Any = self.facts.get(name)
            case "type":
                answer = self._types.get(name)
            case "produced":
                answer = self._produced.get(name)
            case "map":
                answer = self._concept_maps.get(name)
            case _:
                answer = self._variables.get(name)
        self._asked[question] = answer
        return answer


def _same(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, (Narrow, str, tuple)) and one == other)

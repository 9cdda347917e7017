"""What is the same for many activities is made once: mediators, municipalities and facilities come again and again.

Whether a rule reads nothing else is known before any record is read, from the paths and variables of its expressions.
Its resources are then kept by the values at those paths, as canonical JSON. The number of kept ones is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from hm_fhir.mapping.template.tree import Context, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hm_fhir.fhirpath import Expression
    from hm_fhir.mapping.fragment import Assignment, ResourceRule
    from hm_fhir.mapping.template.tree import Use

Path = tuple[str, ...]
T = TypeVar("T")

RECURRING = frozenset({"mediator", "municipality", "facility"})
"""Fields of an activity that many activities have in common."""
_WITHOUT_INPUT = frozenset({"systems"})
_WHOLE_ROOT = re.compile(r"%`?(?:context|resource|rootResource|activity)\b")
_ENCODE = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that the resources of a rule depend on.

    Attributes:
        paths: fields of the activity.
        names: resource names in ``reference('name')``: the keys that the activity produced under them.
        item: whether the item of ``each`` counts.
        index: whether its number counts.
    """

    paths: tuple[Path, ...]
    names: tuple[str, ...]
    item: bool
    index: bool


class Kept(Generic[T]):
    """Values by key; the one that was not used for the longest time makes room.

    Args:
        most: how many values are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[object, T] = {}

    def get(self, key: object) -> T | None:
        """Return the value of a key, or None."""
        value = self._values.pop(key, None)
        if value is not None:
            self._values[key] = value
        return value

    def put(self, key: object, value: T) -> None:
        """Keep a value."""
        if len(self._values) >= self._most:
            del self._values[next(iter(self._values))]
        self._values[key] = value


def inputs_of(rule: ResourceRule, assignments: Iterable[Assignment]) -> Inputs | None:
    """Return what the resources of a rule depend on, or None if on more than what recurs.

    Args:
        rule: a rule of a mapping.
        assignments: the variables of the mapping.
    """
    if not rule.shared or rule.key is None:  # the key of the activity itself is in the others' ids
        return None
    search = _Search(assignments)
    uses = (*rule.template.uses, *(rule.profile.uses if rule.profile else ()))
    used = {name for use in uses for name in use.free_variables}
    for expression in (rule.key, rule.each, rule.condition, rule.as_of):
        if expression is not None:
            used |= expression.variables
            search.read(expression)
    search.read_template(uses, has_context=_has_context(rule))
    if rule.each is None:
        search.variables(used)
    else:
        search.variables(used - {"item", "index"})
    if search.is_unknown:
        return None
    of_each = rule.each is not None
    return Inputs(
        paths=tuple(sorted(search.paths)),
        names=tuple(sorted(search.names)),
        item=of_each and "item" in used,
        index=of_each,  # Resource.index is part of the result
    )


def _has_context(rule: ResourceRule) -> bool:
    return any(isinstance(node, Context) for node in walk(rule.template.tree))


class _Search:
    def __init__(self, assignments: Iterable[Assignment]) -> None:
        self._assigned = {one.name: one for one in assignments}
        self.paths: set[Path] = set()
        self.names: set[str] = set()
        self.is_unknown = False

    def read_template(self, uses: Iterable[Use], *, has_context: bool) -> None:
        # Below `{{ items }}:` paths start at the items; which of them do, the uses do not say.
        self.is_unknown |= has_context
        for use in uses:
            self.read(use.expression)

    def read(self, expression: Expression) -> None:
        reads = getattr(expression, "reads", None)
        if reads is None or _WHOLE_ROOT.search(expression.text):
            self.is_unknown = True
            return
        for path in reads:
            steps = tuple(path.split("."))
            recurring = [place for place, step in enumerate(steps) if step in RECURRING]
            if recurring:
                self.paths.add(steps[: recurring[0] + 1])
            else:
                self.is_unknown = True
        for call in expression.calls:
            if call.name == "reference":
                name = call.arguments[0]
                if isinstance(name, str):
                    self.names.add(name)
                else:
                    self.is_unknown = True

    def variables(self, names: Iterable[str]) -> None:
        waiting = sorted(set(names) - _WITHOUT_INPUT)
        seen = set(waiting)
        while waiting:
            assignment = self._assigned.get(waiting.pop())
            if assignment is None:
                self.is_unknown = True
                return
            uses = assignment.template.uses
            has_context = any(isinstance(node, Context) for node in walk(assignment.template.tree))
            self.read_template(uses, has_context=has_context)
            more = {name for use in uses for name in use.free_variables} - _WITHOUT_INPUT - seen
            seen |= more
            waiting += sorted(more)


def encoded(root: Mapping[str, Any], path: Path) -> bytes:
    """Return the canonical JSON of what stands at a path; lists on the way keep their lengths."""
    return _ENCODE(_at(root, path))


def encoded_item(item: Any) -> bytes:
    """Return the canonical JSON of an item."""
    return _ENCODE(item)


def _at(value: Any, path: Path) -> Any:
    for place, step in enumerate(path):
        if isinstance(value, list):
            return [_at(item, path[place:]) for item in value]
        if not isinstance(value, dict) or step not in value:
            return place  # how far the path goes is something that an expression can see
        value = value[step]
    return {"": value}

"""What a change of mapping does to real output: the same activities mapped twice, and compared element by element.

Memory does not grow with the activities: what is kept are counts by element, with one example each.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from hm_fhir.errors import MappingRefused, RecordRejected
from hm_fhir.fhir.json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hm_fhir.mapping.engine import Mapper
    from hm_fhir.mapping.mapped import Mapped, Resource

Kind = Literal["added", "removed", "changed"]
KINDS: Final[tuple[Kind, ...]] = ("added", "removed", "changed")
MAPPED: Final = "mapped"
UNMAPPED: Final = "no mapping"
REFUSED: Final = "refused"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Example:
    """One place where something differs.

    Attributes:
        place: of the activity's record, such as ``activities.ndjson:7``.
        before: PERSONAL DATA: the value, or None.
        after: PERSONAL DATA: the value, or None.
    """

    place: str
    before: Any = field(default=None, repr=False)
    after: Any = field(default=None, repr=False)


@dataclass(slots=True)
class Difference:
    """How often one element, or the resources of one name, differ.

    Attributes:
        activities: in how many activities, by kind.
        examples: the first of each kind.
    """

    activities: Counter[Kind] = field(default_factory=Counter)
    examples: dict[Kind, Example] = field(default_factory=dict)

    def count(self, kind: Kind, example: Example) -> None:
        """Count one activity."""
        self.activities[kind] += 1
        self.examples.setdefault(kind, example)


@dataclass(slots=True)
class Comparison:
    """What two mappers made of the same activities.

    Attributes:
        activities: how many were compared.
        same: for how many nothing differs.
        changed: how many both map, differently.
        outcomes: how many, by outcome before and after: ``mapped``, ``no mapping``, ``refused (code)``,
            ``failed (code)``; only where they differ.
        first: place of the first activity of each of `outcomes`.
        resources: added and removed resources by name and type, ``patient (Patient)``.
        elements: by resource name and element, ``encounter Encounter.participant[].individual``.
    """

    activities: int = 0
    same: int = 0
    changed: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dict[tuple[str, str], str] = field(default_factory=dict)
    resources: dict[str, Difference] = field(default_factory=dict)
    elements: dict[str, Difference] = field(default_factory=dict)

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return self.same == self.activities

    def total(self, before: str, after: str) -> int:
        """Return how many activities changed from one kind of outcome to another; ``refused`` is any refusal."""
        return sum(
            number
            for (old, new), number in self.outcomes.items()
            if old.startswith(before) and new.startswith(after) and old != new
        )

    def add(self, before: Mapper, after: Mapper, activity: Mapping[str, Any], place: str) -> None:
        """Map one more activity with both and count what differs.

        Args:
            before: the mapper of now.
            after: the mapper to come; with the same identity, so that ids are the same.
            activity: as for `Mapper.map`.
            place: of its record.
        """
        self.activities += 1
        old, old_outcome = _mapped(before, activity)
        new, new_outcome = _mapped(after, activity)
        if old_outcome != new_outcome:
            self.outcomes[old_outcome, new_outcome] += 1
            self.first.setdefault((old_outcome, new_outcome), place)
            return
        if old is None or new is None or not self._compare(old, new, place):
            self.same += 1
        else:
            self.changed += 1

    def _compare(self, old: Mapped, new: Mapped, place: str) -> bool:
        was = {resource.key: resource for resource in old.resources}
        now = {resource.key: resource for resource in new.resources}
        elements: dict[tuple[str, Kind], Example] = {}
        resources: dict[tuple[str, Kind], Example] = {}
        for key, resource in was.items():
            if key not in now:
                example = Example(place, before=resource.content)
                resources.setdefault((_label(resource), "removed"), example)
            elif resource.text() != now[key].text():
                name = now[key].name
                for path, kind, before, after in _differences(resource.content, now[key].content, resource.type):
                    elements.setdefault((f"{name} {path}", kind), Example(place, before, after))
        for key, resource in now.items():
            if key not in was:
                resources.setdefault((_label(resource), "added"), Example(place, after=resource.content))
        for found, counted in ((resources, self.resources), (elements, self.elements)):
            for (name, kind), example in found.items():
                counted.setdefault(name, Difference()).count(kind, example)
        return bool(elements or resources)


def _label(resource: Resource) -> str:
    return f"{resource.name} ({resource.type})"


def _mapped(mapper: Mapper, activity: Mapping[str, Any]) -> tuple[Mapped | None, str]:
    try:
        mapped = mapper.map(activity)
    except MappingRefused as error:
        return None, f"{REFUSED} ({error.code})"
    except RecordRejected as error:
        return None, f"{FAILED} ({error.code})"
    return mapped, UNMAPPED if mapped is None else MAPPED


def _differences(before: Any, after: Any, path: str) -> Iterator[tuple[str, Kind, Any, Any]]:
    """Yield each element that differs: path without indices, kind, both values."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            inner = f"{path}.{key}"
            if key not in after:
                yield inner, "removed", before[key], None
            elif key not in before:
                yield inner, "added", None, after[key]
            else:
                yield from _differences(before[key], after[key], inner)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_lists(before, after, f"{path}[]")
    elif type(before) is not type(after) or str(before) != str(after):  # 1.0 and 1.00 say different things
        yield path, "changed", before, after


def _in_lists(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[tuple[str, Kind, Any, Any]]:
    """Compare the items that are not in both, in their order; what only moved has changed as a whole."""
    old = Counter(to_json(item) for item in before)
    new = Counter(to_json(item) for item in after)
    rest_before, rest_after = _rest(before, new.copy()), _rest(after, old.copy())
    for was, now in zip(rest_before, rest_after, strict=False):
        yield from _differences(was, now, path)
    for was in rest_before[len(rest_after) :]:
        yield path, "removed", was, None
    for now in rest_after[len(rest_before) :]:
        yield path, "added", None, now
    if not rest_before and not rest_after and to_json(before) != to_json(after):
        yield path, "changed", list(before), list(after)


def _rest(items: Sequence[Any], others: Counter[bytes]) -> list[Any]:
    rest = []
    for item in items:
        text = to_json(item)
        if others[text]:
            others[text] -= 1
        else:
            rest.append(item)
    return rest

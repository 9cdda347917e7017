"""Where a part of a mapping stands: what paths start at, which variables there are, and what is known by then."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hm_fhir.activities.catalogue import ACTIVITY_TYPES

if TYPE_CHECKING:
    from hm_fhir.mapping.checker.values import Scalar, Value
    from hm_fhir.mapping.files.yaml_file import YamlDocument
    from hm_fhir.mapping.template.tree import Node

Key = tuple[Hashable, ...]
"""Names a value that stays the same while an activity is mapped: ``("activity", "referral", "status")``."""

ACTIVITY: Final[Key] = ("activity",)

# An activity concerns either persons or a group, and the first of the persons is `person`; see activities.model.
_SAME: Final[Mapping[Key, Key]] = {
    ("activity", "person"): ("activity", "persons"),
    ("activity", "persons"): ("activity", "person"),
    ("activity", "case_id"): ("activity", "case_key"),
    ("activity", "case_key"): ("activity", "case_id"),
    ("activity", "fulfils"): ("activity", "fulfilled"),
    ("activity", "fulfilled"): ("activity", "fulfils"),
    ("activity", "follows"): ("activity", "followed"),
    ("activity", "followed"): ("activity", "follows"),
}
_PERSONS: Final[Key] = ("activity", "persons")
_OTHERWISE: Final[Mapping[Key, Key]] = {
    ("activity", "person"): ("activity", "group"),
    ("activity", "persons"): ("activity", "group"),
    ("activity", "group"): ("activity", "persons"),
}
_OF_PERSONS: Final[Mapping[Key, int]] = {
    ("activity", "findings"): 3,
    ("activity", "case_plan"): 2,
    ("activity", "hospital_stay"): 2,
}
"""What no activity with a group has, and how long the name of a value is that says so: findings are always there."""


@dataclass(frozen=True, slots=True)
class Narrow:
    """What conditions around a place say about a value.

    Attributes:
        exists: whether it is there; None: not said.
        only: the scalars that it can still be; None: not said.
        never: scalars that it cannot be.
    """

    exists: bool | None = None
    only: frozenset[Scalar] | None = None
    never: frozenset[Scalar] = frozenset()

    def both(self, other: Narrow) -> Narrow:
        """Return what both say."""
        only = self.only if other.only is None else other.only if self.only is None else self.only & other.only
        return Narrow(other.exists if self.exists is None else self.exists, only, self.never | other.never)


class Facts:
    """What the conditions around a place say; never changed.

    Args:
        found: by key.
    """

    __slots__ = ("_found",)

    def __init__(self, found: Mapping[Key, Narrow] | None = None) -> None:
        self._found = found or {}

    def get(self, key: Key) -> Narrow | None:
        """Return what is said about a value."""
        return self._found.get(key)

    def items(self) -> Iterator[tuple[Key, Narrow]]:
        """Return all of it."""
        return iter(self._found.items())

    def knowing(self, more: Mapping[Key, Narrow]) -> Facts:
        """Return these facts and more."""
        if not more:
            return self
        found = dict(self._found)
        for key, narrow in closed(more).items():
            known = found.get(key)
            found[key] = narrow if known is None else known.both(narrow)
        return Facts(found)


NO_FACTS: Final = Facts()


def of_types(types: Iterable[str]) -> dict[Key, Narrow]:
    """Return what is known of every activity of some types: whether it concerns persons or a group."""
    kinds = [ACTIVITY_TYPES[one] for one in types if one in ACTIVITY_TYPES]
    facts: dict[Key, Narrow] = {}
    for about, key in (("person", "group"), ("group", "persons")):
        if kinds and all(kind.about == about for kind in kinds):
            facts[*ACTIVITY, key] = Narrow(exists=False)
    return facts


def closed(facts: Mapping[Key, Narrow]) -> dict[Key, Narrow]:
    """Return facts with what follows from them: what has a part is there, and so on."""
    found = dict(facts)

    def add(key: Key, exists: bool) -> None:
        narrow = Narrow(exists=exists)
        known = found.get(key)
        found[key] = narrow if known is None else known.both(narrow)

    for key, narrow in facts.items():
        if narrow.exists:
            for length in range(2, len(key)):
                add(key[:length], exists=True)
            if len(key) >= _OF_PERSONS.get(key[:2], len(key) + 1):
                add(_PERSONS, exists=True)
    for key, narrow in list(found.items()):
        if narrow.exists is not None and key in _SAME:
            add(_SAME[key], exists=narrow.exists)
        if narrow.exists is not None and key in _OTHERWISE:
            add(_OTHERWISE[key], exists=not narrow.exists)
            if key == ("activity", "group"):
                add(("activity", "person"), exists=not narrow.exists)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Deferred:
    """A variable that a template gives; it is looked at where it is used, with what is known there.

    Attributes:
        node: the template.
        env: where the template stands.
        key: names its value.
    """

    node: Node
    env: Env
    key: Key


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A variable with a value: an item of a loop, the activity.

    Attributes:
        value: what is known of it.
        key: names its value.
    """

    value: Value
    key: Key


Binding = Deferred | Bound


@dataclass(frozen=True, slots=True, eq=False)
class Env:
    """What can be named at a place.

    Attributes:
        document: the file.
        root: the item that paths start at.
        root_key: names the root.
        variables: by name.
    """

    document: YamlDocument
    root: Value
    root_key: Key
    variables: Mapping[str, Binding] = field(default_factory=dict)

    def having(self, **variables: Binding) -> Env:
        """Return it with more variables."""
        return replace(self, variables={**self.variables, **variables})


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """An object that a template makes.

    Attributes:
        node: the template.
        env: where it stands.
        facts: what is known there.
    """

    node: Node
    env: Env
    facts: Facts

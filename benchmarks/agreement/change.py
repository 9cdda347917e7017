"""What mutations work on, and the register of them: each is drawn by chance, from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from places import Json, Place, places

from hm_fhir.fhir.definitions import TypeModel
from hm_fhir.testing.people import Chance
from hm_fhir.testing.resource_extensions import KnownExtensions
from hm_fhir.testing.resource_values import Values

XHTML: Final = '<div xmlns="http://www.w3.org/1999/xhtml">a</div>'


@dataclass(slots=True)
class Change:
    """What a mutation works on.

    Args:
        chance: where choices come from.
        model: the types.
        values: makes valid values.
        resource: is changed in place.
        extensions: makes those that FHIR itself defines.
        profiles: URLs of profiles by resource type.
    """

    chance: Chance
    model: TypeModel
    values: Values
    resource: Json
    extensions: KnownExtensions
    profiles: tuple[str, ...] = ()

    def some(self, wanted: Callable[[Place], bool] = lambda _: True) -> Place | None:
        """Return a place that is wanted, or None."""
        found = [one for one in places(self.resource, self.model) if wanted(one)]
        return self.chance.pick(found) if found else None

    def objects(self) -> list[Json]:
        """Return all objects that are no resources."""
        found = [one.value for one in places(self.resource, self.model) if isinstance(one.value, dict)]
        return [one for one in found if "resourceType" not in one]


Mutation = Callable[[Change], str | None]
"""Changes the resource; returns where, or None when there is nothing to change in this way."""


class Register(dict[str, Mutation]):
    """Mutations by kind; as a decorator it takes one in under the name of the function."""

    def __call__(self, run: Mutation) -> Mutation:
        self[run.__name__.strip("_").replace("_", "-")] = run
        return run


def put(change: Change, wanted: Callable[[Place], bool], value: Callable[[Place], Any]) -> str | None:
    """Put another value in a place that is wanted; return where."""
    place = change.some(wanted)
    if place is None:
        return None
    place.put(value(place))
    return place.path

"""Which places and mediators a story uses: those of the directory, each of them now and then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hm_fhir.activities.model import Activity
from hm_fhir.activities.people import Address, Facility, Mediator, Municipality

_PRACTICES = ("gp-practice", "specialist-practice", "hospital", "mobile-unit")


def _care(*specialties: str, kinds: tuple[str, ...] = _PRACTICES) -> Callable[[Facility], bool]:
    return lambda place: place.kind in kinds and place.specialty in specialties


def _kind(*kinds: str) -> Callable[[Facility], bool]:
    return lambda place: place.kind in kinds


_OF_DESTINATION: Mapping[str, tuple[Callable[[Facility], bool], ...]] = {
    "gp": (_kind("gp-practice"), _care("general-practice")),
    "gynaecologist": (_care("gynaecology"),),
    "dermato-venereologist": (_care("dermato-venereology"),),
    "paediatrician": (_care("paediatrics", "neonatology"),),
    "hospital": (lambda place: place.kind == "hospital" and place.ward is None, _kind("hospital")),
    "emergency": (_care("emergency-medicine"), _kind("hospital")),
    "laboratory": (_kind("laboratory"),),
    "social-services": (_kind("social-service"),),
    "child-protection": (_kind("social-service"),),
    "discrimination-commission": (_kind("office"),),
    "health-insurance-fund": (_kind("office"),),
    "school": (_kind("school"),),
}


@dataclass(slots=True)
class Places:
    """The directory, as stories ask for it.

    Args:
        facilities: by local code.
        mediators: by local number.
    """

    facilities: Mapping[str, Facility]
    mediators: Mapping[str, Mediator]
    _used: Counter[str] = field(default_factory=Counter)

    def to(self, destination: str) -> Facility | None:
        """Return the place to which people are sent, the one least used; None when the directory has none."""
        for suits in _OF_DESTINATION[destination]:
            if found := self._least(suits):
                return found
        return None

    def destination(self, place: Facility) -> str | None:
        """Return as what people are sent to a place; None where nobody is sent."""
        return next(
            (name for name, several in _OF_DESTINATION.items() if any(suits(place) for suits in several)), None
        )

    def ward(self, *specialties: str) -> Facility | None:
        """Return a ward of a hospital, of one of these specialties if there is one; else the hospital."""
        return (
            self._least(lambda place: place.kind == "hospital" and place.specialty in specialties)
            or self._least(lambda place: place.kind == "hospital" and place.ward is not None)
            or self._least(_kind("hospital"))
        )

    def of_kind(self, *kinds: str) -> Facility | None:
        """Return a place of one of these kinds."""
        return self._least(_kind(*kinds))

    def mediator(self, home: Address | None = None) -> str:
        """Return the local number of the mediator who did least, among those who serve an address if any does."""
        serving = [number for number, one in self.mediators.items() if home and _serves(one, home)]
        return min(serving or self.mediators, key=lambda one: self._used[f"mediator {one}"])

    def busy(self, number: str, work: int = 1) -> None:
        """Count work of a mediator."""
        self._used[f"mediator {number}"] += work

    def _least(self, suits: Callable[[Facility], bool]) -> Facility | None:
        chosen = [place for place in self.facilities.values() if suits(place)]
        if not chosen:
            return None
        place = min(chosen, key=lambda one: self._used[f"place {one.local_id}"])
        self._used[f"place {place.local_id}"] += 1
        return place


def addresses(municipality: Municipality, mediators: Mapping[str, Mediator]) -> tuple[Address, ...]:
    """Return where people of a municipality live: the areas that its mediators serve, else its seat."""
    areas = dict.fromkeys(area for one in mediators.values() for area in one.areas)
    found = tuple(Address(ekatte=one.ekatte, settlement=one.settlement, district=one.district) for one in areas)
    return found or (Address(ekatte=municipality.ekatte, settlement=municipality.name),)


def named_places(activity: Activity) -> tuple[Facility, ...]:
    """Return the places that an activity names."""
    referred = activity.referral.facility if activity.referral else None
    tested = (test.facility for test in activity.findings.tests)
    return tuple(one for one in (activity.facility, referred, *tested, *activity.mediator.offices) if one is not None)


def _serves(mediator: Mediator, home: Address) -> bool:
    return any(area.ekatte == home.ekatte and area.district in (None, home.district) for area in mediator.areas)

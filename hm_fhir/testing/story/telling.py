"""Tells the stories of a municipality until its work model is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from hm_fhir.activities.catalogue import ACTIVITY_TYPES
from hm_fhir.activities.people import Address, Facility, Mediator, Municipality
from hm_fhir.errors import SettingsError, did_you_mean
from hm_fhir.testing.people import Chance
from hm_fhir.testing.story import community, families, moving, papers, pregnancy, syphilis, wards
from hm_fhir.testing.story.carried import Carried
from hm_fhir.testing.story.cast import Cast, NumberShares, orders_of
from hm_fhir.testing.story.diary import Diary, hours_of
from hm_fhir.testing.story.places import Places, addresses, named_places
from hm_fhir.testing.story.teller import Teller, Told

MOST_MOVERS = 2
_WITHOUT_PROGRESS = 30
_BY_CHANCE = 0.4


@dataclass(frozen=True, slots=True)
class StoryPlan:
    """What is told.

    Args:
        system: name of the local system.
        municipality: the employer.
        mediators: by local number.
        facilities: by local code.
        first_day: of the stories.
        last_day: of the stories.
        activities: at least so many.
        types: weight of each activity type; what is not there is not told. None: all alike.
        carried: what the form says.
        shares: who has which number.
        addresses: where people live; none: see `places.addresses`.
        with_time: share of visits whose time of day is written down.
        people_once: the local system keeps a person once, not with every activity as it was then.
        zone: of the municipality.
    """

    system: str
    municipality: Municipality
    mediators: Mapping[str, Mediator]
    facilities: Mapping[str, Facility]
    first_day: date
    last_day: date
    activities: int = 320
    types: Mapping[str, int] | None = None
    carried: Carried = field(default_factory=Carried)
    shares: NumberShares = field(default_factory=NumberShares)
    addresses: Sequence[Address] = ()
    with_time: float = 1.0
    people_once: bool = False
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Sofia"))

    @property
    def weights(self) -> dict[str, int]:
        """Weight of each activity type that is told and that the form can say.

        Raises:
            SettingsError: there is no such activity type.
        """
        wanted = dict.fromkeys(ACTIVITY_TYPES, 1) if self.types is None else self.types
        for kind in wanted:
            if kind not in ACTIVITY_TYPES:
                raise SettingsError(
                    f"types: there is no activity type {kind!r}", fix=did_you_mean(kind, ACTIVITY_TYPES)
                )
        known = self.carried.codes("type")
        return {kind: weight for kind, weight in wanted.items() if weight > 0 and (known is None or kind in known)}


@dataclass(frozen=True, slots=True)
class Arc:
    """One kind of story.

    Args:
        tell: tells it, beginning on a day.
        days: how long it takes at most.
        types: activity types that it tells of.
    """

    tell: Callable[[Teller, date], None]
    days: int
    types: tuple[str, ...]


ARCS: Sequence[Arc] = (
    Arc(
        pregnancy.pregnancy_found,
        26,
        ("pregnancy-detection", "gp-registration", "referral", "accompaniment", "no-show-tracing", "phone-contact"),
    ),
    Arc(
        pregnancy.birth,
        72,
        (
            "home-visit",
            "postpartum-visit",
            "bedside-mediation",
            "family-planning-counselling",
            "immunisation-recall",
            "case-closure",
        ),
    ),
    Arc(
        syphilis.tested,
        45,
        ("sti-education", "syphilis-test", "referral", "partner-notification", "syphilis-follow-up"),
    ),
    Arc(syphilis.congenital, 30, ("congenital-syphilis-follow-up", "referral", "accompaniment")),
    Arc(
        families.case_plan,
        48,
        ("needs-assessment", "gp-registration", "insurance-help", "home-visit", "case-closure"),
    ),
    Arc(families.children, 24, ("home-visit", "immunisation-recall", "referral")),
    Arc(families.old_age, 30, ("home-visit", "referral", "phone-contact")),
    Arc(families.family_planning, 16, ("family-planning-counselling", "referral", "phone-contact")),
    Arc(papers.insurance, 18, ("office-consultation", "insurance-help", "phone-contact")),
    Arc(papers.social_help, 24, ("document-help", "referral", "interpretation", "phone-contact")),
    Arc(papers.rights, 14, ("rights-signal", "referral", "phone-contact")),
    Arc(wards.stay, 22, ("bedside-mediation", "interpretation", "discharge-follow-up", "referral")),
    Arc(community.talk, 6, ("group-health-talk", "office-consultation")),
    Arc(community.campaign, 14, ("screening-campaign", "referral")),
)
_DAYS_OF_SPECIAL = 40


def tell(plan: StoryPlan, chance: Chance) -> Teller:
    """Return a teller that has told the stories of a municipality.

    Args:
        plan: what is told.
        chance: where choices come from.

    Raises:
        SettingsError: a type that is wanted cannot be told, because the directory or the form has no place for it.
    """
    weights = plan.weights
    if not plan.mediators:
        raise SettingsError("the directory has no mediator", fix="name at least one in directory.yaml")
    teller = Teller(
        system=plan.system,
        municipality=plan.municipality,
        last_day=plan.last_day,
        types={kind: weight / sum(weights.values()) for kind, weight in weights.items()},
        places=Places(plan.facilities, plan.mediators),
        diary=Diary({number: hours_of(one) for number, one in plan.mediators.items()}, plan.zone, chance),
        cast=Cast(
            chance,
            plan.first_day,
            plan.addresses or addresses(plan.municipality, plan.mediators),
            _shares(plan),
            orders_of(plan.municipality.code),
        ),
        carried=plan.carried,
        chance=chance,
        with_time=plan.with_time,
        people_once=plan.people_once,
    )
    _told_once(teller, plan)
    _by_weight(teller, plan, weights)
    teller.keeps_shares = False
    _in_every_place(teller, plan)
    return teller


def tell_more(teller: Teller, plan: StoryPlan, activities: int) -> list[Told]:
    """Tell about so many more activities of the same time, and return them.

    Args:
        teller: has told the stories.
        plan: what is told.
        activities: how many.
    """
    before, weights = len(teller.told), plan.weights
    suitable = [arc for arc in ARCS if any(kind in weights for kind in arc.types)]
    for _ in range(_WITHOUT_PROGRESS):
        if len(teller.told) >= before + activities:
            break
        arc = teller.chance.pick(suitable)
        arc.tell(teller, plan.last_day - timedelta(days=arc.days + teller.chance.number(0, 5)))
    return teller.told[before:]


def _shares(plan: StoryPlan) -> NumberShares:
    """Return who has which number, as far as the form can say it."""
    carried, shares = plan.carried, plan.shares
    kinds = carried.codes("persons.identifiers.kind")
    return replace(
        shares,
        none=shares.none if carried.says("persons.local_id") else 0,
        lnch=shares.lnch if kinds is None or "lnch" in kinds else 0,
        passport=shares.passport if kinds is None or "passport" in kinds else 0,
    )


def _told_once(teller: Teller, plan: StoryPlan) -> None:
    """Tell what does not happen often, and has to happen in every municipality whose form can say it."""
    carried, latest = plan.carried, (plan.last_day - plan.first_day).days - _DAYS_OF_SPECIAL
    code = plan.municipality.code

    def somewhen() -> date:
        return plan.first_day + timedelta(days=teller.chance.number(0, max(latest, 0)))

    if carried.says("persons.formerly") and carried.says("persons.local_id"):
        papers.nameless(teller, somewhen())
    families.oldest(teller, somewhen())
    two_numbers = carried.most("persons.identifiers")
    kinds = carried.codes("persons.identifiers.kind")
    if (two_numbers is None or two_numbers > 1) and (kinds is None or {"egn", "lnch"} <= kinds):
        papers.foreigner(teller, somewhen())
    if carried.says("persons.identifiers"):
        for mover in moving.leaving(code, plan.first_day)[:MOST_MOVERS]:
            moving.leaves(teller, somewhen(), mover)
        for mover in moving.arriving(code, plan.first_day)[:MOST_MOVERS]:
            moving.arrives(teller, somewhen(), mover)


def _in_every_place(teller: Teller, plan: StoryPlan) -> None:
    """Tell of somebody who is sent to each place of the directory that no story named."""
    named = {place.local_id for told in teller.told for place in named_places(told.activity)}
    days = (plan.last_day - plan.first_day).days
    for code, place in plan.facilities.items():
        if code not in named:
            families.sent_to(teller, plan.first_day + timedelta(days=teller.chance.number(0, days - 5)), place)


def _by_weight(teller: Teller, plan: StoryPlan, weights: Mapping[str, int]) -> None:
    """Tell stories until there are enough activities and each type came, what is behind its weight first."""
    total, idle = sum(weights.values()), 0
    days = (plan.last_day - plan.first_day).days
    chance = teller.chance
    while len(teller.told) < plan.activities or any(not teller.counts[kind] for kind in weights):
        behind = {
            kind: weight / total - teller.counts[kind] / max(len(teller.told), 1) for kind, weight in weights.items()
        }
        missing = [kind for kind in weights if not teller.counts[kind]] if len(teller.told) >= plan.activities else []
        suitable = [arc for arc in ARCS if any(kind in weights for kind in arc.types)]
        if missing:
            suitable = [arc for arc in suitable if set(missing) & set(arc.types)]
        if not suitable or idle > _WITHOUT_PROGRESS:
            _cannot(teller, missing or sorted(weights))
        if idle:
            arc = chance.pick(suitable)
        elif chance.happens(_BY_CHANCE):
            arc = _by_chance(suitable, weights, chance)
        else:
            arc = _most_wanted(suitable, behind)
        before = (len(teller.told), len(missing))
        arc.tell(teller, plan.first_day + timedelta(days=chance.number(0, max(days - arc.days, 0))))
        now_missing = [kind for kind in missing if not teller.counts[kind]]
        idle = idle + 1 if (len(teller.told) == before[0] or (missing and len(now_missing) == before[1])) else 0


def _most_wanted(arcs: Sequence[Arc], behind: Mapping[str, float]) -> Arc:
    """Return the story of the type that is most behind its weight; of several, the one whose other types are, too."""

    def wanted(arc: Arc) -> tuple[float, float]:
        known = [behind[kind] for kind in arc.types if kind in behind]
        return max(known), sum(known) / len(known)

    return max(arcs, key=wanted)


def _by_chance(arcs: Sequence[Arc], weights: Mapping[str, int], chance: Chance) -> Arc:
    """Return a story, more often one whose types have more weight."""
    shares = [sum(weights.get(kind, 0) for kind in arc.types) / len(arc.types) for arc in arcs]
    left = chance.number(0, 999_999) / 1_000_000 * sum(shares)
    for arc, share in zip(arcs, shares, strict=True):
        left -= share
        if left < 0:
            return arc
    return arcs[-1]


def _cannot(teller: Teller, kinds: Sequence[str]) -> None:
    why = "; ".join(sorted(teller.failures)[:3])
    raise SettingsError(
        f"no story tells of {', '.join(kinds)}",
        fix="name places for it in directory.yaml, carry what it needs, or leave it out of `types`"
        + (f" ({why})" if why else ""),
    )

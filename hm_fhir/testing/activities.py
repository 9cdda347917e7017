"""Generated activities of all types, for tests of mappings: every code, every status, edge values.

The same seed gives the same activities for ever. Nobody in them exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from hm_fhir.activities import vocabulary
from hm_fhir.activities.catalogue import ACTIVITY_TYPES, TYPES
from hm_fhir.activities.findings import CasePlan, PlanGoal, PlanStep
from hm_fhir.activities.model import Status
from hm_fhir.testing import activity_words as words
from hm_fhir.testing.activity_parts import Data, Deck, Parts
from hm_fhir.testing.people import Chance

_STATUSES: tuple[str, ...] = get_args(Status)
_PLAN_STATUSES: tuple[str, ...] = get_args(CasePlan.model_fields["status"].annotation)
_GOAL_STATUSES: tuple[str, ...] = get_args(PlanGoal.model_fields["status"].annotation)
_STEP_STATUSES: tuple[str, ...] = get_args(PlanStep.model_fields["status"].annotation)
_ACHIEVEMENTS = ("in-progress", "achieved", "not-achieved", "not-attainable")
_AHEAD = ("planned", "cancelled")
_SHARES = (0.0, 1.0, 0.5, 0.2, 0.8)
_ODD = 0.03
_OF_CARE = ("attended", "not-attended", "admitted")
_SETTINGS = tuple(vocabulary.SETTINGS.terms)
_PLACE_OF_CARE = ("gp-practice", "specialist-practice", "hospital", "laboratory", "mobile-unit", "social-service")


def generate_activities(seed: int, count: int, types: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield activities as data that ``Activity.model_validate`` takes, each with a local id of its own.

    Types come in turn; of each type the first is minimal, the second maximal, the others are in between. With some
    thousand of all types every code of every vocabulary and every status occurs. Three of a hundred are not fitted to
    their type (a home visit by phone), so a mapping may refuse them; the model takes all.

    Args:
        seed: another seed, other activities.
        count: how many.
        types: codes of the catalogue; all of them when None.

    Raises:
        ValueError: a type that the catalogue does not have.
    """
    chosen = [TYPES.check(kind) for kind in (types or tuple(ACTIVITY_TYPES))]
    maker = _Maker(Deck(Chance(seed)))
    for number in range(count):
        yield maker.activity(number, chosen[number % len(chosen)], number // len(chosen))


class _Maker:
    def __init__(self, deck: Deck) -> None:
        self._deck = deck
        self._chance = deck.chance
        self._parts = Parts(deck)

    def activity(self, number: int, kind: str, turn: int) -> Data:
        """Return one activity.

        Args:
            number: of the activity, for its local id.
            kind: its type.
            turn: how many of its type came before.
        """
        self._parts.share = _SHARES[turn] if turn < 2 else self._chance.pick(_SHARES)
        status = self._deck.turn("status", _STATUSES) if turn > 1 else "completed"
        data: Data = {
            "system": "generated",
            "local_id": f"A-{number}",
            "updated_at": self._deck.turn("recorded", words.AFTERWARDS),
            "version": self._deck.turn("version", words.VERSIONS),
            "municipality": self._municipality(),
            "mediator": self._mediator(),
            "type": kind,
            "status": status,
            "period": self._period(status),
            "setting": self._setting(kind),
        }
        self._about(data, kind, number)
        self._content(data, kind)
        if not self._chance.happens(_ODD) or turn < 2:
            self._fit(data, kind)
        return data

    def _municipality(self) -> Data:
        data: Data = dict(self._deck.turn("municipality", words.MUNICIPALITIES))
        orders = self._parts.words(vocabulary.DESTINATIONS, 3)
        return self._parts.fill(data, mediators_may_order=orders)

    def _mediator(self) -> Data:
        number = self._chance.number(1, 12)
        name = {"given": ["Мостра"], "family": "Медиаторова"}
        areas = [self._parts.area(place) for place in self._deck.several("area", words.MUNICIPALITIES, 3)]
        return self._parts.fill(
            {"local_id": f"M{number}", "name": name},
            phone="+359 000 100001",
            areas=areas,
            offices=[self._parts.office(f"O-{place}") for place in range(self._chance.number(1, 3))],
            hours=self._deck.turn("hours", words.HOURS),
        )

    def _period(self, status: str) -> Data:
        if status in _AHEAD and self._chance.happens(0.8):
            return {"start": self._deck.turn("ahead", words.AHEAD)}
        if self._chance.happens(0.4):
            start = self._deck.turn("day", words.DAYS)
            return self._parts.fill({"start": start}, end=start)
        start = self._deck.turn("time", words.TIMES)
        day = start[: len("YYYY-MM-DD")]
        later = f"{day}T23:59:59.999999Z"
        return self._parts.fill({"start": start}, end=self._chance.pick((start, later, day)))

    def _setting(self, kind: str) -> str:
        settings = words.SETTINGS.get(kind, _SETTINGS)
        if self._chance.happens(_ODD):
            settings = _SETTINGS
        return self._deck.turn(f"setting {' '.join(settings)}", settings)

    def _about(self, data: Data, kind: str, number: int) -> None:
        about = ACTIVITY_TYPES[kind].about
        if about == "group" or (about == "either" and self._chance.happens(0.4)):
            size = self._deck.turn("size", (1, 12, 100_000))
            group = self._parts.fill({"size": size}, women=size // 2, men=size - size // 2, children=size)
            data["group"] = self._parts.fill(group, local_id=f"G-{number % 50}")
            return
        others = self._chance.number(1, 3) if self._parts.maybe() else 0
        roles = ["subject", *self._deck.several(f"role {kind}", words.OTHERS.get(kind, words.ROLES), others)[:others]]
        data["persons"] = [self._parts.person(number * 4 + place, role) for place, role in enumerate(roles)]

    def _content(self, data: Data, kind: str) -> None:
        parts = self._parts
        case = f"C-{self._chance.number(1, 30)}"
        optional: Data = {
            "facility": parts.facility(),
            "topics": self._deck.several(f"topics {kind}", words.TOPICS.get(kind, tuple(vocabulary.TOPICS.terms)), 3),
            "reasons": parts.words(vocabulary.REASONS, 3),
            "barriers": parts.words(vocabulary.BARRIERS, 3),
            "outcome": parts.word(vocabulary.OUTCOMES),
            "referral": self._referral(),
            "documents": [self._document() for _ in range(self._chance.number(1, 3))],
            "case_id": case,
            "fulfils": [f"A-{self._chance.number(0, 99)}"],
            "follows": ["A-0", "A-1"],
            "note": self._deck.turn("note", words.NOTES),
            "sensitivity": self._deck.turn("sensitivity", (["SDV"], ["HIV", "STD"], ["SEX"]))
            if parts.share < 1
            else [],
        }
        if "persons" in data:
            subject, *others = data["persons"]
            with_child = "child" in {one["role"] for one in others}
            woman = _can_be_pregnant(subject) and kind != "congenital-syphilis-follow-up"
            optional["findings"] = parts.findings(woman=woman, birth_weight=not with_child)
            optional["case_plan"] = self._plan()
            optional["consent"] = self._consent([one["role"] for one in others])
        data |= parts.fill({}, **optional)
        if "persons" in data and data.get("facility", {}).get("kind") == "hospital":
            data |= parts.fill({}, hospital_stay=f"IZ-2026-{self._chance.number(1, 9999):04}")

    def _referral(self) -> Data:
        parts = self._parts
        start = self._deck.turn("instant", (*words.TIMES, *words.AFTERWARDS))
        appointment = parts.fill({"start": start}, end=words.AFTERWARDS[-1], status=parts.word(vocabulary.PROGRESS))
        return parts.fill(
            {"destination": parts.word(vocabulary.DESTINATIONS)},
            facility=parts.facility(),
            reasons=parts.words(vocabulary.REASONS, 3),
            priority=self._deck.turn("priority", ("routine", "urgent", "asap", "stat")),
            nrn=f"26{self._chance.number(0, 10**9):09}{self._deck.turn('nrn', 'A9z')}",
            appointment=appointment,
            status=self._deck.turn("request", ("active", "completed", "revoked")),
        )

    def _plan(self) -> Data:
        parts, deck = self._parts, self._deck
        goals = [
            parts.fill(
                {"code": code},
                due=deck.turn("day", words.DAYS),
                status=deck.turn("goal status", _GOAL_STATUSES),
                achievement=deck.turn("achievement", _ACHIEVEMENTS),
            )
            for code in parts.words(vocabulary.GOALS, 4)
        ]
        steps = [
            parts.fill({"type": kind}, due=deck.turn("day", words.DAYS), status=deck.turn("step", _STEP_STATUSES))
            for kind in parts.words(TYPES, 4)
        ]
        return parts.fill({"status": deck.turn("plan status", _PLAN_STATUSES)}, goals=goals, steps=steps)

    def _consent(self, roles: Sequence[str]) -> Data:
        decision = self._deck.turn("decision", ("given", "refused", "withdrawn"))
        by = [role for role in roles if role in ("mother", "partner", "relative")]
        return self._parts.fill(
            {"decision": decision, "on": self._deck.turn("day", words.DAYS)},
            until="2027-12-31" if decision == "given" else None,
            covers=self._parts.words(vocabulary.CONSENT_COVERAGE, 2),
            by=by[0] if by else None,
            reference="ДС-14/2026",
        )

    def _document(self) -> Data:
        parts = self._parts
        data = {"kind": parts.word(vocabulary.DOCUMENTS), "step": parts.word(vocabulary.DOCUMENT_STEPS)}
        return parts.fill(data, dated=self._deck.turn("day", words.DAYS))

    def _fit(self, data: Data, kind: str) -> None:
        """Put in what an activity of this type cannot do without, and take out what it cannot have."""
        parts = self._parts
        findings = data.setdefault("findings", {}) if "persons" in data else {}
        if kind in ("accompaniment", "interpretation"):
            data.setdefault("facility", parts.facility(_PLACE_OF_CARE))
        elif kind == "bedside-mediation" and data.get("facility", {}).get("kind") != "hospital":
            data["facility"] = parts.facility(("hospital",))
        elif kind == "gp-registration" and "referral" in data:
            data["referral"]["destination"] = "gp"
        elif kind == "referral":
            data.setdefault("referral", self._referral())
        elif kind == "case-closure":
            data.setdefault("case_id", "C-99")
        elif kind == "syphilis-test":
            findings["tests"] = [*findings.get("tests", ()), parts.test("syphilis-rapid")]
        elif kind == "pregnancy-detection":
            woman = _can_be_pregnant(data["persons"][0])
            findings["pregnancy"] = (
                findings.get("pregnancy") or parts.pregnancy() if woman else {"status": "not-pregnant"}
            )
        elif kind == "postpartum-visit" and findings.get("pregnancy", {}).get("status") == "pregnant":
            findings["pregnancy"] = parts.pregnancy(("not-pregnant",))
        elif kind == "needs-assessment":
            data.setdefault("barriers", ["moved-away"])
        elif kind == "group-health-talk":
            data.setdefault("topics", ["hygiene"])
        elif kind in ("insurance-help", "document-help") and data.get("outcome") in _OF_CARE:
            data["outcome"] = "follow-up-needed"
        elif kind == "rights-signal":
            data.setdefault("note", "Кратко.")
        elif kind == "syphilis-follow-up" and "conditions" in findings:
            findings["conditions"] = [one for one in findings["conditions"] if one["code"] == "syphilis"]
        elif kind == "no-show-tracing" and "reasons" in data:
            data["reasons"] = [reason for reason in data["reasons"] if reason != "routine-visit"]


def _can_be_pregnant(person: Data) -> bool:
    # Who has no EGN is born on a day of the words, and a small child.
    return person.get("gender") != "male" and person.get("birth_date", "") < "2000"

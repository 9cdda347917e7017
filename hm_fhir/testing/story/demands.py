"""What an activity cannot do without, whatever a form leaves of it: else the base pack refuses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hm_fhir.activities.model import Activity

_NOBODY = ("person-not-found", "refused")


def _place(activity: Activity) -> bool:
    if activity.status not in ("completed", "in-progress"):
        return True
    return activity.facility is not None or (activity.referral is not None and activity.referral.facility is not None)


def _plan(activity: Activity) -> bool:
    return activity.case_plan is not None and bool(activity.case_plan.goals or activity.case_plan.steps)


def _syphilis_test(activity: Activity) -> bool:
    return any(test.kind.startswith("syphilis") for test in activity.findings.tests)


_OF_TYPE: Mapping[str, Callable[[Activity], bool]] = {
    "accompaniment": _place,
    "interpretation": _place,
    "bedside-mediation": lambda one: one.facility is not None and one.facility.kind == "hospital",
    "case-closure": lambda one: one.case_id is not None,
    "congenital-syphilis-follow-up": lambda one: all(person.role != "child" for person in one.persons),
    "group-health-talk": lambda one: bool(one.topics),
    "needs-assessment": lambda one: bool(one.barriers) or _plan(one),
    "pregnancy-detection": lambda one: one.findings.pregnancy is not None,
    "referral": lambda one: one.referral is not None,
    "rights-signal": lambda one: bool(one.reasons or one.topics or one.barriers or one.note),
    "syphilis-test": _syphilis_test,
}


def is_whole(activity: Activity) -> bool:
    """Return whether an activity says what its type demands, and who it is about."""
    if any(not person.identifiers and person.name is None for person in activity.persons):
        return False
    demand = _OF_TYPE.get(activity.type)
    return demand is None or activity.outcome in _NOBODY or demand(activity)

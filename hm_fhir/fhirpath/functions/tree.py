"""Walking the data, and the clock (FHIRPath 2.0.0, 5.8, 5.9)."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from hm_fhir.fhirpath import joining
from hm_fhir.fhirpath.compiled import Compiled
from hm_fhir.fhirpath.functions.registry import builtin
from hm_fhir.fhirpath.items import Collection
from hm_fhir.fhirpath.navigation import children_of
from hm_fhir.fhirpath.static import DATE, DATE_TIME, TIME, Static
from hm_fhir.fhirpath.temporal import Date, DateTime, Time

if TYPE_CHECKING:
    from hm_fhir.fhirpath.compiled import Scope
    from hm_fhir.fhirpath.compiler import Call

CLOCK_FUNCTIONS = frozenset({"now", "today", "timeOfDay"})


@builtin("children")
def children(call: Call) -> Compiled:
    """5.8.1."""
    source, model = call.input(), call.compiler.model
    items = joining.self_describing(source)

    def run(this: Any, scope: Scope) -> Collection:
        source = items(this, scope)
        found = [child for item in source for child in children_of(model, item)]
        scope.spend(len(source) + len(found))
        return found

    return Compiled(run, Static(ordered=False))


@builtin("descendants")
def descendants(call: Call) -> Compiled:
    """5.8.2."""
    source, model = call.input(), call.compiler.model
    items = joining.self_describing(source)

    def run(this: Any, scope: Scope) -> Collection:
        found: Collection = []
        level = items(this, scope)
        while level:
            scope.spend(len(level))
            level = [child for item in level for child in children_of(model, item)]
            found += level
        return found

    return Compiled(run, Static(ordered=False))


def _now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()


@builtin("now")
def now(call: Call) -> Compiled:
    """5.7.2."""
    del call
    return Compiled(lambda *_: DateTime.of(_now()), DATE_TIME)


@builtin("today")
def today(call: Call) -> Compiled:
    """5.7.4."""
    del call
    return Compiled(lambda *_: Date.of(_now().date()), DATE)


@builtin("timeOfDay")
def time_of_day(call: Call) -> Compiled:
    """5.7.3."""
    del call
    return Compiled(lambda *_: Time.of(_now().time()), TIME)

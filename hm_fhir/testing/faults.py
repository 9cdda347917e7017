"""What goes wrong, and when: a plan of faults for the test server."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from types import MappingProxyType
from typing import Literal

from hm_fhir.errors import SettingsError
from hm_fhir.testing.exchange import Answer, Failure, Request, Resource, issue, outcome

ALWAYS = math.inf
"""For `Fault.times`: as long as the plan holds the fault."""

HTML = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Something went wrong</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong. What it is, then when.

    Exactly one of `status`, `drop`, `garbage` and `refuse`, or `delay_seconds` alone; `status` may go with
    ``garbage="html"`` and with `refuse`, `delay_seconds` with everything.

    Attributes:
        status: answer with this HTTP status and an OperationOutcome, without doing the work.
        headers: headers of that answer, such as ``{"Retry-After": "2"}``.
        outcome: the whole body of that answer, instead of an OperationOutcome with one error.
        entry: 0-based position of the Bundle entry that the OperationOutcome names.
        processed: do the work first, then answer with `status` or ``garbage="html"``: a gateway that lost patience.
        drop: close the connection without an answer, ``before`` or ``after`` the work is done.
        garbage: ``html`` is a page of some proxy; ``truncated`` is half of the right JSON; ``cut`` is an answer
            that breaks off before its Content-Length. The last two do the work.
        refuse: refuse this resource, ``Type/id`` (or a pattern with ``*``), with `status` or 422: the whole
            transaction, or the one entry of a batch. Holds for ever unless `times` says otherwise.
        named: whether the refusal names ``Bundle.entry[n]``; if so, a warning about a good entry comes first.
        inside: answer 200, with the refusal in the answer of the entry, which alone is not processed.
        delay_seconds: wait so long with the answer; the work is done before.
        nth: begin with the n-th request that fits, counted from 1.
        times: how often; once unless `refuse` is set. `ALWAYS` is for ever.
        method: only this HTTP method.
        path: only this path below the base URL, without slashes at its ends; may have ``*``; empty for Bundles.
        holds: only requests that hold this resource, ``Type/id``; may have ``*``.
        when: only requests of which this returns true.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    outcome: Resource | None = None
    entry: int | None = None
    processed: bool = False
    drop: Literal["before", "after"] | None = None
    garbage: Literal["html", "truncated", "cut"] | None = None
    refuse: str | None = None
    named: bool = True
    inside: bool = False
    delay_seconds: float = 0.0
    nth: int = 1
    times: float | None = None
    method: str | None = None
    path: str | None = None
    holds: str | None = None
    when: Callable[[Request], bool] | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            SettingsError: the fault does nothing, or several things.
        """
        status_alone = self.status is not None and self.refuse is None and self.garbage != "html"
        kinds = [status_alone, self.drop is not None, self.garbage is not None, self.refuse is not None]
        if sum(kinds) > 1 or (not any(kinds) and self.delay_seconds <= 0):
            raise SettingsError(
                "a fault does exactly one thing",
                code="fault",
                fix="give one of status, drop, garbage and refuse, or delay_seconds",
            )
        if self.nth < 1:
            raise SettingsError("the first request is number 1", code="fault", fix="give nth=1 or more")
        object.__setattr__(self, "headers", MappingProxyType(dict(self.headers)))

    @property
    def limit(self) -> float:
        """How often it happens at most."""
        if self.times is not None:
            return self.times
        return ALWAYS if self.refuse else 1

    def fits(self, request: Request) -> bool:
        """Whether it could happen to this request."""
        if self.method is not None and request.method != self.method:
            return False
        if self.path is not None and not fnmatchcase(request.path, self.path.strip("/")):
            return False
        if any(pattern and not entries_with(request, pattern) for pattern in (self.holds, self.refuse)):
            return False
        return self.when is None or self.when(request)

    def answer(self) -> Answer:
        """Return the answer with `status`."""
        place = None if self.entry is None else f"Bundle.entry[{self.entry}]"
        said = self.outcome or outcome(issue("error", "processing", "the test wants it so", expression=place))
        return Answer(self.status or 500, said, self.headers)

    def refusals(self, request: Request) -> dict[int, Failure]:
        """Return what each refused entry of a Bundle is answered."""
        found = entries_with(request, self.refuse or "")
        return {index: Failure(self.status or 422, "not accepted") for index in found if index is not None}

    def refusal(self, request: Request) -> Answer:
        """Return the answer that refuses the request as a whole."""
        bad = [index for index in entries_with(request, self.refuse or "") if index is not None]
        issues: list[Resource] = []
        if self.named:
            good = [index for index in range(len(request.entries)) if index not in bad]
            if good:
                place = _place(request, good[0])
                issues.append(issue("warning", "processing", "a narrative is good practice", expression=place))
            issues += [issue("error", "processing", "not accepted", expression=_place(request, one)) for one in bad]
        if not any(one["severity"] == "error" for one in issues):
            issues.append(issue("error", "processing", "something in the request is not accepted"))
        return Answer(self.status or 422, outcome(*issues), self.headers)


class FaultPlan:
    """The faults of a server, in the order of `add`. Of those that fit a request, the first happens."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[Fault] = []
        self._seen: list[int] = []
        self._fired: list[int] = []

    def add(self, *faults: Fault) -> None:
        """Plan more faults; counting of requests begins now."""
        with self._lock:
            self._faults += faults
            self._seen += [0] * len(faults)
            self._fired += [0] * len(faults)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults, self._seen, self._fired = [], [], []

    @property
    def outstanding(self) -> tuple[Fault, ...]:
        """Faults that have not happened as often as they should; of those for ever, the ones that never happened."""
        with self._lock:
            return tuple(
                fault
                for fault, fired in zip(self._faults, self._fired, strict=True)
                if fired < (1 if fault.limit == ALWAYS else fault.limit)
            )

    def take(self, request: Request) -> Fault | None:
        """Return the fault that happens to a request, and count it."""
        taken = None
        with self._lock:
            for position, fault in enumerate(self._faults):
                if not fault.fits(request):
                    continue
                self._seen[position] += 1
                due = self._seen[position] >= fault.nth and self._fired[position] < fault.limit
                if taken is None and due:
                    self._fired[position] += 1
                    taken = fault
        return taken


def entries_with(request: Request, pattern: str) -> list[int | None]:
    """Return the positions of the Bundle entries that are about a resource; [None] for a request that is itself."""
    found = dict.fromkeys(index for index, key in request.held() if fnmatchcase(key, pattern))
    return list(found)


def _place(request: Request, index: int) -> str:
    resource = request.entries[index].get("resource")
    if not isinstance(resource, dict):
        return f"Bundle.entry[{index}]"
    # As HAPI FHIR writes it.
    return f"Bundle.entry[{index}].resource/*{resource.get('resourceType')}/{resource.get('id')}*/"

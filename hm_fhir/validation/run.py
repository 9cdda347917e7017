"""What the checks of one resource share: where they are, what they found, what they may ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from hm_fhir.fhir.definitions import TypeModel, r4
from hm_fhir.fhir.terminology import Terminology, r4_terminology
from hm_fhir.validation.issue import Code, Issue, Severity

Path = tuple[Any, str]
"""Where a check is: (path above or None, step). Made without work, turned into text only when something is found.

A step is ``participant``, ``participant[0]`` or ``value.ofType(Quantity)``; the first is the resource type."""

Check = Callable[[Any, Path, "Run"], None]
"""A compiled check of a JSON value: it reports what it finds to the run."""

Problem = tuple[Severity, Code, str, str]
"""What a check of a single value finds: severity, code, rule and text."""


def location(path: Path | None) -> str:
    """Return the FHIRPath of a path."""
    steps = []
    while path is not None:
        path, step = path
        steps.append(step)
    return ".".join(reversed(steps))


class Services(Protocol):
    """What checks may ask of the validator that runs them."""

    def conforms(self, value: Any, url: str, run: Run) -> bool:
        """Return whether a resource or an element conforms to a profile; nothing is reported."""

    def type_of(self, url: str) -> str | None:
        """Return the name of the FHIR type that a profile or type URL is about; None when it is not at hand."""

    def conformance_resource(self, kind: str, url: str) -> Any:
        """Return the conformance resource (Questionnaire, ValueSet ...) of a canonical URL, or None."""

    @property
    def types(self) -> TypeModel:
        """The types and profiles at hand."""

    @property
    def terminology(self) -> Terminology:
        """The code systems and value sets at hand."""


class _NoServices:
    """Knows no profile and no resource."""

    def conforms(self, _value: Any, _url: str, _run: Run) -> bool:
        return False

    def type_of(self, _url: str) -> str | None:
        return None

    def conformance_resource(self, _kind: str, _url: str) -> Any:
        return None

    @property
    def types(self) -> TypeModel:
        return r4()

    @property
    def terminology(self) -> Terminology:
        return r4_terminology()


NO_SERVICES: Services = _NoServices()
"""For what is run without a validator around it."""


class Run:
    """One validation of one resource.

    Args:
        root: the resource that is validated.
        services: what the checks may ask.

    Attributes:
        root: the resource that is validated.
        resource: the one that the check is in: the root, a contained one, or one in a bundle (``%resource``).
        container: the resource that holds the contained ones that ``#id`` means (``%rootResource``).
        place: path of that resource.
        bundle: index of the bundle around, for references; None outside of a bundle.
        answers: what was found out about the resources of the run: (which, condition) -> whether it is met.
        ids: ids of the elements of that resource that were met so far.
        issues: what was found.
        judging: values whose conformance to a profile is being judged: references may go round in circles.
        keys: what stands for values that come again and again, by the identity of the value, which is kept with it.
        verdicts: whether a value conforms to a profile, where it was judged before.
    """

    __slots__ = (
        "answers",
        "bundle",
        "container",
        "ids",
        "issues",
        "judging",
        "keys",
        "place",
        "reported",
        "resource",
        "root",
        "services",
        "verdicts",
    )

    def __init__(self, root: Mapping[str, Any], services: Services) -> None:
        self.root = root
        self.resource: Any = root
        self.container: Any = root
        self.place: Path | None = None
        self.bundle: Any = None
        self.judging: set[tuple[int, str]] = set()
        self.keys: dict[int, tuple[Any, bytes | None]] = {}
        self.verdicts: dict[tuple[int, str], bool] = {}
        self.ids: set[str] = set()
        self.answers: dict[tuple[int, str], bool] = {}
        self.issues: list[Issue] = []
        self.reported: set[tuple[str, str, str]] = set()
        self.services = services

    def aside(self) -> Run:
        """Return a run at the same place whose findings do not count here."""
        other = Run(self.root, self.services)
        other.resource, other.container, other.bundle = self.resource, self.container, self.bundle
        other.place, other.judging, other.verdicts = self.place, self.judging, self.verdicts
        return other

    def report(
        self,
        severity: Severity,
        code: Code,
        rule: str,
        path: Path,
        text: str,
        profile: str | None = None,
    ) -> None:
        """Note an issue; the same rule at the same place is noted once.

        Args:
            severity: how bad it is.
            code: kind of finding in FHIR's words.
            rule: id of the rule.
            path: where.
            text: what is wrong; must not hold any value of the data.
            profile: whose rule it is.
        """
        place = location(path)
        key = (rule, place, text)
        if key not in self.reported:
            self.reported.add(key)
            self.issues.append(Issue(severity, code, rule, place, text, profile))

    def repeat(self, issue: Issue, path: Path) -> None:
        """Note an issue that was found before in the same value somewhere else.

        Args:
            issue: its location is relative to the value.
            path: where the value is now.
        """
        place = f"{location(path)}{issue.location}"
        key = (issue.rule, place, issue.text)
        if key not in self.reported:
            self.reported.add(key)
            found = Issue(issue.severity, issue.code, issue.rule, place, issue.text, issue.profile)
            self.issues.append(found)

    def problem(self, problem: Problem, path: Path, profile: str | None = None) -> None:
        """Note what a check of a single value found."""
        severity, code, rule, text = problem
        self.report(severity, code, rule, path, text, profile)

    def contained(self, identifier: str) -> Any:
        """Return the resource that ``#identifier`` means here, or None."""
        if not identifier:
            return self.container
        found = self.container.get("contained") if isinstance(self.container, dict) else None
        if not isinstance(found, list):
            return None
        return next((one for one in found if isinstance(one, dict) and one.get("id") == identifier), None)

    def resolve(self, reference: str) -> Any:
        """Return the resource that a reference means, from the contained ones and the bundle around, or None."""
        if reference.startswith("#"):
            return self.contained(reference[1:])
        return self.bundle.resolve(reference, self.resource) if self.bundle is not None else None

    def conforms_to(self, value: Any, url: str) -> bool:
        """Return whether a value conforms to a profile (FHIRPath ``conformsTo``)."""
        return self.services.conforms(value, url, self)
